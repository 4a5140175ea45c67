//! A ring of the last events of one writer, which readers copy while it writes on.
//!
//! Idea        The writer overwrites the oldest events and never waits. It counts the events that it has written, and, ahead of
//!             that, those that it may be writing: in portions, so that most events cost four stores and a count. A reader copies
//!             all events, then looks how far the writer may have come, and drops what may have been overwritten meanwhile.
//! States      of a slot: event `n` whole → reserved for `n + capacity` → event `n + capacity` whole
//! Invariants  I1 one thread at a time writes: others come after it by what hands the worker, or the lock, over. If that
//!                were broken, events would be mixed up, and nothing worse: all words are atomic.
//!             I2 before a word of event `n` is stored, `reserved` is above `n`.
//!             I3 `written` is at `n` only when all events before `n` are stored.
//! Rejected    A sequence number in each slot: a fifth word, and two more stores for each event. A lock: readers copy
//!             megabytes.

use std::panic::Location;

use selkie_core::raw::collections::boxed_slice;
use selkie_core::raw::platform::{AtomicPtr, AtomicU64, Ordering, fence, limit};
use selkie_core::task::Id;

use super::event::{Event, EventKind};

/// How many events are reserved at once.
const RESERVED: u64 = limit(32, 1) as u64;

/// One stored event.
#[derive(Debug)]
struct Slot {
    tick: AtomicU64,
    task: AtomicU64,
    number: AtomicU64,
    place: AtomicPtr<Location<'static>>,
}

impl Slot {
    #[inline]
    fn new() -> Self {
        Self {
            tick: AtomicU64::new(0),
            task: AtomicU64::new(0),
            number: AtomicU64::new(0),
            place: AtomicPtr::new(std::ptr::null_mut()),
        }
    }

    #[inline]
    fn store(&self, event: &Event) {
        let (tick, task, number, place) = event.words();
        // Relaxed: ordered by the fence and the store in `push`.
        self.tick.store(tick, Ordering::Relaxed);
        self.task.store(task, Ordering::Relaxed);
        self.number.store(number, Ordering::Relaxed);
        self.place.store(place, Ordering::Relaxed);
    }

    #[inline]
    fn load(&self) -> Option<Event> {
        // Relaxed: ordered by the load and the fence in `copy`.
        Event::of_words((
            self.tick.load(Ordering::Relaxed),
            self.task.load(Ordering::Relaxed),
            self.number.load(Ordering::Relaxed),
            self.place.load(Ordering::Relaxed),
        ))
    }
}

/// The last events of one writer.
#[derive(Debug)]
pub(crate) struct EventRing {
    slots: Box<[Slot]>,
    /// How many events may have been begun (I2).
    reserved: AtomicU64,
    /// How many events are stored (I3).
    written: AtomicU64,
}

/// What a reader has copied.
#[derive(Debug)]
pub(super) struct CopiedEvents {
    /// In the order in which they were written.
    pub(super) events: Vec<Event>,
    /// How many events there were before.
    pub(super) overwritten: u64,
}

impl EventRing {
    /// A ring for `capacity` events, a power of two.
    #[inline]
    pub(super) fn new(capacity: usize) -> Self {
        debug_assert!(capacity.is_power_of_two());
        Self {
            slots: boxed_slice(capacity, |_| Slot::new()),
            reserved: AtomicU64::new(0),
            written: AtomicU64::new(0),
        }
    }

    #[inline]
    fn slot(&self, number: u64) -> &Slot {
        // The mask keeps the index below the length.
        &self.slots[number as usize & (self.slots.len() - 1)]
    }

    /// Adds the poll of the task `id` from `begun` to `now`.
    #[inline]
    pub(in super::super) fn push_poll(
        &self,
        begun: u64,
        now: u64,
        id: Id,
        location: &'static Location<'static>,
    ) {
        let event = Event::new(EventKind::Poll, now, id.as_u64()).at(location);
        self.push(&event.with_number(now.saturating_sub(begun)));
    }

    /// Adds `event`; one thread at a time does (I1).
    #[inline]
    pub(super) fn push(&self, event: &Event) {
        // Relaxed: written by this thread, or before it had the ring (I1).
        let number = self.written.load(Ordering::Relaxed);
        if number % RESERVED == 0 {
            // Relaxed: the fence orders it before the words (I2).
            self.reserved.store(number + RESERVED, Ordering::Relaxed);
            // Release: pairs with the fence in `copy`: who has read one of the words below sees the reservation.
            fence(Ordering::Release);
        }
        self.slot(number).store(event);
        // Release: pairs with the Acquire in `copy` (I3).
        self.written.store(number + 1, Ordering::Release);
    }

    /// Copies the events, while the writer goes on.
    #[inline]
    pub(super) fn copy(&self) -> CopiedEvents {
        // Acquire: pairs with the Release in `push` (I3).
        let written = self.written.load(Ordering::Acquire);
        let capacity = self.slots.len() as u64;
        let first = written.saturating_sub(capacity);
        let mut events: Vec<_> = (first..written).map(|n| self.slot(n).load()).collect();
        // Acquire: pairs with the fence in `push`: the reservation of each event of which a word was read is seen.
        fence(Ordering::Acquire);
        // Relaxed: ordered by the fence.
        let reserved = self.reserved.load(Ordering::Relaxed);
        // Event `n` is overwritten by event `n + capacity`, which was not reserved (I2).
        let whole = reserved.saturating_sub(capacity).clamp(first, written);
        events.drain(..(whole - first) as usize);
        CopiedEvents {
            events: events.into_iter().flatten().collect(),
            overwritten: whole,
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;
    use std::time::{Duration, Instant};

    use super::super::event::{Event, EventKind};
    use super::{EventRing, RESERVED};

    /// An event whose words all say its number.
    #[inline]
    fn numbered(number: u64) -> Event {
        let kind = if number % 2 == 0 {
            EventKind::Park
        } else {
            EventKind::Wake
        };
        Event::new(kind, number, number).with_number(number)
    }

    #[test]
    fn a_ring_keeps_the_last_events() {
        let ring = EventRing::new(64);
        for number in 0..40 {
            ring.push(&numbered(number));
        }
        let copied = ring.copy();
        assert_eq!((copied.events.len(), copied.overwritten), (40, 0));
        for number in 40..1_000 {
            ring.push(&numbered(number));
        }
        let copied = ring.copy();
        // Up to a portion is left out, which the writer might have been overwriting.
        assert!(copied.events.len() as u64 > 64 - RESERVED, "{copied:?}");
        let numbers = copied.overwritten..1_000;
        assert_eq!(copied.events, numbers.map(numbered).collect::<Vec<_>>());
    }

    #[test]
    fn readers_see_whole_events_in_their_order() {
        let rounds = if cfg!(miri) { 2_000 } else { 2_000_000 };
        let limit = Instant::now() + Duration::from_secs(10);
        let (ring, is_over) = (EventRing::new(128), AtomicBool::new(false));
        thread::scope(|scope| {
            scope.spawn(|| {
                for number in 0..rounds {
                    ring.push(&numbered(number));
                    if number % 1_024 == 0 && Instant::now() > limit {
                        break;
                    }
                }
                is_over.store(true, Ordering::SeqCst);
            });
            for _ in 0..2 {
                scope.spawn(|| {
                    while !is_over.load(Ordering::SeqCst) {
                        let copied = ring.copy();
                        for (event, number) in copied.events.iter().zip(copied.overwritten..) {
                            assert_eq!(*event, numbered(number));
                        }
                    }
                });
            }
        });
        assert!(!ring.copy().events.is_empty());
    }
}
