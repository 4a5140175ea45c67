//! Permits that own their semaphore, for tasks that outlive the borrower.
//!
//! Idea        An owned permit is a borrowed permit that keeps the semaphore by an `Arc` instead of a reference.

use super::blocking;
use super::errors::{AcquireError, TryAcquireError};
use super::semaphore::Semaphore;
use crate::platform::OwnerArc;
use crate::trace::instrument;

/// `source` is the function that a user called.
async fn wait_for(
    semaphore: OwnerArc<Semaphore>,
    n: u32,
    source: &'static str,
) -> Result<OwnedSemaphorePermit, AcquireError> {
    let permits = &semaphore.permits;
    let take = || permits.take(u64::from(n));
    match instrument(&permits.owner, source, "poll", true, take).await {
        Ok(()) => {}
        Err(_) => return Err(AcquireError::new()),
    }
    Ok(OwnedSemaphorePermit {
        semaphore,
        permits: n as usize,
    })
}

impl Semaphore {
    /// Waits for a permit that owns the semaphore.
    ///
    /// # Errors
    /// [`AcquireError`] if the semaphore is closed.
    ///
    /// # Cancel safety
    /// A cancelled request loses its position in the queue, and no permit.
    pub async fn acquire_owned(self: OwnerArc<Self>) -> Result<OwnedSemaphorePermit, AcquireError> {
        wait_for(self, 1, "Semaphore::acquire_owned").await
    }

    /// Waits for `n` permits that own the semaphore.
    ///
    /// # Errors
    /// [`AcquireError`] if the semaphore is closed.
    ///
    /// # Cancel safety
    /// A cancelled request loses its position in the queue, and no permit.
    pub async fn acquire_many_owned(
        self: OwnerArc<Self>,
        n: u32,
    ) -> Result<OwnedSemaphorePermit, AcquireError> {
        wait_for(self, n, "Semaphore::acquire_many_owned").await
    }

    /// Takes a permit that owns the semaphore, if one is free and nobody waits.
    ///
    /// # Errors
    /// [`TryAcquireError::Closed`] or [`TryAcquireError::NoPermits`].
    pub fn try_acquire_owned(
        self: OwnerArc<Self>,
    ) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        self.try_acquire_many_owned(1)
    }

    /// Takes `n` permits that own the semaphore, if they are free and nobody waits.
    ///
    /// # Errors
    /// [`TryAcquireError::Closed`] or [`TryAcquireError::NoPermits`].
    pub fn try_acquire_many_owned(
        self: OwnerArc<Self>,
        n: u32,
    ) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        self.try_take(n)?;
        Ok(OwnedSemaphorePermit {
            semaphore: self,
            permits: n as usize,
        })
    }

    /// Waits for a permit that owns the semaphore, and blocks the thread meanwhile.
    ///
    /// # Errors
    /// [`AcquireError`] if the semaphore is closed.
    ///
    /// # Panics
    /// On a thread that drives a runtime's tasks.
    #[track_caller]
    pub fn blocking_acquire_owned(
        self: OwnerArc<Self>,
    ) -> Result<OwnedSemaphorePermit, AcquireError> {
        blocking::wait(self.acquire_owned())
    }

    /// Waits for `n` permits that own the semaphore, and blocks the thread meanwhile.
    ///
    /// # Errors
    /// [`AcquireError`] if the semaphore is closed.
    ///
    /// # Panics
    /// On a thread that drives a runtime's tasks.
    #[track_caller]
    pub fn blocking_acquire_many_owned(
        self: OwnerArc<Self>,
        n: u32,
    ) -> Result<OwnedSemaphorePermit, AcquireError> {
        blocking::wait(self.acquire_many_owned(n))
    }
}

/// Permits that keep their [`Semaphore`] alive, given back when dropped.
///
/// # Cost
/// As [`SemaphorePermit`](super::SemaphorePermit), and a count of the owners.
///
/// # Example
/// ```
/// use std::sync::Arc;
/// use selkie_core::sync::Semaphore;
///
/// let semaphore = Arc::new(Semaphore::new(3));
/// let mut two = semaphore.clone().try_acquire_many_owned(2).unwrap();
/// let one = two.split(1).unwrap();
/// one.forget();
/// drop(two);
/// assert_eq!(semaphore.available_permits(), 2);
/// ```
#[must_use = "dropping a permit gives it back at once"]
#[derive(Debug)]
pub struct OwnedSemaphorePermit {
    semaphore: OwnerArc<Semaphore>,
    permits: usize,
}

impl OwnedSemaphorePermit {
    /// Takes the permits away from the semaphore for good.
    pub fn forget(mut self) {
        self.permits = 0;
    }

    /// Adds the permits of `other` to this.
    ///
    /// # Panics
    /// If they come from different semaphores.
    #[track_caller]
    pub fn merge(&mut self, mut other: Self) {
        assert!(
            OwnerArc::ptr_eq(&self.semaphore, &other.semaphore),
            "merging permits from different semaphore instances"
        );
        self.permits += core::mem::take(&mut other.permits);
    }

    /// Splits `n` permits off, or returns `None` if there are fewer.
    pub fn split(&mut self, n: usize) -> Option<Self> {
        self.permits = self.permits.checked_sub(n)?;
        Some(Self {
            semaphore: self.semaphore.clone(),
            permits: n,
        })
    }

    /// How many permits this stands for.
    pub fn num_permits(&self) -> usize {
        self.permits
    }

    /// Whose permits these are.
    pub fn semaphore(&self) -> &OwnerArc<Semaphore> {
        &self.semaphore
    }
}

impl Drop for OwnedSemaphorePermit {
    fn drop(&mut self) {
        self.semaphore.give(self.permits);
    }
}
