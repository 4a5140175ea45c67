//! The state of a slot in one word: readiness, ticks and generation.
//!
//! ```text
//! bits   63‥48        47‥28        27‥8        7          6        5‥0
//!        generation   write tick   read tick   shut down  watched  readiness
//! ```
//!
//! Invariants  I1 a tick counts the events of its direction, modulo 2^20; a clear of a direction
//!                takes effect only if its tick is the one that was seen. So an event of the other
//!                direction does not void a clear, and 256 events in between do.
//!             I2 an event or a clear of another generation changes nothing.
//!             I3 a closed side stays closed for the generation's life.

use crate::io::Ready;

const SHUTDOWN: u64 = 1 << 7;
const WATCHED: u64 = 1 << 6;
const TICK_BITS: u32 = 20;
const TICK_MASK: u64 = (1 << TICK_BITS) - 1;
const READ_TICK_SHIFT: u32 = 8;
const WRITE_TICK_SHIFT: u32 = READ_TICK_SHIFT + TICK_BITS;
const GENERATION_SHIFT: u32 = WRITE_TICK_SHIFT + TICK_BITS;

/// What belongs to a reader: an event with any of it is an event of the reading direction.
const READ_SIDE: Ready = Ready::READABLE
    .union(Ready::READ_CLOSED)
    .union(Ready::PRIORITY)
    .union(Ready::ERROR);
/// What belongs to a writer.
const WRITE_SIDE: Ready = Ready::WRITABLE
    .union(Ready::WRITE_CLOSED)
    .union(Ready::ERROR);
/// What stays until the source is gone.
const FINAL: Ready = Ready::READ_CLOSED.union(Ready::WRITE_CLOSED);

/// The state of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word(pub(super) u64);

impl Word {
    /// The word of a slot that was never used.
    pub(super) const FIRST: Self = Self(0);

    pub(super) const fn generation(self) -> u16 {
        (self.0 >> GENERATION_SHIFT) as u16
    }

    pub(super) const fn ready(self) -> Ready {
        Ready::from_bits(self.0 as u8)
    }

    pub(super) const fn is_watched(self) -> bool {
        self.0 & WATCHED != 0
    }

    pub(super) const fn is_shut_down(self) -> bool {
        self.0 & SHUTDOWN != 0
    }

    /// Whether somebody who waits for any of `mask` has nothing to wait for: the source is ready, nobody
    /// can tell, or nobody will.
    pub(super) const fn answers(self, mask: Ready) -> bool {
        (self.0 ^ WATCHED) & (mask.bits() as u64 | WATCHED | SHUTDOWN) != 0
    }

    /// The word of the next generation, ready for nothing and not watched.
    pub(super) const fn next_generation(self) -> Self {
        Self((self.generation().wrapping_add(1) as u64) << GENERATION_SHIFT)
    }

    /// The word after the poller was told of the source.
    pub(super) const fn watched(self) -> Self {
        Self(self.0 | WATCHED)
    }

    /// The word of a source that is thought ready for `ready`, before any event.
    pub(super) const fn assumed(self, ready: Ready) -> Self {
        Self(self.0 | ready.bits() as u64)
    }

    /// The word after the driver is gone.
    pub(super) const fn shut_down(self) -> Self {
        Self(self.0 | SHUTDOWN)
    }

    /// The word after an event for `generation` told `ready`; `None` if it is not this one (I2).
    pub(super) fn told(self, generation: u16, ready: Ready) -> Option<Self> {
        if self.generation() != generation {
            return None;
        }
        let mut next = Self(self.0 | u64::from(ready.bits()));
        if ready.intersects(READ_SIDE) {
            next = next.tick(READ_TICK_SHIFT);
        }
        if ready.intersects(WRITE_SIDE) {
            next = next.tick(WRITE_TICK_SHIFT);
        }
        Some(next)
    }

    /// The word after `ready`, which was seen in `seen`, was found used up; `None` if that changes
    /// nothing.
    pub(super) fn cleared(self, seen: Self, ready: Ready) -> Option<Self> {
        if self.generation() != seen.generation() {
            return None; // I2
        }
        let mut stale = Ready::EMPTY;
        if self.has_tick_of(seen, READ_TICK_SHIFT) {
            stale |= READ_SIDE;
        }
        if self.has_tick_of(seen, WRITE_TICK_SHIFT) {
            stale |= WRITE_SIDE - Ready::ERROR; // An error ticks both; the read side decides.
        }
        let cleared = (ready & stale) - FINAL; // I1, I3
        let next = Self(self.0 & !u64::from(cleared.bits()));
        (next != self).then_some(next)
    }

    /// One event further in the tick at `shift`.
    const fn tick(self, shift: u32) -> Self {
        let next = (self.0 >> shift).wrapping_add(1) & TICK_MASK;
        Self(self.0 & !(TICK_MASK << shift) | next << shift)
    }

    const fn has_tick_of(self, other: Self, shift: u32) -> bool {
        (self.0 ^ other.0) >> shift & TICK_MASK == 0
    }
}
