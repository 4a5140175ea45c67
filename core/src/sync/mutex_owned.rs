//! Mutex guards that own their mutex.
//!
//! Idea        An owned guard is a borrowed guard that keeps the lock by an `Arc` instead of a reference.
//! Invariants  those of [`mutex`](super::mutex), and: I2 a guard that gives `&mut U` is invariant in
//!             `U`, or a `&'static` reference in the value could be replaced by a shorter one.
#![allow(unsafe_code)]

use core::fmt;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ops::{Deref, DerefMut};
use core::ptr::{self, NonNull};

use super::blocking;
use super::errors::TryLockError;
use super::mutex::Mutex;
use crate::platform::OwnerArc;

impl<T: ?Sized> Mutex<T> {
    /// Waits for the lock; the guard keeps the mutex alive.
    ///
    /// # Cancel safety
    /// A cancelled call loses its position in the queue, and nothing else.
    pub async fn lock_owned(self: OwnerArc<Self>) -> OwnedMutexGuard<T> {
        self.take_permit("Mutex::lock_owned").await;
        OwnedMutexGuard::new(self)
    }

    /// Takes the lock if it is free and nobody waits; the guard keeps the mutex alive.
    ///
    /// # Errors
    /// [`TryLockError`] if it is held.
    pub fn try_lock_owned(self: OwnerArc<Self>) -> Result<OwnedMutexGuard<T>, TryLockError> {
        self.try_take_permit()?;
        Ok(OwnedMutexGuard::new(self))
    }

    /// Waits for the lock and blocks the thread meanwhile; the guard keeps the mutex alive.
    ///
    /// # Panics
    /// On a thread that drives a runtime's tasks.
    #[track_caller]
    pub fn blocking_lock_owned(self: OwnerArc<Self>) -> OwnedMutexGuard<T> {
        blocking::wait(self.lock_owned())
    }
}

/// Access to the value of a locked [`Mutex`] that it keeps alive; unlocks when dropped.
///
/// # Cost
/// A pointer; unlocking is two read-modify-writes if nobody waits: the lock, and the count of its owners.
///
/// # Example
/// ```
/// use std::sync::Arc;
/// use selkie_core::sync::Mutex;
///
/// let mutex = Arc::new(Mutex::new(1));
/// let mut guard = mutex.clone().try_lock_owned().unwrap();
/// *guard += 1;
/// assert!(mutex.try_lock().is_err());
/// drop(guard);
/// assert_eq!(*mutex.try_lock().unwrap(), 2);
/// ```
pub struct OwnedMutexGuard<T: ?Sized> {
    lock: OwnerArc<Mutex<T>>,
    /// Exclusive access to a `T` elsewhere: invariant (I2), and movable whatever `T` is.
    _access: PhantomData<*mut T>,
}

// SAFETY: exclusive access to the value (I1), as `&mut T` is; the mutex itself may be sent.
unsafe impl<T: ?Sized + Send> Send for OwnedMutexGuard<T> {}
// SAFETY: a shared guard gives `&T`, and clones of the counted mutex.
unsafe impl<T: ?Sized + Send + Sync> Sync for OwnedMutexGuard<T> {}

impl<T: ?Sized> OwnedMutexGuard<T> {
    /// The guard of the permit that the caller took.
    #[inline]
    fn new(lock: OwnerArc<Mutex<T>>) -> Self {
        let guard = Self {
            lock,
            _access: PhantomData,
        };
        guard.lock.permit.owner.locked(true);
        guard
    }

    /// The mutex, out of the guard, which unlocks no more.
    fn into_lock(self) -> OwnerArc<Mutex<T>> {
        let this = ManuallyDrop::new(self);
        // SAFETY: `this` is not touched again, so the pointer is moved out once.
        unsafe { ptr::read(&raw const this.lock) }
    }

    /// Narrows the guard to a part of the value.
    pub fn map<U, F>(mut this: Self, f: F) -> OwnedMappedMutexGuard<T, U>
    where
        U: ?Sized,
        F: FnOnce(&mut T) -> &mut U,
    {
        let part = NonNull::from(f(&mut this));
        OwnedMappedMutexGuard {
            lock: this.into_lock(),
            part,
            _access: PhantomData,
        }
    }

    /// Narrows the guard to a part of the value if `f` finds one.
    ///
    /// # Errors
    /// The guard itself, if `f` returns `None`.
    pub fn try_map<U, F>(mut this: Self, f: F) -> Result<OwnedMappedMutexGuard<T, U>, Self>
    where
        U: ?Sized,
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        let Some(part) = f(&mut this).map(NonNull::from) else {
            return Err(this);
        };
        Ok(OwnedMappedMutexGuard {
            lock: this.into_lock(),
            part,
            _access: PhantomData,
        })
    }

    /// The mutex that this guard holds.
    pub fn mutex(this: &Self) -> &OwnerArc<Mutex<T>> {
        &this.lock
    }
}

