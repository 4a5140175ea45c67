//! The wakers of what needs no heap: nobody keeps one whose wait is over, and none is called under
//! a lock.

use std::sync::Arc;
use std::task::{Poll, Waker};

use super::harness::{CountingWaker, ReentrantWaker, TestTask};
use crate::sync::{
    Barrier, FixedChannel, FixedWatch, Mutex, Notify, RwLock, Semaphore, SetOnce, Signal,
};

fn leaked<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

/// A wait of each kind that lasts until it is dropped.
fn waits() -> Vec<TestTask<()>> {
    let full = leaked(FixedChannel::<u8, 1>::new());
    full.try_send(1).unwrap();
    let empty = leaked(FixedChannel::<u8, 1>::new());
    let watch = leaked(FixedWatch::new(0));
    let mutex = leaked(Mutex::new(0));
    std::mem::forget(mutex.try_lock().unwrap());
    let lock = leaked(RwLock::new(0));
    std::mem::forget(lock.try_read().unwrap());
    let semaphore = leaked(Semaphore::new(1));
    let (counter, cell, barrier) = (
        leaked(Notify::new()),
        leaked(SetOnce::<u8>::new()),
        leaked(Barrier::new(2)),
    );
    vec![
        TestTask::new(full.send(2)),
        TestTask::new(async {
            let _ = empty.recv().await;
        }),
        TestTask::new(async { watch.subscribe().changed().await }),
        TestTask::new(async { drop(mutex.lock().await) }),
        TestTask::new(async { drop(lock.write().await) }),
        TestTask::new(async { drop(semaphore.acquire_many(2).await) }),
        TestTask::new(counter.notified()),
        TestTask::new(async {
            let _ = cell.wait().await;
        }),
        TestTask::new(async {
            let _ = barrier.wait().await;
        }),
    ]
}

#[test]
fn a_wait_that_ends_gives_its_waker_back() {
    let all: [Arc<CountingWaker>; 2] = Default::default();
    for mut wait in waits() {
        for counter in &all {
            // The second waker takes the place of the first.
            assert!(wait.poll_with(&Waker::from(counter.clone())).is_pending());
            assert_eq!(Arc::strong_count(counter), 2);
        }
        assert_eq!(Arc::strong_count(&all[0]), 1);
        drop(wait);
        assert_eq!(Arc::strong_count(&all[1]), 1);
    }
}

#[test]
fn a_signal_keeps_one_waker_at_most() {
    let counter = Arc::new(CountingWaker::default());
    let waker = Waker::from(counter.clone());
    let signal = leaked(Signal::new());
    for _ in 0..3 {
        assert!(TestTask::new(signal.wait()).poll_with(&waker).is_pending());
        assert_eq!(Arc::strong_count(&counter), 3);
    }
    assert_eq!(signal.signal(1), None);
    assert_eq!((Arc::strong_count(&counter), counter.wakes()), (2, 1));
    assert_eq!(signal.signal(2), Some(1));
    let mut last = TestTask::new(signal.wait());
    assert_eq!(last.poll_with(&waker), Poll::Ready(2));
}

/// Regression 19 for what stands in place: a waker that comes back from `wake` and from `drop`.
#[test]
fn regression_19_wakers_reenter_what_needs_no_heap() {
    let channel = leaked(FixedChannel::<u8, 2>::new());
    let watch = leaked(FixedWatch::new(0));
    let signal = leaked(Signal::new());
    let again = || {
        let _ = channel.try_send(7);
        watch.send_modify(|value| *value += 1);
        let _ = signal.signal(7);
        let _ = channel.try_recv();
    };
    let waker = Waker::from(Arc::new(ReentrantWaker(again)));
    let mut receiver = watch.subscribe();
    let mut waits = [
        TestTask::new(async {
            let _ = channel.recv().await;
        }),
        TestTask::new(async move { receiver.changed().await }),
        TestTask::new(async {
            let _ = signal.wait().await;
        }),
    ];
    for wait in &mut waits {
        assert!(wait.poll_with(&waker).is_pending());
    }
    drop(waker);
    // The first to be woken wakes the others.
    channel.try_send(1).unwrap();
    for wait in &mut waits[1..] {
        assert!(wait.poll_with(Waker::noop()).is_ready());
    }
}

/// A panic may pass by it: nothing is left half counter.
#[test]
fn a_bell_is_unwind_safe() {
    use std::panic::{RefUnwindSafe, UnwindSafe};
    const fn check<T: UnwindSafe + RefUnwindSafe>() {}
    check::<Notify>();
}
