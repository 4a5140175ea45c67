//! Permits that are held, waited for or passed on as their channel or semaphore closes.

use std::sync::Arc;
use std::task::Poll;

use super::harness::TestTask;
use crate::sync::{Semaphore, mpsc};

/// A closed channel whose receiver waits for what is still held, and a reservation beside it.
struct ClosedChannel {
    receiver: TestTask<Option<u8>>,
    reservation: Option<TestTask<bool>>,
}

impl ClosedChannel {
    /// `room` places, one of which is reserved; `wanted` are waited for. The permit is given back
    /// before the channel closes if `early` says so.
    fn new(room: usize, wanted: usize, early: bool) -> Self {
        let (tx, mut rx) = mpsc::channel::<u8>(room);
        let permit = tx.clone().try_reserve_owned().unwrap();
        let mut reservation = TestTask::new(async move { tx.reserve_many(wanted).await.is_ok() });
        assert!(reservation.poll().is_pending());
        let early = if early {
            drop(permit);
            None
        } else {
            Some(permit)
        };
        rx.close();
        let mut receiver = TestTask::new(async move { rx.recv().await });
        assert!(receiver.poll().is_pending(), "something is held still");
        drop(early);
        assert!(!receiver.is_woken(), "the reservation holds a part still");
        Self {
            receiver,
            reservation: Some(reservation),
        }
    }

    fn receiver_ends(mut self) {
        assert!(self.receiver.is_woken());
        assert_eq!(self.receiver.poll(), Poll::Ready(None));
    }
}

#[test]
fn a_refused_reservation_gives_back_what_it_held() {
    // A part of what it wants, or all of it.
    for (room, wanted, early) in [(2, 2, false), (1, 1, true), (2, 2, true)] {
        let mut closing = ClosedChannel::new(room, wanted, early);
        let mut reservation = closing.reservation.take().unwrap();
        assert_eq!(
            reservation.poll(),
            Poll::Ready(false),
            "the channel is closed"
        );
        closing.receiver_ends();
    }
}

#[test]
fn a_cancelled_reservation_gives_back_what_it_held() {
    for (room, wanted, early) in [(2, 2, false), (1, 1, true), (2, 2, true)] {
        let mut closing = ClosedChannel::new(room, wanted, early);
        drop(closing.reservation.take());
        closing.receiver_ends();
    }
}

#[test]
fn permits_that_a_closed_semaphore_gave_before_are_refused() {
    let semaphore = Arc::new(Semaphore::new(0));
    let mut waits = [2, 3].map(|many| TestTask::new(semaphore.clone().acquire_many_owned(many)));
    for wait in &mut waits {
        assert!(wait.poll().is_pending());
    }
    // All for the first, a part for the second.
    semaphore.add_permits(3);
    semaphore.close();
    assert_eq!(semaphore.available_permits(), 0);
    for wait in &mut waits {
        assert!(matches!(wait.poll(), Poll::Ready(Err(_))));
    }
    assert_eq!(semaphore.available_permits(), 3);
}
