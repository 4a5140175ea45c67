//! No step of a shutdown exceeds the time limit that was given, whatever code of the program it waits for.

use std::future::{Future, pending, poll_fn};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use selkie::runtime::{Builder, Runtime};

/// What ends are given.
const LIMITS: [Duration; 3] = [
    Duration::ZERO,
    Duration::from_millis(1),
    Duration::from_millis(100),
];
const WORKERS: usize = 2;
/// More than any of them takes on a machine with other work.
const LATE: Duration = Duration::from_secs(10);
const LONG: Duration = Duration::from_secs(30);

/// Where code of the program stays until it is let go.
#[derive(Default)]
struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    holds: bool,
    is_open: bool,
}

impl Gate {
    /// Holds the calling thread.
    fn hold(&self) {
        self.state.lock().unwrap().holds = true;
        self.changed.notify_all();
        self.wait(|state| state.is_open);
    }

    /// Waits until a thread is held.
    fn wait_held(&self) {
        self.wait(|state| state.holds);
        assert!(self.state.lock().unwrap().holds, "nobody comes here");
    }

    fn open(&self) {
        self.state.lock().unwrap().is_open = true;
        self.changed.notify_all();
    }

    fn wait(&self, until: fn(&State) -> bool) {
        let state = self.state.lock().unwrap();
        let waited = self
            .changed
            .wait_timeout_while(state, LONG, |state| !until(state));
        drop(waited.unwrap());
    }
}

impl Wake for Gate {
    fn wake(self: Arc<Self>) {
        self.hold();
    }
}

/// Holds whoever drops it.
struct HeldAtDrop(Arc<Gate>);

impl Drop for HeldAtDrop {
    fn drop(&mut self) {
        self.0.hold();
    }
}

thread_local! {
    static LAST: std::cell::RefCell<Option<HeldAtDrop>> = const { std::cell::RefCell::new(None) };
}

/// HoldTime a row's code is held.
#[derive(PartialEq)]
enum HoldTime {
    Before,
    AtTheEnd,
    Never,
}

struct Row {
    what: &'static str,
    when: HoldTime,
    /// Nothing of it runs on the thread that ends a runtime with one thread.
    on_one_thread: bool,
    build: fn(&mut Builder, &Arc<Gate>),
    begin: fn(&Runtime, &Arc<Gate>),
}

fn nothing(_runtime: &Runtime, _gate: &Arc<Gate>) {}

fn plain(_builder: &mut Builder, _gate: &Arc<Gate>) {}

/// Runs a closure of the pool to its end.
fn use_the_pool(runtime: &Runtime, _gate: &Arc<Gate>) {
    runtime.block_on(runtime.spawn_blocking(|| ())).unwrap();
}

/// Has a timer fire that wakes the gate.
fn wait_for_a_timer(runtime: &Runtime, gate: &Arc<Gate>) {
    let waker = Waker::from(Arc::clone(gate));
    drop(runtime.spawn(async move {
        let mut sleep = Box::pin(selkie::time::sleep(Duration::from_millis(1)));
        poll_fn(|_| {
            let theirs = &mut Context::from_waker(&waker);
            assert!(sleep.as_mut().poll(theirs).is_pending());
            Poll::Ready(())
        })
        .await;
        pending::<()>().await;
    }));
}

/// Leaves `waker` with a socket, says so, and waits.
#[cfg(unix)]
async fn wait_for_a_socket(waker: Waker, waits: selkie::sync::oneshot::Sender<()>) {
    let (near, _far) = selkie::net::UnixStream::pair().unwrap();
    while near
        .poll_read_ready(&mut Context::from_waker(&waker))
        .is_ready()
    {
        near.try_read(&mut [0]).unwrap_err();
    }
    waits.send(()).unwrap();
    pending::<()>().await;
}

/// What workers run, and who watches them.
fn of_workers() -> Vec<Row> {
    vec![
        Row {
            what: "a report of the watchdog",
            when: HoldTime::Before,
            on_one_thread: true,
            build: |builder, gate| {
                let gate = Arc::clone(gate);
                builder.watchdog_with(Duration::from_millis(4), move |_| gate.hold());
            },
            begin: |runtime, gate| {
                let gate = Arc::clone(gate);
                let task = runtime.spawn(async move { gate.wait_held() });
                runtime.block_on(task).unwrap();
            },
        },
        Row {
            what: "a poll",
            when: HoldTime::Before,
            on_one_thread: false,
            build: plain,
            begin: |runtime, gate| {
                let gate = Arc::clone(gate);
                drop(runtime.spawn(async move { gate.hold() }));
            },
        },
        Row {
            what: "a task's drop",
            when: HoldTime::AtTheEnd,
            on_one_thread: false,
            build: plain,
            begin: |runtime, gate| {
                let held = HeldAtDrop(Arc::clone(gate));
                let (polls, polled) = mpsc::channel();
                drop(runtime.spawn(async move {
                    let _held = held;
                    polls.send(()).unwrap();
                    pending::<()>().await;
                }));
                polled.recv_timeout(LONG).unwrap();
            },
        },
        Row {
            what: "the hook of a task's end",
            when: HoldTime::AtTheEnd,
            on_one_thread: false,
            build: |builder, gate| {
                let gate = Arc::clone(gate);
                builder.on_task_terminate(move |_| gate.hold());
            },
            begin: |runtime, _| drop(runtime.spawn(pending::<()>())),
        },
        Row {
            what: "the waker of a timer that fires",
            when: HoldTime::Before,
            on_one_thread: false,
            build: plain,
            begin: wait_for_a_timer,
        },
    ]
}

