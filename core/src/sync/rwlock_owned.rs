//! Guards that own their [`RwLock`].
//!
//! Idea        An owned guard is a borrowed guard that keeps the lock by an `Arc` instead of a reference.
//! Invariants  those of [`rwlock`](super::rwlock): I1 a read guard holds one permit, the write
//!             guards hold all; I2 each gives its permits back exactly once; I3 a guard that gives `&mut U` is
//!             invariant in `U`.
//! Length      three guards that turn into one another.
#![allow(unsafe_code)]

use core::fmt;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ops::{Deref, DerefMut};
use core::ptr::{self, NonNull};

use super::errors::TryLockError;
use super::rwlock::RwLock;
use crate::platform::OwnerArc;

impl<T: ?Sized> RwLock<T> {
    /// Waits to read; the guard keeps the lock alive.
    ///
    /// # Cancel safety
    /// A cancelled call loses its position in the queue, and nothing else.
    pub async fn read_owned(self: OwnerArc<Self>) -> OwnedRwLockReadGuard<T> {
        self.take(1, "RwLock::read_owned").await;
        OwnedRwLockReadGuard::new(self)
    }

    /// Waits to write; the guard keeps the lock alive.
    ///
    /// # Cancel safety
    /// A cancelled call loses its position in the queue, and nothing else.
    pub async fn write_owned(self: OwnerArc<Self>) -> OwnedRwLockWriteGuard<T> {
        self.take(self.most_readers, "RwLock::write_owned").await;
        OwnedRwLockWriteGuard::new(self)
    }

    /// Reads if no writer holds the lock or waits; the guard keeps the lock alive.
    ///
    /// # Errors
    /// [`TryLockError`] otherwise.
    pub fn try_read_owned(self: OwnerArc<Self>) -> Result<OwnedRwLockReadGuard<T>, TryLockError> {
        self.try_take(1)?;
        Ok(OwnedRwLockReadGuard::new(self))
    }

    /// Writes if nobody holds the lock or waits; the guard keeps the lock alive.
    ///
    /// # Errors
    /// [`TryLockError`] otherwise.
    pub fn try_write_owned(self: OwnerArc<Self>) -> Result<OwnedRwLockWriteGuard<T>, TryLockError> {
        self.try_take(self.most_readers)?;
        Ok(OwnedRwLockWriteGuard::new(self))
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
    lock: OwnerArc<RwLock<T>>,
    value: NonNull<U>,
}

// SAFETY: shared access (I1), as `&U` is; the lock itself may be sent.
unsafe impl<T: ?Sized + Send + Sync, U: ?Sized + Sync> Send for OwnedRwLockReadGuard<T, U> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send + Sync, U: ?Sized + Sync> Sync for OwnedRwLockReadGuard<T, U> {}

impl<T: ?Sized> OwnedRwLockReadGuard<T> {
    /// The guard of the permit that the caller took.
    #[inline]
    fn new(lock: OwnerArc<RwLock<T>>) -> Self {
        let value = lock.value();
        let guard = Self { lock, value };
        guard.lock.permits.owner.reader_came();
        guard
    }
}

impl<T: ?Sized, U: ?Sized> OwnedRwLockReadGuard<T, U> {
    /// The lock, out of the guard, which unlocks no more.
    fn into_lock(self) -> OwnerArc<RwLock<T>> {
        let this = ManuallyDrop::new(self);
        // SAFETY: `this` is not touched again, so the pointer is moved out once.
        unsafe { ptr::read(&raw const this.lock) }
    }

    /// Narrows the guard to a part of the value.
    pub fn map<F, V: ?Sized>(this: Self, f: F) -> OwnedRwLockReadGuard<T, V>
    where
        F: FnOnce(&U) -> &V,
    {
        let value = NonNull::from(f(&this));
        OwnedRwLockReadGuard {
            lock: this.into_lock(),
            value,
        }
    }

    /// Narrows the guard to a part of the value if `f` finds one.
    ///
    /// # Errors
    /// The guard itself, if `f` returns `None`.
    pub fn try_map<F, V: ?Sized>(this: Self, f: F) -> Result<OwnedRwLockReadGuard<T, V>, Self>
    where
        F: FnOnce(&U) -> Option<&V>,
    {
        let Some(value) = f(&this).map(NonNull::from) else {
            return Err(this);
        };
        Ok(OwnedRwLockReadGuard {
            lock: this.into_lock(),
            value,
        })
    }

    /// The lock that this guard holds.
    pub fn rwlock(this: &Self) -> &OwnerArc<RwLock<T>> {
        &this.lock
    }
}

impl<T: ?Sized, U: ?Sized> Drop for OwnedRwLockReadGuard<T, U> {
    fn drop(&mut self) {
        self.lock.permits.read_done();
    }
}

impl<T: ?Sized, U: ?Sized> Deref for OwnedRwLockReadGuard<T, U> {
    type Target = U;
    fn deref(&self) -> &U {
        // SAFETY: the guard holds a permit (I1).
        unsafe { self.value.as_ref() }
    }
}

impl<T: ?Sized, U: ?Sized + fmt::Debug> fmt::Debug for OwnedRwLockReadGuard<T, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<T: ?Sized, U: ?Sized + fmt::Display> fmt::Display for OwnedRwLockReadGuard<T, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}

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
    held: OwnedRwLockMappedWriteGuard<T, T>,
}

