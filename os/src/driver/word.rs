//! The state of a slot in one word: readiness, ticks and generation.
//!
//! ```text
//! bits   63‥48        47‥28        27‥8        7          6           5‥0
//!        generation   write tick   read tick   shut down  registered  readiness
//! ```
//!
//! Invariants  I1 a tick counts the events of its direction, modulo 2^20. A clear of a direction takes effect only
//!                if the tick is still the one that was seen: an event of that direction in between voids the
//!                clear, even the 256th, and an event of the other direction does not.
//!             I2 an event or a clear of another generation changes nothing.
//!             I3 a side that is closed stays closed for the life of the generation.

use crate::async_io::Ready;

const SHUTDOWN: u64 = 1 << 7;
const REGISTERED: u64 = 1 << 6;
const TICK_BITS: u32 = 20;
const TICK_MASK: u64 = (1 << TICK_BITS) - 1;
const READ_TICK_SHIFT: u32 = 8;
const WRITE_TICK_SHIFT: u32 = READ_TICK_SHIFT + TICK_BITS;
const GENERATION_SHIFT: u32 = WRITE_TICK_SHIFT + TICK_BITS;

/// What concerns a reader: an event with any of these bits is an event of the read direction.
const READ_SIDE: Ready = Ready::READABLE
    .union(Ready::READ_CLOSED)
    .union(Ready::PRIORITY)
    .union(Ready::ERROR);
/// What concerns a writer.
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

    pub(super) const fn is_registered(self) -> bool {
        self.0 & REGISTERED != 0
    }

    pub(super) const fn is_shut_down(self) -> bool {
        self.0 & SHUTDOWN != 0
    }

    /// Whether an operation that wants any of `mask` need not wait: the source is ready, it is not registered
    /// so that nobody can know, or the driver has shut down so that nobody will.
    pub(super) const fn need_not_wait(self, mask: Ready) -> bool {
        (self.0 ^ REGISTERED) & (mask.bits() as u64 | REGISTERED | SHUTDOWN) != 0
    }

    /// The word of the next generation: ready for nothing, and not registered.
    pub(super) const fn next_generation(self) -> Self {
        Self((self.generation().wrapping_add(1) as u64) << GENERATION_SHIFT)
    }

    /// The word after the source was registered with the poller.
    pub(super) const fn registered(self) -> Self {
        Self(self.0 | REGISTERED)
    }

    /// The word of a source that is assumed to be ready for `ready`, before any event.
    pub(super) const fn assumed(self, ready: Ready) -> Self {
        Self(self.0 | ready.bits() as u64)
    }

    /// The word after the driver has shut down.
    pub(super) const fn shut_down(self) -> Self {
        Self(self.0 | SHUTDOWN)
    }

    /// The word after an event for `generation` reported `ready`; `None` if the slot has another generation
    /// (I2).
    pub(super) fn with_event(self, generation: u16, ready: Ready) -> Option<Self> {
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

    /// The word after an operation found that `ready`, which it saw in `seen`, is no longer true; `None` if
    /// that changes nothing.
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