impl<T: ?Sized> Drop for OwnedMutexGuard<T> {
    fn drop(&mut self) {
        self.lock.permit.unlock();
    }
}

impl<T: ?Sized> Deref for OwnedMutexGuard<T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: the guard holds the permit (I1).
        unsafe { self.lock.value().as_ref() }
    }
}

impl<T: ?Sized> DerefMut for OwnedMutexGuard<T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the guard holds the permit (I1) and is borrowed mutably.
        unsafe { self.lock.value().as_mut() }
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for OwnedMutexGuard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for OwnedMutexGuard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}

/// Access to a part of the value of a locked [`Mutex`] that it keeps alive; unlocks when dropped.
///
/// # Cost
/// Two pointers; as [`OwnedMutexGuard`] otherwise.
///
/// # Example
/// ```
/// use std::sync::Arc;
/// use selkie_core::sync::{Mutex, OwnedMutexGuard};
///
/// let mutex = Arc::new(Mutex::new([1, 2]));
/// let guard = mutex.clone().try_lock_owned().unwrap();
/// let mut first = OwnedMutexGuard::map(guard, |cells| &mut cells[0]);
/// *first = 5;
/// drop(first);
/// assert_eq!(*mutex.try_lock().unwrap(), [5, 2]);
/// ```
#[must_use = "dropping the guard unlocks at once"]
pub struct OwnedMappedMutexGuard<T: ?Sized, U: ?Sized = T> {
    lock: OwnerArc<Mutex<T>>,
    part: NonNull<U>,
    /// Exclusive access to the part (I2).
    _access: PhantomData<*mut U>,
}

// SAFETY: exclusive access to the part (I1), as `&mut U` is; the mutex itself may be sent.
unsafe impl<T: ?Sized + Send, U: ?Sized + Send> Send for OwnedMappedMutexGuard<T, U> {}
// SAFETY: a shared guard gives `&U` only.
unsafe impl<T: ?Sized + Send + Sync, U: ?Sized + Send + Sync> Sync for OwnedMappedMutexGuard<T, U> {}

impl<T: ?Sized, U: ?Sized> OwnedMappedMutexGuard<T, U> {
    fn into_lock(self) -> OwnerArc<Mutex<T>> {
        let this = ManuallyDrop::new(self);
        // SAFETY: `this` is not touched again, so the pointer is moved out once.
        unsafe { ptr::read(&raw const this.lock) }
    }

    /// Narrows the guard further.
    pub fn map<S, F>(mut this: Self, f: F) -> OwnedMappedMutexGuard<T, S>
    where
        F: FnOnce(&mut U) -> &mut S,
    {
        let part = NonNull::from(f(&mut this));
        OwnedMappedMutexGuard {
            lock: this.into_lock(),
            part,
            _access: PhantomData,
        }
    }

    /// Narrows the guard further if `f` finds a part.
    ///
    /// # Errors
    /// The guard itself, if `f` returns `None`.
    pub fn try_map<S, F>(mut this: Self, f: F) -> Result<OwnedMappedMutexGuard<T, S>, Self>
    where
        F: FnOnce(&mut U) -> Option<&mut S>,
    {
        let Some(part) = f(&mut this).map(NonNull::from) else {
            return Err(this);
        };
        Ok(OwnedMappedMutexGuard {
            lock: this.into_lock(),
            part,
            _access: PhantomData,
        })
    }
}

impl<T: ?Sized, U: ?Sized> Drop for OwnedMappedMutexGuard<T, U> {
    fn drop(&mut self) {
        self.lock.permit.unlock();
    }
}

impl<T: ?Sized, U: ?Sized> Deref for OwnedMappedMutexGuard<T, U> {
    type Target = U;
    fn deref(&self) -> &U {
        // SAFETY: the guard holds the permit (I1); the part lies in the value.
        unsafe { self.part.as_ref() }
    }
}

impl<T: ?Sized, U: ?Sized> DerefMut for OwnedMappedMutexGuard<T, U> {
    fn deref_mut(&mut self) -> &mut U {
        // SAFETY: as in `deref`, and borrowed mutably.
        unsafe { self.part.as_mut() }
    }
}

impl<T: ?Sized, U: ?Sized + fmt::Debug> fmt::Debug for OwnedMappedMutexGuard<T, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<T: ?Sized, U: ?Sized + fmt::Display> fmt::Display for OwnedMappedMutexGuard<T, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}
