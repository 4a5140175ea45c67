//! What each operation takes of the cooperative budget, and what a poll without budget may not lose.

use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::harness::TestTask;
use crate::coop::raw::{Budget, budget, with_budget};
use crate::coop::{BUDGET_PER_POLL, consume_budget, has_budget_remaining};
use crate::sync::{
    Barrier, FixedChannel, FixedWatch, Mutex, Notify, OnceCell, RwLock, Semaphore, SetOnce, Signal,
    broadcast, mpsc, oneshot, watch,
};

/// How often `operation` completes in one poll that has a budget.
fn completed(mut operation: impl AsyncFnMut()) -> usize {
    const MOST: usize = 1000;
    let count = Cell::new(0);
    let mut task = pin!(async {
        while count.get() < MOST {
            operation().await;
            count.set(count.get() + 1);
        }
    });
    let mut cx = Context::from_waker(Waker::noop());
    let _ = budget(|| task.as_mut().poll(&mut cx));
    count.get()
}

/// Checks that each of the operations takes one unit, or one spare unit, for its completion: a loop of them yields,
/// and as late as it may.
macro_rules! each_takes_one_unit {
    ($($name:literal: $operation:expr;)*) => {
        $(assert_eq!(completed($operation), usize::from(BUDGET_PER_POLL), $name);)*
    };
}

#[test]
fn regression_81_operations_of_channels_take_a_unit() {
    let (bounded, mut bounded_rx) = mpsc::channel::<u8>(1000);
    let (small, _small_rx) = mpsc::channel::<u8>(1);
    let (unbounded, _) = mpsc::unbounded_channel::<u8>();
    let (refused, mut refused_rx) = mpsc::channel::<u8>(1);
    refused_rx.close();
    let (told, _) = broadcast::channel::<u8>(1);
    each_takes_one_unit! {
        "send": async || bounded.send(1).await.unwrap();
        "recv": async || assert_eq!(bounded_rx.recv().await, Some(1));
        "reserve": async || drop(bounded.reserve().await);
        "reserve, too many": async || assert!(small.reserve_many(2).await.is_err());
        "send, refused": async || assert!(refused.send(1).await.is_err());
        "reserve, refused": async || assert!(refused.reserve().await.is_err());
        "reserve_many, refused": async || assert!(refused.reserve_many(1).await.is_err());
        "reserve_owned, refused": async || assert!(refused.clone().reserve_owned().await.is_err());
        "closed": async || refused.closed().await;
        "closed, unbounded": async || unbounded.closed().await;
        "closed, broadcast": async || told.closed().await;
        "recv, closed": async || assert_eq!(refused_rx.recv().await, None);
    }
}

#[test]
fn regression_81_operations_of_a_watch_take_a_unit() {
    let (tx, mut rx) = watch::channel(1);
    let (gone, _) = watch::channel(1);
    let (_, mut last) = watch::channel(1);
    let fixed = FixedWatch::new(1);
    let mut fixed_rx = fixed.subscribe();
    each_takes_one_unit! {
        "changed": async || {
            tx.send(2).unwrap();
            rx.changed().await.unwrap();
        };
        "wait_for": async || drop(rx.wait_for(|_| true).await);
        "wait_for, after the last value": async || assert!(last.wait_for(|_| false).await.is_err());
        "closed": async || gone.closed().await;
        "fixed wait_for": async || assert_eq!(fixed_rx.wait_for(|_| true).await, 1);
        "fixed changed": async || {
            fixed.send(2);
            fixed_rx.changed().await;
        };
    }
}

#[test]
fn operations_of_locks_and_signals_take_a_unit() {
    let mutex = Mutex::new(1);
    let lock = RwLock::new(1);
    let semaphore = Semaphore::new(1);
    let closed = Semaphore::new(1);
    closed.close();
    let notify = Notify::new();
    let barrier = Barrier::new(1);
    let set = SetOnce::new_with(Some(1));
    let signal = Signal::new();
    let fixed = FixedChannel::<u8, 2>::new();
    each_takes_one_unit! {
        "lock": async || drop(mutex.lock().await);
        "read": async || drop(lock.read().await);
        "write": async || drop(lock.write().await);
        "acquire": async || drop(semaphore.acquire().await);
        "acquire, refused": async || assert!(closed.acquire().await.is_err());
        "notified": async || {
            notify.notify_one();
            notify.notified().await;
        };
        "barrier": async || assert!(barrier.wait().await.is_leader());
        "set once": async || assert_eq!(*set.wait().await, 1);
        "first once": async || assert_eq!(*OnceCell::new().get_or_init(async || 1).await, 1);
        "oneshot": async || {
            let (tx, rx) = oneshot::channel();
            tx.send(1).unwrap();
            rx.await.unwrap();
        };
        "signal": async || {
            signal.signal(1);
            signal.wait().await;
        };
        "fixed": async || {
            fixed.try_send(1).unwrap();
            fixed.recv().await;
        };
    }
}

