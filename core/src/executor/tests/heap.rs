//! Allocated tasks.

use core::cell::Cell;
use core::future::pending;
use core::task::Waker;
use core::time::Duration;
use std::boxed::Box;
use std::rc::Rc;
use std::vec::Vec;

use crate::executor::{HeapExecutor, ThreadPark, ThreadUnpark, TimedPark, spawn as spawn_here};
use crate::sync::{FixedChannel, Signal};
use crate::task::yield_now;
use crate::time::raw::ClockMode;
use crate::time::{Timers, sleep};

fn executor() -> HeapExecutor<ThreadPark> {
    let unpark: &'static ThreadUnpark = Box::leak(Box::default());
    HeapExecutor::new(ThreadPark::new(unpark))
}

#[test]
fn tasks_return_panic_and_are_aborted() {
    let mut executor = executor();
    let shared = Rc::new(Cell::new(1));
    let inside = shared.clone();
    let adds = executor.spawn(async move {
        yield_now().await;
        inside.set(inside.get() + 1);
        inside.get()
    });
    let panics = executor.spawn(async { panic!("on purpose") });
    let hangs = executor.spawn(pending::<()>());
    hangs.abort();
    let (sum, panicked, cancelled) =
        executor.block_on(async { (adds.await, panics.await, hangs.await) });
    assert_eq!(sum.expect("returns"), 2);
    assert!(panicked.expect_err("panics").is_panic());
    assert!(cancelled.expect_err("is aborted").is_cancelled());
}

#[test]
fn a_thousand_tasks_sleep_and_send() {
    let unpark: &'static ThreadUnpark = Box::leak(Box::default());
    let timers: &'static Timers = Box::leak(Box::default());
    let timers = timers.open(ClockMode::Paused, Waker::noop().clone());
    let handle = timers.handle();
    let mut executor = HeapExecutor::new(TimedPark::over(ThreadPark::new(unpark), timers));
    executor.set_timers(handle);
    static NUMBERS: FixedChannel<u64, 16> = FixedChannel::new();
    for number in 0..1_000 {
        let task = executor.spawn(async move {
            sleep(Duration::from_millis(number % 37)).await;
            NUMBERS.send(number).await;
        });
        drop(task);
    }
    let sum = executor.block_on(async {
        let mut sum = 0;
        for _ in 0..1_000 {
            sum += NUMBERS.recv().await;
        }
        sum
    });
    assert_eq!(sum, 999 * 1_000 / 2);
}

#[test]
fn dropping_the_executor_drops_its_tasks() {
    let mut executor = executor();
    let held = Rc::new(());
    let handles: Vec<_> = (0..3)
        .map(|_| {
            let held = held.clone();
            executor.spawn(async move {
                pending::<()>().await;
                drop(held);
            })
        })
        .collect();
    executor.block_on(yield_now());
    assert_eq!(Rc::strong_count(&held), 4);
    drop(executor);
    assert_eq!(Rc::strong_count(&held), 1);
    for handle in handles {
        let ended = crate::platform::block_on(handle);
        assert!(ended.expect_err("was dropped").is_cancelled());
    }
}

#[test]
fn a_waker_that_outlives_the_executor_does_no_harm() {
    let mut executor = executor();
    let stolen = Rc::new(Cell::new(None));
    let inside = stolen.clone();
    let mut yielded = false;
    executor.block_on(core::future::poll_fn(move |cx| {
        inside.set(Some(cx.waker().clone()));
        if yielded {
            return core::task::Poll::Ready(());
        }
        yielded = true;
        cx.waker().wake_by_ref();
        core::task::Poll::Pending
    }));
    let waker = stolen.take().expect("was polled");
    drop(executor);
    waker.wake_by_ref();
    let sender = std::thread::spawn(move || waker.wake());
    sender.join().expect("no panic");
}

#[test]
fn tasks_spawn_without_knowing_their_executor() {
    static DONE: Signal<u32> = Signal::new();
    let mut executor = executor();
    let spawner = executor.spawn(async {
        spawn_here(async {
            let _ = DONE.signal(9);
        })
        .expect("a heap has room");
    });
    let number = executor.block_on(async {
        spawner.await.expect("no panic");
        DONE.wait().await
    });
    assert_eq!(number, 9);
}

#[test]
fn wakes_from_other_threads_arrive() {
    static NUMBERS: FixedChannel<usize, 2> = FixedChannel::new();
    let mut executor = executor();
    let receiver = executor.spawn(async {
        for number in 0..1_000 {
            assert_eq!(NUMBERS.recv().await, number);
        }
    });
    let sender = std::thread::spawn(|| {
        for number in 0..1_000 {
            crate::platform::block_on(NUMBERS.send(number));
        }
    });
    executor.block_on(receiver).expect("no panic");
    sender.join().expect("no panic");
}
