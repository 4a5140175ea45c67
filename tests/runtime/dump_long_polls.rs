//! A worker that is in a long poll keeps no dump from telling what there is.

use std::future::Future;
use std::sync::mpsc;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use selkie::runtime::dump::{Dump, Task};
use selkie::runtime::{Builder, Handle, Runtime};
use selkie::sync::oneshot;
use selkie::task;
use selkie::time::sleep;

use crate::dump_operations::has_names;

const LONG: Duration = Duration::from_secs(60);
/// The longest that a dump may take; it waits for a stuck worker for about a second.
const BOUND: Duration = Duration::from_secs(10);

/// A task that blocks its worker until this drops.
struct StuckTask {
    id: task::Id,
    _release: mpsc::Sender<()>,
}

impl StuckTask {
    /// Has a worker stuck that has tasks of its own before, which wait.
    fn spawn(handle: &Handle) -> (Self, Vec<task::Id>) {
        let (release, released) = mpsc::channel();
        let (started, starts) = mpsc::channel();
        let body = async move {
            // Spawned on the worker that gets stuck, and so its own.
            let waiting: Vec<_> = (0..3).map(|_| selkie::spawn(sleep(LONG)).id()).collect();
            task::yield_now().await;
            // One more, which is queued when the worker gets stuck.
            let queued = selkie::spawn(sleep(LONG)).id();
            let ids = waiting.into_iter().chain([queued]).collect();
            started.send(ids).unwrap();
            let _released = released.recv_timeout(LONG);
        };
        let builder = task::Builder::new().name("stuck");
        let stuck = builder.spawn_on(body, handle).unwrap();
        let ids = starts.recv_timeout(LONG).unwrap();
        let stuck = Self {
            id: stuck.id(),
            _release: release,
        };
        (stuck, ids)
    }
}

fn runtime(workers: usize) -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder
        .worker_threads(workers)
        .enable_all()
        .build()
        .unwrap()
}

fn of(dump: &Dump, id: task::Id) -> &Task {
    let mut all = dump.tasks().iter().chain(dump.untraced().iter());
    let found = all.find(|task| task.id() == id);
    found.unwrap_or_else(|| panic!("task {id} is not in the dump:\n{dump}"))
}

fn dump(handle: &Handle) -> Dump {
    let other = Builder::new_current_thread().build().unwrap();
    let begun = Instant::now();
    let dump = other.block_on(handle.dump());
    assert!(begun.elapsed() < BOUND, "{:?}", begun.elapsed());
    dump
}

fn check_stuck(dump: &Dump, id: task::Id) {
    let task = of(dump, id);
    assert!(!task.is_traced());
    assert_eq!(task.name(), Some("stuck"));
    assert_eq!(task.spawned_at().file(), file!());
    assert!(task.poll_duration().unwrap() >= Duration::from_millis(200));
    let text = dump.to_string();
    assert!(text.contains("in a poll, for about"), "{text}");
    assert!(text.contains("(stuck), spawned at"), "{text}");
    if cfg!(all(
        target_os = "linux",
        any(target_arch = "x86_64", target_arch = "aarch64")
    )) {
        let stack = task.stack().expect("the calls it is in").to_string();
        assert!(!has_names() || stack.contains("recv_timeout"), "{stack}");
    }
}

#[test]
fn the_tasks_of_a_stuck_worker_are_traced_by_the_others() {
    let runtime = runtime(2);
    let (stuck, waiting) = StuckTask::spawn(runtime.handle());
    for _ in 0..2 {
        let dump = dump(runtime.handle());
        assert_eq!(dump.missing_workers().len(), 1);
        check_stuck(&dump, stuck.id);
        for id in &waiting {
            let task = of(&dump, *id);
            assert!(task.is_traced(), "{dump}");
            let text = task.trace().to_string();
            assert!(!has_names() || text.contains("time/sleep.rs"), "{text}");
        }
    }
}

