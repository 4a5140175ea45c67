//! Scenarios that bit other runtimes, by their number in the project's list.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::harness::{CountingWaker, ReentrantWaker, TestTask};
use crate::sync::{Barrier, Mutex, Notify, RwLock, Semaphore, broadcast, mpsc, oneshot, watch};

#[test]
fn regression_19_wakers_reenter_notify() {
    let counter = Arc::new(Notify::new());
    let shared = counter.clone();
    let waker = Waker::from(Arc::new(ReentrantWaker(move || {
        shared.notify_one();
        shared.notify_waiters();
    })));
    for _ in 0..40 {
        let mut task = TestTask::new(counter.clone().notified_owned());
        let _ = task.poll_with(&waker);
        let _ = task.poll_with(Waker::noop());
        let _ = task.poll_with(&waker);
    }
    let mut task = TestTask::new(counter.clone().notified_owned());
    let _ = task.poll_with(&waker);
    drop(waker);
    counter.notify_waiters();
}

#[test]
fn regression_19_wakers_reenter_semaphore() {
    let semaphore = Arc::new(Semaphore::new(0));
    let shared = semaphore.clone();
    let waker = Waker::from(Arc::new(ReentrantWaker(move || {
        shared.add_permits(1);
        drop(shared.try_acquire());
    })));
    let mut tasks: Vec<_> = (0..3)
        .map(|_| TestTask::new(semaphore.clone().acquire_owned()))
        .collect();
    for task in &mut tasks {
        assert!(task.poll_with(&waker).is_pending());
    }
    drop(waker);
    semaphore.add_permits(1);
    drop(tasks);
    semaphore.close();
}

#[test]
fn regression_19_wakers_reenter_broadcast() {
    let (tx, mut rx) = broadcast::channel(4);
    let sender = tx.clone();
    let waker = Waker::from(Arc::new(ReentrantWaker(move || {
        let _ = sender.send(0);
        let _ = sender.receiver_count();
    })));
    let mut task = TestTask::new(async move { rx.recv().await });
    assert!(task.poll_with(&waker).is_pending());
    assert!(task.poll_with(Waker::noop()).is_pending() || tx.receiver_count() == 1);
    drop(waker);
    let _ = tx.send(1);
    drop(task);
}

#[test]
fn regression_19_wakers_reenter_channels() {
    let (tx, mut rx) = mpsc::channel(1);
    let sender = tx.clone();
    let waker = Waker::from(Arc::new(ReentrantWaker(move || {
        let _ = sender.try_send(0);
    })));
    assert!(rx.poll_recv(&mut Context::from_waker(&waker)).is_pending());
    let _ = rx.poll_recv(&mut Context::from_waker(Waker::noop()));
    drop(waker);
    drop((tx, rx));
}

/// Where there are threads: a waker is `Send`, and without threads a watch is not.
#[cfg(feature = "std")]
#[test]
fn regression_19_wakers_reenter_a_watch() {
    let (tx, mut rx) = watch::channel(0);
    let tx = Arc::new(tx);
    let sender = tx.clone();
    let waker = Waker::from(Arc::new(ReentrantWaker(move || {
        let _ = sender.send(1);
    })));
    let mut task = TestTask::new(async move { rx.changed().await });
    assert!(task.poll_with(&waker).is_pending());
    drop(waker);
    tx.send(1).unwrap();
    drop(task);
}

/// A value that is `Send` and not `Sync` may be broadcast; its clones are made one at a time.
#[test]
fn regression_02_values_need_not_be_sync() {
    fn assert_send<T: Send>(_: &T) {}
    let (tx, mut rx) = broadcast::channel(2);
    assert_send(&tx);
    assert_send(&rx);
    tx.send(std::cell::Cell::new(3)).unwrap();
    {
        let receiving = rx.recv();
        assert_send(&receiving);
    }
    assert_eq!(rx.try_recv().unwrap().get(), 3);
}

