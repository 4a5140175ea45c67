//! Models of the one-value channel and of the broadcast channel.

use core::task::Poll;

use loom::future::block_on;
use loom::sync::Arc;
use loom::thread;

use super::check::check;
use crate::platform::{AtomicUsize, Ordering, UnsafeCell};
use crate::sync::oneshot::error::TryRecvError;
use crate::sync::{broadcast, oneshot};

/// Counts its drops.
struct DropCounter(Arc<AtomicUsize>);

impl Drop for DropCounter {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Attacks oneshot I1: the slot has one owner when the receiver closes as the sender sends.
#[test]
fn regression_01_model_oneshot_close_races_send() {
    check(|| {
        let drops = Arc::new(AtomicUsize::new(0));
        let (tx, mut rx) = oneshot::channel();
        let value = DropCounter(drops.clone());
        let sender = thread::spawn(move || tx.send(value).is_ok());
        rx.close();
        let received = match rx.try_recv() {
            Ok(_) => true,
            Err(TryRecvError::Closed) => false,
            Err(TryRecvError::Empty) => panic!("a closed channel is not empty, but closed"),
        };
        assert_eq!(sender.join().unwrap(), received);
        drop(rx);
        assert_eq!(drops.load(Ordering::Relaxed), 1);
    });
}

/// Attacks oneshot I1: as above, with the receiver awaited after the close.
#[test]
fn regression_01_model_oneshot_close_then_await_races_send() {
    check(|| {
        let (tx, mut rx) = oneshot::channel();
        let sender = thread::spawn(move || tx.send(7).is_ok());
        rx.close();
        let received = block_on(rx).is_ok();
        assert_eq!(sender.join().unwrap(), received);
    });
}

/// Attacks oneshot I2: the receiver's waker is stored as the value comes.
#[test]
fn model_oneshot_send_races_recv() {
    check(|| {
        let (tx, rx) = oneshot::channel();
        let sender = thread::spawn(move || tx.send(7).unwrap());
        assert_eq!(block_on(rx), Ok(7));
        sender.join().unwrap();
    });
}

/// Attacks oneshot I2: the receiver's waker is stored as the sender goes.
#[test]
fn model_oneshot_drop_races_recv() {
    check(|| {
        let (tx, rx) = oneshot::channel::<i32>();
        let sender = thread::spawn(move || drop(tx));
        assert!(block_on(rx).is_err());
        sender.join().unwrap();
    });
}

/// Attacks oneshot I2: the sender's waker is stored as the receiver goes.
#[test]
fn model_oneshot_closed_races_drop() {
    check(|| {
        let (mut tx, rx) = oneshot::channel::<i32>();
        let receiver = thread::spawn(move || drop(rx));
        block_on(tx.closed());
        receiver.join().unwrap();
        assert!(tx.send(1).is_err());
    });
}

/// Attacks oneshot I2: the waker is replaced as the value comes.
#[test]
fn model_oneshot_changing_task_races_send() {
    check(|| {
        let (tx, mut rx) = oneshot::channel();
        let sender = thread::spawn(move || tx.send(7).unwrap());
        let early = block_on(core::future::poll_fn(|cx| {
            match core::pin::Pin::new(&mut rx).poll(cx) {
                Poll::Ready(value) => Poll::Ready(Some(value)),
                Poll::Pending => Poll::Ready(None),
            }
        }));
        let value = early.unwrap_or_else(|| block_on(&mut rx));
        assert_eq!(value, Ok(7));
        sender.join().unwrap();
    });
}

/// A value that may be sent and not shared: a clone writes to it, which the model watches.
struct UnsharedValue(UnsafeCell<usize>);

impl Clone for UnsharedValue {
    #[expect(unsafe_code, reason = "the model watches this access")]
    fn clone(&self) -> Self {
        self.0.with_mut(|count| {
            // SAFETY: `UnsharedValue` is not `Sync`, so one thread at a time is here.
            unsafe { *count += 1 }
        });
        Self(UnsafeCell::new(0))
    }
}

/// Attacks broadcast slot I1: two receivers clone a value that is not `Sync`.
#[test]
fn regression_02_model_broadcast_clones_one_at_a_time() {
    check(|| {
        let (tx, mut one) = broadcast::channel(2);
        let mut two = tx.subscribe();
        assert!(tx.send(UnsharedValue(UnsafeCell::new(0))).is_ok());
        let other = thread::spawn(move || two.try_recv().is_ok());
        assert!(one.try_recv().is_ok());
        assert!(other.join().unwrap());
    });
}

/// Attacks broadcast shared I2: the receiver joins the wait queue as the value comes.
#[test]
fn model_broadcast_send_races_recv() {
    check(|| {
        let (tx, mut rx) = broadcast::channel(2);
        let sender = thread::spawn(move || {
            tx.send(1).unwrap();
        });
        assert_eq!(block_on(rx.recv()), Ok(1));
        assert_eq!(
            block_on(rx.recv()),
            Err(broadcast::error::RecvError::Closed)
        );
        sender.join().unwrap();
    });
}

/// Attacks broadcast slot I1: the sender overwrites as the receiver looks.
#[test]
fn model_broadcast_overwrite_races_recv() {
    check(|| {
        let (tx, mut rx) = broadcast::channel(1);
        let sender = thread::spawn(move || {
            tx.send(1).unwrap();
            tx.send(2).unwrap();
        });
        let mut last = 0;
        loop {
            match block_on(rx.recv()) {
                Ok(value) => {
                    assert!(value > last);
                    last = value;
                }
                Err(broadcast::error::RecvError::Lagged(missed)) => assert_eq!(missed, 1),
                Err(broadcast::error::RecvError::Closed) => break,
            }
        }
        assert_eq!(last, 2);
        sender.join().unwrap();
    });
}

/// Attacks broadcast slot I2: the last two receivers of a value go and look at once.
#[test]
fn model_broadcast_drop_races_recv() {
    check(|| {
        let drops = Arc::new(AtomicUsize::new(0));
        #[derive(Clone)]
        struct Shared(#[expect(dead_code, reason = "held for its drop")] Arc<DropCounter>);
        let (tx, mut one) = broadcast::channel(2);
        let two = tx.subscribe();
        assert!(
            tx.send(Shared(Arc::new(DropCounter(drops.clone()))))
                .is_ok()
        );
        let other = thread::spawn(move || drop(two));
        assert!(one.try_recv().is_ok());
        other.join().unwrap();
        assert_eq!(drops.load(Ordering::Relaxed), 1);
        assert!(tx.is_empty());
    });
}