#[test]
fn if_all_workers_are_stuck_their_tasks_are_listed() {
    let runtime = runtime(1);
    let (stuck, waiting) = StuckTask::spawn(runtime.handle());
    let outside = runtime.spawn(async { sleep(LONG).await });
    let first = dump(runtime.handle());
    assert_eq!(first.missing_workers(), [0]);
    check_stuck(&first, stuck.id);
    for id in waiting.iter().copied().chain([outside.id()]) {
        assert!(!of(&first, id).is_traced());
        assert_eq!(of(&first, id).poll_duration(), None);
    }
    let id = stuck.id;
    drop(stuck);
    // They go on as if nothing had been.
    let second = runtime.block_on(async {
        for _ in 0..100 {
            let dump = Handle::current().dump().await;
            if dump.missing_workers().is_empty()
                && dump.tasks().iter().all(|task| task.id() != id)
                && dump.untraced().iter().count() == 0
            {
                return dump;
            }
        }
        panic!("the worker is still stuck");
    });
    for id in waiting.iter().copied().chain([outside.id()]) {
        assert!(of(&second, id).is_traced());
    }
}

#[test]
fn the_task_that_keeps_a_thread_from_its_other_tasks_is_named() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let handle = runtime.handle().clone();
    let driver = std::thread::spawn(move || runtime.block_on(async { sleep(LONG / 20).await }));
    let waits = handle.spawn(async { sleep(LONG).await });
    let (stuck, own) = StuckTask::spawn(&handle);
    let dump = dump(&handle);
    assert_eq!(dump.missing_workers(), [0]);
    check_stuck(&dump, stuck.id);
    assert!(!of(&dump, waits.id()).is_traced());
    // Also those that the thread itself has, waiting and queued.
    for id in own {
        assert!(!of(&dump, id).is_traced());
        assert!(!of(&dump, id).is_polled());
    }
    drop(stuck);
    driver.join().unwrap();
}

#[test]
fn a_dump_that_nobody_goes_on_to_make_keeps_no_task_from_its_worker() {
    let runtime = runtime(1);
    let (stuck, _waiting) = StuckTask::spawn(runtime.handle());
    let (wake, woken) = oneshot::channel();
    let ready = runtime.spawn(async move { woken.await.unwrap() });
    let handle = runtime.handle().clone();
    let mut dump = Box::pin(handle.dump());
    let mut cx = Context::from_waker(Waker::noop());
    assert!(dump.as_mut().poll(&mut cx).is_pending());
    // Longer than a dump takes.
    std::thread::sleep(Duration::from_secs(1));
    drop(stuck);
    wake.send(7).unwrap();
    let other = Builder::new_current_thread().enable_time().build().unwrap();
    let ended = other.block_on(async { selkie::time::timeout(BOUND, ready).await });
    assert_eq!(ended.expect("the task was held back").unwrap(), 7);
    drop(dump);
}

#[test]
fn a_future_that_keeps_block_on_busy_is_shown_by_its_calls() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let waits = runtime.spawn(async { sleep(LONG).await });
    let (release, released) = mpsc::channel::<()>();
    let (begin, begun) = mpsc::channel();
    let handle = runtime.handle().clone();
    let driver = std::thread::spawn(move || {
        runtime.block_on(async move {
            task::yield_now().await;
            begin.send(()).unwrap();
            let _released = released.recv_timeout(LONG);
        });
    });
    begun.recv_timeout(LONG).unwrap();
    let dump = dump(&handle);
    assert_eq!(dump.missing_workers(), [0]);
    assert!(!of(&dump, waits.id()).is_polled());
    if cfg!(all(
        target_os = "linux",
        any(target_arch = "x86_64", target_arch = "aarch64")
    )) {
        let stacks: Vec<_> = dump.worker_stacks().collect();
        assert_eq!(stacks.len(), 1);
        assert_eq!(stacks[0].0, 0);
        let text = dump.to_string();
        assert!(
            text.contains("worker 0 polls none of these tasks, and is in"),
            "{text}"
        );
        assert!(!has_names() || text.contains("recv_timeout"), "{text}");
        assert!(!text.contains("current_thread::run"), "{text}");
    }
    drop(release);
    driver.join().unwrap();
}

