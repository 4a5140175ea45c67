//! Models of `watch`: the channel on the heap, and the one that contains its storage.

use core::pin::pin;
use core::task::{Context, Waker};
use std::future::Future;

use loom::future::block_on;
use loom::sync::Arc;
use loom::thread;

use super::check::check;
use crate::sync::{FixedWatch, watch};

/// Attacks watch I3: the receiver joins the wait queue as the value changes.
#[test]
fn model_watch_send_races_changed() {
    check(|| {
        let (tx, mut rx) = watch::channel(0);
        let sender = thread::spawn(move || {
            tx.send(1).unwrap();
            tx
        });
        block_on(rx.changed()).unwrap();
        assert_eq!(*rx.borrow_and_update(), 1);
        drop(sender.join().unwrap());
        assert!(block_on(rx.changed()).is_err());
    });
}

/// Attacks watch I3: the receiver joins the wait queue as the last sender goes.
#[test]
fn model_watch_close_races_changed() {
    check(|| {
        let (tx, mut rx) = watch::channel(0);
        let sender = thread::spawn(move || drop(tx));
        assert!(block_on(rx.changed()).is_err());
        sender.join().unwrap();
    });
}

/// Attacks watch I2: the version belongs to the value, and the last value is seen.
#[test]
fn model_watch_last_value_is_seen() {
    check(|| {
        let (tx, mut rx) = watch::channel(0);
        let sender = thread::spawn(move || {
            tx.send(1).unwrap();
            tx.send(2).unwrap();
        });
        let mut last = 0;
        while block_on(rx.changed()).is_ok() {
            let value = *rx.borrow_and_update();
            assert!(value >= last);
            last = value;
        }
        assert_eq!(last, 2);
        sender.join().unwrap();
    });
}

/// Attacks the count of receivers: the last one goes as the sender waits for that.
#[test]
fn model_watch_closed_races_drop() {
    check(|| {
        let (tx, rx) = watch::channel(0);
        let receiver = thread::spawn(move || drop(rx));
        block_on(tx.closed());
        receiver.join().unwrap();
    });
}

/// Attacks fixed watch I1 and I2: the receiver joins the wait queue as the value changes.
#[test]
fn model_fixed_watch_send_races_changed() {
    check(|| {
        let watch = Arc::new(FixedWatch::new(0));
        let mut receiver = watch.subscribe();
        let shared = watch.clone();
        let sender = thread::spawn(move || shared.send(1));
        block_on(receiver.changed());
        assert_eq!(receiver.get(), 1);
        sender.join().unwrap();
        assert!(!receiver.has_changed());
    });
}

/// Attacks fixed watch I2: two change the value while one waits for the second change.
#[test]
fn model_fixed_watch_last_value_is_seen() {
    check(|| {
        let watch = Arc::new(FixedWatch::new(0));
        let senders = [1, 2].map(|part| {
            let shared = watch.clone();
            thread::spawn(move || shared.send_modify(|value| *value += part))
        });
        let mut receiver = watch.subscribe();
        assert_eq!(block_on(receiver.wait_for(|value| *value == 3)), 3);
        for sender in senders {
            sender.join().unwrap();
        }
    });
}

/// Attacks fixed watch I2: a wait is dropped as it is notified, and the other is notified all the same.
#[test]
fn model_fixed_watch_cancel_races_send() {
    check(|| {
        let watch = Arc::new(FixedWatch::new(0));
        let shared = watch.clone();
        let other = thread::spawn(move || {
            let mut receiver = shared.subscribe();
            let mut waiting = pin!(receiver.changed());
            let _ = waiting
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()));
        });
        let mut receiver = watch.subscribe();
        let shared = watch.clone();
        let sender = thread::spawn(move || shared.send(1));
        block_on(receiver.changed());
        other.join().unwrap();
        sender.join().unwrap();
    });
}
