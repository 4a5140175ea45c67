//! Guards of a borrowed [`RwLock`](super::RwLock).
//!
//! Idea        A guard is a [`HeldPart`] that reaches the lock by a reference to its permits.
//! Invariants  those of [`guard`](super::guard), and: I3 a guard that gives `&mut T` is invariant in `T`.
#![allow(unsafe_code)]

use core::marker::PhantomData;

use super::guard::{HeldPart, Reader, Writer, deref_guard};
use super::rwlock_permits::RwLockPermits;

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
    held: HeldPart<&'a RwLockPermits, Reader, T>,
    _access: PhantomData<&'a T>,
}

// SAFETY: the guard is shared access (I1), as `&T` is.
unsafe impl<T: ?Sized + Sync> Send for RwLockReadGuard<'_, T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Sync> Sync for RwLockReadGuard<'_, T> {}

impl<'a, T: ?Sized> RwLockReadGuard<'a, T> {
    #[inline]
    pub(super) const fn of(held: HeldPart<&'a RwLockPermits, Reader, T>) -> Self {
        Self {
            held,
            _access: PhantomData,
        }
    }

    /// Narrows the guard to a part of the value.
    pub fn map<F, U: ?Sized>(this: Self, f: F) -> RwLockReadGuard<'a, U>
    where
        F: FnOnce(&T) -> &U,
    {
        RwLockReadGuard::of(this.held.map(f))
    }

    /// Narrows the guard to a part of the value if `f` finds one.
    ///
    /// # Errors
    /// The guard itself, if `f` returns `None`.
    pub fn try_map<F, U: ?Sized>(this: Self, f: F) -> Result<RwLockReadGuard<'a, U>, Self>
    where
        F: FnOnce(&T) -> Option<&U>,
    {
        let part = this.held.try_map(f);
        part.map(RwLockReadGuard::of).map_err(Self::of)
    }
}

deref_guard! { ['a, T: ?Sized] RwLockReadGuard<'a, T>, held => T }

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
    whole: RwLockMappedWriteGuard<'a, T>,
}

impl<'a, T: ?Sized> RwLockWriteGuard<'a, T> {
    #[inline]
    pub(super) const fn of(held: HeldPart<&'a RwLockPermits, Writer, T>) -> Self {
        Self {
            whole: RwLockMappedWriteGuard::of(held),
        }
    }

    /// Narrows the guard to a part of the value.
    pub fn map<F, U: ?Sized>(this: Self, f: F) -> RwLockMappedWriteGuard<'a, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        RwLockMappedWriteGuard::map(this.whole, f)
    }

    /// Narrows the guard to a part of the value if `f` finds one.
    ///
    /// # Errors
    /// The guard itself, if `f` returns `None`.
    pub fn try_map<F, U: ?Sized>(this: Self, f: F) -> Result<RwLockMappedWriteGuard<'a, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        RwLockMappedWriteGuard::try_map(this.whole, f).map_err(|whole| Self { whole })
    }

    /// Turns this guard into a mapped guard of the whole value.
    pub fn into_mapped(this: Self) -> RwLockMappedWriteGuard<'a, T> {
        this.whole
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
        RwLockReadGuard::of(this.whole.held.downgrade_map(f))
    }

    /// Becomes a reader of a part of the value if `f` finds one.
    ///
    /// # Errors
    /// The guard itself, if `f` returns `None`.
    pub fn try_downgrade_map<F, U: ?Sized>(this: Self, f: F) -> Result<RwLockReadGuard<'a, U>, Self>
    where
        F: FnOnce(&T) -> Option<&U>,
    {
        let part = this.whole.held.try_downgrade_map(f);
        part.map(RwLockReadGuard::of).map_err(Self::of)
    }
}

deref_guard! { ['a, T: ?Sized] RwLockWriteGuard<'a, T>, whole => mut T }

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
    held: HeldPart<&'a RwLockPermits, Writer, T>,
    _access: PhantomData<&'a mut T>,
}

// SAFETY: the guard is exclusive access (I1), as `&mut T` is; a downgrade shares the value, hence
// `Sync`.
unsafe impl<T: ?Sized + Send + Sync> Send for RwLockMappedWriteGuard<'_, T> {}
// SAFETY: a shared guard gives `&T` only.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLockMappedWriteGuard<'_, T> {}

impl<'a, T: ?Sized> RwLockMappedWriteGuard<'a, T> {
    const fn of(held: HeldPart<&'a RwLockPermits, Writer, T>) -> Self {
        Self {
            held,
            _access: PhantomData,
        }
    }

    /// Narrows the guard further.
    pub fn map<F, U: ?Sized>(this: Self, f: F) -> RwLockMappedWriteGuard<'a, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        RwLockMappedWriteGuard::of(this.held.map(f))
    }

    /// Narrows the guard further if `f` finds a part.
    ///
    /// # Errors
    /// The guard itself, if `f` returns `None`.
    pub fn try_map<F, U: ?Sized>(this: Self, f: F) -> Result<RwLockMappedWriteGuard<'a, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        let part = this.held.try_map(f);
        part.map(RwLockMappedWriteGuard::of).map_err(Self::of)
    }
}

deref_guard! { ['a, T: ?Sized] RwLockMappedWriteGuard<'a, T>, held => mut T }
