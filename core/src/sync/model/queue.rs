//! Models of the queues. A block has two slots here, so that three messages cross a boundary.

use core::pin::pin;
use core::task::{Context, Waker};
use std::future::Future;

use loom::future::block_on;
use loom::sync::Arc;
use loom::thread;

use super::check::check;
use crate::sync::mpsc;
use crate::sync::mpsc::error::TryRecvError;

/// Attacks chan I4 and the waiting at a slot: the receiver parks as the value comes.
#[test]
fn model_mpsc_send_races_recv() {
    check(|| {
        let (tx, mut rx) = mpsc::unbounded_channel();
        let sender = thread::spawn(move || tx.send(1).unwrap());
        assert_eq!(block_on(rx.recv()), Some(1));
        assert_eq!(block_on(rx.recv()), None);
        sender.join().unwrap();
    });
}

/// Attacks blocks I1 and I2: a block is left, freed and another added while two send.
#[test]
fn model_mpsc_blocks_cross_boundaries() {
    check(|| {
        let (tx, mut rx) = mpsc::unbounded_channel();
        let other = tx.clone();
        let sender = thread::spawn(move || {
            other.send(10).unwrap();
            other.send(11).unwrap();
        });
        tx.send(1).unwrap();
        tx.send(2).unwrap();
        drop(tx);
        let mut received = std::vec::Vec::new();
        while let Some(value) = block_on(rx.recv()) {
            received.push(value);
        }
        sender.join().unwrap();
        let of = |from: i32| {
            received
                .iter()
                .filter(move |value| **value / 10 == from / 10)
        };
        assert!(of(1).eq([1, 2].iter()) && of(10).eq([10, 11].iter()));
    });
}

/// Attacks blocks I1: the receiver looks for the next block while a sender fills and leaves it.
#[test]
fn model_mpsc_receiver_waits_behind_the_hint() {
    check(|| {
        let (tx, mut rx) = mpsc::unbounded_channel();
        tx.send(0).unwrap();
        tx.send(1).unwrap();
        let sender = thread::spawn(move || (2..5).for_each(|value| tx.send(value).unwrap()));
        for value in 0..5 {
            assert_eq!(block_on(rx.recv()), Some(value));
        }
        sender.join().unwrap();
    });
}

/// Attacks the permit word: the place and the permit are taken in one step, and room that a
/// receive frees goes to the waiting sender.
#[test]
fn model_mpsc_full_channel_hands_room_on() {
    check(|| {
        let (tx, mut rx) = mpsc::channel(1);
        let sender = thread::spawn(move || {
            for value in 0..3 {
                block_on(tx.send(value)).unwrap();
            }
        });
        for value in 0..3 {
            assert_eq!(block_on(rx.recv()), Some(value));
        }
        assert_eq!(block_on(rx.recv()), None);
        sender.join().unwrap();
    });
}

/// Attacks chan I4: the receiver of a closed channel is parked as the last permit is dropped.
#[test]
fn regression_20_model_mpsc_last_permit_dropped_wakes() {
    check(|| {
        let (tx, mut rx) = mpsc::channel::<i32>(1);
        let permit = block_on(tx.reserve_owned()).unwrap();
        rx.close();
        let other = thread::spawn(move || drop(permit));
        assert_eq!(block_on(rx.recv()), None);
        other.join().unwrap();
    });
}

/// Attacks chan I4: as above, but the permit is released and the sender stays.
#[test]
fn regression_20_model_mpsc_last_permit_released_wakes() {
    check(|| {
        let (tx, mut rx) = mpsc::channel::<i32>(1);
        let permit = block_on(tx.reserve_owned()).unwrap();
        rx.close();
        let other = thread::spawn(move || permit.release());
        assert_eq!(block_on(rx.recv()), None);
        drop(other.join().unwrap());
    });
}

/// Attacks chan I4: as above, but a reservation that was just served is cancelled.
#[test]
fn regression_20_model_mpsc_cancelled_reservation_wakes() {
    check(|| {
        let (tx, mut rx) = mpsc::channel::<i32>(1);
        tx.try_send(1).unwrap();
        let other = {
            let tx = tx.clone();
            thread::spawn(move || {
                let mut waiting = pin!(tx.reserve());
                let _ = waiting
                    .as_mut()
                    .poll(&mut Context::from_waker(Waker::noop()));
            })
        };
        assert_eq!(block_on(rx.recv()), Some(1));
        rx.close();
        assert_eq!(block_on(rx.recv()), None);
        other.join().unwrap();
    });
}

/// Attacks chan I1: a close that meets a send; what was accepted is received.
#[test]
fn model_mpsc_close_races_send() {
    check(|| {
        let (tx, mut rx) = mpsc::unbounded_channel();
        let sender = thread::spawn(move || tx.send(1).is_ok());
        rx.close();
        let received = block_on(rx.recv()).is_some();
        assert_eq!(block_on(rx.recv()), None);
        assert_eq!(sender.join().unwrap(), received);
    });
}

