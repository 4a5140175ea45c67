//! The tail index in the high bits of the permit word: positions in a channel's queue.
//!
//! Idea        See [`permits`](super::permits): a send takes a permit and a position in one step.

use super::permits::{Permits, Word};
use crate::platform::Ordering;

impl<const COUNT_BITS: u32> Permits<COUNT_BITS> {
    /// The largest index; the one after it is zero.
    pub(super) const LAST_POSITION: u64 = u64::MAX >> Self::TAIL_SHIFT;

    /// The word as the last change left it: a read-modify-write, hence ordered with all of them.
    pub(super) fn snapshot_latest(&self) -> Word<COUNT_BITS> {
        // AcqRel: Acquire pairs with the Release of the claims that came before; Release with the
        // Acquire of those that come after.
        Word(self.word.fetch_add(0, Ordering::AcqRel))
    }

    /// Takes a place for a permit that is held already.
    #[inline]
    pub(super) fn claim_position(&self) -> u64 {
        // AcqRel: pairs with `snapshot_latest`.
        Word::<COUNT_BITS>(self.word.fetch_add(1 << Self::TAIL_SHIFT, Ordering::AcqRel)).tail()
    }
}

impl<const COUNT_BITS: u32> Word<COUNT_BITS> {
    /// The place that the next claim gets.
    #[inline]
    pub(super) const fn tail(self) -> u64 {
        self.0 >> Permits::<COUNT_BITS>::TAIL_SHIFT
    }
}
