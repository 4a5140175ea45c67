//! A waker that panics: all others are woken, also those of later batches, then the panic goes on.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};
use std::vec::Vec;

use super::harness::TestTask;
use crate::sync::{Barrier, Notify, RwLock, Semaphore, broadcast, oneshot, watch};
use crate::wake::WakeBatch;

/// Within a batch, and past one.
const COUNTS: [usize; 3] = [10, 32, 70];

/// Counts how often it is woken, and panics if it is asked to.
struct PanicWaker(bool, AtomicUsize);

impl Wake for PanicWaker {
    fn wake(self: Arc<Self>) {
        self.1.fetch_add(1, Ordering::SeqCst);
        assert!(!self.0, "a waker that panics");
    }
}

/// `count` waits, of which the third and the fifth have wakers that panic; `wake` must wake each once,
/// and end by the panic.
fn all_are_woken<T, F: Future<Output = T> + 'static>(
    wait: impl Fn() -> F,
    count: usize,
    wake: impl FnOnce(),
) {
    let panics = |number| number == 2 || number == 4;
    let wakes: Vec<_> = (0..count)
        .map(|number| Arc::new(PanicWaker(panics(number), AtomicUsize::new(0))))
        .collect();
    let mut waits: Vec<_> = (0..count).map(|_| TestTask::new(wait())).collect();
    for (wait, wakes) in waits.iter_mut().zip(&wakes) {
        assert!(wait.poll_with(&Waker::from(wakes.clone())).is_pending());
    }
    let payload = catch_unwind(AssertUnwindSafe(wake)).expect_err("the panic goes on");
    assert_eq!(payload.downcast_ref(), Some(&"a waker that panics"));
    let woken: Vec<_> = wakes
        .iter()
        .map(|wakes| wakes.1.load(Ordering::SeqCst))
        .collect();
    assert!(woken.iter().all(|&woken| woken == 1), "{woken:?}");
    for wait in &mut waits {
        assert!(wait.poll_with(Waker::noop()).is_ready());
    }
}

#[test]
fn of_a_semaphore() {
    for count in COUNTS {
        let semaphore = Arc::new(Semaphore::new(0));
        let acquire = || {
            let semaphore = semaphore.clone();
            async move { semaphore.acquire().await.map(|permit| permit.forget()) }
        };
        all_are_woken(acquire, count, || semaphore.add_permits(count));
        all_are_woken(acquire, count, || semaphore.close());
        assert_eq!(semaphore.available_permits(), 0);
    }
}

#[test]
fn of_a_lock() {
    for count in COUNTS {
        let lock = Arc::new(RwLock::new(0));
        let guard = lock.clone().try_write_owned().unwrap();
        let read = || {
            let lock = lock.clone();
            async move { *lock.read().await }
        };
        all_are_woken(read, count, || drop(guard));
        assert!(lock.try_write().is_ok());
    }
}

#[test]
fn of_a_notify() {
    for count in COUNTS {
        let changed = Arc::new(Notify::new());
        all_are_woken(
            || changed.clone().notified_owned(),
            count,
            || changed.notify_waiters(),
        );
    }
}

#[test]
fn of_a_broadcast() {
    for count in COUNTS {
        let (tx, _) = broadcast::channel(4);
        let recv = || {
            let mut rx = tx.subscribe();
            async move { rx.recv().await }
        };
        all_are_woken(recv, count, || drop(tx.send(1)));
    }
}

#[test]
fn of_a_watch() {
    for count in COUNTS {
        let tx = watch::Sender::new(0);
        let changed = || {
            let mut rx = tx.subscribe();
            async move { rx.changed().await }
        };
        all_are_woken(changed, count, || {
            tx.send_replace(1);
        });
    }
}

#[test]
fn of_a_barrier() {
    for count in COUNTS {
        let barrier = Arc::new(Barrier::new(count + 1));
        let arrive = || {
            let barrier = barrier.clone();
            async move { barrier.wait().await.is_leader() }
        };
        all_are_woken(arrive, count, || {
            let _ = TestTask::new(arrive()).poll();
        });
    }
}

/// A clone that panics is the poll's own business: nobody else's wait is changed.
#[test]
fn of_a_clone() {
    use crate::checked::checked;
    let semaphore = Arc::new(Semaphore::new(0));
    let mut first = TestTask::new(semaphore.clone().acquire_owned());
    assert!(first.poll().is_pending());
    let panics: fn() -> usize = || 1;
    let mut second = TestTask::new(semaphore.clone().acquire_owned());
    let waker = std::mem::ManuallyDrop::new(checked(Waker::noop().clone(), panics));
    let polled = catch_unwind(AssertUnwindSafe(|| second.poll_with(&waker)));
    assert!(polled.is_err());
    drop(second);
    semaphore.add_permits(1);
    assert!(first.is_woken() && first.poll().is_ready());
}

/// A waker that panics kept those behind it asleep, out of their queue.
#[test]
fn a_wake_of_a_batch_that_panics_does_not_keep_the_others_asleep() {
    let wakes: Vec<_> = (0..4)
        .map(|number| Arc::new(PanicWaker(number == 1, AtomicUsize::new(0))))
        .collect();
    let woken = || -> usize {
        wakes
            .iter()
            .map(|wakes| wakes.1.load(Ordering::SeqCst))
            .sum()
    };
    let mut batch = WakeBatch::new();
    wakes
        .iter()
        .for_each(|wakes| batch.push(Waker::from(wakes.clone())));
    batch.wake_all();
    assert_eq!(woken(), 4);
    batch.wake_all();
    assert_eq!(woken(), 4, "the batch is empty");
    let caught = catch_unwind(AssertUnwindSafe(|| drop(batch)));
    assert!(caught.is_err(), "the panic goes on when the operation ends");
}

/// The memory of a channel whose last side is a receiver, or a sender, that wakes such a waker. Its other side keeps its own
/// waker in that memory.
#[test]
fn a_oneshot_channel_is_freed_when_a_waker_of_its_end_panics() {
    let panics = || Waker::from(Arc::new(PanicWaker(true, AtomicUsize::new(0))));
    let kept = Arc::new(PanicWaker(false, AtomicUsize::new(0)));
    for is_sender_first in [true, false] {
        let (mut sender, mut receiver) = oneshot::channel::<()>();
        let (closed, received) = match is_sender_first {
            true => (Waker::from(kept.clone()), panics()),
            false => (panics(), Waker::from(kept.clone())),
        };
        let mut cx = Context::from_waker(&closed);
        assert!(sender.poll_closed(&mut cx).is_pending());
        let mut cx = Context::from_waker(&received);
        assert!(Pin::new(&mut receiver).poll(&mut cx).is_pending());
        drop((closed, received));
        let dropped = match is_sender_first {
            true => {
                let dropped = catch_unwind(AssertUnwindSafe(|| drop(sender)));
                drop(receiver);
                dropped
            }
            false => {
                let dropped = catch_unwind(AssertUnwindSafe(|| drop(receiver)));
                drop(sender);
                dropped
            }
        };
        assert!(dropped.is_err(), "the panic goes on");
        assert_eq!(Arc::strong_count(&kept), 1);
    }
}