/// Attacks chan I3: `try_recv` finds what was sent before, though another send is under way.
#[test]
fn regression_21_model_mpsc_try_recv_is_not_spuriously_empty() {
    check(|| {
        let (tx, mut rx) = mpsc::unbounded_channel();
        let other = tx.clone();
        let sender = thread::spawn(move || other.send(10).unwrap());
        tx.send(1).unwrap();
        assert!(rx.try_recv().is_ok());
        sender.join().unwrap();
        assert!(rx.try_recv().is_ok());
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    });
}

/// Attacks the counts of the handles: the last sender goes as a weak one comes back.
#[test]
fn model_mpsc_upgrade_races_last_drop() {
    check(|| {
        let (tx, mut rx) = mpsc::unbounded_channel();
        let weak = tx.downgrade();
        let other = thread::spawn(move || match weak.upgrade() {
            Some(tx) => {
                tx.send(1).unwrap();
                true
            }
            None => false,
        });
        drop(tx);
        let received = block_on(rx.recv()).is_some();
        assert_eq!(other.join().unwrap(), received);
    });
}

/// Attacks chan I2: the receiver goes as a value comes, which is dropped once.
#[test]
fn model_mpsc_receiver_gone_races_send() {
    check(|| {
        let value = Arc::new(());
        let (tx, rx) = mpsc::unbounded_channel();
        let sent = value.clone();
        let sender = thread::spawn(move || {
            let _ = tx.send(sent);
        });
        drop(rx);
        sender.join().unwrap();
        assert_eq!(Arc::strong_count(&value), 1);
    });
}

/// Attacks blocks I4 and chan I3: two send through a ring of one slot, lap after lap.
#[test]
fn model_mpsc_ring_laps() {
    check(|| {
        let (tx, mut rx) = mpsc::channel(1);
        let other = tx.clone();
        let sender = thread::spawn(move || block_on(other.send(Arc::new(10))).is_ok());
        let receiver = thread::spawn(move || {
            let mut received = std::vec::Vec::new();
            while let Some(value) = block_on(rx.recv()) {
                received.push(*value);
            }
            received
        });
        assert!(block_on(tx.send(Arc::new(1))).is_ok());
        drop(tx);
        assert!(sender.join().unwrap());
        let mut received = receiver.join().unwrap();
        received.sort_unstable();
        assert_eq!(received, [1, 10]);
    });
}

/// Attacks blocks I4: the receiver waits at a slot of the second lap as its value comes.
#[test]
fn model_mpsc_ring_waits_in_the_second_lap() {
    check(|| {
        let (tx, mut rx) = mpsc::channel(1);
        let sender = thread::spawn(move || {
            for number in 0..3 {
                block_on(tx.send(number)).unwrap();
            }
        });
        for number in 0..3 {
            assert_eq!(block_on(rx.recv()), Some(number));
        }
        assert_eq!(block_on(rx.recv()), None);
        sender.join().unwrap();
    });
}

/// Attacks blocks I1 and I2 where permits bound the chain: three values in blocks of two slots.
#[test]
fn model_mpsc_bounded_chain_crosses_a_boundary() {
    check(|| {
        let (tx, mut rx) = mpsc::channel(3);
        let sender = thread::spawn(move || {
            for number in 0..5 {
                block_on(tx.send(number)).unwrap();
            }
        });
        for number in 0..5 {
            assert_eq!(block_on(rx.recv()), Some(number));
        }
        sender.join().unwrap();
    });
}

/// Counts how often it is woken; no model watches it.
#[derive(Default)]
struct Wakes(std::sync::atomic::AtomicUsize);

impl std::task::Wake for Wakes {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    }
}

/// Attacks chan I5: a task has polled a receiver that it shares, and another takes the value that comes
/// by `try_recv`, which meets it half written.
#[test]
fn regression_78_model_mpsc_try_recv_tells_the_task_that_waited() {
    check(|| {
        let (tx, mut rx) = mpsc::unbounded_channel();
        let wakes = std::sync::Arc::new(Wakes::default());
        let waker = Waker::from(wakes.clone());
        let polled = rx.poll_recv(&mut Context::from_waker(&waker));
        assert!(polled.is_pending());
        let sender = thread::spawn(move || {
            tx.send(1).unwrap();
            tx
        });
        let taken = rx.try_recv();
        let tx = sender.join().unwrap();
        assert!(wakes.0.load(std::sync::atomic::Ordering::SeqCst) > 0);
        // The task looks again, and nothing that comes later is lost to it.
        if taken.is_err() {
            assert_eq!(rx.try_recv(), Ok(1));
        }
        assert!(rx.poll_recv(&mut Context::from_waker(&waker)).is_pending());
        let before = wakes.0.load(std::sync::atomic::Ordering::SeqCst);
        tx.send(2).unwrap();
        assert!(wakes.0.load(std::sync::atomic::Ordering::SeqCst) > before);
    });
}
