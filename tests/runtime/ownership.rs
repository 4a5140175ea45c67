//! Tasks never outlive their runtime, and everything that they took is given back.
//!
//! Length      one subject; the child that a test starts is a test of this file.

use std::future::{Future, pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use selkie::runtime::{Builder, Runtime};
use selkie::task::LocalSet;

use crate::flavors::both;

const LONG: Duration = Duration::from_secs(30);

/// Says so when it drops.
struct SendOnDrop(mpsc::Sender<()>);

impl Drop for SendOnDrop {
    fn drop(&mut self) {
        let _nobody_listens = self.0.send(());
    }
}

/// A task that puts its waker where `wakers` says, waits for good, and tells when it is dropped.
fn waiting(
    wakers: &Arc<Mutex<Vec<Waker>>>,
    told: mpsc::Sender<()>,
) -> impl Future<Output = ()> + Send + use<> {
    let wakers = Arc::clone(wakers);
    let told = SendOnDrop(told);
    poll_fn(move |cx| {
        let _told = &told;
        wakers.lock().unwrap().push(cx.waker().clone());
        Poll::Pending
    })
}

/// Waits until `count` wakers are there.
fn until_waiting(runtime: &Runtime, wakers: &Mutex<Vec<Waker>>, count: usize) {
    let begun = Instant::now();
    while wakers.lock().unwrap().len() < count {
        assert!(begun.elapsed() < LONG, "the tasks were never polled");
        runtime.block_on(selkie::task::yield_now());
    }
}

#[test]
fn regression_35_a_runtime_dropped_in_async_context_drops_its_tasks_and_leaves_its_wakers_sound() {
    for runtime in both(|_| ()) {
        let wakers = Arc::default();
        let (told, dropped) = mpsc::channel();
        for _ in 0..8 {
            runtime.spawn(waiting(&wakers, told.clone()));
        }
        until_waiting(&runtime, &wakers, 8);
        let outer = Builder::new_current_thread().build().unwrap();
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            outer.block_on(async move { drop(runtime) });
        }));
        let payload = panicked.expect_err("a runtime may not be waited for there");
        let message = payload.downcast_ref::<&str>().unwrap();
        assert!(message.contains("Cannot drop a runtime"), "{message}");
        for _ in 0..8 {
            dropped.recv_timeout(LONG).expect("a task was not dropped");
        }
        // They name slots of a runtime that is gone.
        let wakers = std::mem::take(&mut *wakers.lock().unwrap());
        wakers.into_iter().for_each(Waker::wake);
        // Nothing strange turns up in whoever owns the slots next.
        for runtime in both(|_| ()) {
            let five = runtime.block_on(async { selkie::spawn(async { 5 }).await.unwrap() });
            assert_eq!(five, 5);
            assert_eq!(runtime.metrics().num_alive_tasks(), 0);
        }
    }
}

#[test]
fn regression_35_a_runtime_dropped_by_a_task_of_its_own_ends() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    let (told, dropped) = mpsc::channel();
    runtime.spawn({
        let told = SendOnDrop(told.clone());
        async move {
            let _told = told;
            pending::<()>().await;
        }
    });
    let handle = runtime.handle().clone();
    let task = handle.spawn(async move {
        let _told = SendOnDrop(told);
        drop(runtime);
    });
    for _ in 0..2 {
        dropped.recv_timeout(LONG).expect("a task was not dropped");
    }
    let begun = Instant::now();
    while !task.is_finished() {
        assert!(begun.elapsed() < LONG);
        std::thread::yield_now();
    }
}

/// A waker that panics when it is woken.
struct Bomb(AtomicUsize);

impl Wake for Bomb {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
        panic!("a waker's panic, which the test asks for");
    }
}

/// Polls `future` once with a waker that panics; says whether it waits.
fn waits_with_bomb(future: Pin<&mut impl Future<Output = ()>>, bomb: &Arc<Bomb>) -> bool {
    let waker = Waker::from(Arc::clone(bomb));
    future.poll(&mut Context::from_waker(&waker)).is_pending()
}

#[test]
fn regression_36_a_waker_that_panics_as_a_timer_fires_harms_no_other_task() {
    for runtime in both(|_| ()) {
        let bomb = Arc::new(Bomb(AtomicUsize::new(0)));
        let theirs = Arc::clone(&bomb);
        let limit = Duration::from_millis(100);
        let timers = runtime.spawn(async move {
            let mut timers: Vec<_> = (0..100)
                .map(|_| Box::pin(selkie::time::sleep(limit)))
                .collect();
            let waiting = timers.iter_mut().step_by(2);
            let bombs =
                waiting.filter_map(|timer| waits_with_bomb(timer.as_mut(), &theirs).then_some(()));
            let bombs = bombs.count();
            // Those in between have wakers of this task's, and fire in the same moment.
            for timer in timers.iter_mut().skip(1).step_by(2) {
                timer.await;
            }
            while theirs.0.load(Ordering::Relaxed) < bombs {
                selkie::time::sleep(Duration::from_millis(1)).await;
            }
            assert_eq!(theirs.0.load(Ordering::Relaxed), bombs);
        });
        let done = runtime.block_on(async { selkie::time::timeout(LONG, timers).await });
        done.expect("timers were lost").unwrap();
        runtime.shutdown_timeout(LONG);
    }
}

