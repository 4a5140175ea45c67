//! A semaphore: a number of permits, handed out in the order of the requests.
//!
//! Idea        [`Permits`](super::permits) has the protocol; this file offers it to users, with permits that
//!             are given back on drop: [`HeldPermits`], which reach their semaphore by a reference or by an `Arc`.
//! Invariants  I1 a permit object stands for exactly its number of permits: given back once on
//!             drop, or never after `forget`.
//! Rejected    A permit type that is a bare count: it could be returned to another semaphore.

use core::fmt;
use core::mem;
use core::ops::Deref;
use core::ptr;

use super::blocking;
use super::errors::{AcquireError, TryAcquireError};
use super::permits::{PlainPermits, Refusal};
use crate::maybe_const;
use crate::trace::{Resource, instrument};

/// Hands out a limited number of permits, first come, first served.
///
/// A request for more permits than are free waits at the end of the wait queue, and later requests wait behind
/// it, smaller ones too. To bound concurrency, acquire a permit before the work and drop it after.
///
/// # Cost
/// If nobody waits, acquiring and releasing are one read-modify-write each. Nothing is allocated.
///
/// # Examples
/// ```
/// use selkie::sync::Semaphore;
///
/// let semaphore = Semaphore::new(2);
/// let first = semaphore.try_acquire().unwrap();
/// let _second = semaphore.try_acquire().unwrap();
/// assert!(semaphore.try_acquire().is_err());
/// drop(first);
/// assert_eq!(semaphore.available_permits(), 1);
/// ```
pub struct Semaphore {
    permits: PlainPermits,
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Semaphore")
            .field("available", &self.available_permits())
            .field("closed", &self.is_closed())
            .finish()
    }
}

impl Semaphore {
    /// The most permits that a semaphore can hold.
    pub const MAX_PERMITS: usize = usize::MAX >> 3;

    /// A semaphore with `permits` free permits.
    ///
    /// # Panics
    /// If `permits` exceeds [`MAX_PERMITS`](Self::MAX_PERMITS).
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::sync::Arc;
    /// use selkie::sync::Semaphore;
    /// use selkie::task::{JoinSet, yield_now};
    ///
    /// // Two of the five tasks work at a time.
    /// let semaphore = Arc::new(Semaphore::new(2));
    /// let mut tasks = JoinSet::new();
    /// for _ in 0..5 {
    ///     let semaphore = semaphore.clone();
    ///     tasks.spawn(async move {
    ///         let _permit = semaphore.acquire().await.unwrap();
    ///         yield_now().await;
    ///         semaphore.available_permits()
    ///     });
    /// }
    /// let free = tasks.join_all().await;
    /// assert!(free.into_iter().all(|permits| permits < 2));
    /// # }
    /// ```
    #[track_caller]
    pub fn new(permits: usize) -> Self {
        assert!(
            permits <= Self::MAX_PERMITS,
            "a semaphore may not have more than MAX_PERMITS permits"
        );
        Self {
            permits: PlainPermits::of(Resource::semaphore(), permits),
        }
    }

    maybe_const! {
        /// As [`new`](Self::new), for statics.
        ///
        /// # Panics
        /// If `permits` exceeds [`MAX_PERMITS`](Self::MAX_PERMITS).
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() {
        /// use selkie::sync::Semaphore;
        ///
        /// static UPLOADS: Semaphore = Semaphore::const_new(3);
        ///
        /// let _permit = UPLOADS.acquire().await.unwrap();
        /// assert_eq!(UPLOADS.available_permits(), 2);
        /// # }
        /// ```
        #[track_caller]
        pub fn const_new(permits: usize) -> Self {
            assert!(permits <= Self::MAX_PERMITS, "a semaphore may not have more than MAX_PERMITS permits");
            Self { permits: PlainPermits::new(permits) }
        }
    }

    /// How many permits are free.
    pub fn available_permits(&self) -> usize {
        self.permits.snapshot().free() as usize
    }

    /// Adds `n` permits and serves the waiters.
    ///
    /// # Panics
    /// If there would be more than [`MAX_PERMITS`](Self::MAX_PERMITS).
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::sync::Arc;
    /// use selkie::sync::Semaphore;
    ///
    /// let semaphore = Arc::new(Semaphore::new(0));
    /// let waiting = selkie::spawn(semaphore.clone().acquire_many_owned(2));
    /// semaphore.add_permits(2);
    /// assert_eq!(waiting.await.unwrap().unwrap().num_permits(), 2);
    /// # }
    /// ```
    #[track_caller]
    pub fn add_permits(&self, n: usize) {
        if let Err(free) = self.permits.add(n as u64, Self::MAX_PERMITS as u64) {
            panic!(
                "number of added permits ({n}) would overflow MAX_PERMITS ({}): {free} are free",
                Self::MAX_PERMITS
            );
        }
    }

    /// Removes up to `n` free permits for good, and returns how many it removed. A closed
    /// semaphore stays closed.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::Semaphore;
    ///
    /// let semaphore = Semaphore::new(5);
    /// let _busy = semaphore.try_acquire_many(3).unwrap();
    /// // Only free permits can be removed.
    /// assert_eq!(semaphore.forget_permits(4), 2);
    /// assert_eq!(semaphore.available_permits(), 0);
    /// ```
    pub fn forget_permits(&self, n: usize) -> usize {
        self.permits.forget(n as u64) as usize
    }

    /// Waits for a permit.
    ///
    /// # Errors
    /// [`AcquireError`] if the semaphore is closed.
    ///
    /// # Cancel safety
    /// A cancelled request loses its position in the queue, and no permit.
    ///
    /// # Cost
    /// One read-modify-write if a permit is free.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::Semaphore;
    ///
    /// let semaphore = Semaphore::new(1);
    /// let permit = semaphore.acquire().await.unwrap();
    /// assert_eq!(semaphore.available_permits(), 0);
    /// drop(permit);
    /// assert_eq!(semaphore.available_permits(), 1);
    ///
    /// semaphore.close();
    /// assert!(semaphore.acquire().await.is_err());
    /// # }
    /// ```
    #[inline]
    pub async fn acquire(&self) -> Result<SemaphorePermit<'_>, AcquireError> {
        let held = HeldPermits::acquire(self, 1, "Semaphore::acquire").await?;
        Ok(SemaphorePermit(held))
    }

