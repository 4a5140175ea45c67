//! A runtime at work, which runs what a test sends to it.
//!
//! Idea        A thread drives the runtime. Beside the operation under test there is one task for each worker
//!             that answers whoever asks: while an operation hangs in the system, all of them must.
//! Invariants  I1 an answer is waited for no longer than `LONG`.
#![allow(unsafe_code)]

use std::future::poll_fn;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use selkie::sync::{mpsc, oneshot};

use crate::kinds::{Any, Kind};
use crate::operations::BoxedOperation;

/// Longer than anything takes that ends at all, with a machine that has other work.
pub(crate) const LONG: Duration = Duration::from_secs(8);

/// What became of an operation.
#[derive(Debug)]
pub(crate) enum OperationOutcome {
    Done(io::Result<()>),
    Panicked,
    /// The future was dropped.
    Dropped,
}

/// How a runtime is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Dropped,
    Within(Duration),
}

enum Command {
    Begin(
        Box<dyn FnOnce() -> BoxedOperation + Send>,
        oneshot::Receiver<()>,
        Sender<OperationOutcome>,
    ),
    /// Tells when all that was given to the pool before is done.
    Settle(Sender<()>),
    End(End, Sender<Duration>),
}

/// A place where threads wait for each other.
struct ThreadBarrier {
    missing: Mutex<usize>,
    complete: Condvar,
}

impl ThreadBarrier {
    fn arrive(&self) {
        let mut missing = self.missing.lock().unwrap();
        *missing -= 1;
        if *missing == 0 {
            self.complete.notify_all();
        }
        let complete = self
            .complete
            .wait_timeout_while(missing, LONG, |missing| *missing > 0);
        drop(complete.unwrap());
    }
}

struct Pulse {
    meeting: Arc<ThreadBarrier>,
    /// Told by which thread it was answered.
    answer: Sender<u32>,
}

/// An operation that was begun.
pub(crate) struct StartedOperation {
    drop_it: Option<oneshot::Sender<()>>,
    told: Receiver<OperationOutcome>,
}

impl StartedOperation {
    /// Has the future dropped.
    pub(crate) fn give_up(&mut self) {
        let _ = self.drop_it.take().expect("given up once").send(());
    }

    pub(crate) fn told(&self, limit: Duration) -> Option<OperationOutcome> {
        self.told.recv_timeout(limit).ok()
    }
}

/// A runtime, and the thread that drives it.
pub(crate) struct Stage {
    commands: mpsc::UnboundedSender<Command>,
    pulses: Vec<mpsc::UnboundedSender<Pulse>>,
    /// The threads that poll.
    pub(crate) workers: Vec<u32>,
}

fn thread_number() -> u32 {
    // SAFETY: the call takes nothing.
    unsafe { libc::gettid() as u32 }
}

async fn answer(mut pulses: mpsc::UnboundedReceiver<Pulse>) {
    while let Some(pulse) = pulses.recv().await {
        pulse.meeting.arrive();
        let here = thread_number();
        selkie::time::sleep(Duration::from_micros(100)).await;
        let _ = pulse.answer.send(here);
    }
}

async fn run(
    make: Box<dyn FnOnce() -> BoxedOperation + Send>,
    mut drop_it: oneshot::Receiver<()>,
) -> OperationOutcome {
    let mut future = Some(make());
    poll_fn(move |cx| {
        if let Poll::Ready(Ok(())) = Pin::new(&mut drop_it).poll(cx) {
            future = None;
            return Poll::Ready(OperationOutcome::Dropped);
        }
        let running = future.as_mut().expect("polled until it is ready").as_mut();
        match catch_unwind(AssertUnwindSafe(|| running.poll(cx))) {
            Ok(polled) => polled.map(OperationOutcome::Done),
            Err(_) => Poll::Ready(OperationOutcome::Panicked),
        }
    })
    .await
}

/// Drives `runtime` until it is to end.
fn drive(runtime: Any, mut commands: mpsc::UnboundedReceiver<Command>) {
    let end = runtime.block_on(async {
        loop {
            match commands.recv().await? {
                Command::Begin(make, drop_it, told) => runtime.spawn(async move {
                    let outcome = run(make, drop_it).await;
                    let _ = told.send(outcome);
                }),
                Command::Settle(told) => {
                    let _ = selkie::task::spawn_blocking(move || told.send(())).await;
                }
                Command::End(end, told) => return Some((end, told)),
            }
        }
    });
    let begun = Instant::now();
    match end {
        None | Some((End::Dropped, _)) => drop(runtime),
        Some((End::Within(limit), _)) => runtime.shutdown_timeout(limit),
    }
    if let Some((_, told)) = end {
        let _ = told.send(begun.elapsed());
    }
}

impl Stage {
    pub(crate) fn new(kind: &Kind) -> Self {
        let (commands, theirs) = mpsc::unbounded_channel();
        let (tells, told) = channel();
        let kind = *kind;
        thread::spawn(move || {
            let runtime = kind.build();
            let pulses = (0..kind.workers()).map(|_| {
                let (pulses, asked) = mpsc::unbounded_channel();
                runtime.spawn(answer(asked));
                pulses
            });
            tells.send((pulses.collect(), thread_number())).unwrap();
            drive(runtime, theirs);
        });
        let (pulses, driver) = told.recv_timeout(LONG).expect("a runtime");
        let mut stage = Self {
            commands,
            pulses,
            workers: Vec::new(),
        };
        stage.workers = stage.pulse().expect("it goes on with nothing to do");
        stage.workers.push(driver);
        stage
    }

    /// Has every worker run a task and a timer. Says on which threads, or `None` if one does not go on.
    pub(crate) fn pulse(&self) -> Option<Vec<u32>> {
        let meeting = Arc::new(ThreadBarrier {
            missing: Mutex::new(self.pulses.len()),
            complete: Condvar::new(),
        });
        let (answer, answers) = channel();
        for pulse in &self.pulses {
            let asked = Pulse {
                meeting: Arc::clone(&meeting),
                answer: answer.clone(),
            };
            assert!(pulse.send(asked).is_ok(), "the runtime has lost a task");
        }
        let mut workers = Vec::new();
        for _ in &self.pulses {
            workers.push(answers.recv_timeout(LONG).ok()?); // I1
        }
        workers.sort_unstable();
        workers.dedup();
        // Who came late to the meeting, since a worker stood, did not come on a thread of its own.
        (workers.len() == self.pulses.len()).then_some(workers)
    }

    /// Begins an operation in a task.
    pub(crate) fn begin(
        &self,
        make: impl FnOnce() -> BoxedOperation + Send + 'static,
    ) -> StartedOperation {
        let (drop_it, dropped) = oneshot::channel();
        let (tells, told) = channel();
        let begin = Command::Begin(Box::new(make), dropped, tells);
        assert!(self.commands.send(begin).is_ok(), "the runtime is there");
        StartedOperation {
            drop_it: Some(drop_it),
            told,
        }
    }

    /// Waits until all that the pool was given is done; whether it is.
    pub(crate) fn settle(&self) -> bool {
        let (tells, told) = channel();
        let sent = self.commands.send(Command::Settle(tells)).is_ok();
        sent && told.recv_timeout(LONG).is_ok()
    }

    /// Ends the runtime; tells how long that took.
    pub(crate) fn end(self, end: End) -> Receiver<Duration> {
        let (tells, told) = channel();
        let _ = self.commands.send(Command::End(end, tells));
        told
    }
}
