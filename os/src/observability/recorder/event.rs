//! One event of a recording, and the words that it is stored as.
//!
//! Idea        An event is four words: when, what of which task, a number, and a location in the source. The number and the task
//!             leave eight bits each, which say what kind of event it is and a little more. No event needs an allocation.
//! Invariants  I1 the last word is null, or was made of a `&'static Location`.

use std::panic::Location;

use super::super::thread_role::WakeCause;

/// Bits of a task's id, and of a number.
const NUMBER_BITS: u32 = 56;
const NUMBER: u64 = (1 << NUMBER_BITS) - 1;

/// What has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EventKind {
    /// A poll of the task is over, which was spawned at the location: the number is how many ticks it took, and the detail is 1 if it
    /// goes on without its worker, in `block_in_place`.
    Poll,
    /// The task was queued; the number is the task that woke it, or 0; the detail is a [`WakeCause`].
    Wake,
    /// The task is spawned at the location.
    Spawn,
    /// The task has ended.
    End,
    /// The worker took tasks of another's queue: the number is how many, the task is the other worker.
    Steal,
    /// The worker goes to sleep.
    Park,
    /// The worker has slept: the number is how many events of the driver have come, the task is how many completions of rings.
    Unpark,
    /// A blocking closure begins; the detail is its kind.
    BlockingBegin,
    /// It has returned.
    BlockingEnd,
    /// A look at driver or timers is over: the number is how many events or timers there were, and the detail is a
    /// [`WakeCause`].
    Turn,
    /// The number is how many tasks wait in the worker's own queue, and the task is how many in the inject queue.
    Depth,
}

const KINDS: [EventKind; 11] = [
    EventKind::Poll,
    EventKind::Wake,
    EventKind::Spawn,
    EventKind::End,
    EventKind::Steal,
    EventKind::Park,
    EventKind::Unpark,
    EventKind::BlockingBegin,
    EventKind::BlockingEnd,
    EventKind::Turn,
    EventKind::Depth,
];

const CAUSES: [WakeCause; 4] = [
    WakeCause::Caller,
    WakeCause::Readiness,
    WakeCause::Completion,
    WakeCause::Timer,
];

/// The cause whose number this is.
#[inline]
pub(super) fn cause_of(detail: u8) -> WakeCause {
    CAUSES[usize::from(detail) % CAUSES.len()]
}

/// One event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) kind: EventKind,
    pub(super) detail: u8,
    pub(super) tick: u64,
    pub(super) task: u64,
    pub(super) number: u64,
    pub(super) location: Option<&'static Location<'static>>,
}

/// An event as it is stored; the last word is that of I1.
pub(super) type EventWords = (u64, u64, u64, *mut Location<'static>);

impl Event {
    /// An event of `task` at `tick`.
    #[inline(always)]
    pub(super) fn new(kind: EventKind, tick: u64, task: u64) -> Self {
        Self {
            kind,
            detail: 0,
            tick,
            task,
            number: 0,
            location: None,
        }
    }

    #[inline(always)]
    pub(super) fn at(mut self, location: &'static Location<'static>) -> Self {
        self.location = Some(location);
        self
    }

    #[inline(always)]
    pub(super) fn with_number(mut self, number: u64) -> Self {
        self.number = number;
        self
    }

    #[inline(always)]
    pub(super) fn with_detail(mut self, detail: u8) -> Self {
        self.detail = detail;
        self
    }

    /// The words that it is stored as; numbers beyond 56 bits lose the bits above.
    #[inline(always)]
    pub(super) fn words(&self) -> EventWords {
        let place = self.location.map_or(std::ptr::null(), std::ptr::from_ref);
        (
            self.tick,
            (self.kind as u64) << NUMBER_BITS | self.task & NUMBER,
            u64::from(self.detail) << NUMBER_BITS | self.number & NUMBER,
            place.cast_mut(),
        )
    }

    /// The event of these words, which are those of one event, or of several; `None` if that is no event.
    #[allow(unsafe_code)]
    #[inline]
    pub(super) fn of_words((tick, task, number, place): EventWords) -> Option<Self> {
        Some(Self {
            kind: *KINDS.get((task >> NUMBER_BITS) as usize)?,
            detail: (number >> NUMBER_BITS) as u8,
            tick,
            task: task & NUMBER,
            number: number & NUMBER,
            // SAFETY: it is null, or a location that is there for ever (I1).
            location: unsafe { place.as_ref() },
        })
    }
}

#[cfg(test)]
mod tests {
    use std::panic::Location;

    use super::{CAUSES, Event, EventKind, KINDS, cause_of};

    #[test]
    fn words_become_the_event_again() {
        for kind in KINDS {
            let event = Event::new(kind, u64::MAX, 7);
            let event = event.with_number(1 << 55).with_detail(255);
            for event in [event, event.at(Location::caller())] {
                assert_eq!(Event::of_words(event.words()), Some(event));
            }
        }
        for cause in CAUSES {
            assert_eq!(cause_of(cause as u8), cause);
        }
        let zeros = Event::of_words((0, 0, 0, std::ptr::null_mut()));
        assert_eq!(zeros, Some(Event::new(EventKind::Poll, 0, 0)));
        assert_eq!(
            Event::of_words((0, u64::MAX, 0, std::ptr::null_mut())),
            None
        );
    }
}