    /// Waits for `n` permits at once.
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
    /// use selkie::sync::Semaphore;
    ///
    /// // Ten megabytes in all, for requests of different sizes.
    /// let megabytes = Semaphore::new(10);
    /// let large = megabytes.acquire_many(8).await.unwrap();
    /// let small = megabytes.acquire_many(2).await.unwrap();
    /// assert!(megabytes.try_acquire().is_err());
    /// drop(large);
    /// assert_eq!(megabytes.available_permits(), 8);
    /// # }
    /// ```
    #[inline]
    pub async fn acquire_many(&self, n: u32) -> Result<SemaphorePermit<'_>, AcquireError> {
        let held = HeldPermits::acquire(self, n, "Semaphore::acquire_many").await?;
        Ok(SemaphorePermit(held))
    }

    /// Takes a permit if one is free and nobody waits.
    ///
    /// # Errors
    /// [`TryAcquireError::Closed`] or [`TryAcquireError::NoPermits`].
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::{Semaphore, TryAcquireError};
    ///
    /// let semaphore = Semaphore::new(1);
    /// let permit = semaphore.try_acquire().unwrap();
    /// // A server might say "busy" now.
    /// assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::NoPermits);
    /// drop(permit);
    /// assert!(semaphore.try_acquire().is_ok());
    /// ```
    pub fn try_acquire(&self) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        self.try_acquire_many(1)
    }

    /// Takes `n` permits if they are free and nobody waits.
    ///
    /// # Errors
    /// [`TryAcquireError::Closed`] or [`TryAcquireError::NoPermits`].
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::Semaphore;
    ///
    /// let semaphore = Semaphore::new(3);
    /// assert!(semaphore.try_acquire_many(4).is_err());
    /// let permits = semaphore.try_acquire_many(3).unwrap();
    /// assert_eq!(permits.num_permits(), 3);
    /// ```
    pub fn try_acquire_many(&self, n: u32) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        HeldPermits::try_acquire(self, n).map(SemaphorePermit)
    }

    /// Waits for a permit and blocks the thread meanwhile.
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
    /// let semaphore = Arc::new(Semaphore::new(0));
    /// let shared = semaphore.clone();
    /// let thread = std::thread::spawn(move || shared.blocking_acquire().unwrap().num_permits());
    /// semaphore.add_permits(1);
    /// assert_eq!(thread.join().unwrap(), 1);
    /// ```
    #[track_caller]
    pub fn blocking_acquire(&self) -> Result<SemaphorePermit<'_>, AcquireError> {
        blocking::wait(self.acquire())
    }

    /// Waits for `n` permits and blocks the thread meanwhile.
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
    /// let shared = semaphore.clone();
    /// let thread = std::thread::spawn(move || shared.blocking_acquire_many(3).unwrap().num_permits());
    /// semaphore.add_permits(2);
    /// assert_eq!(thread.join().unwrap(), 3);
    /// ```
    #[track_caller]
    pub fn blocking_acquire_many(&self, n: u32) -> Result<SemaphorePermit<'_>, AcquireError> {
        blocking::wait(self.acquire_many(n))
    }

    /// Refuses every request that waits, and all later ones. Permits that were handed out stay
    /// valid.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::{Semaphore, TryAcquireError};
    ///
    /// let semaphore = Semaphore::new(1);
    /// semaphore.close();
    /// assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::Closed);
    /// assert!(semaphore.acquire().await.is_err());
    /// # }
    /// ```
    pub fn close(&self) {
        self.permits.close();
    }

    /// Whether [`close`](Self::close) was called.
    pub fn is_closed(&self) -> bool {
        self.permits.snapshot().is_closed()
    }

    fn give(&self, permits: usize) {
        if permits == 0 {
            return;
        }
        let before = self.permits.give(permits as u64).free() as usize;
        assert!(
            before + permits <= Self::MAX_PERMITS,
            "semaphore full: {before} of {} permits free, {permits} returned",
            Self::MAX_PERMITS
        );
    }
}

