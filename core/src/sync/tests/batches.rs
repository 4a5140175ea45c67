//! Many waiters, woken a batch at a time: between two batches the lock is free, and the first that is woken
//! uses the very primitive. A batch holds 32.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Poll, Wake, Waker};
use std::vec::Vec;

use super::harness::TestTask;
use crate::sync::{Barrier, Notify, RwLock, Semaphore, broadcast, mpsc, watch};

/// Waiters on both sides of each limit.
const COUNTS: [usize; 6] = [1, 31, 32, 33, 64, 65];

/// Calls a function the first time that it is woken.
struct Once<F>(AtomicBool, F);

impl<F: Fn() + Send + Sync> Wake for Once<F> {
    fn wake(self: Arc<Self>) {
        if !self.0.swap(true, Ordering::SeqCst) {
            (self.1)();
        }
    }
}

/// `count` waits of `wait`, each polled once and pending; the first to be woken calls `between`.
fn waits<T, F: Future<Output = T> + 'static>(
    count: usize,
    wait: impl Fn() -> F,
    between: impl Fn() + Send + Sync + 'static,
) -> Vec<TestTask<T>> {
    let first = Waker::from(Arc::new(Once(AtomicBool::new(false), between)));
    let mut waits: Vec<_> = (0..count).map(|_| TestTask::new(wait())).collect();
    for (number, wait) in waits.iter_mut().enumerate() {
        let polled = if number == 0 {
            wait.poll_with(&first)
        } else {
            wait.poll()
        };
        assert!(polled.is_pending());
    }
    waits
}

/// What each gives when it is polled again; none may wait any more.
fn results<T>(waits: &mut [TestTask<T>]) -> Vec<T> {
    let result = |(number, wait): (usize, &mut TestTask<T>)| match wait.poll_with(Waker::noop()) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("wait {number} was forgotten"),
    };
    waits.iter_mut().enumerate().map(result).collect()
}

/// Regression 79: permits that came between two batches of a close went to who waited still.
#[test]
fn regression_79_a_closed_semaphore_refuses_all() {
    for count in COUNTS {
        let semaphore = Arc::new(Semaphore::new(0));
        let acquire = || semaphore.clone().acquire_owned();
        let more = semaphore.clone();
        let mut waits = waits(count, acquire, move || more.add_permits(count));
        semaphore.close();
        assert!(results(&mut waits).iter().all(Result::is_err), "{count}");
        assert_eq!(semaphore.available_permits(), count);
    }
}

/// Regression 79: the same of a channel's room.
#[test]
fn regression_79_a_closed_channel_refuses_all() {
    for count in COUNTS {
        let (tx, mut rx) = mpsc::channel::<u8>(1);
        let held = std::sync::Mutex::new(Some(tx.clone().try_reserve_owned().unwrap()));
        let reserve = || tx.clone().reserve_owned();
        let mut waits = waits(count, reserve, move || drop(held.lock().unwrap().take()));
        rx.close();
        assert!(results(&mut waits).iter().all(Result::is_err), "{count}");
        assert!(rx.try_recv().is_err());
    }
}

#[test]
fn a_notification_between_two_batches_is_for_later_waiters() {
    for count in COUNTS {
        let changed = Arc::new(Notify::new());
        let wait = || changed.clone().notified_owned();
        let again = changed.clone();
        let mut waits = waits(count, wait, move || again.notify_one());
        changed.notify_waiters();
        results(&mut waits);
        let mut later = TestTask::new(changed.clone().notified_owned());
        assert!(
            later.poll().is_ready(),
            "{count}: it was given to one of the others"
        );
    }
}

#[test]
fn a_value_between_two_batches_is_received_by_all() {
    for count in COUNTS {
        let (tx, _) = broadcast::channel(4);
        let recv = || {
            let mut rx = tx.subscribe();
            async move { (rx.recv().await, rx.recv().await) }
        };
        let again = tx.clone();
        let mut waits = waits(count, recv, move || {
            assert_eq!(again.send(2).ok(), Some(count))
        });
        tx.send(1).unwrap();
        assert!(
            results(&mut waits)
                .iter()
                .all(|both| *both == (Ok(1), Ok(2)))
        );
    }
}

#[test]
fn a_change_between_two_batches_is_seen_by_all() {
    for count in COUNTS {
        let tx = watch::Sender::new(0);
        let change = || {
            let mut rx = tx.subscribe();
            async move {
                rx.changed().await.unwrap();
                *rx.borrow_and_update()
            }
        };
        let again = tx.clone();
        let mut waits = waits(count, change, move || again.send(2).unwrap());
        tx.send(1).unwrap();
        assert!(results(&mut waits).iter().all(|seen| *seen == 2));
    }
}

#[test]
fn an_arrival_between_two_batches_waits_for_the_next_round() {
    for count in COUNTS {
        let barrier = Arc::new(Barrier::new(count + 1));
        let arrive = |barrier: &Arc<Barrier>| {
            let barrier = barrier.clone();
            async move { barrier.wait().await.is_leader() }
        };
        let next = barrier.clone();
        let mut waits = waits(
            count,
            || arrive(&barrier),
            move || {
                let mut early = TestTask::new(arrive(&next));
                assert!(
                    early.poll().is_pending(),
                    "it was let through with the round before"
                );
            },
        );
        assert_eq!(TestTask::new(arrive(&barrier)).poll(), Poll::Ready(true));
        assert!(results(&mut waits).iter().all(|leads| !leads));
    }
}

#[test]
fn readers_between_two_batches_stand_behind_the_writer() {
    for count in COUNTS {
        let lock = Arc::new(RwLock::new(0));
        let guard = lock.clone().try_write_owned().unwrap();
        let read = || lock.clone().read_owned();
        let other = lock.clone();
        let mut waits = waits(count, read, move || {
            assert!(other.clone().try_read_owned().is_err());
            assert!(other.clone().try_write_owned().is_err());
        });
        let mut writer = TestTask::new(lock.clone().write_owned());
        assert!(writer.poll().is_pending());
        drop(guard);
        let readers = results(&mut waits);
        assert!(
            writer.poll().is_pending(),
            "a writer beside {count} readers"
        );
        drop(readers);
        assert!(writer.poll().is_ready());
    }
}
