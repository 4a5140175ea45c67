//! A task that waits for an operation of a ring is woken when the runtime of the ring shuts down, on whichever runtime
//! it waits and however that one is shut down.
#![cfg(io_uring)]

mod fixture;

use std::future::{Future, poll_fn};
use std::io::{self, Read};
use std::net::TcpListener;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use fixture::{alone, buffers, open_descriptors, pair, ringed};
use selkie::runtime::{Builder, LocalOptions, LocalRuntime, Runtime, is_rt_shutdown_err};
use selkie::uring::{Buffers, Incoming, Socket};

/// Longer than anything takes that happens at all.
const LONG: Duration = Duration::from_secs(20);
/// More than two sockets have room for.
const MUCH: usize = 32 << 20;

/// What waits: an operation, to its end.
type BoxedFuture = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

/// What a row begins, in its runtime; with what must stay while it waits.
type StartFunction = fn(&Buffers) -> (BoxedFuture, Box<dyn Send>);

const OPERATIONS: [(&str, StartFunction); 6] = [
    ("a receive", receive),
    ("a receive that has no buffer", starve),
    ("an accept", accept),
    ("a send", send),
    ("a send of all", send_all),
    ("a read of the ordinary kind", read),
];

fn receive(buffers: &Buffers) -> (BoxedFuture, Box<dyn Send>) {
    let (socket, theirs) = pair();
    let mut received = socket.receive(buffers);
    let waiting = async move {
        received
            .next()
            .await
            .expect("the end of the runtime")
            .map(drop)
    };
    (Box::pin(waiting), Box::new(theirs))
}

fn starve(_buffers: &Buffers) -> (BoxedFuture, Box<dyn Send>) {
    let buffers = Buffers::new(1, 1).unwrap();
    let (socket, mut theirs) = pair();
    let mut received = socket.receive(&buffers);
    io::Write::write_all(&mut theirs, b"two").unwrap();
    let waiting = async move {
        // Holds the only buffer; each worker has one, and the task may have moved between them.
        let mut held = Vec::new();
        while held.len() < 3 {
            held.push(received.next().await.expect("the end of the runtime")?);
        }
        received
            .next()
            .await
            .expect("the end of the runtime")
            .map(drop)
    };
    (Box::pin(waiting), Box::new(theirs))
}

fn accept(_buffers: &Buffers) -> (BoxedFuture, Box<dyn Send>) {
    let mut incoming = Incoming::new(TcpListener::bind("127.0.0.1:0").unwrap()).unwrap();
    let waiting = async move { incoming.next().await.map(drop) };
    (Box::pin(waiting), Box::new(()))
}

/// Fills the socket, so that a send of one more byte waits.
fn fill(socket: &Socket) {
    let socket = socket2::SockRef::from(socket);
    socket.set_nonblocking(true).unwrap();
    while socket.send(&[7; 4096]).is_ok() {}
    socket.set_nonblocking(false).unwrap();
}

fn send(_buffers: &Buffers) -> (BoxedFuture, Box<dyn Send>) {
    let (socket, theirs) = pair();
    fill(&socket);
    let waiting = async move {
        let (sent, back) = socket.send(b"one more".to_vec()).await;
        assert_eq!(back, b"one more");
        sent.map(drop)
    };
    (Box::pin(waiting), Box::new(theirs))
}

fn send_all(_buffers: &Buffers) -> (BoxedFuture, Box<dyn Send>) {
    let (socket, theirs) = pair();
    let waiting = async move {
        let (sent, back) = socket.send_all(vec![7; MUCH]).await;
        assert_eq!(back.len(), MUCH);
        sent
    };
    (Box::pin(waiting), Box::new(theirs))
}

fn read(_buffers: &Buffers) -> (BoxedFuture, Box<dyn Send>) {
    use selkie::io::AsyncReadExt;

    let (_, theirs) = pair();
    let (ours, peer) = std::os::unix::net::UnixStream::pair().unwrap();
    let mut ours = fixture::ordinary(ours);
    let waiting = async move { ours.read_u8().await.map(drop) };
    (Box::pin(waiting), Box::new((theirs, peer)))
}

