//! Guards of a borrowed [`RwLock`](super::RwLock).
//!
//! Idea        A guard is a pointer to the value, or to a part of it, and the permits that it gives back.
//! Invariants  those of [`rwlock`](super::rwlock): I1 a read guard holds one permit, the write
//!             guards hold all; I2 each gives its permits back exactly once.
#![allow(unsafe_code)]

use core::fmt;
use core::marker::PhantomData;
use core::mem;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

use super::permits::PlainPermits;

impl PlainPermits {
    /// Gives a reader's permit back.
    #[inline]
    pub(super) fn read_done(&self) {
        self.give(1);
        self.owner.reader_went();
    }

    /// Gives a writer's permits back.
    #[inline]
    pub(super) fn write_done(&self, count: u32) {
        self.give(u64::from(count));
        self.owner.write_locked(false);
    }

    /// Gives a writer's permits back but for one, which is a reader's now.
    #[inline]
    pub(super) fn downgrade(&self, count: u32) {
        self.give(u64::from(count - 1));
        self.owner.write_locked(false);
        self.owner.reader_came();
    }
}

/// Shared access to the value of a read-locked [`RwLock`](super::RwLock), or to a part of it.
///
/// # Cost
/// Two pointers; unlocking is one read-modify-write if nobody waits.
///
/// # Example
/// ```
/// use selkie_core::sync::{RwLock, RwLockReadGuard};
///
/// let lock = RwLock::new((1, 2));
/// let first = RwLockReadGuard::map(lock.try_read().unwrap(), |pair| &pair.0);
/// let all = lock.try_read().unwrap();
/// assert_eq!((*first, *all), (1, (1, 2)));
/// ```
#[must_use = "dropping the guard unlocks at once"]
pub struct RwLockReadGuard<'a, T: ?Sized> {
    permits: &'a PlainPermits,
    value: NonNull<T>,
    _access: PhantomData<&'a T>,
}

// SAFETY: the guard is shared access (I1), as `&T` is.
unsafe impl<T: ?Sized + Sync> Send for RwLockReadGuard<'_, T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Sync> Sync for RwLockReadGuard<'_, T> {}

impl<'a, T: ?Sized> RwLockReadGuard<'a, T> {
    /// The guard of the permit that the caller took.
    #[inline]
    pub(super) fn new(permits: &'a PlainPermits, value: NonNull<T>) -> Self {
        let guard = Self::of(permits, value);
        permits.owner.reader_came();
        guard
    }

    const fn of(permits: &'a PlainPermits, value: NonNull<T>) -> Self {
        Self {
            permits,
            value,
            _access: PhantomData,
        }
    }

    /// Narrows the guard to a part of the value.
    pub fn map<F, U: ?Sized>(this: Self, f: F) -> RwLockReadGuard<'a, U>
    where
        F: FnOnce(&T) -> &U,
    {
        let value = NonNull::from(f(&this));
        let permits = this.permits;
        mem::forget(this);
        RwLockReadGuard::of(permits, value)
    }

    /// Narrows the guard to a part of the value if `f` finds one.
    ///
    /// # Errors
    /// The guard itself, if `f` returns `None`.
    pub fn try_map<F, U: ?Sized>(this: Self, f: F) -> Result<RwLockReadGuard<'a, U>, Self>
    where
        F: FnOnce(&T) -> Option<&U>,
    {
        let Some(value) = f(&this).map(NonNull::from) else {
            return Err(this);
        };
        let permits = this.permits;
        mem::forget(this);
        Ok(RwLockReadGuard::of(permits, value))
    }
}

impl<T: ?Sized> Drop for RwLockReadGuard<'_, T> {
    fn drop(&mut self) {
        self.permits.read_done();
    }
}

impl<T: ?Sized> Deref for RwLockReadGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: the guard holds a permit (I1).
        unsafe { self.value.as_ref() }
    }
}

impl<'a, T: ?Sized + fmt::Debug> fmt::Debug for RwLockReadGuard<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<'a, T: ?Sized + fmt::Display> fmt::Display for RwLockReadGuard<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}

/// Exclusive access to the value of a write-locked [`RwLock`](super::RwLock).
///
/// # Cost
/// As [`RwLockReadGuard`]; to downgrade is one read-modify-write.
///
/// # Example
/// ```
/// use selkie_core::sync::RwLock;
///
/// let lock = RwLock::new(1);
/// let mut guard = lock.try_write().unwrap();
/// *guard += 1;
/// let guard = guard.downgrade();
/// assert_eq!((*guard, *lock.try_read().unwrap()), (2, 2));
/// ```
#[must_use = "dropping the guard unlocks at once"]
pub struct RwLockWriteGuard<'a, T: ?Sized> {
    held: RwLockMappedWriteGuard<'a, T>,
}

impl<'a, T: ?Sized> RwLockWriteGuard<'a, T> {
    /// The guard of the permits that the caller took.
    #[inline]
    pub(super) fn new(permits: &'a PlainPermits, count: u32, value: NonNull<T>) -> Self {
        let guard = Self {
            held: RwLockMappedWriteGuard {
                permits,
                count,
                value,
                _access: PhantomData,
            },
        };
        permits.owner.write_locked(true);
        guard
    }

