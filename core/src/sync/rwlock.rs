//! A lock for one writer or many readers, held across awaits.
//!
//! Idea        The lock is a value and a number of permits: a reader holds one permit, a writer all of them.
//!             The wait queue keeps the order of requests, so readers that come after a waiting writer
//!             wait behind it.
//! States      free ⇄ 1..=max readers;   free ⇄ one writer;   writer ─downgrade→ one reader
//! Invariants  I1 `value` is read by holders of a permit, and written by the holder of all.
//!             I2 a guard gives its permits back exactly once.
//! Rejected    Readers past a waiting writer: the writer may wait for ever.
#![allow(unsafe_code)]

use core::fmt;
use core::ptr::NonNull;

use super::blocking;
use super::errors::TryLockError;
use super::permits::PlainPermits;
use super::rwlock_guards::{RwLockReadGuard, RwLockWriteGuard};
use crate::maybe_const;
use crate::platform::UnsafeCell;
use crate::trace::{Resource, instrument};

const MOST_READERS: u32 = u32::MAX >> 3;

/// A lock that many readers or one writer may hold across `.await`; requests are served in the
/// order of their first poll.
///
/// A task that holds a read guard and asks for another one can wait for ever, since a writer may be waiting
/// between the two.
///
/// # Cost
/// If nobody waits, locking and unlocking are one read-modify-write each. Nothing is allocated.
///
/// # Example
/// ```
/// use selkie_core::raw::platform::block_on;
/// use selkie_core::sync::RwLock;
///
/// let lock = RwLock::new(5);
/// block_on(async {
///     let (one, two) = (lock.read().await, lock.read().await);
///     assert_eq!(*one + *two, 10);
///     drop((one, two));
///     *lock.write().await += 1;
/// });
/// assert_eq!(lock.into_inner(), 6);
/// ```
pub struct RwLock<T: ?Sized> {
    pub(super) permits: PlainPermits,
    pub(super) most_readers: u32,
    value: UnsafeCell<T>,
}

// SAFETY: the permits order all access to the value (I1).
unsafe impl<T: ?Sized + Send> Send for RwLock<T> {}
// SAFETY: as above; readers share the value, hence `T: Sync`.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLock<T> {}

impl<T: ?Sized> RwLock<T> {
    /// An unlocked lock around `value`.
    #[track_caller]
    pub fn new(value: T) -> RwLock<T>
    where
        T: Sized,
    {
        Self::with_max_readers(value, MOST_READERS)
    }

    /// A lock for at most `max_reads` readers at a time.
    ///
    /// # Panics
    /// If `max_reads` is zero or exceeds `u32::MAX >> 3`.
    #[track_caller]
    pub fn with_max_readers(value: T, max_reads: u32) -> RwLock<T>
    where
        T: Sized,
    {
        let plain = Self::const_with_max_readers(value, max_reads);
        Self {
            permits: PlainPermits::of(Resource::rwlock(max_reads), max_reads as usize),
            ..plain
        }
    }

    maybe_const! {
        /// As [`new`](Self::new), for statics.
        pub fn const_new(value: T) -> RwLock<T>
        where
            T: Sized,
        {
            Self::const_with_max_readers(value, MOST_READERS)
        }
    }

    maybe_const! {
        /// As [`with_max_readers`](Self::with_max_readers), for statics.
        ///
        /// # Panics
        /// If `max_reads` is zero or exceeds `u32::MAX >> 3`.
        #[track_caller]
        pub fn const_with_max_readers(value: T, max_reads: u32) -> RwLock<T>
        where
            T: Sized,
        {
            assert!(max_reads > 0, "a RwLock may not be created with 0 readers");
            assert!(max_reads <= MOST_READERS, "a RwLock may not be created with more than 536870911 readers");
            Self {
                permits: PlainPermits::new(max_reads as usize),
                most_readers: max_reads,
                value: UnsafeCell::new(value),
            }
        }
    }

    /// Waits to read.
    ///
    /// # Cancel safety
    /// A cancelled call loses its position in the queue, and nothing else.
    pub async fn read(&self) -> RwLockReadGuard<'_, T> {
        self.take(1, "RwLock::read").await;
        RwLockReadGuard::new(&self.permits, self.value())
    }

    /// Waits to write.
    ///
    /// # Cancel safety
    /// A cancelled call loses its position in the queue, and nothing else.
    pub async fn write(&self) -> RwLockWriteGuard<'_, T> {
        self.take(self.most_readers, "RwLock::write").await;
        RwLockWriteGuard::new(&self.permits, self.most_readers, self.value())
    }

    /// Reads if no writer holds the lock or waits.
    ///
    /// # Errors
    /// [`TryLockError`] otherwise.
    pub fn try_read(&self) -> Result<RwLockReadGuard<'_, T>, TryLockError> {
        self.try_take(1)?;
        Ok(RwLockReadGuard::new(&self.permits, self.value()))
    }

    /// Writes if nobody holds the lock or waits.
    ///
    /// # Errors
    /// [`TryLockError`] otherwise.
    pub fn try_write(&self) -> Result<RwLockWriteGuard<'_, T>, TryLockError> {
        self.try_take(self.most_readers)?;
        Ok(RwLockWriteGuard::new(
            &self.permits,
            self.most_readers,
            self.value(),
        ))
    }

    /// Waits to read, and blocks the thread meanwhile.
    ///
    /// # Panics
    /// On a thread that drives a runtime's tasks.
    #[track_caller]
    pub fn blocking_read(&self) -> RwLockReadGuard<'_, T> {
        blocking::wait(self.read())
    }

    /// Waits to write, and blocks the thread meanwhile.
    ///
    /// # Panics
    /// On a thread that drives a runtime's tasks.
    #[track_caller]
    pub fn blocking_write(&self) -> RwLockWriteGuard<'_, T> {
        blocking::wait(self.write())
    }

    /// The value. No lock is needed, since a mutable borrow proves that nobody holds it.
    pub fn get_mut(&mut self) -> &mut T {
        self.value.with_mut(|value| {
            // SAFETY: `&mut self`.
            unsafe { &mut *value }
        })
    }

    /// The value, out of its lock.
    pub fn into_inner(self) -> T
    where
        T: Sized,
    {
        self.value.into_inner()
    }

    /// `source` is the function that a user called.
    pub(super) async fn take(&self, permits: u32, source: &'static str) {
        let take = || self.permits.take(u64::from(permits));
        let taken = instrument(&self.permits.owner, source, "poll", false, take).await;
        debug_assert!(taken.is_ok(), "a lock is never closed");
    }

    pub(super) fn try_take(&self, permits: u32) -> Result<(), TryLockError> {
        self.permits
            .try_take_told(u64::from(permits))
            .map_err(|_| TryLockError::new())
    }

    /// Where the value stands; touch it as I1 allows only.
    pub(super) fn value(&self) -> NonNull<T> {
        self.value.with(|value| {
            // SAFETY: a cell's address is not null.
            unsafe { NonNull::new_unchecked(value.cast_mut()) }
        })
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("RwLock");
        match self.try_read() {
            Ok(guard) => out.field("data", &&*guard),
            Err(_) => out.field("data", &format_args!("<locked>")),
        };
        out.finish()
    }
}

impl<T> From<T> for RwLock<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: Default> Default for RwLock<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}
