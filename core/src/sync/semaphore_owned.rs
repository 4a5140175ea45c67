//! Permits that own their semaphore, for tasks that outlive the borrower.
//!
//! Idea        Owned permits are [`HeldPermits`] as borrowed ones are, but reach the semaphore by an `Arc`.

use core::fmt;

use super::blocking;
use super::errors::{AcquireError, TryAcquireError};
use super::semaphore::{HeldPermits, Semaphore};
use crate::platform::OwnerArc;

impl Semaphore {
    /// Waits for a permit that owns the semaphore.
    ///
    /// # Errors
    /// [`AcquireError`] if the semaphore is closed.
    ///
    /// # Cancel safety
    /// A cancelled request loses its position in the queue, and no permit.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::sync::Arc;
    /// use selkie::sync::Semaphore;
    ///
    /// let semaphore = Arc::new(Semaphore::new(1));
    /// // Waits before it spawns: there is never more than one task.
    /// for _ in 0..3 {
    ///     let permit = semaphore.clone().acquire_owned().await.unwrap();
    ///     selkie::spawn(async move {
    ///         selkie::task::yield_now().await;
    ///         drop(permit);
    ///     });
    /// }
    /// let _all_done = semaphore.acquire().await.unwrap();
    /// # }
    /// ```
    #[inline]
    pub async fn acquire_owned(self: OwnerArc<Self>) -> Result<OwnedSemaphorePermit, AcquireError> {
        let held = HeldPermits::acquire(self, 1, "Semaphore::acquire_owned").await?;
        Ok(OwnedSemaphorePermit(held))
    }

    /// Waits for `n` permits that own the semaphore.
    ///
    /// # Errors
    /// [`AcquireError`] if the semaphore is closed.
    ///
    /// # Cancel safety
    /// A cancelled request loses its position in the queue, and no permit.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::sync::Arc;
    /// use selkie::sync::Semaphore;
    ///
    /// let semaphore = Arc::new(Semaphore::new(4));
    /// let permits = semaphore.clone().acquire_many_owned(3).await.unwrap();
    /// let task = selkie::spawn(async move { permits.num_permits() });
    /// assert_eq!(task.await.unwrap(), 3);
    /// assert_eq!(semaphore.available_permits(), 4, "given back with the task");
    /// # }
    /// ```
    #[inline]
    pub async fn acquire_many_owned(
        self: OwnerArc<Self>,
        n: u32,
    ) -> Result<OwnedSemaphorePermit, AcquireError> {
        let held = HeldPermits::acquire(self, n, "Semaphore::acquire_many_owned").await?;
        Ok(OwnedSemaphorePermit(held))
    }

    /// Takes a permit that owns the semaphore, if one is free and nobody waits.
    ///
    /// # Errors
    /// [`TryAcquireError::Closed`] or [`TryAcquireError::NoPermits`].
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    /// use selkie::sync::Semaphore;
    ///
    /// let semaphore = Arc::new(Semaphore::new(1));
    /// let permit = semaphore.clone().try_acquire_owned().unwrap();
    /// assert!(semaphore.clone().try_acquire_owned().is_err());
    /// drop(permit);
    /// assert_eq!(semaphore.available_permits(), 1);
    /// ```
    pub fn try_acquire_owned(
        self: OwnerArc<Self>,
    ) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        self.try_acquire_many_owned(1)
    }

    /// Takes `n` permits that own the semaphore, if they are free and nobody waits.
    ///
    /// # Errors
    /// [`TryAcquireError::Closed`] or [`TryAcquireError::NoPermits`].
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    /// use selkie::sync::{Semaphore, TryAcquireError};
    ///
    /// let semaphore = Arc::new(Semaphore::new(2));
    /// let too_many = semaphore.clone().try_acquire_many_owned(3).unwrap_err();
    /// assert_eq!(too_many, TryAcquireError::NoPermits);
    /// assert_eq!(semaphore.try_acquire_many_owned(2).unwrap().num_permits(), 2);
    /// ```
    pub fn try_acquire_many_owned(
        self: OwnerArc<Self>,
        n: u32,
    ) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        HeldPermits::try_acquire(self, n).map(OwnedSemaphorePermit)
    }

    /// Waits for a permit that owns the semaphore, and blocks the thread meanwhile.
    ///
    /// # Errors
    /// [`AcquireError`] if the semaphore is closed.
    ///
    /// # Panics
    /// On a thread that drives a runtime's tasks.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    /// use selkie::sync::Semaphore;
    ///
    /// let semaphore = Arc::new(Semaphore::new(1));
    /// let permit = semaphore.clone().blocking_acquire_owned().unwrap();
    /// std::thread::spawn(move || drop(permit)).join().unwrap();
    /// assert_eq!(semaphore.available_permits(), 1);
    /// ```
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
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    /// use selkie::sync::Semaphore;
    ///
    /// let semaphore = Arc::new(Semaphore::new(3));
    /// let permits = semaphore.clone().blocking_acquire_many_owned(2).unwrap();
    /// assert_eq!((permits.num_permits(), semaphore.available_permits()), (2, 1));
    /// ```
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
/// # Examples
/// ```
/// use std::sync::Arc;
/// use selkie::sync::Semaphore;
///
/// let semaphore = Arc::new(Semaphore::new(3));
/// let mut two = semaphore.clone().try_acquire_many_owned(2).unwrap();
/// let one = two.split(1).unwrap();
/// one.forget();
/// drop(two);
/// assert_eq!(semaphore.available_permits(), 2);
/// ```
#[must_use = "dropping a permit gives it back at once"]
pub struct OwnedSemaphorePermit(HeldPermits<OwnerArc<Semaphore>>);

impl OwnedSemaphorePermit {
    /// Takes the permits away from the semaphore for good.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    /// use selkie::sync::Semaphore;
    ///
    /// let semaphore = Arc::new(Semaphore::new(2));
    /// semaphore.clone().try_acquire_owned().unwrap().forget();
    /// assert_eq!(semaphore.available_permits(), 1);
    /// ```
    pub fn forget(self) {
        self.0.forget();
    }

    /// Adds the permits of `other` to this.
    ///
    /// # Panics
    /// If they come from different semaphores.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    /// use selkie::sync::Semaphore;
    ///
    /// let semaphore = Arc::new(Semaphore::new(3));
    /// let mut permits = semaphore.clone().try_acquire_owned().unwrap();
    /// permits.merge(semaphore.try_acquire_many_owned(2).unwrap());
    /// assert_eq!(permits.num_permits(), 3);
    /// ```
    #[track_caller]
    pub fn merge(&mut self, other: Self) {
        self.0.merge(other.0);
    }

    /// Splits `n` permits off, or returns `None` if there are fewer.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    /// use selkie::sync::Semaphore;
    ///
    /// let semaphore = Arc::new(Semaphore::new(3));
    /// let mut permits = semaphore.clone().try_acquire_many_owned(3).unwrap();
    /// let two = permits.split(2).unwrap();
    /// assert_eq!((permits.num_permits(), two.num_permits()), (1, 2));
    /// ```
    pub fn split(&mut self, n: usize) -> Option<Self> {
        self.0.split(n).map(Self)
    }

    /// How many permits this stands for.
    pub fn num_permits(&self) -> usize {
        self.0.num_permits()
    }

    /// Whose permits these are.
    pub fn semaphore(&self) -> &OwnerArc<Semaphore> {
        self.0.semaphore()
    }
}

impl fmt::Debug for OwnedSemaphorePermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt_as("OwnedSemaphorePermit", f)
    }
}