#[test]
#[cfg(unix)]
fn regression_36_a_waker_that_panics_at_an_event_harms_no_other_task() {
    use selkie::net::UnixStream;

    for runtime in both(|_| ()) {
        let bomb = Arc::new(Bomb(AtomicUsize::new(0)));
        let theirs = Arc::clone(&bomb);
        let events = runtime.spawn(async move {
            let pairs: Vec<_> = (0..16).map(|_| UnixStream::pair().unwrap()).collect();
            let mut bombed: Vec<_> = pairs
                .iter()
                .map(|(near, _)| Box::pin(async { near.readable().await.unwrap() }))
                .collect();
            for (index, readable) in bombed.iter_mut().enumerate() {
                if index % 2 == 0 {
                    assert!(waits_with_bomb(readable.as_mut(), &theirs));
                }
            }
            for (_, far) in &pairs {
                far.writable().await.unwrap();
                assert_eq!(far.try_write(b"!").unwrap(), 1);
            }
            for (near, _) in pairs.iter().skip(1).step_by(2) {
                near.readable().await.unwrap();
            }
            drop(bombed);
        });
        let done = runtime.block_on(async { selkie::time::timeout(LONG, events).await });
        done.expect("events were lost").unwrap();
        runtime.shutdown_timeout(LONG);
    }
}

#[test]
fn regression_36_hooks_that_panic_end_no_worker() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .on_thread_start(|| panic!("asked for: start"))
        .on_thread_stop(|| panic!("asked for: stop"))
        .on_thread_park(|| panic!("asked for: park"))
        .on_thread_unpark(|| panic!("asked for: unpark"))
        .build()
        .unwrap();
    for round in 0..10 {
        let task = runtime.spawn(async move {
            selkie::time::sleep(Duration::from_millis(1)).await;
            round
        });
        let done = runtime.block_on(async { selkie::time::timeout(LONG, task).await });
        assert_eq!(done.expect("a worker is gone").unwrap(), round);
    }
    assert!(runtime.shutdown_with_report(LONG).is_complete());
}

#[test]
fn regression_36_a_payload_whose_drop_panics_ends_no_worker() {
    /// Panics in its drop, with a payload that does so once more.
    struct Payload(u32);
    impl Drop for Payload {
        fn drop(&mut self) {
            if let Some(left) = self.0.checked_sub(1) {
                std::panic::panic_any(Self(left));
            }
        }
    }
    for runtime in both(|_| ()) {
        for _ in 0..4 {
            // Nobody takes the payload.
            drop(runtime.spawn(async { std::panic::panic_any(Payload(2)) }));
        }
        let handle = runtime.spawn(async { std::panic::panic_any(Payload(1)) });
        let error = runtime.block_on(handle).expect_err("it panicked");
        let payload = error.into_panic();
        assert!(catch_unwind(AssertUnwindSafe(|| drop(payload))).is_err());
        let six = runtime.block_on(async { selkie::spawn(async { 6 }).await.unwrap() });
        assert_eq!(six, 6);
        runtime.shutdown_timeout(LONG);
    }
}

thread_local! {
    static STASH: std::cell::RefCell<Vec<selkie::runtime::EnterGuard<'static>>> =
        const { std::cell::RefCell::new(Vec::new()) };
}

#[test]
fn regression_37_a_guard_that_outlives_the_contexts_around_it_restores_none_of_them() {
    // In a thread of its own, whose context is all the test's.
    std::thread::spawn(|| {
        let build = || Builder::new_current_thread().build().unwrap();
        let inner = Box::leak(Box::new(build()));
        let outer = build();
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let outside = outer.enter();
            STASH.with_borrow_mut(|stash| stash.push(inner.enter()));
            drop(outside);
        }));
        assert!(panicked.is_err(), "guards were dropped out of order");
        let outer_id = outer.handle().id();
        drop(outer);
        // The stashed context is the one there is.
        assert_eq!(selkie::runtime::Handle::current().id(), inner.handle().id());
        STASH.with_borrow_mut(Vec::clear);
        let current = selkie::runtime::Handle::try_current();
        assert!(
            current.is_err(),
            "{:?} came back, {outer_id} is gone",
            current.map(|handle| handle.id())
        );
    })
    .join()
    .unwrap();
}