/// A runtime of either kind.
enum TestRuntime {
    Threads(Runtime),
    Local(LocalRuntime),
}

impl TestRuntime {
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        match self {
            Self::Threads(runtime) => runtime.block_on(future),
            Self::Local(runtime) => runtime.block_on(future),
        }
    }

    fn shutdown_timeout(self, limit: Duration) {
        match self {
            Self::Threads(runtime) => runtime.shutdown_timeout(limit),
            Self::Local(runtime) => runtime.shutdown_timeout(limit),
        }
    }

    fn shutdown_background(self) {
        match self {
            Self::Threads(runtime) => runtime.shutdown_background(),
            Self::Local(runtime) => runtime.shutdown_background(),
        }
    }
}

/// How a runtime ends.
type End = fn(TestRuntime);

const ENDS: [(&str, End); 6] = [
    ("dropped", drop),
    ("given no time", |runtime| {
        runtime.shutdown_timeout(Duration::ZERO);
    }),
    ("given a millisecond", |runtime| {
        runtime.shutdown_timeout(Duration::from_millis(1));
    }),
    ("given long", |runtime| runtime.shutdown_timeout(LONG)),
    ("left in the background", TestRuntime::shutdown_background),
    ("dropped in async context", |runtime| {
        let outer = current_thread();
        let panicked = outer.block_on(async { catch_unwind(AssertUnwindSafe(|| drop(runtime))) });
        panicked.expect_err("a runtime may not be dropped there");
    }),
];

fn current_thread() -> Runtime {
    let mut builder = Builder::new_current_thread();
    builder.enable_all().build().unwrap()
}

/// The runtimes that rows end: one thread, workers, and one that stays on its thread.
fn runtimes() -> [TestRuntime; 3] {
    let [first, second] = ringed();
    let mut builder = Builder::new_current_thread();
    let local = builder.enable_all().build_local(LocalOptions::default());
    [
        TestRuntime::Threads(first),
        TestRuntime::Threads(second),
        TestRuntime::Local(local.unwrap()),
    ]
}

/// Where an operation is begun: by a task of the runtime, or by whoever waits.
#[derive(Debug, Clone, Copy)]
enum StartContext {
    ByTask,
    ByWaiter,
}

/// Polls `waiting` once on a worker of `runtime`.
fn begin(runtime: &TestRuntime, mut waiting: BoxedFuture) -> BoxedFuture {
    let (gives, given) = mpsc::channel();
    runtime.block_on(async move {
        let task = selkie::spawn(async move {
            // What is ready at once, as a buffer, is taken; the task goes on until it must wait.
            let mut polls = 0;
            poll_fn(|cx| {
                let waker = Waker::noop();
                let polled = waiting.as_mut().poll(&mut Context::from_waker(waker));
                assert!(polled.is_pending(), "{polled:?}");
                polls += 1;
                cx.waker().wake_by_ref();
                if polls < 4 {
                    Poll::Pending
                } else {
                    Poll::Ready(())
                }
            })
            .await;
            gives.send(waiting).unwrap();
        });
        task.await.unwrap();
    });
    given.recv_timeout(LONG).unwrap()
}

/// Waits on a thread and a runtime of its own; what came of it, and `true` first, once it waits.
fn wait_elsewhere(
    mut waiting: BoxedFuture,
) -> (mpsc::Receiver<()>, mpsc::Receiver<io::Result<()>>) {
    let (waits, is_waiting) = mpsc::channel();
    let (told, outcome) = mpsc::channel();
    thread::spawn(move || {
        let came = current_thread().block_on(poll_fn(|cx| {
            let polled = waiting.as_mut().poll(cx);
            let _nobody_asks_twice = waits.send(());
            polled
        }));
        drop(waiting);
        told.send(came).unwrap();
    });
    (is_waiting, outcome)
}

