//! What a read-write lock is without its value: permits, and how many there are.
//!
//! Idea        A reader holds one permit, a writer all of them. The guards that borrow a lock reach it by this part
//!             alone, so that they need not know the type of the whole value.
//! Invariants  I1 permits that are given back were taken: by a [`HeldLock`](super::guard::HeldLock) only.

use core::future::Future;

use super::errors::TryLockError;
use super::guard::{Reader, RwUnlock, Unlock, Writer};
use super::permits::PlainPermits;
use crate::maybe_const;
use crate::trace::{Resource, instrument};

pub(super) const MOST_READERS: u32 = u32::MAX >> 3;

/// The permits of a read-write lock.
pub(super) struct RwLockPermits {
    permits: PlainPermits,
    most_readers: u32,
}

impl RwLockPermits {
    maybe_const! {
        /// The permits of a lock in a static.
        #[track_caller]
        pub(super) fn new(most_readers: u32) -> Self {
            assert!(most_readers > 0, "a RwLock may not be created with 0 readers");
            assert!(most_readers <= MOST_READERS, "a RwLock may not be created with more than 536870911 readers");
            Self { permits: PlainPermits::new(most_readers as usize), most_readers }
        }
    }

    /// The permits of a lock that a subscriber of `tracing` sees.
    #[track_caller]
    pub(super) fn told(most_readers: u32) -> Self {
        let plain = Self::new(most_readers);
        Self {
            permits: PlainPermits::of(Resource::rwlock(most_readers), most_readers as usize),
            ..plain
        }
    }

    /// Waits for a reader's permit. `source` is the function that a user called.
    #[inline]
    pub(super) fn read(&self, source: &'static str) -> impl Future<Output = ()> {
        self.take(1, source)
    }

    /// Waits for a writer's permits. `source` is the function that a user called.
    #[inline]
    pub(super) fn write(&self, source: &'static str) -> impl Future<Output = ()> {
        self.take(self.most_readers, source)
    }

    #[inline]
    async fn take(&self, count: u32, source: &'static str) {
        let take = || self.permits.take(u64::from(count));
        let taken = instrument(&self.permits.owner, source, "poll", false, take).await;
        debug_assert!(taken.is_ok(), "a lock is never closed");
    }

    #[inline]
    pub(super) fn try_read(&self) -> Result<(), TryLockError> {
        self.try_take(1)
    }

    #[inline]
    pub(super) fn try_write(&self) -> Result<(), TryLockError> {
        self.try_take(self.most_readers)
    }

    #[inline]
    fn try_take(&self, count: u32) -> Result<(), TryLockError> {
        self.permits
            .try_take_told(u64::from(count))
            .map_err(|_| TryLockError::new())
    }
}

/// A read-write lock, with its value or without.
pub(super) trait RawRwLock {
    fn permits(&self) -> &RwLockPermits;
}

impl RawRwLock for RwLockPermits {
    #[inline]
    fn permits(&self) -> &RwLockPermits {
        self
    }
}

impl<R: RawRwLock + ?Sized> Unlock<Reader> for R {
    #[inline]
    fn tell_locked(&self) {
        self.permits().permits.owner.reader_came();
    }

    #[inline]
    fn unlock(&self) {
        let permits = &self.permits().permits;
        permits.give(1);
        permits.owner.reader_went();
    }
}

impl<R: RawRwLock + ?Sized> Unlock<Writer> for R {
    #[inline]
    fn tell_locked(&self) {
        self.permits().permits.owner.write_locked(true);
    }

    #[inline]
    fn unlock(&self) {
        let RwLockPermits {
            permits,
            most_readers,
        } = self.permits();
        permits.give(u64::from(*most_readers));
        permits.owner.write_locked(false);
    }
}

impl<R: RawRwLock + ?Sized> RwUnlock for R {
    #[inline]
    fn downgrade(&self) {
        let RwLockPermits {
            permits,
            most_readers,
        } = self.permits();
        permits.give(u64::from(most_readers - 1));
        permits.owner.write_locked(false);
        permits.owner.reader_came();
    }
}