#[test]
fn regression_37_contexts_are_right_in_any_order_of_guards() {
    std::thread::spawn(|| {
        let runtimes: Vec<_> = (0..3)
            .map(|_| Builder::new_current_thread().build().unwrap())
            .collect();
        let here = || {
            selkie::runtime::Handle::try_current()
                .ok()
                .map(|handle| handle.id())
        };
        let ids: Vec<_> = runtimes
            .iter()
            .map(|runtime| runtime.handle().id())
            .collect();
        for order in [
            [0, 1, 2],
            [0, 2, 1],
            [1, 0, 2],
            [1, 2, 0],
            [2, 0, 1],
            [2, 1, 0],
        ] {
            let mut guards: Vec<_> = runtimes
                .iter()
                .map(|runtime| Some(runtime.enter()))
                .collect();
            for leaving in order {
                let guard = guards[leaving].take();
                // Out of order it panics, and the context is that of the innermost all the same.
                let _panicked = catch_unwind(AssertUnwindSafe(|| drop(guard)));
                let innermost = (0..3).rev().find(|index| guards[*index].is_some());
                assert_eq!(
                    here(),
                    innermost.map(|index| ids[index]),
                    "{order:?}, {leaving}"
                );
            }
        }
    })
    .join()
    .unwrap();
}

#[test]
fn regression_37_local_sets_are_right_in_any_order_of_guards() {
    let runtime = Builder::new_current_thread().build().unwrap();
    let (first, second) = (LocalSet::new(), LocalSet::new());
    let in_first = first.enter();
    let in_second = second.enter();
    drop(in_first);
    let task = selkie::task::spawn_local(async { 1 });
    assert_eq!(second.block_on(&runtime, task).unwrap(), 1);
    drop(in_second);
    let nowhere = catch_unwind(|| selkie::task::spawn_local(async {}));
    assert!(nowhere.is_err(), "a set that was left is entered again");
}

/// The shortest of several times that `f` took.
fn shortest(mut f: impl FnMut()) -> Duration {
    let times = (0..50).map(|_| {
        let begun = Instant::now();
        f();
        begun.elapsed()
    });
    times.min().unwrap()
}

/// Run in a process of its own by the test below: what other tests leave would count.
#[test]
#[ignore = "run by `regression_46_and_47`"]
fn after_a_million_tasks() {
    const TASKS: usize = 1_000_000;
    let build = || Builder::new_current_thread().build().unwrap();
    let a_runtime = || drop(build());
    let a_set = || drop(LocalSet::new());
    let ended = build();
    let handle = ended.handle().clone();
    drop(ended);
    let a_refusal = || drop(handle.spawn(async {}));
    let before = [shortest(a_runtime), shortest(a_set), shortest(a_refusal)];
    let resident = resident();
    let set = LocalSet::new();
    let workers = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    // By a set, by workers, and from outside, all alive at the same time.
    let (held, tell) = selkie::sync::watch::channel(false);
    let wait = |mut tell: selkie::sync::watch::Receiver<bool>| async move {
        let _told = tell.wait_for(|told| *told).await;
    };
    let mut tasks: Vec<_> = (0..TASKS / 4)
        .map(|_| workers.spawn(wait(tell.clone())))
        .collect();
    let theirs = tell.clone();
    let inside = workers.spawn(async move {
        let spawn = |_| selkie::spawn(wait(theirs.clone()));
        (0..TASKS / 4).map(spawn).collect::<Vec<_>>()
    });
    tasks.extend(workers.block_on(inside).unwrap());
    tasks.extend((0..TASKS / 2).map(|_| set.spawn_local(wait(tell.clone()))));
    drop(tell);
    let at_most = self::resident();
    held.send(true).unwrap();
    set.block_on(&workers, async {
        for task in tasks {
            task.await.unwrap();
        }
    });
    drop(set);
    // 47: the memory goes back while the runtime idles.
    let begun = Instant::now();
    let allowed = resident + 32 * 1024 * 1024;
    while self::resident() > allowed {
        assert!(
            begun.elapsed() < LONG,
            "{} MB stay of {}, {} were there before",
            self::resident() >> 20,
            at_most >> 20,
            resident >> 20
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    drop(workers);
    // 46: what is made and ended next does not walk what was.
    let after = [shortest(a_runtime), shortest(a_set), shortest(a_refusal)];
    println!("before {before:?}, after {after:?}");
    for (before, after) in before.into_iter().zip(after) {
        let limit = before * 10 + Duration::from_micros(100);
        assert!(after < limit, "{after:?}, {before:?} before");
    }
}

/// Resident memory of this process in bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = status.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}

#[test]
#[cfg(target_os = "linux")]
fn regression_46_and_47_finished_tasks_cost_neither_time_nor_memory() {
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "ownership::after_a_million_tasks", "--ignored"])
        .status()
        .unwrap();
    assert!(status.success());
}
