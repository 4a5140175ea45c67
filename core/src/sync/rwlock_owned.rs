//! Guards that own their [`RwLock`].
//!
//! Idea        An owned guard is a [`HeldPart`] as a borrowed guard is, but reaches the lock by an `Arc`.
//! Invariants  those of [`guard`](super::guard), and: I3 a guard that gives `&mut U` is invariant in `U`.
#![allow(unsafe_code)]

use core::marker::PhantomData;

use super::errors::TryLockError;
use super::guard::{HeldLock, HeldPart, Reader, Unlock, Writer, deref_guard};
use super::rwlock::RwLock;
use super::rwlock_permits::RawRwLock;
use crate::platform::OwnerArc;

impl<T: ?Sized> RwLock<T> {
    /// Waits to read; the guard keeps the lock alive.
    ///
    /// # Cancel safety
    /// A cancelled call loses its position in the queue, and nothing else.
    pub async fn read_owned(self: OwnerArc<Self>) -> OwnedRwLockReadGuard<T> {
        self.permits().read("RwLock::read_owned").await;
        // SAFETY: taken above.
        OwnedRwLockReadGuard::of(unsafe { self.into_held() })
    }

    /// Waits to write; the guard keeps the lock alive.
    ///
    /// # Cancel safety
    /// A cancelled call loses its position in the queue, and nothing else.
    pub async fn write_owned(self: OwnerArc<Self>) -> OwnedRwLockWriteGuard<T> {
        self.permits().write("RwLock::write_owned").await;
        // SAFETY: taken above.
        OwnedRwLockWriteGuard::of(unsafe { self.into_held() })
    }

    /// Reads if no writer holds the lock or waits; the guard keeps the lock alive.
    ///
    /// # Errors
    /// [`TryLockError`] otherwise.
    pub fn try_read_owned(self: OwnerArc<Self>) -> Result<OwnedRwLockReadGuard<T>, TryLockError> {
        self.permits().try_read()?;
        // SAFETY: taken above.
        Ok(OwnedRwLockReadGuard::of(unsafe { self.into_held() }))
    }

    /// Writes if nobody holds the lock or waits; the guard keeps the lock alive.
    ///
    /// # Errors
    /// [`TryLockError`] otherwise.
    pub fn try_write_owned(self: OwnerArc<Self>) -> Result<OwnedRwLockWriteGuard<T>, TryLockError> {
        self.permits().try_write()?;
        // SAFETY: taken above.
        Ok(OwnedRwLockWriteGuard::of(unsafe { self.into_held() }))
    }

    /// The lock, held, with its whole value.
    ///
    /// # Safety
    /// The caller took the permits of `H`.
    #[inline]
    unsafe fn into_held<H>(self: OwnerArc<Self>) -> HeldPart<OwnerArc<Self>, H, T>
    where
        Self: Unlock<H>,
    {
        let value = self.value();
        // SAFETY: the caller's promise.
        let held = unsafe { HeldLock::new(self) };
        // SAFETY: the value of this lock, from a cell that writers may write to.
        unsafe { HeldPart::new(held, value) }
    }
}

/// Shared access to the value of a read-locked [`RwLock`] that it keeps alive, or to a part of it.
///
/// # Cost
/// Two pointers; unlocking is two read-modify-writes if nobody waits: the lock, and the count of its owners.
///
/// # Example
/// ```
/// use std::sync::Arc;
/// use selkie_core::sync::{OwnedRwLockReadGuard, RwLock};
///
/// let lock = Arc::new(RwLock::new((1, 2)));
/// let second = OwnedRwLockReadGuard::map(lock.clone().try_read_owned().unwrap(), |pair| &pair.1);
/// assert_eq!(*second, 2);
/// assert!(lock.try_write().is_err());
/// ```
pub struct OwnedRwLockReadGuard<T: ?Sized, U: ?Sized = T> {
    held: HeldPart<OwnerArc<RwLock<T>>, Reader, U>,
}