/// What is left when all workers are stuck.
fn of_stuck_workers() -> Vec<Row> {
    vec![
        #[cfg(unix)]
        Row {
            what: "the waker of a socket, while a worker is stuck",
            when: HoldTime::Before,
            on_one_thread: false,
            build: plain,
            begin: |runtime, gate| {
                let waker = Waker::from(Arc::clone(gate));
                let (holds, held) = mpsc::channel();
                let (gate, other) = (Arc::clone(gate), Arc::clone(gate));
                let holds_too = holds.clone();
                drop(runtime.spawn(async move {
                    // A task of this worker, which does not come to drop it.
                    let (waits, waiting) = selkie::sync::oneshot::channel();
                    drop(selkie::spawn(wait_for_a_socket(waker, waits)));
                    waiting.await.unwrap();
                    holds.send(()).unwrap();
                    gate.hold();
                }));
                drop(runtime.spawn(async move {
                    holds_too.send(()).unwrap();
                    other.hold();
                }));
                for _ in 0..WORKERS {
                    held.recv_timeout(LONG).unwrap();
                }
            },
        },
        Row {
            what: "the drop of a task that no worker has come to",
            when: HoldTime::Before,
            on_one_thread: false,
            build: plain,
            begin: |runtime, gate| {
                let (holds, held) = mpsc::channel();
                for _ in 0..WORKERS {
                    let (gate, holds) = (Arc::clone(gate), holds.clone());
                    drop(runtime.spawn(async move {
                        holds.send(()).unwrap();
                        gate.hold();
                    }));
                }
                for _ in 0..WORKERS {
                    held.recv_timeout(LONG).unwrap();
                }
                let at_drop = HeldAtDrop(Arc::clone(gate));
                drop(runtime.spawn(async move {
                    let _at_drop = at_drop;
                    pending::<()>().await;
                }));
            },
        },
    ]
}

/// What threads of the pool run.
fn of_the_pool() -> Vec<Row> {
    vec![
        Row {
            what: "a closure",
            when: HoldTime::Before,
            on_one_thread: true,
            build: plain,
            begin: |runtime, gate| {
                let gate = Arc::clone(gate);
                drop(runtime.spawn_blocking(move || gate.hold()));
            },
        },
        Row {
            what: "the hook of a thread's start",
            when: HoldTime::Before,
            on_one_thread: true,
            build: |builder, gate| {
                let gate = Arc::clone(gate);
                builder.on_thread_start(move || gate.hold());
            },
            begin: |runtime, _| drop(runtime.spawn_blocking(|| ())),
        },
        Row {
            what: "the hook of a thread's stop",
            when: HoldTime::AtTheEnd,
            on_one_thread: true,
            build: |builder, gate| {
                let gate = Arc::clone(gate);
                builder.on_thread_stop(move || gate.hold());
            },
            begin: use_the_pool,
        },
        Row {
            what: "a thread's local",
            when: HoldTime::AtTheEnd,
            on_one_thread: true,
            build: plain,
            begin: |runtime, gate| {
                let gate = Arc::clone(gate);
                let set = move || LAST.set(Some(HeldAtDrop(gate)));
                runtime.block_on(runtime.spawn_blocking(set)).unwrap();
            },
        },
        Row {
            what: "nothing",
            when: HoldTime::Never,
            on_one_thread: true,
            build: plain,
            begin: nothing,
        },
    ]
}

#[test]
fn no_step_of_a_shutdown_exceeds_its_time_limit() {
    for row in [of_workers(), of_stuck_workers(), of_the_pool()]
        .into_iter()
        .flatten()
    {
        for limit in LIMITS {
            let mut workers = Builder::new_multi_thread();
            workers.worker_threads(WORKERS);
            let builders = [
                Some(workers),
                row.on_one_thread.then(Builder::new_current_thread),
            ];
            for mut builder in builders.into_iter().flatten() {
                let gate = Arc::new(Gate::default());
                (row.build)(&mut builder, &gate);
                let runtime = builder.enable_all().build().unwrap();
                (row.begin)(&runtime, &gate);
                if row.when == HoldTime::Before {
                    gate.wait_held();
                }
                let begun = Instant::now();
                runtime.shutdown_timeout(limit);
                let took = begun.elapsed();
                if row.when == HoldTime::AtTheEnd {
                    gate.wait_held();
                }
                gate.open();
                let what = row.what;
                assert!(took < LATE, "{what}: {took:?} of {limit:?}");
            }
        }
    }
}
