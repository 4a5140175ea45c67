//! Unusual programs that once broke the runtime: owners and guards that are dropped in unusual orders.

use std::future::{Future, pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use selkie::runtime::{Builder, Runtime, UnhandledPanic};
use selkie::task::{JoinHandle, LocalSet, block_in_place};
use selkie_core::executor::HeapExecutor;
use selkie_core::park::{Park, Unpark};

const LONG: Duration = Duration::from_secs(30);
/// How long a worker that is handed off stays away.
const AWAY: Duration = Duration::from_millis(3);
const ROUNDS: Duration = Duration::from_millis(500);
const TASKS: usize = 200_000;

/// Blocks in place when it drops, until told to go on.
struct BlocksInDrop(mpsc::Receiver<()>);

impl Drop for BlocksInDrop {
    fn drop(&mut self) {
        block_in_place(|| self.0.recv_timeout(LONG).unwrap());
    }
}

/// Calls `hand_off`, in whose course the worker goes on on another thread, in a task of a runtime with
/// one worker; then, in the same poll, drops handles of tasks that the worker makes meanwhile.
fn drops_handles_after(hand_off: fn(mpsc::Receiver<()>)) {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .unwrap();
    let (done, is_done) = mpsc::channel();
    let (give, given) = mpsc::sync_channel::<JoinHandle<()>>(1024);
    let (begun, has_begun) = mpsc::channel();
    runtime.spawn(async move {
        let mut hands = Some((given, has_begun));
        let maker = selkie::spawn(async move {
            begun.send(()).unwrap();
            for _ in 0..TASKS / 32 {
                let tasks: Vec<_> = (0..32).map(|_| selkie::spawn(async {})).collect();
                while !tasks.iter().all(JoinHandle::is_finished) {
                    selkie::task::yield_now().await;
                }
                tasks.into_iter().for_each(|task| give.send(task).unwrap());
            }
        });
        poll_fn(move |_| {
            let (given, has_begun) = hands.take().unwrap();
            hand_off(has_begun);
            given.iter().for_each(drop);
            Poll::Ready(())
        })
        .await;
        maker.await.unwrap();
        done.send(()).unwrap();
    });
    is_done.recv_timeout(LONG).unwrap();
    assert_alive(&runtime);
}

fn assert_alive(runtime: &Runtime) {
    for _ in 0..100 {
        let tasks: Vec<_> = (0..100).map(|n| runtime.spawn(async move { n })).collect();
        for (n, task) in tasks.into_iter().enumerate() {
            assert_eq!(runtime.block_on(task).unwrap(), n);
        }
    }
}

#[test]
fn a_worker_that_is_handed_off_while_its_task_ends_a_runtime_has_its_slots_to_itself() {
    drops_handles_after(|has_begun| {
        let other = Builder::new_current_thread().build().unwrap();
        let blocks = BlocksInDrop(has_begun);
        other.spawn(async move {
            let _blocks = blocks;
            pending::<()>().await;
        });
        other.shutdown_background();
    });
}

#[test]
fn a_worker_that_is_handed_off_has_its_slots_to_itself() {
    drops_handles_after(|has_begun| drop(BlocksInDrop(has_begun)));
}

#[test]
fn a_worker_that_is_handed_off_in_a_task_of_a_core_executor_has_its_slots_to_itself() {
    drops_handles_after(|has_begun| {
        HeapExecutor::new(BusyPark).block_on(async { drop(BlocksInDrop(has_begun)) });
    });
}

/// Runs `f` on a thread of its own, for a limited time.
fn within(f: impl FnOnce() + Send + 'static) {
    let (done, is_done) = mpsc::channel();
    std::thread::spawn(move || {
        f();
        done.send(()).unwrap();
    });
    is_done.recv_timeout(LONG).unwrap();
}

/// Has two workers sleep and wake, again and again, by timers and from outside.
fn sleeps_and_wakes(mut builder: Builder) {
    within(move || {
        let runtime = builder.enable_all().build().unwrap();
        let begun = Instant::now();
        while begun.elapsed() < ROUNDS {
            let task = || {
                runtime.spawn(async {
                    selkie::task::yield_now().await;
                    selkie::time::sleep(Duration::from_millis(1)).await;
                })
            };
            let tasks: Vec<_> = (0..20).map(|_| task()).collect();
            for task in tasks {
                runtime.block_on(task).unwrap();
            }
        }
    });
}

/// Every eighth call blocks in place.
fn blocks_at_times() -> impl Fn() + Send + Sync + 'static {
    let calls = AtomicUsize::new(0);
    move || {
        if calls.fetch_add(1, Ordering::Relaxed) % 8 == 3 {
            block_in_place(|| std::thread::sleep(AWAY));
        }
    }
}