/// Polls `task` with no budget left: it is pending.
fn polled_without_budget<T>(task: &mut TestTask<T>) {
    with_budget(Budget::initial(), || {
        let mut cx = Context::from_waker(Waker::noop());
        while has_budget_remaining() {
            assert!(pin!(consume_budget()).poll(&mut cx).is_ready());
        }
        assert!(task.poll().is_pending());
    });
}

/// One that would be ready is woken, to be polled with a budget; one that waits is not.
fn woken_only_if_ready<T>(task: &mut TestTask<T>, ready: bool) {
    polled_without_budget(task);
    assert_eq!(task.is_woken(), ready);
}

#[test]
fn a_lock_without_budget_keeps_its_place() {
    let mutex = Arc::new(Mutex::new(()));
    let guard = mutex.try_lock().unwrap();
    let mut first = TestTask::new(mutex.clone().lock_owned());
    woken_only_if_ready(&mut first, false);
    let mut second = TestTask::new(mutex.clone().lock_owned());
    woken_only_if_ready(&mut second, false);
    woken_only_if_ready(&mut first, false);
    drop(guard);
    assert!(first.is_woken());
    assert!(
        !second.is_woken(),
        "the first in the queue did not lose its position"
    );
    let Poll::Ready(guard) = first.poll() else {
        panic!("the lock was handed to the first");
    };
    drop(guard);
    assert!(second.poll().is_ready());
}

#[test]
fn a_free_lock_without_budget_is_held_until_the_next_poll() {
    let mutex = Arc::new(Mutex::new(()));
    let mut first = TestTask::new(mutex.clone().lock_owned());
    woken_only_if_ready(&mut first, true);
    assert!(mutex.try_lock().is_err(), "the first has it already");
    assert!(first.poll().is_ready());
    assert!(mutex.try_lock().is_ok());
    let mut dropped = TestTask::new(mutex.clone().lock_owned());
    polled_without_budget(&mut dropped);
    drop(dropped);
    assert!(mutex.try_lock().is_ok(), "it goes with the future");
}

#[test]
fn a_send_without_budget_keeps_its_place() {
    let (tx, mut rx) = mpsc::channel(1);
    tx.try_send(0).unwrap();
    let send = |value| {
        let tx = tx.clone();
        async move { tx.send(value).await.unwrap() }
    };
    let mut first = TestTask::new(send(1));
    polled_without_budget(&mut first);
    let mut second = TestTask::new(send(2));
    assert!(second.poll().is_pending());
    assert_eq!(rx.try_recv(), Ok(0));
    assert!(first.poll().is_ready());
    assert_eq!(rx.try_recv(), Ok(1));
    assert!(second.poll().is_ready());
    assert_eq!(rx.try_recv(), Ok(2));
}

#[test]
fn waits_that_tokio_gives_away_leave_the_budget_whole() {
    let notify = Notify::new();
    let set = SetOnce::new_with(Some(1));
    let barrier = Barrier::new(1);
    let closed = Semaphore::new(1);
    closed.close();
    let mut waits = 0;
    // Four spare units a round: together as many as there are.
    let free = async || {
        notify.notify_one();
        notify.notified().await;
        set.wait().await;
        barrier.wait().await;
        assert!(closed.acquire().await.is_err());
    };
    let mutex = Mutex::new(());
    let locks = completed(async || {
        if waits < BUDGET_PER_POLL / 4 {
            waits += 1;
            free().await;
        }
        drop(mutex.lock().await);
    });
    assert_eq!(locks, usize::from(BUDGET_PER_POLL));
}

#[test]
fn waits_that_tokio_gives_away_complete_when_the_budget_is_used_up() {
    with_budget(Budget::initial(), || {
        let mut cx = Context::from_waker(Waker::noop());
        while has_budget_remaining() {
            assert!(pin!(consume_budget()).poll(&mut cx).is_ready());
        }
        let notify = Notify::new();
        notify.notify_one();
        assert!(pin!(notify.notified()).poll(&mut cx).is_ready());
        let semaphore = Semaphore::new(0);
        let mut waiting = pin!(semaphore.acquire());
        assert!(waiting.as_mut().poll(&mut cx).is_pending());
        semaphore.close();
        assert!(waiting.poll(&mut cx).is_ready(), "refused while it waits");
        assert!(pin!(semaphore.acquire()).poll(&mut cx).is_ready());
        let (sender, receiver) = mpsc::channel(1);
        drop(receiver);
        assert!(pin!(sender.closed()).poll(&mut cx).is_ready());
        let sent = pin!(sender.send(7)).poll(&mut cx);
        assert_eq!(sent, Poll::Ready(Err(mpsc::error::SendError(7))));
    });
}

#[test]
fn an_arrival_counts_whatever_the_budget_is() {
    let barrier = Arc::new(Barrier::new(2));
    let wait = || {
        let barrier = barrier.clone();
        TestTask::new(async move { barrier.wait().await.is_leader() })
    };
    let mut first = wait();
    polled_without_budget(&mut first);
    assert!(!first.is_woken(), "there is nothing to come for yet");
    assert_eq!(wait().poll(), Poll::Ready(true));
    assert!(first.is_woken());
    assert_eq!(first.poll(), Poll::Ready(false));
}