    /// Narrows the guard to a part of the value.
    pub fn map<F, U: ?Sized>(this: Self, f: F) -> RwLockMappedWriteGuard<'a, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        RwLockMappedWriteGuard::map(this.held, f)
    }

    /// Narrows the guard to a part of the value if `f` finds one.
    ///
    /// # Errors
    /// The guard itself, if `f` returns `None`.
    pub fn try_map<F, U: ?Sized>(this: Self, f: F) -> Result<RwLockMappedWriteGuard<'a, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        RwLockMappedWriteGuard::try_map(this.held, f).map_err(|held| Self { held })
    }

    /// Turns this guard into a mapped guard of the whole value.
    pub fn into_mapped(this: Self) -> RwLockMappedWriteGuard<'a, T> {
        this.held
    }

    /// Becomes a reader, before any waiting writer gets its turn.
    ///
    /// # Example
    /// ```
    /// use selkie_core::sync::RwLock;
    ///
    /// let lock = RwLock::new(1);
    /// let mut writer = lock.try_write().unwrap();
    /// *writer = 2;
    /// let reader = writer.downgrade();
    /// assert_eq!((*reader, *lock.try_read().unwrap()), (2, 2));
    /// ```
    pub fn downgrade(self) -> RwLockReadGuard<'a, T> {
        Self::downgrade_map(self, |value| value)
    }

    /// Becomes a reader of a part of the value.
    pub fn downgrade_map<F, U: ?Sized>(this: Self, f: F) -> RwLockReadGuard<'a, U>
    where
        F: FnOnce(&T) -> &U,
    {
        let value = NonNull::from(f(&this));
        this.held.into_reader(value)
    }

    /// Becomes a reader of a part of the value if `f` finds one.
    ///
    /// # Errors
    /// The guard itself, if `f` returns `None`.
    pub fn try_downgrade_map<F, U: ?Sized>(this: Self, f: F) -> Result<RwLockReadGuard<'a, U>, Self>
    where
        F: FnOnce(&T) -> Option<&U>,
    {
        let Some(value) = f(&this).map(NonNull::from) else {
            return Err(this);
        };
        Ok(this.held.into_reader(value))
    }
}

impl<T: ?Sized> Deref for RwLockWriteGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.held
    }
}

impl<T: ?Sized> DerefMut for RwLockWriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.held
    }
}

impl<'a, T: ?Sized + fmt::Debug> fmt::Debug for RwLockWriteGuard<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<'a, T: ?Sized + fmt::Display> fmt::Display for RwLockWriteGuard<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}

/// Exclusive access to a part of the value of a write-locked [`RwLock`](super::RwLock).
///
/// # Cost
/// As [`RwLockWriteGuard`].
///
/// # Example
/// ```
/// use selkie_core::sync::{RwLock, RwLockWriteGuard};
///
/// let lock = RwLock::new((1, 2));
/// let mut second = RwLockWriteGuard::map(lock.try_write().unwrap(), |pair| &mut pair.1);
/// *second = 3;
/// drop(second);
/// assert_eq!(*lock.try_read().unwrap(), (1, 3));
/// ```
pub struct RwLockMappedWriteGuard<'a, T: ?Sized> {
    permits: &'a PlainPermits,
    count: u32,
    value: NonNull<T>,
    _access: PhantomData<&'a mut T>,
}

// SAFETY: the guard is exclusive access (I1), as `&mut T` is; a downgrade shares the value, hence
// `Sync`.
unsafe impl<T: ?Sized + Send + Sync> Send for RwLockMappedWriteGuard<'_, T> {}
// SAFETY: a shared guard gives `&T` only.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLockMappedWriteGuard<'_, T> {}

impl<'a, T: ?Sized> RwLockMappedWriteGuard<'a, T> {
    fn into_reader<U: ?Sized>(self, value: NonNull<U>) -> RwLockReadGuard<'a, U> {
        let (permits, count) = (self.permits, self.count);
        mem::forget(self);
        // Made first: it gives its permit back even if a waker that `give` wakes panics.
        let reader = RwLockReadGuard::of(permits, value);
        permits.downgrade(count);
        reader
    }

    fn with_value<U: ?Sized>(self, value: NonNull<U>) -> RwLockMappedWriteGuard<'a, U> {
        let (permits, count) = (self.permits, self.count);
        mem::forget(self);
        RwLockMappedWriteGuard {
            permits,
            count,
            value,
            _access: PhantomData,
        }
    }

    /// Narrows the guard further.
    pub fn map<F, U: ?Sized>(mut this: Self, f: F) -> RwLockMappedWriteGuard<'a, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        let value = NonNull::from(f(&mut this));
        this.with_value(value)
    }

    /// Narrows the guard further if `f` finds a part.
    ///
    /// # Errors
    /// The guard itself, if `f` returns `None`.
    pub fn try_map<F, U: ?Sized>(
        mut this: Self,
        f: F,
    ) -> Result<RwLockMappedWriteGuard<'a, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        let Some(value) = f(&mut this).map(NonNull::from) else {
            return Err(this);
        };
        Ok(this.with_value(value))
    }
}

impl<T: ?Sized> Drop for RwLockMappedWriteGuard<'_, T> {
    fn drop(&mut self) {
        self.permits.write_done(self.count);
    }
}

impl<T: ?Sized> Deref for RwLockMappedWriteGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: the guard holds all permits (I1).
        unsafe { self.value.as_ref() }
    }
}

impl<T: ?Sized> DerefMut for RwLockMappedWriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`, and borrowed mutably.
        unsafe { self.value.as_mut() }
    }
}

impl<'a, T: ?Sized + fmt::Debug> fmt::Debug for RwLockMappedWriteGuard<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<'a, T: ?Sized + fmt::Display> fmt::Display for RwLockMappedWriteGuard<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}
