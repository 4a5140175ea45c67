//! Slots as the driver and two sides of a stream use them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use super::{Direction, Slot};
use crate::async_io::{Interest, Ready};

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn watched() -> Slot {
    let slot = Slot::new();
    slot.register(|| Ok::<(), ()>(())).unwrap();
    slot
}

fn is_readable(slot: &Slot) -> bool {
    slot.peek(Interest::READABLE.mask()).ready.is_readable()
}

#[test]
fn a_record_fits_the_budget() {
    assert!(size_of::<Slot>() <= 64, "{} bytes", size_of::<Slot>());
    assert_eq!(align_of::<Slot>(), 64, "two sources share a line");
}

#[test]
fn regression_07_events_between_an_operation_and_its_clear() {
    for events in [1, 255, 256, 257, 65_535, 65_536, 65_537] {
        let slot = watched();
        slot.publish(0, Ready::READABLE);
        let seen = slot.peek(Interest::READABLE.mask());
        for _ in 0..events {
            slot.publish(0, Ready::READABLE);
        }
        slot.clear(seen);
        assert!(is_readable(&slot), "{events} events were taken for none");
    }
}

#[test]
fn regression_08_a_write_event_does_not_void_a_readers_clear() {
    let slot = watched();
    slot.publish(0, Ready::READABLE | Ready::WRITABLE);
    let seen = slot.peek(Interest::READABLE.mask());
    slot.publish(0, Ready::WRITABLE);
    slot.clear(seen);
    assert!(!is_readable(&slot));
    assert!(slot.peek(Interest::WRITABLE.mask()).ready.is_writable());
}

#[test]
fn a_clear_keeps_that_the_driver_is_gone() {
    let slot = watched();
    slot.publish(0, Ready::READABLE);
    let seen = slot.peek(Interest::READABLE.mask());
    slot.shut_down();
    slot.clear(seen);
    assert!(slot.peek(Interest::READABLE.mask()).is_shutdown());
    // Also one that was seen since.
    slot.clear(slot.peek(Ready::ALL));
    assert!(slot.peek(Interest::READABLE.mask()).is_shutdown());
    assert!(slot.ready_now(Interest::READABLE.mask()).is_some());
}

#[test]
fn what_is_assumed_lasts_until_an_operation_finds_otherwise() {
    let slot = Slot::new();
    slot.assume(Ready::READABLE | Ready::WRITABLE);
    slot.register(|| Ok::<(), ()>(())).unwrap();
    let seen = slot.peek(Interest::READABLE.mask());
    assert!(seen.ready.is_readable());
    // An event that comes before the clear is not lost with it.
    slot.publish(0, Ready::READABLE);
    slot.clear(seen);
    assert!(is_readable(&slot));
    slot.clear(slot.peek(Interest::READABLE.mask()));
    assert!(!is_readable(&slot));
    assert!(slot.peek(Interest::WRITABLE.mask()).ready.is_writable());
}

#[test]
fn the_poller_is_told_once_and_early_events_stay() {
    let slot = Slot::new();
    assert!(slot.ready_now(Ready::ALL).is_some() && !slot.is_registered());
    slot.register(|| Err("refused")).unwrap_err();
    assert!(!slot.is_registered());
    slot.register(|| {
        // The poller may tell before it is known to register.
        slot.word.store(
            slot.word.load(Ordering::Relaxed) | u64::from(Ready::READABLE.bits()),
            Ordering::Relaxed,
        );
        Ok::<(), ()>(())
    })
    .unwrap();
    assert!(slot.is_registered() && is_readable(&slot));
    slot.register(|| Err("told twice")).unwrap();
    slot.close();
    assert!(!slot.is_registered());
}

#[test]
fn closed_sides_stay_closed() {
    let slot = watched();
    slot.publish(0, Ready::READABLE | Ready::READ_CLOSED);
    slot.clear(slot.peek(Ready::ALL));
    let ready = slot.peek(Ready::ALL).ready;
    assert!(ready.is_read_closed() && ready == Ready::READ_CLOSED);
}

#[test]
fn events_and_clears_of_the_last_owner_do_nothing() {
    let slot = watched();
    slot.publish(0, Ready::READABLE);
    let seen = slot.peek(Ready::ALL);
    slot.close();
    slot.publish(0, Ready::WRITABLE);
    assert!(slot.peek(Ready::ALL).ready.is_empty());
    slot.publish(1, Ready::READABLE);
    slot.clear(seen);
    assert!(is_readable(&slot));
}

#[test]
fn each_direction_wakes_its_own() {
    let slot = watched();
    let (reader, writer) = (Arc::new(Count::default()), Arc::new(Count::default()));
    let count = |of: &Arc<Count>| of.0.load(Ordering::Relaxed);
    let wait = |direction, on: &Arc<Count>| {
        let waker = Waker::from(Arc::clone(on));
        slot.poll(direction, &mut Context::from_waker(&waker))
            .map(|event| event.ready)
    };
    assert!(wait(Direction::Read, &reader).is_pending());
    assert!(wait(Direction::Write, &writer).is_pending());
    slot.publish(0, Ready::WRITABLE);
    assert_eq!((count(&reader), count(&writer)), (0, 1));
    assert_eq!(
        wait(Direction::Write, &writer),
        Poll::Ready(Ready::WRITABLE)
    );
    slot.shut_down();
    assert_eq!((count(&reader), count(&writer)), (1, 1));
}

/// Unparks its thread.
struct Unpark(std::thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[test]
fn no_wake_is_lost_between_a_look_and_a_wait() {
    let (slot, seen) = (Arc::new(watched()), Arc::new(AtomicUsize::new(0)));
    let reader = {
        let (slot, seen) = (Arc::clone(&slot), Arc::clone(&seen));
        std::thread::spawn(move || {
            let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
            for _ in 0..20_000 {
                let event = loop {
                    match slot.poll(Direction::Read, &mut Context::from_waker(&waker)) {
                        Poll::Ready(event) => break event,
                        Poll::Pending => std::thread::park(),
                    }
                };
                slot.clear(event);
                seen.fetch_add(1, Ordering::SeqCst);
            }
        })
    };
    // One event for each round, told only after the last was cleared: a lost wake hangs here.
    for round in 0..20_000 {
        while seen.load(Ordering::SeqCst) < round {
            std::thread::yield_now();
        }
        slot.publish(0, Ready::READABLE);
    }
    reader.join().unwrap();
}
