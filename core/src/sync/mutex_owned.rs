//! Mutex guards that own their mutex.
//!
//! Idea        An owned guard is a [`HeldLock`] as a borrowed guard is, but reaches the mutex by an `Arc`.
//! Invariants  those of [`guard`](super::guard), and: I3 a guard that gives `&mut U` is invariant in
//!             `U`, or a `&'static` reference in the value could be replaced by a shorter one.
#![allow(unsafe_code)]

use core::marker::PhantomData;

use super::blocking;
use super::errors::TryLockError;
use super::guard::{HeldLock, HeldPart, Writer, deref_guard};
use super::mutex::Mutex;
use crate::platform::OwnerArc;

impl<T: ?Sized> Mutex<T> {
    /// Waits for the lock; the guard keeps the mutex alive.
    ///
    /// # Cancel safety
    /// A cancelled call loses its position in the queue, and nothing else.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::sync::Arc;
    /// use selkie::sync::Mutex;
    ///
    /// let mutex = Arc::new(Mutex::new(String::from("held")));
    /// let guard = mutex.clone().lock_owned().await;
    /// // The guard borrows nothing: it goes with the task.
    /// let task = selkie::spawn(async move { guard.len() });
    /// assert_eq!(task.await.unwrap(), 4);
    /// assert!(mutex.try_lock().is_ok(), "dropped with the task");
    /// # }
    /// ```
    pub async fn lock_owned(self: OwnerArc<Self>) -> OwnedMutexGuard<T> {
        self.take_permit("Mutex::lock_owned").await;
        // SAFETY: the permit was taken.
        OwnedMutexGuard::of(unsafe { HeldLock::new(self) })
    }

    /// Takes the lock if it is free and nobody waits; the guard keeps the mutex alive.
    ///
    /// # Errors
    /// [`TryLockError`] if it is held.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    /// use selkie::sync::Mutex;
    ///
    /// let mutex = Arc::new(Mutex::new(1));
    /// let guard = mutex.clone().try_lock_owned().unwrap();
    /// assert!(mutex.clone().try_lock_owned().is_err());
    /// drop(guard);
    /// assert!(mutex.try_lock_owned().is_ok());
    /// ```
    pub fn try_lock_owned(self: OwnerArc<Self>) -> Result<OwnedMutexGuard<T>, TryLockError> {
        self.try_take_permit()?;
        // SAFETY: the permit was taken.
        Ok(OwnedMutexGuard::of(unsafe { HeldLock::new(self) }))
    }

    /// Waits for the lock and blocks the thread meanwhile; the guard keeps the mutex alive.
    ///
    /// # Panics
    /// On a thread that drives a runtime's tasks.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    /// use selkie::sync::Mutex;
    ///
    /// let mutex = Arc::new(Mutex::new(1));
    /// let mut guard = mutex.clone().blocking_lock_owned();
    /// let thread = std::thread::spawn(move || *guard += 1);
    /// thread.join().unwrap();
    /// assert_eq!(*mutex.blocking_lock(), 2);
    /// ```
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
/// # Examples
/// ```
/// use std::sync::Arc;
/// use selkie::sync::Mutex;
///
/// let mutex = Arc::new(Mutex::new(1));
/// let mut guard = mutex.clone().try_lock_owned().unwrap();
/// *guard += 1;
/// assert!(mutex.try_lock().is_err());
/// drop(guard);
/// assert_eq!(*mutex.try_lock().unwrap(), 2);
/// ```
pub struct OwnedMutexGuard<T: ?Sized> {
    held: HeldLock<OwnerArc<Mutex<T>>, Writer>,
    /// Exclusive access to a `T` elsewhere: invariant (I3), and movable whatever `T` is.
    _access: PhantomData<*mut T>,
}

// SAFETY: exclusive access to the value (I1), as `&mut T` is; the mutex itself may be sent.
unsafe impl<T: ?Sized + Send> Send for OwnedMutexGuard<T> {}
// SAFETY: a shared guard gives `&T`, and clones of the counted mutex.
unsafe impl<T: ?Sized + Send + Sync> Sync for OwnedMutexGuard<T> {}

impl<T: ?Sized> OwnedMutexGuard<T> {
    const fn of(held: HeldLock<OwnerArc<Mutex<T>>, Writer>) -> Self {
        Self {
            held,
            _access: PhantomData,
        }
    }

    /// Narrows the guard to a part of the value.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::sync::Arc;
    /// use selkie::sync::{Mutex, OwnedMutexGuard};
    ///
    /// let mutex = Arc::new(Mutex::new((1, "two")));
    /// let second = OwnedMutexGuard::map(mutex.lock_owned().await, |pair| &mut pair.1);
    /// let task = selkie::spawn(async move { second.len() });
    /// assert_eq!(task.await.unwrap(), 3);
    /// # }
    /// ```
    pub fn map<U, F>(this: Self, f: F) -> OwnedMappedMutexGuard<T, U>
    where
        U: ?Sized,
        F: FnOnce(&mut T) -> &mut U,
    {
        OwnedMappedMutexGuard::of(this.held.into_part().map(f))
    }

