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
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::sync::Arc;
    /// use selkie::sync::RwLock;
    ///
    /// let lock = Arc::new(RwLock::new(vec![1, 2, 3]));
    /// let guard = lock.clone().read_owned().await;
    /// let sum = selkie::spawn(async move { guard.iter().sum::<i32>() });
    /// assert_eq!(sum.await.unwrap(), 6);
    /// # }
    /// ```
    pub async fn read_owned(self: OwnerArc<Self>) -> OwnedRwLockReadGuard<T> {
        self.permits().read("RwLock::read_owned").await;
        // SAFETY: taken above.
        OwnedRwLockReadGuard::of(unsafe { self.into_held() })
    }

    /// Waits to write; the guard keeps the lock alive.
    ///
    /// # Cancel safety
    /// A cancelled call loses its position in the queue, and nothing else.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::sync::Arc;
    /// use selkie::sync::RwLock;
    ///
    /// let lock = Arc::new(RwLock::new(vec![1]));
    /// let mut guard = lock.clone().write_owned().await;
    /// selkie::spawn(async move { guard.push(2) }).await.unwrap();
    /// assert_eq!(*lock.read().await, [1, 2]);
    /// # }
    /// ```
    pub async fn write_owned(self: OwnerArc<Self>) -> OwnedRwLockWriteGuard<T> {
        self.permits().write("RwLock::write_owned").await;
        // SAFETY: taken above.
        OwnedRwLockWriteGuard::of(unsafe { self.into_held() })
    }

    /// Reads if no writer holds the lock or waits; the guard keeps the lock alive.
    ///
    /// # Errors
    /// [`TryLockError`] otherwise.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    /// use selkie::sync::RwLock;
    ///
    /// let lock = Arc::new(RwLock::new(1));
    /// let reader = lock.clone().try_read_owned().unwrap();
    /// assert_eq!(*reader, 1);
    /// assert!(lock.try_write_owned().is_err());
    /// ```
    pub fn try_read_owned(self: OwnerArc<Self>) -> Result<OwnedRwLockReadGuard<T>, TryLockError> {
        self.permits().try_read()?;
        // SAFETY: taken above.
        Ok(OwnedRwLockReadGuard::of(unsafe { self.into_held() }))
    }

    /// Writes if nobody holds the lock or waits; the guard keeps the lock alive.
    ///
    /// # Errors
    /// [`TryLockError`] otherwise.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    /// use selkie::sync::RwLock;
    ///
    /// let lock = Arc::new(RwLock::new(1));
    /// *lock.clone().try_write_owned().unwrap() = 2;
    /// assert_eq!(*lock.try_read().unwrap(), 2);
    /// ```
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
/// # Examples
/// ```
/// use std::sync::Arc;
/// use selkie::sync::{OwnedRwLockReadGuard, RwLock};
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
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::sync::Arc;
    /// use selkie::sync::{OwnedRwLockReadGuard, RwLock};
    ///
    /// let lock = Arc::new(RwLock::new(("name", 5)));
    /// let number = OwnedRwLockReadGuard::map(lock.read_owned().await, |pair| &pair.1);
    /// let task = selkie::spawn(async move { *number });
    /// assert_eq!(task.await.unwrap(), 5);
    /// # }
    /// ```
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
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::sync::Arc;
    /// use selkie::sync::{OwnedRwLockReadGuard, RwLock};
    ///
    /// let lock = Arc::new(RwLock::new(vec![1, 2]));
    /// let guard = lock.read_owned().await;
    /// let guard = OwnedRwLockReadGuard::try_map(guard, |list| list.get(2)).unwrap_err();
    /// let last = OwnedRwLockReadGuard::try_map(guard, |list| list.last()).unwrap();
    /// assert_eq!(*last, 2);
    /// # }
    /// ```
    pub fn try_map<F, V: ?Sized>(this: Self, f: F) -> Result<OwnedRwLockReadGuard<T, V>, Self>
    where
        F: FnOnce(&U) -> Option<&V>,
    {
        let part = this.held.try_map(f);
        part.map(OwnedRwLockReadGuard::of).map_err(Self::of)
    }

    /// The lock that this guard holds.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::sync::Arc;
    /// use selkie::sync::{OwnedRwLockReadGuard, RwLock};
    ///
    /// let lock = Arc::new(RwLock::new(1));
    /// let guard = lock.clone().read_owned().await;
    /// assert!(Arc::ptr_eq(OwnedRwLockReadGuard::rwlock(&guard), &lock));
    /// # }
    /// ```
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
/// # Examples
/// ```
/// use std::sync::Arc;
/// use selkie::sync::RwLock;
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
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::sync::Arc;
    /// use selkie::sync::{OwnedRwLockWriteGuard, RwLock};
    ///
    /// let lock = Arc::new(RwLock::new((1, 2)));
    /// let mut first = OwnedRwLockWriteGuard::map(lock.clone().write_owned().await, |pair| &mut pair.0);
    /// *first = 8;
    /// drop(first);
    /// assert_eq!(*lock.read().await, (8, 2));
    /// # }
    /// ```
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
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::sync::Arc;
    /// use selkie::sync::{OwnedRwLockWriteGuard, RwLock};
    ///
    /// let lock = Arc::new(RwLock::new(Some(1)));
    /// let guard = lock.clone().write_owned().await;
    /// let mut value = OwnedRwLockWriteGuard::try_map(guard, |value| value.as_mut()).unwrap();
    /// *value = 2;
    /// drop(value);
    /// assert_eq!(*lock.read().await, Some(2));
    /// # }
    /// ```
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
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::sync::Arc;
    /// use selkie::sync::{OwnedRwLockWriteGuard, RwLock};
    ///
    /// let lock = Arc::new(RwLock::new(1));
    /// let guard = lock.clone().write_owned().await;
    /// let mut guard = OwnedRwLockWriteGuard::into_mapped(guard);
    /// *guard += 1;
    /// drop(guard);
    /// assert_eq!(*lock.read().await, 2);
    /// # }
    /// ```
    pub fn into_mapped(this: Self) -> OwnedRwLockMappedWriteGuard<T> {
        this.whole
    }

    /// Becomes a reader, before any waiting writer gets its turn.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::sync::Arc;
    /// use selkie::sync::RwLock;
    ///
    /// let lock = Arc::new(RwLock::new(1));
    /// let mut writer = lock.clone().write_owned().await;
    /// *writer = 2;
    /// let reader = writer.downgrade();
    /// assert!(lock.try_read().is_ok(), "other readers may come");
    /// assert_eq!(*reader, 2);
    /// # }
    /// ```
    pub fn downgrade(self) -> OwnedRwLockReadGuard<T> {
        Self::downgrade_map(self, |value| value)
    }

    /// Becomes a reader of a part of the value.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::sync::Arc;
    /// use selkie::sync::{OwnedRwLockWriteGuard, RwLock};
    ///
    /// let lock = Arc::new(RwLock::new((1, 2)));
    /// let guard = lock.clone().write_owned().await;
    /// let second = OwnedRwLockWriteGuard::downgrade_map(guard, |pair| &pair.1);
    /// assert_eq!(*second, 2);
    /// assert!(lock.try_read().is_ok() && lock.try_write().is_err());
    /// # }
    /// ```
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
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::sync::Arc;
    /// use selkie::sync::{OwnedRwLockWriteGuard, RwLock};
    ///
    /// let lock = Arc::new(RwLock::new(vec![1]));
    /// let guard = lock.clone().write_owned().await;
    /// let guard = OwnedRwLockWriteGuard::try_downgrade_map(guard, |list| list.get(1)).unwrap_err();
    /// let first = OwnedRwLockWriteGuard::try_downgrade_map(guard, |list| list.first()).unwrap();
    /// assert_eq!(*first, 1);
    /// # }
    /// ```
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
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::sync::Arc;
    /// use selkie::sync::{OwnedRwLockWriteGuard, RwLock};
    ///
    /// let lock = Arc::new(RwLock::new(1));
    /// let guard = lock.clone().write_owned().await;
    /// assert!(Arc::ptr_eq(OwnedRwLockWriteGuard::rwlock(&guard), &lock));
    /// # }
    /// ```
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
/// # Examples
/// ```
/// use std::sync::Arc;
/// use selkie::sync::{OwnedRwLockWriteGuard, RwLock};
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
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::sync::Arc;
    /// use selkie::sync::{OwnedRwLockMappedWriteGuard, OwnedRwLockWriteGuard, RwLock};
    ///
    /// let lock = Arc::new(RwLock::new((1, (2, 3))));
    /// let pair = OwnedRwLockWriteGuard::map(lock.clone().write_owned().await, |all| &mut all.1);
    /// let mut last = OwnedRwLockMappedWriteGuard::map(pair, |pair| &mut pair.1);
    /// *last = 9;
    /// drop(last);
    /// assert_eq!(*lock.read().await, (1, (2, 9)));
    /// # }
    /// ```
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
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::sync::Arc;
    /// use selkie::sync::{OwnedRwLockMappedWriteGuard, OwnedRwLockWriteGuard, RwLock};
    ///
    /// let lock = Arc::new(RwLock::new((vec![1], 2)));
    /// let list = OwnedRwLockWriteGuard::map(lock.write_owned().await, |pair| &mut pair.0);
    /// let list = OwnedRwLockMappedWriteGuard::try_map(list, |list| list.get_mut(4)).unwrap_err();
    /// assert_eq!(*list, [1], "the guard came back");
    /// # }
    /// ```
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
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::sync::Arc;
    /// use selkie::sync::{OwnedRwLockMappedWriteGuard, OwnedRwLockWriteGuard, RwLock};
    ///
    /// let lock = Arc::new(RwLock::new((1, 2)));
    /// let first = OwnedRwLockWriteGuard::map(lock.clone().write_owned().await, |pair| &mut pair.0);
    /// assert!(Arc::ptr_eq(OwnedRwLockMappedWriteGuard::rwlock(&first), &lock));
    /// # }
    /// ```
    pub fn rwlock(this: &Self) -> &OwnerArc<RwLock<T>> {
        this.held.lock()
    }
}

deref_guard! { [T: ?Sized, U: ?Sized] OwnedRwLockMappedWriteGuard<T, U>, held => mut U }
