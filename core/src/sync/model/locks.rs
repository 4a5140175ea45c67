//! Models of the semaphore, of the locks that use it, and of the `Notify`.

use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::boxed::Box;
use std::future::Future;

use loom::future::block_on;
use loom::sync::Arc;
use loom::thread;

use super::check::check;
use crate::coop::raw::{Budget, poll_spare, with_budget};
use crate::platform::UnsafeCell;
use crate::sync::{
    Barrier, FixedChannel, Mutex, Notify, OnceCell, RwLock, Semaphore, SetOnce, Signal,
};

fn poll_once<F: Future>(future: core::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Polls once without spare units of the budget.
fn poll_without_spare_units<F: Future>(future: core::pin::Pin<&mut F>) -> Poll<F::Output> {
    with_budget(Budget::initial(), || {
        let mut cx = Context::from_waker(Waker::noop());
        while let Poll::Ready(unit) = poll_spare(&mut cx) {
            unit.made_progress();
        }
        future.poll(&mut cx)
    })
}

/// Attacks permits I1 and I2: a release that meets a waiter about to join the wait queue.
#[test]
fn model_semaphore_release_races_acquire() {
    check(|| {
        let semaphore = Arc::new(Semaphore::new(1));
        let shared = semaphore.clone();
        let other = thread::spawn(move || {
            let permit = block_on(shared.acquire()).unwrap();
            drop(permit);
        });
        drop(block_on(semaphore.acquire()).unwrap());
        other.join().unwrap();
        assert_eq!(semaphore.available_permits(), 1);
    });
}

/// Attacks permits I3: two releases of one permit each for a waiter that wants both.
#[test]
fn model_semaphore_gathers_for_a_large_request() {
    check(|| {
        let semaphore = Arc::new(Semaphore::new(0));
        let givers: std::vec::Vec<_> = (0..2)
            .map(|_| {
                let shared = semaphore.clone();
                thread::spawn(move || shared.add_permits(1))
            })
            .collect();
        let permit = block_on(semaphore.acquire_many(2)).unwrap();
        assert_eq!(semaphore.available_permits(), 0);
        drop(permit);
        for giver in givers {
            giver.join().unwrap();
        }
        assert_eq!(semaphore.available_permits(), 2);
    });
}

/// Attacks the drop of a waiter that is being served: its permit must go on.
#[test]
fn model_semaphore_cancel_races_release() {
    check(|| {
        let semaphore = Arc::new(Semaphore::new(1));
        let held = semaphore.try_acquire().unwrap();
        let shared = semaphore.clone();
        let other = thread::spawn(move || {
            let mut waiting = pin!(shared.acquire());
            let _ = poll_once(waiting.as_mut());
        });
        drop(held);
        drop(block_on(semaphore.acquire()).unwrap());
        other.join().unwrap();
        assert_eq!(semaphore.available_permits(), 1);
    });
}

/// Attacks permits I4: a waiter that joins as the semaphore closes.
#[test]
fn model_semaphore_close_races_acquire() {
    check(|| {
        let semaphore = Arc::new(Semaphore::new(0));
        let shared = semaphore.clone();
        let other = thread::spawn(move || shared.close());
        assert!(block_on(semaphore.acquire()).is_err());
        other.join().unwrap();
    });
}

/// Attacks mutex I1: the value is touched by one at a time, and both touches are seen.
#[test]
fn model_mutex_excludes() {
    check(|| {
        let mutex = Arc::new(Mutex::new(UnsafeCell::new(0)));
        let shared = mutex.clone();
        let add = |mutex: &Mutex<UnsafeCell<i32>>| {
            let guard = block_on(mutex.lock());
            // The cell itself reports an access that overlaps.
            #[expect(unsafe_code, reason = "the model watches this access")]
            guard.with_mut(|value| {
                // SAFETY: the guard is exclusive access.
                unsafe { *value += 1 }
            });
        };
        let other = thread::spawn(move || add(&shared));
        add(&mutex);
        other.join().unwrap();
        let guard = mutex.try_lock().unwrap();
        #[expect(unsafe_code, reason = "the model watches this access")]
        guard.with(|value| {
            // SAFETY: the guard is exclusive access.
            assert_eq!(unsafe { *value }, 2);
        });
    });
}

/// Attacks rwlock I1: a writer, a reader and a downgrade.
#[test]
fn model_rwlock_downgrade_races_read() {
    check(|| {
        let lock = Arc::new(RwLock::with_max_readers(0, 2));
        let shared = lock.clone();
        let other = thread::spawn(move || {
            let mut writer = block_on(shared.write());
            *writer += 1;
            let reader = writer.downgrade();
            assert_eq!(*reader, 1);
        });
        let seen = *block_on(lock.read());
        assert!(seen == 0 || seen == 1);
        other.join().unwrap();
        assert_eq!(*lock.try_write().unwrap(), 1);
    });
}

/// Attacks notify I1: a notification that comes as the waiter joins.
#[test]
fn model_notify_one_races_wait() {
    check(|| {
        let changed = Arc::new(Notify::new());
        let shared = changed.clone();
        let other = thread::spawn(move || shared.notify_one());
        block_on(changed.notified());
        other.join().unwrap();
    });
}

/// Attacks notify I2: a call that wakes all as a waiter joins that existed before.
#[test]
fn model_notify_waiters_races_wait() {
    check(|| {
        let changed = Arc::new(Notify::new());
        let notified = changed.notified();
        let shared = changed.clone();
        let other = thread::spawn(move || shared.notify_waiters());
        block_on(notified);
        other.join().unwrap();
    });
}

/// Attacks notify I3: a waiter that is dropped as it is notified.
#[test]
fn model_notify_dropped_waiter_passes_on() {
    check(|| {
        let changed = Arc::new(Notify::new());
        let shared = changed.clone();
        let other = thread::spawn(move || {
            let mut waiting = pin!(shared.notified());
            matches!(poll_once(waiting.as_mut()), Poll::Ready(()))
        });
        changed.notify_one();
        let consumed = other.join().unwrap();
        let mut waiting = pin!(changed.notified());
        assert_eq!(waiting.as_mut().enable(), !consumed);
    });
}

/// Attacks once_cell I1: two that want to make the value.
#[test]
fn model_once_cell_is_made_once() {
    check(|| {
        let cell = Arc::new(OnceCell::new());
        let shared = cell.clone();
        let other = thread::spawn(move || *block_on(shared.get_or_init(|| async { 1 })));
        let mine = *block_on(cell.get_or_init(|| async { 2 }));
        assert_eq!(other.join().unwrap(), mine);
    });
}

/// Attacks set_once I1: a waiter as the value is set.
#[test]
fn model_set_once_races_wait() {
    check(|| {
        let cell = Arc::new(SetOnce::new());
        let shared = cell.clone();
        let other = thread::spawn(move || shared.set(5).unwrap());
        assert_eq!(block_on(cell.wait()), &5);
        other.join().unwrap();
    });
}

/// Attacks barrier I1: both arrive at once, and one of them leads.
#[test]
fn model_barrier_has_one_leader() {
    check(|| {
        let barrier = Arc::new(Barrier::new(2));
        let shared = barrier.clone();
        let other = thread::spawn(move || block_on(shared.wait()).is_leader());
        let mine = block_on(barrier.wait()).is_leader();
        assert!(other.join().unwrap() != mine);
    });
}

/// Attacks signal I1: the waiter stores its waker as the value comes.
#[test]
fn model_signal_races_wait() {
    check(|| {
        let signal = Arc::new(Signal::new());
        let shared = signal.clone();
        let other = thread::spawn(move || shared.signal(3));
        assert_eq!(block_on(signal.wait()), 3);
        other.join().unwrap();
    });
}

/// Attacks signal I1: the newer of two values replaces the older or is met after it.
#[test]
fn model_signal_keeps_the_latest() {
    check(|| {
        let signal = Arc::new(Signal::new());
        let shared = signal.clone();
        let other = thread::spawn(move || {
            let first = shared.signal(1);
            let second = shared.signal(2);
            (first, second)
        });
        let seen = block_on(signal.wait());
        let (first, second) = other.join().unwrap();
        assert_eq!(first, None);
        if seen == 1 {
            assert_eq!((second, signal.try_take()), (None, Some(2)));
        } else {
            assert_eq!((second, signal.try_take()), (Some(1), None));
        }
    });
}

/// Attacks the fixed channel's I1 and I3: room is handed on, also by a sender that goes.
#[test]
fn model_fixed_channel_hands_room_on() {
    check(|| {
        let channel = Arc::new(FixedChannel::<i32, 1>::new());
        channel.try_send(1).unwrap();
        let shared = channel.clone();
        let other = thread::spawn(move || {
            let mut waiting = pin!(shared.send(2));
            poll_once(waiting.as_mut()).is_ready()
        });
        assert_eq!(block_on(channel.recv()), 1);
        if other.join().unwrap() {
            assert_eq!(channel.try_recv(), Some(2));
        }
        channel.try_send(3).unwrap();
        assert_eq!(channel.try_recv(), Some(3));
    });
}

/// Attacks the fixed channel's I2: a receiver joins as the value comes.
#[test]
fn model_fixed_channel_send_races_recv() {
    check(|| {
        let channel = Arc::new(FixedChannel::<i32, 1>::new());
        let shared = channel.clone();
        let other = thread::spawn(move || {
            block_on(shared.send(1));
            block_on(shared.send(2));
        });
        assert_eq!(block_on(channel.recv()), 1);
        assert_eq!(block_on(channel.recv()), 2);
        other.join().unwrap();
    });
}

/// Attacks notify I4: a waiter that sits alone goes as it is notified; the notification reaches
/// somebody.
#[test]
fn model_notify_lone_waiter_leaves_as_it_is_won() {
    check(|| {
        let changed = Arc::new(Notify::new());
        let mut waiting = Box::pin(changed.notified());
        assert!(poll_once(waiting.as_mut()).is_pending());
        let shared = changed.clone();
        let other = thread::spawn(move || shared.notify_one());
        drop(waiting);
        block_on(changed.notified());
        other.join().unwrap();
    });
}

/// Attacks notify I4: a second waiter moves the first into the wait queue as one of them is notified; the
/// first, who came first, goes on first.
#[test]
fn model_notify_second_waiter_races_notify_one() {
    check(|| {
        let changed = Arc::new(Notify::new());
        let mut first = Box::pin(changed.notified());
        assert!(poll_once(first.as_mut()).is_pending());
        let shared = changed.clone();
        let other = thread::spawn(move || shared.notify_one());
        let mut second = Box::pin(changed.notified());
        assert!(poll_once(second.as_mut()).is_pending());
        block_on(first);
        other.join().unwrap();
        assert!(poll_once(second.as_mut()).is_pending());
    });
}

/// Attacks notify I4: who sits alone comes with another waker as it is notified.
#[test]
fn model_notify_lone_waiter_changes_its_task() {
    check(|| {
        let changed = Arc::new(Notify::new());
        let mut waiting = Box::pin(changed.notified());
        assert!(poll_once(waiting.as_mut()).is_pending());
        let shared = changed.clone();
        let other = thread::spawn(move || shared.notify_one());
        block_on(waiting);
        other.join().unwrap();
    });
}

/// Attacks notify I4 and I2: two notifications of all as one sits and one comes.
#[test]
fn model_notify_waiters_wins_the_lone_waiter() {
    check(|| {
        let changed = Arc::new(Notify::new());
        let first = changed.notified();
        let shared = changed.clone();
        let other = thread::spawn(move || {
            let second = shared.notified();
            shared.notify_waiters();
            block_on(second);
        });
        block_on(first);
        other.join().unwrap();
    });
}

/// Attacks notify I3: a notification that comes as a poll without spare units joins; it reaches who waits, or is passed on.
#[test]
fn model_notify_one_races_a_poll_without_spare_units() {
    for is_dropped in [false, true] {
        check(move || {
            let changed = Arc::new(Notify::new());
            let mut second = Box::pin(changed.notified());
            let shared = changed.clone();
            let other = thread::spawn(move || shared.notify_one());
            let mut first = Box::pin(changed.notified());
            assert!(poll_without_spare_units(first.as_mut()).is_pending());
            assert!(poll_once(second.as_mut()).is_pending());
            if is_dropped {
                drop(first);
                block_on(second);
            } else {
                block_on(first);
            }
            other.join().unwrap();
        });
    }
}