// SAFETY: shared access (I1), as `&U` is; the lock itself may be sent.
unsafe impl<T: ?Sized + Send + Sync, U: ?Sized + Sync> Send for OwnedRwLockReadGuard<T, U> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send + Sync, U: ?Sized + Sync> Sync for OwnedRwLockReadGuard<T, U> {}

impl<T: ?Sized, U: ?Sized> OwnedRwLockReadGuard<T, U> {
    #[inline]
    const fn of(held: HeldPart<OwnerArc<RwLock<T>>, Reader, U>) -> Self {
        Self { held }
    }

    /// Narrows the guard to a part of the value.
    pub fn map<F, V: ?Sized>(this: Self, f: F) -> OwnedRwLockReadGuard<T, V>
    where
        F: FnOnce(&U) -> &V,
    {
        OwnedRwLockReadGuard::of(this.held.map(f))
    }

    /// Narrows the guard to a part of the value if `f` finds one.
    ///
    /// # Errors
    /// The guard itself, if `f` returns `None`.
    pub fn try_map<F, V: ?Sized>(this: Self, f: F) -> Result<OwnedRwLockReadGuard<T, V>, Self>
    where
        F: FnOnce(&U) -> Option<&V>,
    {
        let part = this.held.try_map(f);
        part.map(OwnedRwLockReadGuard::of).map_err(Self::of)
    }

    /// The lock that this guard holds.
    pub fn rwlock(this: &Self) -> &OwnerArc<RwLock<T>> {
        this.held.lock()
    }
}

deref_guard! { [T: ?Sized, U: ?Sized] OwnedRwLockReadGuard<T, U>, held => U }

/// Exclusive access to the value of a write-locked [`RwLock`] that it keeps alive.
///
/// # Cost
/// As [`OwnedRwLockReadGuard`]; to downgrade is one read-modify-write.
///
/// # Example
/// ```
/// use std::sync::Arc;
/// use selkie_core::sync::RwLock;
///
/// let lock = Arc::new(RwLock::new(1));
/// let mut guard = lock.clone().try_write_owned().unwrap();
/// *guard += 1;
/// assert_eq!(*guard.downgrade(), 2);
/// assert!(lock.try_write().is_ok());
/// ```
pub struct OwnedRwLockWriteGuard<T: ?Sized> {
    whole: OwnedRwLockMappedWriteGuard<T>,
}

impl<T: ?Sized> OwnedRwLockWriteGuard<T> {
    #[inline]
    const fn of(held: HeldPart<OwnerArc<RwLock<T>>, Writer, T>) -> Self {
        Self {
            whole: OwnedRwLockMappedWriteGuard::of(held),
        }
    }

    /// Narrows the guard to a part of the value.
    pub fn map<F, U: ?Sized>(this: Self, f: F) -> OwnedRwLockMappedWriteGuard<T, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        OwnedRwLockMappedWriteGuard::map(this.whole, f)
    }

    /// Narrows the guard to a part of the value if `f` finds one.
    ///
    /// # Errors
    /// The guard itself, if `f` returns `None`.
    pub fn try_map<F, U: ?Sized>(
        this: Self,
        f: F,
    ) -> Result<OwnedRwLockMappedWriteGuard<T, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        OwnedRwLockMappedWriteGuard::try_map(this.whole, f).map_err(|whole| Self { whole })
    }

    /// Turns this guard into a mapped guard of the whole value.
    pub fn into_mapped(this: Self) -> OwnedRwLockMappedWriteGuard<T> {
        this.whole
    }

    /// Becomes a reader, before any waiting writer gets its turn.
    pub fn downgrade(self) -> OwnedRwLockReadGuard<T> {
        Self::downgrade_map(self, |value| value)
    }

    /// Becomes a reader of a part of the value.
    pub fn downgrade_map<F, U: ?Sized>(this: Self, f: F) -> OwnedRwLockReadGuard<T, U>
    where
        F: FnOnce(&T) -> &U,
    {
        OwnedRwLockReadGuard::of(this.whole.held.downgrade_map(f))
    }

    /// Becomes a reader of a part of the value if `f` finds one.
    ///
    /// # Errors
    /// The guard itself, if `f` returns `None`.
    pub fn try_downgrade_map<F, U: ?Sized>(
        this: Self,
        f: F,
    ) -> Result<OwnedRwLockReadGuard<T, U>, Self>
    where
        F: FnOnce(&T) -> Option<&U>,
    {
        let part = this.whole.held.try_downgrade_map(f);
        part.map(OwnedRwLockReadGuard::of).map_err(Self::of)
    }

    /// The lock that this guard holds.
    pub fn rwlock(this: &Self) -> &OwnerArc<RwLock<T>> {
        this.whole.held.lock()
    }
}

