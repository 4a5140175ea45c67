//! What Tokio's changelog of 1.49 to 1.54 lists as mended in `sync`, where no other test says it.
//! `tests/conformance/changelog.md` has the whole list.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use super::harness::{CountingWaker, OnWake};
use crate::sync::mpsc::error::TryRecvError;
use crate::sync::{Semaphore, mpsc, oneshot, watch};

/// A waker that is held by nobody else but whoever it is given to.
fn counted() -> (Arc<CountingWaker>, Waker) {
    let counter = Arc::<CountingWaker>::default();
    let waker = Waker::from(counter.clone());
    (counter, waker)
}

#[test]
fn a_receiver_that_goes_drops_its_waker() {
    let (counter, waker) = counted();
    let cx = &mut Context::from_waker(&waker);
    let (bounded, mut receiver) = mpsc::channel::<u8>(1);
    assert!(receiver.poll_recv(cx).is_pending());
    drop(receiver);
    let (unbounded, mut receiver) = mpsc::unbounded_channel::<u8>();
    assert!(receiver.poll_recv(cx).is_pending());
    drop(receiver);
    let (one, mut receiver) = oneshot::channel::<u8>();
    assert!(pin!(&mut receiver).poll(cx).is_pending());
    drop(receiver);
    drop(waker);
    assert_eq!(
        Arc::strong_count(&counter),
        1,
        "the senders live, and keep no waker"
    );
    drop((bounded, unbounded, one));
}

#[test]
fn a_permit_is_used_once_though_its_send_panics() {
    let panics = Waker::from(Arc::new(OnWake(|| panic!("a waker that panics"))));
    let (tx, mut rx) = mpsc::channel(2);
    let send_borrowed = || tx.try_reserve().unwrap().send(1);
    let send_owned = || drop(tx.clone().try_reserve_owned().unwrap().send(1));
    for send in [&send_borrowed as &dyn Fn(), &send_owned] {
        assert!(rx.poll_recv(&mut Context::from_waker(&panics)).is_pending());
        assert!(catch_unwind(AssertUnwindSafe(send)).is_err());
        assert_eq!(tx.capacity(), 1, "one place is taken, by the value");
        assert_eq!(rx.try_recv(), Ok(1));
        assert_eq!(tx.capacity(), 2);
    }
}

#[test]
fn a_closed_channel_says_what_is_left() {
    let (tx, mut rx) = mpsc::channel(2);
    let permit = tx.try_reserve().unwrap();
    rx.close();
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty), "a permit is out");
    permit.send(1);
    assert_eq!((rx.len(), rx.is_empty()), (1, false));
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
    assert_eq!((rx.len(), rx.is_empty()), (0, true));
    let (tx, mut rx) = mpsc::unbounded_channel::<u8>();
    rx.close();
    assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
    drop(tx);
}

#[test]
fn permits_are_counted_beyond_half_a_word() {
    let many = u32::MAX as usize;
    let semaphore = Semaphore::new(2 * many);
    let mut permits = semaphore.try_acquire_many(u32::MAX).unwrap();
    permits.merge(semaphore.try_acquire_many(u32::MAX).unwrap());
    assert_eq!(permits.num_permits(), 2 * many);
    assert!(std::ptr::eq(permits.semaphore(), &raw const semaphore));
    assert_eq!(permits.split(many + 1).unwrap().num_permits(), many + 1);
    drop(permits);
    assert_eq!(semaphore.available_permits(), 2 * many);
}

#[test]
fn a_watch_says_that_its_senders_are_gone() {
    let (tx, rx) = watch::channel(1);
    assert!(!rx.is_closed());
    drop(tx);
    assert!(rx.is_closed());
}

#[test]
fn a_thread_waits_for_permits() {
    let semaphore = Arc::new(Semaphore::new(0));
    let waiting = semaphore.clone();
    let thread = std::thread::spawn(move || waiting.blocking_acquire_many(2).unwrap().forget());
    semaphore.add_permits(2);
    thread.join().unwrap();
    assert_eq!(semaphore.available_permits(), 0);
    semaphore.close();
    assert!(semaphore.blocking_acquire().is_err());
}