#[test]
fn regression_20_parked_receiver_of_a_closed_channel() {
    let (tx, mut rx) = mpsc::channel::<u8>(2);
    let permit = tx.clone().try_reserve_owned().unwrap();
    let counter = Arc::new(CountingWaker::default());
    let waker = Waker::from(counter.clone());
    rx.close();
    assert!(rx.poll_recv(&mut Context::from_waker(&waker)).is_pending());
    drop(permit);
    assert_eq!(counter.wakes(), 1);
    assert_eq!(
        rx.poll_recv(&mut Context::from_waker(&waker)),
        Poll::Ready(None)
    );
}

#[test]
fn regression_21_empty_at_a_block_boundary() {
    let (tx, mut rx) = mpsc::unbounded_channel();
    for count in [31, 32, 33, 64, 65] {
        (0..count).for_each(|value| tx.send(value).unwrap());
        for value in 0..count {
            assert!(!rx.is_empty());
            assert_eq!(rx.len(), count - value);
            assert_eq!(rx.try_recv(), Ok(value));
        }
        assert!(rx.is_empty());
        assert_eq!(rx.len(), 0);
    }
}

#[test]
fn regression_21_recv_many_into_a_full_vector_after_close() {
    let (tx, mut rx) = mpsc::channel(4);
    tx.try_send(1).unwrap();
    drop(tx);
    let mut task = TestTask::new(async move {
        let mut buffer = vec![7, 8];
        let first = rx.recv_many(&mut buffer, 10).await;
        let second = rx.recv_many(&mut buffer, 10).await;
        (first, second, buffer, rx.try_recv())
    });
    let Poll::Ready((first, second, buffer, last)) = task.poll() else {
        panic!("waits")
    };
    assert_eq!((first, second, buffer), (1, 0, vec![7, 8, 1]));
    assert_eq!(last, Err(mpsc::error::TryRecvError::Disconnected));
}

#[test]
fn regression_22_closed_semaphore_stays_closed() {
    let semaphore = Semaphore::new(3);
    semaphore.close();
    assert_eq!(semaphore.forget_permits(2), 2);
    assert!(semaphore.is_closed());
    semaphore.add_permits(5);
    assert!(semaphore.is_closed());
    assert!(semaphore.try_acquire().is_err());
}

#[test]
fn regression_22_broadcast_closed_and_reopened() {
    let (tx, rx) = broadcast::channel(2);
    drop(rx);
    assert!(tx.send(1).is_err());
    let mut rx = tx.subscribe();
    assert_eq!(tx.send(2).unwrap(), 1);
    assert_eq!(rx.try_recv(), Ok(2));
    let weak = tx.downgrade();
    drop(tx);
    assert!(weak.upgrade().is_none());
    assert_eq!(rx.try_recv(), Err(broadcast::error::TryRecvError::Closed));
}

/// A waiting writer holds later readers back, and a cancelled one lets them through.
#[test]
fn rwlock_keeps_the_order() {
    let lock = Arc::new(RwLock::new(0));
    let reader = lock.clone().try_read_owned().unwrap();
    let mut writer = TestTask::new(lock.clone().write_owned());
    assert!(writer.poll().is_pending());
    let mut later = TestTask::new(lock.clone().read_owned());
    assert!(later.poll().is_pending());
    assert!(lock.try_read().is_err());
    drop(writer);
    assert!(later.is_woken());
    assert!(later.poll().is_ready());
    drop(reader);
    assert!(lock.try_write().is_ok());
}

#[test]
fn mutex_is_handed_over_in_order() {
    let mutex = Arc::new(Mutex::new(0));
    let guard = mutex.clone().try_lock_owned().unwrap();
    let mut tasks: Vec<_> = (0..3)
        .map(|_| TestTask::new(mutex.clone().lock_owned()))
        .collect();
    assert!(tasks.iter_mut().all(|task| task.poll().is_pending()));
    drop(guard);
    assert!(
        mutex.try_lock().is_err(),
        "handed to the first in the queue"
    );
    assert!(tasks[0].is_woken() && !tasks[1].is_woken());
    drop(tasks.remove(0));
    assert!(tasks[0].is_woken() && !tasks[1].is_woken());
}