#[test]
fn a_hook_for_a_sleep_may_block_in_place() {
    let mut before = Builder::new_multi_thread();
    before.worker_threads(2).on_thread_park(blocks_at_times());
    sleeps_and_wakes(before);
    let mut after = Builder::new_multi_thread();
    after.worker_threads(2).on_thread_unpark(blocks_at_times());
    sleeps_and_wakes(after);
}

/// A waker that blocks in place.
struct Blocks;

impl Wake for Blocks {
    fn wake(self: Arc<Self>) {
        block_in_place(|| std::thread::sleep(AWAY));
    }
}

#[test]
fn a_waker_that_a_sleeping_worker_calls_may_block_in_place() {
    within(|| {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let begun = Instant::now();
        while begun.elapsed() < ROUNDS {
            let task = |millis: u64| {
                runtime.spawn(async move {
                    let mut sleep =
                        Box::pin(selkie::time::sleep(Duration::from_millis(1 + millis % 3)));
                    let waker = Waker::from(Arc::new(Blocks));
                    let polled = sleep.as_mut().poll(&mut Context::from_waker(&waker));
                    assert_eq!(polled, Poll::Pending);
                    selkie::time::sleep(2 * AWAY).await;
                })
            };
            let tasks: Vec<_> = (0..10).map(task).collect();
            for task in tasks {
                runtime.block_on(task).unwrap();
            }
        }
    });
}

#[test]
fn a_local_set_that_its_own_task_polls_ends_when_a_panic_ends_it() {
    within(|| {
        let runtime = Builder::new_current_thread().build().unwrap();
        let mut set = LocalSet::new();
        set.unhandled_panic(UnhandledPanic::ShutdownRuntime);
        let set = Rc::new(set);
        let inner = Rc::clone(&set);
        let ended = catch_unwind(AssertUnwindSafe(|| {
            runtime.block_on(set.run_until(async move {
                selkie::task::spawn_local(async move {
                    selkie::task::spawn_local(async { panic!("ends the set") });
                    inner.run_until(pending::<()>()).await;
                });
                pending::<()>().await;
            }));
        }));
        assert!(ended.is_err());
        assert_eq!(Rc::strong_count(&set), 1);
    });
}

/// Parking returns at once.
struct BusyPark;

impl Park for BusyPark {
    type Unpark = Self;

    fn unpark_handle(&self) -> Self {
        Self
    }

    fn park(&mut self, _timeout: Option<Duration>) {}

    fn shutdown(&mut self) {}
}

impl Unpark for BusyPark {
    fn unpark(&self) {}
}

#[test]
fn a_guard_taken_out_of_an_executor_leaves_no_executor_behind() {
    let runtime = Builder::new_current_thread().build().unwrap();
    let handle = runtime.handle().clone();
    let _outer = handle.enter();
    let guard = HeapExecutor::new(BusyPark).block_on(async { handle.enter() });
    drop(guard);
    let (told, hears) = mpsc::channel();
    selkie_core::spawn(async move { told.send(()).unwrap() }).unwrap();
    for _ in 0..2 {
        runtime.block_on(selkie::task::yield_now());
    }
    hears.try_recv().unwrap();
}

#[test]
fn a_guard_dropped_in_an_executor_leaves_no_runtime_behind() {
    let runtime = Builder::new_current_thread().build().unwrap();
    let handle = runtime.handle().clone();
    let guard = handle.enter();
    HeapExecutor::new(BusyPark).block_on(async { drop(guard) });
    drop(handle);
    drop(runtime);
    selkie_core::spawn(async {}).unwrap_err();
}
