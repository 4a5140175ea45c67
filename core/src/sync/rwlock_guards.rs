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
/// # Examples
/// ```
/// use selkie::sync::{RwLock, RwLockReadGuard};
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
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::{RwLock, RwLockReadGuard};
    ///
    /// let lock = RwLock::new(("name", 5));
    /// let name = RwLockReadGuard::map(lock.read().await, |pair| &pair.0);
    /// assert_eq!(*name, "name");
    /// # }
    /// ```
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
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::{RwLock, RwLockReadGuard};
    ///
    /// let lock = RwLock::new(vec![1, 2]);
    /// let guard = lock.read().await;
    /// let guard = RwLockReadGuard::try_map(guard, |list| list.get(5)).unwrap_err();
    /// let last = RwLockReadGuard::try_map(guard, |list| list.last()).unwrap();
    /// assert_eq!(*last, 2);
    /// # }
    /// ```
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
/// # Examples
/// ```
/// use selkie::sync::RwLock;
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
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::{RwLock, RwLockWriteGuard};
    ///
    /// let lock = RwLock::new((1, 2));
    /// let mut first = RwLockWriteGuard::map(lock.write().await, |pair| &mut pair.0);
    /// *first += 10;
    /// drop(first);
    /// assert_eq!(*lock.read().await, (11, 2));
    /// # }
    /// ```
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
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::{RwLock, RwLockWriteGuard};
    ///
    /// let lock = RwLock::new(vec![1]);
    /// let guard = RwLockWriteGuard::try_map(lock.write().await, |list| list.get_mut(3)).unwrap_err();
    /// let mut first = RwLockWriteGuard::try_map(guard, |list| list.first_mut()).unwrap();
    /// *first = 2;
    /// drop(first);
    /// assert_eq!(*lock.read().await, [2]);
    /// # }
    /// ```
    pub fn try_map<F, U: ?Sized>(this: Self, f: F) -> Result<RwLockMappedWriteGuard<'a, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        RwLockMappedWriteGuard::try_map(this.whole, f).map_err(|whole| Self { whole })
    }

    /// Turns this guard into a mapped guard of the whole value.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::{RwLock, RwLockMappedWriteGuard, RwLockWriteGuard};
    ///
    /// let lock = RwLock::new(1);
    /// // For code that takes mapped guards, whether of a part or of the whole.
    /// let mut guard: RwLockMappedWriteGuard<'_, _> = RwLockWriteGuard::into_mapped(lock.write().await);
    /// *guard = 2;
    /// drop(guard);
    /// assert_eq!(*lock.read().await, 2);
    /// # }
    /// ```
    pub fn into_mapped(this: Self) -> RwLockMappedWriteGuard<'a, T> {
        this.whole
    }

    /// Becomes a reader, before any waiting writer gets its turn.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::RwLock;
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
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::{RwLock, RwLockWriteGuard};
    ///
    /// let lock = RwLock::new((1, 2));
    /// let mut guard = lock.write().await;
    /// guard.0 = 5;
    /// // No writer comes between the change and this look at it.
    /// let first = RwLockWriteGuard::downgrade_map(guard, |pair| &pair.0);
    /// assert_eq!(*first, 5);
    /// assert_eq!(lock.try_read().unwrap().1, 2, "other readers may come");
    /// # }
    /// ```
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
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::{RwLock, RwLockWriteGuard};
    ///
    /// let lock = RwLock::new(vec![1, 2]);
    /// let guard = lock.write().await;
    /// let guard = RwLockWriteGuard::try_downgrade_map(guard, |list| list.get(9)).unwrap_err();
    /// let first = RwLockWriteGuard::try_downgrade_map(guard, |list| list.first()).unwrap();
    /// assert_eq!(*first, 1);
    /// assert!(lock.try_read().is_ok());
    /// # }
    /// ```
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
/// # Examples
/// ```
/// use selkie::sync::{RwLock, RwLockWriteGuard};
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
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::{RwLock, RwLockMappedWriteGuard, RwLockWriteGuard};
    ///
    /// let lock = RwLock::new(((1, 2), 3));
    /// let pair = RwLockWriteGuard::map(lock.write().await, |all| &mut all.0);
    /// let mut second = RwLockMappedWriteGuard::map(pair, |pair| &mut pair.1);
    /// *second = 7;
    /// drop(second);
    /// assert_eq!(*lock.read().await, ((1, 7), 3));
    /// # }
    /// ```
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
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::{RwLock, RwLockMappedWriteGuard, RwLockWriteGuard};
    ///
    /// let lock = RwLock::new((vec![1], 2));
    /// let list = RwLockWriteGuard::map(lock.write().await, |pair| &mut pair.0);
    /// let list = RwLockMappedWriteGuard::try_map(list, |list| list.get_mut(1)).unwrap_err();
    /// assert_eq!(*list, [1], "the guard came back");
    /// # }
    /// ```
    pub fn try_map<F, U: ?Sized>(this: Self, f: F) -> Result<RwLockMappedWriteGuard<'a, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        let part = this.held.try_map(f);
        part.map(RwLockMappedWriteGuard::of).map_err(Self::of)
    }
}

deref_guard! { ['a, T: ?Sized] RwLockMappedWriteGuard<'a, T>, held => mut T }