/// Runs `f` with neither units nor spare units.
fn without_units<R>(f: impl FnOnce() -> R) -> R {
    with_budget(Budget::initial(), || {
        let mut cx = Context::from_waker(Waker::noop());
        while has_budget_remaining() {
            assert!(pin!(consume_budget()).poll(&mut cx).is_ready());
        }
        let set = SetOnce::new_with(Some(1));
        while pin!(set.wait()).poll(&mut cx).is_ready() {}
        f()
    })
}

#[test]
fn a_wait_without_spare_units_keeps_its_position() {
    let notify = Arc::new(Notify::new());
    let wait = || TestTask::new(notify.clone().notified_owned());
    let (mut first, mut second, mut third) = (wait(), wait(), wait());
    without_units(|| {
        assert!(first.poll().is_pending());
        assert!(second.poll().is_pending());
    });
    assert!(third.poll().is_pending());
    notify.notify_one();
    notify.notify_one();
    assert!(first.poll().is_ready());
    assert!(
        second.poll().is_ready(),
        "each notification reached a waiter"
    );
    assert!(third.poll().is_pending());
}

#[test]
fn a_notification_that_a_poll_without_spare_units_found_is_not_lost() {
    let notify = Arc::new(Notify::new());
    let wait = || TestTask::new(notify.clone().notified_owned());
    notify.notify_one();
    let (mut first, mut second) = (wait(), wait());
    without_units(|| assert!(first.poll().is_pending()));
    assert!(first.is_woken());
    assert!(second.poll().is_pending(), "the first has it already");
    drop(first);
    assert!(second.poll().is_ready(), "it goes with the future");
    let mut all = wait();
    notify.notify_waiters();
    without_units(|| assert!(all.poll().is_pending()));
    drop(all);
    assert!(wait().poll().is_pending(), "one for all is not passed on");
    let mut all = wait();
    without_units(|| assert!(all.poll().is_pending()));
    notify.notify_waiters();
    assert!(all.poll().is_ready());
}

#[test]
fn a_leader_without_spare_units_leads_at_its_next_poll() {
    let barrier = Arc::new(Barrier::new(2));
    let wait = || {
        let barrier = barrier.clone();
        TestTask::new(async move { barrier.wait().await.is_leader() })
    };
    let (mut first, mut second) = (wait(), wait());
    without_units(|| {
        assert!(first.poll().is_pending());
        assert!(second.poll().is_pending());
    });
    assert!(first.is_woken() && second.is_woken());
    let mut next = wait();
    assert!(next.poll().is_pending(), "the round is over");
    assert_eq!(second.poll(), Poll::Ready(true));
    assert_eq!(first.poll(), Poll::Ready(false));
    assert_eq!(wait().poll(), Poll::Ready(true));
}

#[test]
fn a_refusal_without_spare_units_comes_with_the_next_poll() {
    let semaphore = Arc::new(Semaphore::new(2));
    let acquire = |count| {
        let semaphore = semaphore.clone();
        TestTask::new(async move { semaphore.acquire_many(count).await.map(drop) })
    };
    let (mut served, mut waiting, mut late) = (acquire(1), acquire(2), acquire(1));
    let mut dropped = acquire(1);
    without_units(|| {
        assert!(served.poll().is_pending());
        assert!(waiting.poll().is_pending());
        assert!(dropped.poll().is_pending());
        semaphore.close();
        assert!(served.poll().is_pending());
        assert!(waiting.poll().is_pending());
        assert!(late.poll().is_pending());
        assert!(dropped.poll().is_pending());
    });
    assert_eq!(semaphore.available_permits(), 2, "all came back");
    drop(dropped);
    for refused in [&mut served, &mut waiting, &mut late] {
        assert!(refused.is_woken());
        assert!(matches!(refused.poll(), Poll::Ready(Err(_))));
    }
    assert_eq!(semaphore.available_permits(), 2);
}

#[test]
fn a_refused_send_without_spare_units_returns_its_value_once() {
    let (tx, mut rx) = mpsc::channel(1);
    let send = |value| {
        let tx = tx.clone();
        TestTask::new(async move { tx.send(value).await.map_err(|refused| refused.0) })
    };
    let value = Arc::new(());
    let (mut served, mut waiting, mut late) = (
        send(value.clone()),
        send(value.clone()),
        send(value.clone()),
    );
    without_units(|| {
        assert!(served.poll().is_pending());
        assert!(waiting.poll().is_pending());
        rx.close();
        assert!(late.poll().is_pending());
        assert!(served.poll().is_pending());
    });
    for refused in [&mut served, &mut waiting, &mut late] {
        assert!(refused.is_woken());
        assert!(matches!(refused.poll(), Poll::Ready(Err(_))));
    }
    assert!(rx.try_recv().is_err());
    drop((served, waiting, late));
    assert_eq!(Arc::strong_count(&value), 1);
}