#[test]
fn barrier_lets_rounds_through() {
    let barrier = Arc::new(Barrier::new(3));
    for _ in 0..4 {
        let mut tasks: Vec<_> = (0..3)
            .map(|_| {
                let barrier = barrier.clone();
                TestTask::new(async move { barrier.wait().await.is_leader() })
            })
            .collect();
        assert!(tasks[0].poll().is_pending() && tasks[1].poll().is_pending());
        assert_eq!(tasks[2].poll(), Poll::Ready(true));
        assert!(tasks[0].is_woken() && tasks[1].is_woken());
        assert_eq!(tasks[0].poll(), Poll::Ready(false));
        assert_eq!(tasks[1].poll(), Poll::Ready(false));
    }
}

/// Statics of everything that needs no heap.
#[test]
fn statics() {
    static SEMAPHORE: Semaphore = Semaphore::const_new(1);
    static MUTEX: Mutex<u8> = Mutex::const_new(1);
    static LOCK: RwLock<u8> = RwLock::const_new(1);
    static CHANGED: Notify = Notify::const_new();
    CHANGED.notify_one();
    assert!(SEMAPHORE.try_acquire().is_ok());
    assert_eq!(*MUTEX.try_lock().unwrap() + *LOCK.try_read().unwrap(), 2);
}

/// A future of each kind that is dropped while it waits leaves its waker with nobody.
#[test]
fn cancelled_waits_drop_their_wakers() {
    let counter = Arc::new(CountingWaker::default());
    let waker = Waker::from(counter.clone());
    let semaphore = Arc::new(Semaphore::new(0));
    let notify = Arc::new(Notify::new());
    let (_tx, mut broadcast) = broadcast::channel::<u8>(1);
    let (_watch, mut watching) = watch::channel(0);
    let mut acquiring = TestTask::new(semaphore.acquire_owned());
    let mut notified = TestTask::new(notify.notified_owned());
    let mut receiving = TestTask::new(async move { broadcast.recv().await });
    let mut changing = TestTask::new(async move { watching.changed().await });
    assert!(acquiring.poll_with(&waker).is_pending());
    assert!(notified.poll_with(&waker).is_pending());
    assert!(receiving.poll_with(&waker).is_pending());
    assert!(changing.poll_with(&waker).is_pending());
    assert_eq!(Arc::strong_count(&counter), 6);
    drop((acquiring, notified, receiving, changing));
    let (mut tx, rx) = oneshot::channel::<u8>();
    assert!(
        tx.poll_closed(&mut Context::from_waker(&waker))
            .is_pending()
    );
    drop((tx, rx));
    assert_eq!(Arc::strong_count(&counter), 2);
}

/// Two waits of one task for one mutex, the first of which is not polled when its turn comes.
fn two_waits_of_one_task() -> (Arc<CountingWaker>, TestTask<()>, TestTask<()>) {
    let mutex = Arc::new(Mutex::new(()));
    let guard = mutex.clone().try_lock_owned().unwrap();
    let wait = |mutex: Arc<Mutex<()>>| TestTask::new(async move { drop(mutex.lock().await) });
    let (mut aside, mut second) = (wait(mutex.clone()), wait(mutex));
    let counter = Arc::new(CountingWaker::default());
    let waker = Waker::from(counter.clone());
    assert!(aside.poll_with(&waker).is_pending());
    assert!(second.poll_with(&waker).is_pending());
    drop(guard);
    assert_eq!(counter.wakes(), 1);
    (counter, aside, second)
}

/// Regression 43: it panicked, though whoever drops the first wait may still come.
#[test]
fn regression_43_an_abandoned_lock_future_may_yet_be_dropped() {
    let (counter, aside, mut second) = two_waits_of_one_task();
    let waker = Waker::from(counter.clone());
    for _ in 0..1000 {
        assert!(second.poll_with(&waker).is_pending());
    }
    // The lock, and what debug builds add so that the first is polled.
    assert!(counter.wakes() <= 4, "{} wakes", counter.wakes());
    drop(aside);
    assert!(second.poll_with(&waker).is_ready());
}

#[test]
fn regression_34_a_task_that_polls_both_is_left_alone() {
    let (counter, mut aside, mut second) = two_waits_of_one_task();
    let waker = Waker::from(counter);
    assert!(second.poll_with(&waker).is_pending());
    assert!(aside.poll_with(&waker).is_ready());
    assert!(second.poll_with(&waker).is_ready());
}