deref_guard! { [T: ?Sized] OwnedRwLockWriteGuard<T>, whole => mut T }

/// Exclusive access to a part of the value of a write-locked [`RwLock`] that it keeps alive.
///
/// # Cost
/// As [`OwnedRwLockWriteGuard`].
///
/// # Example
/// ```
/// use std::sync::Arc;
/// use selkie_core::sync::{OwnedRwLockWriteGuard, RwLock};
///
/// let lock = Arc::new(RwLock::new([1, 2]));
/// let guard = lock.clone().try_write_owned().unwrap();
/// let mut first = OwnedRwLockWriteGuard::map(guard, |cells| &mut cells[0]);
/// *first = 5;
/// drop(first);
/// assert_eq!(*lock.try_read().unwrap(), [5, 2]);
/// ```
pub struct OwnedRwLockMappedWriteGuard<T: ?Sized, U: ?Sized = T> {
    held: HeldPart<OwnerArc<RwLock<T>>, Writer, U>,
    /// Exclusive access to the part (I3).
    _access: PhantomData<*mut U>,
}

// SAFETY: exclusive access (I1), as `&mut U` is; a downgrade shares it, hence `Sync`.
unsafe impl<T: ?Sized + Send + Sync, U: ?Sized + Send + Sync> Send
    for OwnedRwLockMappedWriteGuard<T, U>
{
}
// SAFETY: a shared guard gives `&U` only.
unsafe impl<T: ?Sized + Send + Sync, U: ?Sized + Send + Sync> Sync
    for OwnedRwLockMappedWriteGuard<T, U>
{
}

impl<T: ?Sized, U: ?Sized> OwnedRwLockMappedWriteGuard<T, U> {
    const fn of(held: HeldPart<OwnerArc<RwLock<T>>, Writer, U>) -> Self {
        Self {
            held,
            _access: PhantomData,
        }
    }

    /// Narrows the guard further.
    pub fn map<F, V: ?Sized>(this: Self, f: F) -> OwnedRwLockMappedWriteGuard<T, V>
    where
        F: FnOnce(&mut U) -> &mut V,
    {
        OwnedRwLockMappedWriteGuard::of(this.held.map(f))
    }

    /// Narrows the guard further if `f` finds a part.
    ///
    /// # Errors
    /// The guard itself, if `f` returns `None`.
    pub fn try_map<F, V: ?Sized>(
        this: Self,
        f: F,
    ) -> Result<OwnedRwLockMappedWriteGuard<T, V>, Self>
    where
        F: FnOnce(&mut U) -> Option<&mut V>,
    {
        let part = this.held.try_map(f);
        part.map(OwnedRwLockMappedWriteGuard::of).map_err(Self::of)
    }

    /// The lock that this guard holds.
    pub fn rwlock(this: &Self) -> &OwnerArc<RwLock<T>> {
        this.held.lock()
    }
}

deref_guard! { [T: ?Sized, U: ?Sized] OwnedRwLockMappedWriteGuard<T, U>, held => mut U }