/// Permits of a semaphore that is reached by `S`, given back when dropped.
pub(super) struct HeldPermits<S: Deref<Target = Semaphore>> {
    semaphore: S,
    permits: usize,
}

impl<S: Deref<Target = Semaphore>> HeldPermits<S> {
    /// Waits for `n` permits. `source` is the function that a user called.
    pub(super) async fn acquire(
        semaphore: S,
        n: u32,
        source: &'static str,
    ) -> Result<Self, AcquireError> {
        let permits = &semaphore.permits;
        let take = || permits.take(u64::from(n));
        match instrument(&permits.owner, source, "poll", true, take).await {
            Ok(()) => {}
            Err(_) => return Err(AcquireError::new()),
        }
        Ok(Self {
            semaphore,
            permits: n as usize,
        })
    }

    /// Takes `n` permits if they are free and nobody waits.
    pub(super) fn try_acquire(semaphore: S, n: u32) -> Result<Self, TryAcquireError> {
        match semaphore.permits.try_take_told(u64::from(n)) {
            Ok(()) => Ok(Self {
                semaphore,
                permits: n as usize,
            }),
            Err(Refusal::Closed) => Err(TryAcquireError::Closed),
            Err(Refusal::Busy) => Err(TryAcquireError::NoPermits),
        }
    }

    pub(super) const fn semaphore(&self) -> &S {
        &self.semaphore
    }

    pub(super) const fn num_permits(&self) -> usize {
        self.permits
    }

    /// Drops the permits without giving them back.
    pub(super) fn forget(mut self) {
        self.permits = 0;
    }

    /// Adds the permits of `other`, which are of the same semaphore.
    #[track_caller]
    pub(super) fn merge(&mut self, mut other: Self) {
        assert!(
            ptr::eq(&*self.semaphore, &*other.semaphore),
            "merging permits from different semaphore instances"
        );
        self.permits += mem::take(&mut other.permits);
    }

    /// Splits `n` permits off if there are so many.
    pub(super) fn split(&mut self, n: usize) -> Option<Self>
    where
        S: Clone,
    {
        self.permits = self.permits.checked_sub(n)?;
        Some(Self {
            semaphore: self.semaphore.clone(),
            permits: n,
        })
    }

    /// Prints the permits as those of the public type `name`.
    pub(super) fn fmt_as(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(name)
            .field("semaphore", &*self.semaphore)
            .field("permits", &self.permits)
            .finish()
    }
}

impl<S: Deref<Target = Semaphore>> Drop for HeldPermits<S> {
    fn drop(&mut self) {
        self.semaphore.give(self.permits);
    }
}

/// Permits of a [`Semaphore`], given back when dropped.
///
/// # Cost
/// Giving the permits back is one read-modify-write if nobody waits; splitting and merging take none.
///
/// # Examples
/// ```
/// use selkie::sync::Semaphore;
///
/// let semaphore = Semaphore::new(3);
/// let mut two = semaphore.try_acquire_many(2).unwrap();
/// let one = two.split(1).unwrap();
/// two.merge(one);
/// assert_eq!((two.num_permits(), semaphore.available_permits()), (2, 1));
/// two.forget();
/// assert_eq!(semaphore.available_permits(), 1);
/// ```
#[must_use = "dropping a permit gives it back at once"]
pub struct SemaphorePermit<'a>(HeldPermits<&'a Semaphore>);

impl<'a> SemaphorePermit<'a> {
    /// Drops the permits without giving them back: the semaphore has fewer from then on.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::Semaphore;
    ///
    /// let semaphore = Semaphore::new(2);
    /// semaphore.try_acquire().unwrap().forget();
    /// assert_eq!(semaphore.available_permits(), 1, "it does not come back");
    /// ```
    pub fn forget(self) {
        self.0.forget();
    }

    /// Adds the permits of `other` to this object.
    ///
    /// # Panics
    /// If they come from different semaphores.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::Semaphore;
    ///
    /// let semaphore = Semaphore::new(3);
    /// let mut permits = semaphore.try_acquire().unwrap();
    /// permits.merge(semaphore.try_acquire_many(2).unwrap());
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
    /// use selkie::sync::Semaphore;
    ///
    /// let semaphore = Semaphore::new(3);
    /// let mut permits = semaphore.try_acquire_many(3).unwrap();
    /// drop(permits.split(2).unwrap());
    /// assert_eq!((permits.num_permits(), semaphore.available_permits()), (1, 2));
    /// assert!(permits.split(2).is_none(), "there is one left");
    /// ```
    pub fn split(&mut self, n: usize) -> Option<Self> {
        self.0.split(n).map(Self)
    }

    /// How many permits this object holds.
    pub fn num_permits(&self) -> usize {
        self.0.num_permits()
    }

    /// The semaphore that the permits belong to.
    pub fn semaphore(&self) -> &'a Semaphore {
        self.0.semaphore()
    }
}

impl fmt::Debug for SemaphorePermit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt_as("SemaphorePermit", f)
    }
}
