//! A channel with a limit: a [`Chan`] whose word counts free permits.
//!
//! Invariants  I1 capacity beyond what the word can count is reported as free for ever: the memory is
//!             used up long before.

use super::super::permits::Refusal;
use super::chan::Chan;
use super::error::{SendError, TrySendError};
use crate::coop;

/// Bits of the permit word that count permits: a bounded channel holds up to 2^30 - 1 values,
/// whatever capacity was asked for.
pub(super) const BOUNDED: u32 = 30;
/// The largest capacity that can be asked for, as a semaphore's.
pub(super) const MOST_CAPACITY: usize = usize::MAX >> 3;

impl<T> Chan<T, BOUNDED> {
    /// How many values can be sent or reserved without waiting.
    pub(super) fn free(&self) -> usize {
        self.permits.snapshot().free() as usize + (self.capacity - self.limit() as usize)
    }

    /// Waits for `n` permits.
    pub(super) async fn reserve(&self, n: usize) -> Result<(), SendError<()>> {
        if n as u64 > self.limit() {
            coop::consume_budget().await;
            return Err(SendError(()));
        }
        self.take_permits(n as u64).await.map_err(|_| SendError(()))
    }

    /// Takes `n` permits at once.
    pub(super) fn try_reserve(&self, n: usize) -> Result<(), TrySendError<()>> {
        if n as u64 > self.limit() {
            return Err(TrySendError::Full(()));
        }
        match self.permits.try_take(n as u64, 0) {
            Ok(_) => Ok(()),
            Err(Refusal::Closed) => Err(TrySendError::Closed(())),
            Err(Refusal::Busy) => Err(TrySendError::Full(())),
        }
    }
}
