//! A channel with a limit: the shared [`Chan`](super::chan) and the capacity that was asked for.
//!
//! Invariants  I1 capacity beyond what the word can count is reported as free for ever: the memory is
//!             used up long before.

use super::super::permits::Refusal;
use super::chan::Chan;
use super::error::{SendError, TrySendError};
use crate::coop;

/// Bits of the permit word that count permits: a bounded channel holds up to 2^30 - 1 values,
/// whatever capacity was asked for.
const COUNT_BITS: u32 = 30;
const MOST_VALUES: usize = (1 << COUNT_BITS) - 1;
/// The largest capacity that can be asked for, as a semaphore's.
pub(super) const MOST_CAPACITY: usize = usize::MAX >> 3;

pub(super) struct Bounded<T> {
    pub(super) chan: Chan<T, COUNT_BITS>,
    pub(super) capacity: usize,
}

impl<T> Bounded<T> {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            chan: Chan::new(capacity.min(MOST_VALUES)),
            capacity,
        }
    }

    /// Values that the channel really holds.
    fn limit(&self) -> usize {
        self.capacity.min(MOST_VALUES)
    }

    pub(super) fn free(&self) -> usize {
        self.chan.permits.snapshot().free() as usize + (self.capacity - self.limit())
    }

    /// Waits for `n` permits.
    pub(super) async fn reserve(&self, n: usize) -> Result<(), SendError<()>> {
        if n > self.limit() {
            coop::consume_budget().await;
            return Err(SendError(()));
        }
        self.chan.reserve(n as u64).await.map_err(|_| SendError(()))
    }

    /// Takes `n` permits at once.
    pub(super) fn try_reserve(&self, n: usize) -> Result<(), TrySendError<()>> {
        if n > self.limit() {
            return Err(TrySendError::Full(()));
        }
        match self.chan.permits.try_take(n as u64, 0) {
            Ok(_) => Ok(()),
            Err(Refusal::Closed) => Err(TrySendError::Closed(())),
            Err(Refusal::Busy) => Err(TrySendError::Full(())),
        }
    }
}