#[test]
fn a_poll_is_said_to_last_no_longer_than_since_it_was_begun() {
    let runtime = runtime(2);
    // Neither sleeps before count, nor workers that were handed off.
    runtime.block_on(async {
        for _ in 0..20 {
            let block = || std::thread::sleep(Duration::from_millis(2));
            selkie::spawn(async move { task::block_in_place(block) })
                .await
                .unwrap();
        }
        sleep(Duration::from_millis(700)).await;
    });
    let begun = Instant::now();
    let (stuck, _waiting) = StuckTask::spawn(runtime.handle());
    std::thread::sleep(Duration::from_millis(300));
    let dump = dump(runtime.handle());
    let lasts = of(&dump, stuck.id).poll_duration().unwrap();
    // A worker reads the clock every 200 microseconds.
    let most = begun.elapsed() + Duration::from_millis(10);
    assert!(
        lasts >= Duration::from_millis(500) && lasts < most,
        "{lasts:?} of {most:?}"
    );
}

#[test]
fn a_task_that_blocks_in_place_is_listed_as_polled() {
    let runtime = runtime(2);
    let (release, released) = mpsc::channel::<()>();
    let (started, starts) = mpsc::channel();
    let blocks = runtime.spawn(async move {
        task::block_in_place(|| {
            started.send(()).unwrap();
            let _released = released.recv_timeout(LONG);
        });
    });
    starts.recv_timeout(LONG).unwrap();
    let dump = dump(runtime.handle());
    assert!(dump.missing_workers().is_empty());
    let task = of(&dump, blocks.id());
    assert!(task.is_polled() && !task.is_traced(), "{dump}");
    assert_eq!(dump.untraced().iter().count(), 1);
    drop(release);
}

#[test]
fn a_runtime_ends_in_time_while_dumps_are_made_of_it() {
    for round in 0..20 {
        let runtime = runtime(2);
        let (stuck, _waiting) = StuckTask::spawn(runtime.handle());
        let handle = runtime.handle().clone();
        let dumps: Vec<_> = (0..3)
            .map(|_| {
                let handle = handle.clone();
                std::thread::spawn(move || dump(&handle))
            })
            .collect();
        // At different moments of the dump.
        std::thread::sleep(Duration::from_millis(40 * round));
        let (ended, ends) = mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let begun = Instant::now();
                runtime.shutdown_timeout(Duration::from_millis(100));
                ended.send(begun.elapsed()).unwrap();
            });
            let took = ends.recv_timeout(BOUND).expect("the shutdown ends");
            assert!(took < BOUND / 4, "{took:?}");
            drop(stuck);
        });
        for dump in dumps {
            dump.join().unwrap();
        }
    }
}

#[test]
fn a_full_blocking_pool_keeps_no_dump_waiting() {
    let mut builder = Builder::new_multi_thread();
    let runtime = builder
        .worker_threads(1)
        .max_blocking_threads(1)
        .enable_all();
    let runtime = runtime.build().unwrap();
    let (_release, released) = mpsc::channel::<()>();
    runtime.spawn_blocking(move || released.recv_timeout(LONG));
    let waits = runtime.spawn(async { sleep(LONG).await });
    let dump = dump(runtime.handle());
    assert!(of(&dump, waits.id()).is_traced());
}

#[test]
fn tasks_go_on_while_dumps_are_made_of_a_runtime_with_a_stuck_worker() {
    let runtime = runtime(2);
    let (stuck, _waiting) = StuckTask::spawn(runtime.handle());
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let stopped = std::sync::Arc::clone(&stop);
    let busy = runtime.spawn(async move {
        let mut rounds = 0_u64;
        while !stopped.load(std::sync::atomic::Ordering::Relaxed) {
            let tasks: Vec<_> = (0..50)
                .map(|n| {
                    selkie::spawn(async move {
                        task::yield_now().await;
                        n
                    })
                })
                .collect();
            for (n, task) in tasks.into_iter().enumerate() {
                assert_eq!(task.await.unwrap(), n);
            }
            rounds += 1;
        }
        rounds
    });
    for _ in 0..3 {
        check_stuck(&dump(runtime.handle()), stuck.id);
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    let other = Builder::new_current_thread().build().unwrap();
    assert!(other.block_on(busy).unwrap() > 0);
}