impl<T: ?Sized> OwnedRwLockWriteGuard<T> {
    /// The guard of the permits that the caller took.
    #[inline]
    fn new(lock: OwnerArc<RwLock<T>>) -> Self {
        let held = OwnedRwLockMappedWriteGuard {
            value: lock.value(),
            lock,
            _access: PhantomData,
        };
        held.lock.permits.owner.write_locked(true);
        Self { held }
    }

    /// Narrows the guard to a part of the value.
    pub fn map<F, U: ?Sized>(this: Self, f: F) -> OwnedRwLockMappedWriteGuard<T, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        OwnedRwLockMappedWriteGuard::map(this.held, f)
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
        OwnedRwLockMappedWriteGuard::try_map(this.held, f).map_err(|held| Self { held })
    }

    /// Turns this guard into a mapped guard of the whole value.
    pub fn into_mapped(this: Self) -> OwnedRwLockMappedWriteGuard<T> {
        this.held
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
        let value = NonNull::from(f(&this));
        this.held.into_reader(value)
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
        let Some(value) = f(&this).map(NonNull::from) else {
            return Err(this);
        };
        Ok(this.held.into_reader(value))
    }

    /// The lock that this guard holds.
    pub fn rwlock(this: &Self) -> &OwnerArc<RwLock<T>> {
        &this.held.lock
    }
}

impl<T: ?Sized> Deref for OwnedRwLockWriteGuard<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.held
    }
}

impl<T: ?Sized> DerefMut for OwnedRwLockWriteGuard<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.held
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for OwnedRwLockWriteGuard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for OwnedRwLockWriteGuard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}

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
    lock: OwnerArc<RwLock<T>>,
    value: NonNull<U>,
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
    /// The lock, out of the guard, which unlocks no more.
    fn into_lock(self) -> OwnerArc<RwLock<T>> {
        let this = ManuallyDrop::new(self);
        // SAFETY: `this` is not touched again, so the pointer is moved out once.
        unsafe { ptr::read(&raw const this.lock) }
    }

    fn into_reader<V: ?Sized>(self, value: NonNull<V>) -> OwnedRwLockReadGuard<T, V> {
        let lock = self.into_lock();
        // Made first: it gives its permit back even if a waker that `give` wakes panics.
        let reader = OwnedRwLockReadGuard { lock, value };
        let lock = &reader.lock;
        lock.permits.downgrade(lock.most_readers);
        reader
    }

    /// Narrows the guard further.
    pub fn map<F, V: ?Sized>(mut this: Self, f: F) -> OwnedRwLockMappedWriteGuard<T, V>
    where
        F: FnOnce(&mut U) -> &mut V,
    {
        let value = NonNull::from(f(&mut this));
        OwnedRwLockMappedWriteGuard {
            lock: this.into_lock(),
            value,
            _access: PhantomData,
        }
    }

    /// Narrows the guard further if `f` finds a part.
    ///
    /// # Errors
    /// The guard itself, if `f` returns `None`.
    pub fn try_map<F, V: ?Sized>(
        mut this: Self,
        f: F,
    ) -> Result<OwnedRwLockMappedWriteGuard<T, V>, Self>
    where
        F: FnOnce(&mut U) -> Option<&mut V>,
    {
        let Some(value) = f(&mut this).map(NonNull::from) else {
            return Err(this);
        };
        Ok(OwnedRwLockMappedWriteGuard {
            lock: this.into_lock(),
            value,
            _access: PhantomData,
        })
    }

    /// The lock that this guard holds.
    pub fn rwlock(this: &Self) -> &OwnerArc<RwLock<T>> {
        &this.lock
    }
}

impl<T: ?Sized, U: ?Sized> Drop for OwnedRwLockMappedWriteGuard<T, U> {
    fn drop(&mut self) {
        self.lock.permits.write_done(self.lock.most_readers);
    }
}

impl<T: ?Sized, U: ?Sized> Deref for OwnedRwLockMappedWriteGuard<T, U> {
    type Target = U;
    fn deref(&self) -> &U {
        // SAFETY: the guard holds all permits (I1).
        unsafe { self.value.as_ref() }
    }
}

impl<T: ?Sized, U: ?Sized> DerefMut for OwnedRwLockMappedWriteGuard<T, U> {
    fn deref_mut(&mut self) -> &mut U {
        // SAFETY: as in `deref`, and borrowed mutably.
        unsafe { self.value.as_mut() }
    }
}

impl<T: ?Sized, U: ?Sized + fmt::Debug> fmt::Debug for OwnedRwLockMappedWriteGuard<T, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<T: ?Sized, U: ?Sized + fmt::Display> fmt::Display for OwnedRwLockMappedWriteGuard<T, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}