    /// Narrows the guard to a part of the value if `f` finds one.
    ///
    /// # Errors
    /// The guard itself, if `f` returns `None`.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::sync::Arc;
    /// use selkie::sync::{Mutex, OwnedMutexGuard};
    ///
    /// let users = Arc::new(Mutex::new(vec!["ann"]));
    /// let guard = users.lock_owned().await;
    /// let guard = OwnedMutexGuard::try_map(guard, |users| users.get_mut(1)).unwrap_err();
    /// let first = OwnedMutexGuard::try_map(guard, |users| users.first_mut()).unwrap();
    /// assert_eq!(*first, "ann");
    /// # }
    /// ```
    pub fn try_map<U, F>(this: Self, f: F) -> Result<OwnedMappedMutexGuard<T, U>, Self>
    where
        U: ?Sized,
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        let part = this.held.into_part().try_map(f);
        part.map(OwnedMappedMutexGuard::of)
            .map_err(|whole| Self::of(whole.into_held()))
    }

    /// The mutex that this guard holds.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::sync::Arc;
    /// use selkie::sync::{Mutex, OwnedMutexGuard};
    ///
    /// let mutex = Arc::new(Mutex::new(1));
    /// let guard = mutex.clone().lock_owned().await;
    /// assert!(Arc::ptr_eq(OwnedMutexGuard::mutex(&guard), &mutex));
    /// # }
    /// ```
    pub fn mutex(this: &Self) -> &OwnerArc<Mutex<T>> {
        this.held.lock()
    }
}

deref_guard! { [T: ?Sized] OwnedMutexGuard<T>, held => mut T }

/// Access to a part of the value of a locked [`Mutex`] that it keeps alive; unlocks when dropped.
///
/// # Cost
/// Two pointers; as [`OwnedMutexGuard`] otherwise.
///
/// # Examples
/// ```
/// use std::sync::Arc;
/// use selkie::sync::{Mutex, OwnedMutexGuard};
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
    held: HeldPart<OwnerArc<Mutex<T>>, Writer, U>,
    /// Exclusive access to the part (I3).
    _access: PhantomData<*mut U>,
}

// SAFETY: exclusive access to the part (I1), as `&mut U` is; the mutex itself may be sent.
unsafe impl<T: ?Sized + Send, U: ?Sized + Send> Send for OwnedMappedMutexGuard<T, U> {}
// SAFETY: a shared guard gives `&U` only.
unsafe impl<T: ?Sized + Send + Sync, U: ?Sized + Send + Sync> Sync for OwnedMappedMutexGuard<T, U> {}

impl<T: ?Sized, U: ?Sized> OwnedMappedMutexGuard<T, U> {
    const fn of(held: HeldPart<OwnerArc<Mutex<T>>, Writer, U>) -> Self {
        Self {
            held,
            _access: PhantomData,
        }
    }

    /// Narrows the guard further.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::sync::Arc;
    /// use selkie::sync::{Mutex, OwnedMappedMutexGuard, OwnedMutexGuard};
    ///
    /// let mutex = Arc::new(Mutex::new((1, [2, 3])));
    /// let array = OwnedMutexGuard::map(mutex.clone().lock_owned().await, |pair| &mut pair.1);
    /// let mut last = OwnedMappedMutexGuard::map(array, |array| &mut array[1]);
    /// *last = 9;
    /// drop(last);
    /// assert_eq!(*mutex.lock().await, (1, [2, 9]));
    /// # }
    /// ```
    pub fn map<S, F>(this: Self, f: F) -> OwnedMappedMutexGuard<T, S>
    where
        F: FnOnce(&mut U) -> &mut S,
    {
        OwnedMappedMutexGuard::of(this.held.map(f))
    }

    /// Narrows the guard further if `f` finds a part.
    ///
    /// # Errors
    /// The guard itself, if `f` returns `None`.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::sync::Arc;
    /// use selkie::sync::{Mutex, OwnedMappedMutexGuard, OwnedMutexGuard};
    ///
    /// let mutex = Arc::new(Mutex::new((1, vec![2])));
    /// let list = OwnedMutexGuard::map(mutex.lock_owned().await, |pair| &mut pair.1);
    /// let list = OwnedMappedMutexGuard::try_map(list, |list| list.get_mut(7)).unwrap_err();
    /// assert_eq!(*list, [2], "the guard came back");
    /// # }
    /// ```
    pub fn try_map<S, F>(this: Self, f: F) -> Result<OwnedMappedMutexGuard<T, S>, Self>
    where
        F: FnOnce(&mut U) -> Option<&mut S>,
    {
        let part = this.held.try_map(f);
        part.map(OwnedMappedMutexGuard::of).map_err(Self::of)
    }
}

deref_guard! { [T: ?Sized, U: ?Sized] OwnedMappedMutexGuard<T, U>, held => mut U }
