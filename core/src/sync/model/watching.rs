//! Models of the watch channel.

use loom::future::block_on;
use loom::thread;

use super::check::check;
use crate::sync::watch;

/// Attacks watch I3: the receiver joins the line as the value changes.
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

/// Attacks watch I3: the receiver joins the line as the last sender goes.
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