/// One row: the runtime ends while the operation is waited for elsewhere, or before it is.
fn row(
    what: &str,
    begin_it: StartFunction,
    end: End,
    runtime: TestRuntime,
    begun: StartContext,
    is_late: bool,
) {
    let (waiting, kept) = match begun {
        StartContext::ByTask => {
            let (waiting, kept) =
                runtime.block_on(async { begin_it(&Buffers::new(4, 64).unwrap()) });
            (begin(&runtime, waiting), kept)
        }
        StartContext::ByWaiter => {
            runtime.block_on(async { begin_it(&Buffers::new(4, 64).unwrap()) })
        }
    };
    let outcome = if is_late {
        end(runtime);
        wait_elsewhere(waiting).1
    } else {
        let (is_waiting, outcome) = wait_elsewhere(waiting);
        is_waiting.recv_timeout(LONG).unwrap();
        end(runtime);
        outcome
    };
    let told = outcome.recv_timeout(LONG);
    let error = told.unwrap_or_else(|_| panic!("who waits for {what} is never told"));
    let error = error.expect_err(what);
    assert!(is_rt_shutdown_err(&error), "{what}: {error}");
    drop(kept);
}

fn rows(is_late: bool) {
    let _alone = alone();
    if buffers(&current_thread(), 1, 1).is_none() {
        return;
    }
    for (what, begin_it) in OPERATIONS {
        for (how, end) in ENDS {
            for begun in [StartContext::ByTask, StartContext::ByWaiter] {
                for (number, runtime) in runtimes().into_iter().enumerate() {
                    let named = format!("{what}, begun {begun:?}, of runtime {number}, {how}");
                    row(&named, begin_it, end, runtime, begun, is_late);
                }
            }
        }
    }
}

#[test]
fn a_task_of_another_runtime_learns_of_each_kind_of_shutdown() {
    rows(false);
}

#[test]
fn a_task_that_waits_only_after_a_shutdown_learns_of_it() {
    rows(true);
}

/// The system sends from the memory itself, which so comes back only with the other side's doing.
#[test]
fn a_zero_copy_send_ends_once_the_peer_is_gone() {
    let _alone = alone();
    if buffers(&current_thread(), 1, 1).is_none() {
        return;
    }
    for (how, end) in ENDS {
        for runtime in runtimes() {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let ours = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (theirs, _) = listener.accept().unwrap();
            let socket = runtime.block_on(async { Socket::new(ours).unwrap() });
            let waiting = begin(
                &runtime,
                Box::pin(async move {
                    let (sent, back) = socket.send_zero_copy(vec![7; MUCH]).await;
                    assert_eq!(back.len(), MUCH);
                    sent
                }),
            );
            let (is_waiting, outcome) = wait_elsewhere(waiting);
            is_waiting.recv_timeout(LONG).unwrap();
            end(runtime);
            drop(theirs);
            let told = outcome.recv_timeout(LONG);
            let error = told.unwrap_or_else(|_| panic!("never told when {how}"));
            // Or what the system says of a connection whose other side is gone.
            assert!(error.is_err(), "{how}");
        }
    }
}

/// Those that were cancelled as a runtime ended without waiting kept their sockets for good.
#[test]
fn a_background_shutdown_closes_every_socket() {
    let _alone = alone();
    if buffers(&current_thread(), 1, 1).is_none() {
        return;
    }
    let before = open_descriptors();
    for _ in 0..100 {
        let mut builder = Builder::new_multi_thread();
        let runtime = builder.worker_threads(2).enable_all().build().unwrap();
        let mut ends = Vec::new();
        for _ in 0..4 {
            let (socket, buffers, theirs) = runtime.block_on(async {
                let (socket, theirs) = pair();
                (socket, Buffers::new(4, 64).unwrap(), theirs)
            });
            let (begins, begun) = mpsc::channel();
            runtime.spawn(async move {
                let mut received = socket.receive(&buffers);
                poll_fn(|cx| {
                    let polled = received.poll_next(cx);
                    let _once = begins.send(());
                    polled.map(drop)
                })
                .await;
            });
            begun.recv_timeout(LONG).unwrap();
            ends.push(theirs);
        }
        runtime.shutdown_background();
        for mut theirs in ends {
            // Read until the other end is closed, or `LONG` has passed.
            let read = theirs.read_to_end(&mut Vec::new());
            assert_eq!(read.expect("the socket stays open"), 0);
        }
    }
    let begun = Instant::now();
    while open_descriptors() > before {
        assert!(begun.elapsed() < LONG, "descriptors stay open");
        thread::yield_now();
    }
}
