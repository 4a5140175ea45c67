//! A lock that a task holds across awaits.
//!
//! Idea        The lock is a value and one permit; whoever holds the permit may touch the value.
//! States      free ⇄ held; held → granted to the first in the queue, which is woken with the permit
//! Invariants  I1 `value` is touched by the holder of the permit only.
//!             I2 a guard gives the permit back once ([`HeldLock`]).
//! Rejected    Letting newcomers take a lock that was released before the wait queue is served: more
//!             throughput, but a task can wait for ever, and Tokio's users count on the order.
#![allow(unsafe_code)]

use core::fmt;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

use super::blocking;
use super::errors::TryLockError;
use super::guard::{HeldLock, HeldPart, Unlock, Writer, deref_guard};
use super::permits::PlainPermits;
use crate::maybe_const;
use crate::platform::UnsafeCell;
use crate::trace::{Resource, instrument};

/// A lock whose guard may be held across `.await`; tasks that wait get it in the order of their first poll.
///
/// For data that is used briefly and never across an await, std's mutex is cheaper. A panic does not poison
/// the lock: the guard unlocks when it is dropped.
///
/// # Cost
/// If nobody waits, locking and unlocking are one read-modify-write each. Nothing is allocated.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use selkie::sync::Mutex;
///
/// static COUNT: Mutex<u32> = Mutex::const_new(0);
/// *COUNT.lock().await += 1;
/// assert_eq!(*COUNT.lock().await, 1);
/// # }
/// ```
pub struct Mutex<T: ?Sized> {
    permit: PlainPermits,
    value: UnsafeCell<T>,
}

// SAFETY: the permit lets one thread at a time reach the value (I1), so that it may be sent.
unsafe impl<T: ?Sized + Send> Send for Mutex<T> {}
// SAFETY: as above; a shared mutex gives out exclusive access only.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}

impl<T: ?Sized> Mutex<T> {
    /// An unlocked mutex around `t`.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::sync::Arc;
    /// use selkie::sync::Mutex;
    ///
    /// let list = Arc::new(Mutex::new(vec![1]));
    /// let task = selkie::spawn({
    ///     let list = list.clone();
    ///     async move { list.lock().await.push(2) }
    /// });
    /// task.await.unwrap();
    /// assert_eq!(*list.lock().await, [1, 2]);
    /// # }
    /// ```
    #[track_caller]
    pub fn new(t: T) -> Self
    where
        T: Sized,
    {
        Self {
            permit: PlainPermits::told(Resource::mutex(), 1, || Resource::none().locked(false)),
            value: UnsafeCell::new(t),
        }
    }

    maybe_const! {
        /// As [`new`](Self::new), for statics.
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() {
        /// use selkie::sync::Mutex;
        ///
        /// static NAMES: Mutex<Vec<&str>> = Mutex::const_new(Vec::new());
        ///
        /// NAMES.lock().await.push("selkie");
        /// assert_eq!(NAMES.lock().await.len(), 1);
        /// # }
        /// ```
        pub fn const_new(t: T) -> Self
        where
            T: Sized,
        {
            Self { permit: PlainPermits::new(1), value: UnsafeCell::new(t) }
        }
    }

    /// Waits for the lock.
    ///
    /// # Panics
    /// In debug builds, if this task was handed the lock through another such future, which it
    /// keeps and does not poll any more: it would wait for itself.
    ///
    /// # Cancel safety
    /// A cancelled call loses its position in the queue, and nothing else.
    ///
    /// # Cost
    /// One read-modify-write if the lock is free.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::sync::Arc;
    /// use selkie::sync::Mutex;
    /// use selkie::task::{JoinSet, yield_now};
    ///
    /// let balance = Arc::new(Mutex::new(0));
    /// let mut tasks = JoinSet::new();
    /// for _ in 0..10 {
    ///     let balance = balance.clone();
    ///     tasks.spawn(async move {
    ///         let mut balance = balance.lock().await;
    ///         let before = *balance;
    ///         // Nobody else comes in between, not even across an await.
    ///         yield_now().await;
    ///         *balance = before + 1;
    ///     });
    /// }
    /// tasks.join_all().await;
    /// assert_eq!(*balance.lock().await, 10);
    /// # }
    /// ```
    pub async fn lock(&self) -> MutexGuard<'_, T> {
        self.take_permit("Mutex::lock").await;
        // SAFETY: the permit was taken.
        MutexGuard::of(unsafe { HeldLock::new(self) })
    }

    /// Takes the lock if it is free and nobody waits.
    ///
    /// # Errors
    /// [`TryLockError`] if it is held.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::Mutex;
    ///
    /// let mutex = Mutex::new(1);
    /// let guard = mutex.try_lock().unwrap();
    /// assert!(mutex.try_lock().is_err(), "it is held");
    /// drop(guard);
    /// assert_eq!(*mutex.try_lock().unwrap(), 1);
    /// ```
    pub fn try_lock(&self) -> Result<MutexGuard<'_, T>, TryLockError> {
        self.try_take_permit()?;
        // SAFETY: the permit was taken.
        Ok(MutexGuard::of(unsafe { HeldLock::new(self) }))
    }

    /// Waits for the lock and blocks the thread meanwhile.
    ///
    /// # Panics
    /// On a thread that drives a runtime's tasks.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::sync::Arc;
    /// use selkie::sync::Mutex;
    ///
    /// let count = Arc::new(Mutex::new(0));
    /// let shared = count.clone();
    /// // A thread that runs no tasks shares the lock with tasks.
    /// let thread = std::thread::spawn(move || *shared.blocking_lock() += 1);
    /// *count.lock().await += 1;
    /// thread.join().unwrap();
    /// assert_eq!(*count.lock().await, 2);
    /// # }
    /// ```
    #[track_caller]
    pub fn blocking_lock(&self) -> MutexGuard<'_, T> {
        blocking::wait(self.lock())
    }

    /// The value. No lock is needed, since a mutable borrow proves that nobody holds the mutex.
    pub fn get_mut(&mut self) -> &mut T {
        self.value.with_mut(|value| {
            // SAFETY: `&mut self`.
            unsafe { &mut *value }
        })
    }

    /// The value, out of its mutex.
    pub fn into_inner(self) -> T
    where
        T: Sized,
    {
        self.value.into_inner()
    }

    /// `source` is the function that a user called.
    pub(super) async fn take_permit(&self, source: &'static str) {
        let owner = &self.permit.owner;
        let taken = instrument(owner, source, "poll", false, || self.permit.take_sole()).await;
        debug_assert!(taken.is_ok(), "a mutex is never closed");
    }

    pub(super) fn try_take_permit(&self) -> Result<(), TryLockError> {
        self.permit
            .try_take_told(1)
            .map_err(|_| TryLockError::new())
    }

    /// Where the value stands; touch it with the permit only (I1).
    pub(super) fn value(&self) -> NonNull<T> {
        self.value.with_mut(|value| {
            // SAFETY: a cell's address is not null.
            unsafe { NonNull::new_unchecked(value) }
        })
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Mutex");
        match self.try_lock() {
            Ok(guard) => out.field("data", &&*guard),
            Err(_) => out.field("data", &format_args!("<locked>")),
        };
        out.finish()
    }
}

impl<T> From<T> for Mutex<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: Default> Default for Mutex<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

/// A mutex's one permit, without the value.
impl Unlock<Writer> for PlainPermits {
    #[inline]
    fn tell_locked(&self) {
        self.owner.locked(true);
    }

    #[inline]
    fn unlock(&self) {
        self.give(1);
        self.owner.locked(false);
    }
}

impl<T: ?Sized> Unlock<Writer> for Mutex<T> {
    #[inline]
    fn tell_locked(&self) {
        self.permit.tell_locked();
    }

    #[inline]
    fn unlock(&self) {
        self.permit.unlock();
    }
}

/// A mutex that is held, however it is reached.
impl<L: Deref<Target = Mutex<T>>, T: ?Sized> HeldLock<L, Writer> {
    /// The held mutex with all of its value as the part.
    pub(super) fn into_part(self) -> HeldPart<L, Writer, T> {
        let value = self.lock().value();
        // SAFETY: the value of this mutex, which its holder may write.
        unsafe { HeldPart::new(self, value) }
    }
}

impl<L: Deref<Target = Mutex<T>>, T: ?Sized> Deref for HeldLock<L, Writer> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the permit is held (I1).
        unsafe { self.lock().value().as_ref() }
    }
}

impl<L: Deref<Target = Mutex<T>>, T: ?Sized> DerefMut for HeldLock<L, Writer> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the permit is held (I1), and its holder is borrowed mutably.
        unsafe { self.lock().value().as_mut() }
    }
}

impl<'a, T: ?Sized, U: ?Sized> HeldPart<&'a Mutex<T>, Writer, U> {
    /// Holds the mutex by its permit alone, whatever its value is.
    fn by_permit(self) -> HeldPart<&'a PlainPermits, Writer, U> {
        // SAFETY: the permit of the same mutex.
        unsafe { self.reach_by(|mutex| &mutex.permit) }
    }
}

/// Access to the value of a locked [`Mutex`]; unlocks when dropped.
///
/// # Cost
/// A pointer; unlocking is one read-modify-write if nobody waits.
///
/// # Examples
/// ```
/// use selkie::sync::Mutex;
///
/// let mutex = Mutex::new(1);
/// let mut guard = mutex.try_lock().unwrap();
/// *guard += 1;
/// drop(guard);
/// assert_eq!(*mutex.try_lock().unwrap(), 2);
/// ```
#[must_use = "dropping the guard unlocks at once"]
pub struct MutexGuard<'a, T: ?Sized> {
    held: HeldLock<&'a Mutex<T>, Writer>,
    _access: PhantomData<&'a mut T>,
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    const fn of(held: HeldLock<&'a Mutex<T>, Writer>) -> Self {
        Self {
            held,
            _access: PhantomData,
        }
    }

    /// Narrows the guard to a part of the value.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::{Mutex, MutexGuard};
    ///
    /// let pair = Mutex::new((1, 2));
    /// *MutexGuard::map(pair.try_lock().unwrap(), |pair| &mut pair.1) = 5;
    /// assert_eq!(pair.into_inner(), (1, 5));
    /// ```
    pub fn map<U, F>(this: Self, f: F) -> MappedMutexGuard<'a, U>
    where
        U: ?Sized,
        F: FnOnce(&mut T) -> &mut U,
    {
        MappedMutexGuard::of(this.held.into_part().map(f).by_permit())
    }

    /// Narrows the guard to a part of the value if `f` finds one.
    ///
    /// # Errors
    /// The guard itself, if `f` returns `None`.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::{Mutex, MutexGuard};
    ///
    /// let slots = Mutex::new([None, Some(5)]);
    /// let guard = MutexGuard::try_map(slots.try_lock().unwrap(), |slots| slots[0].as_mut());
    /// let slots = guard.expect_err("the first slot is empty");
    /// let mut second = MutexGuard::try_map(slots, |slots| slots[1].as_mut()).unwrap();
    /// *second += 1;
    /// assert_eq!(*second, 6);
    /// ```
    pub fn try_map<U, F>(this: Self, f: F) -> Result<MappedMutexGuard<'a, U>, Self>
    where
        U: ?Sized,
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        let part = this.held.into_part().try_map(f);
        part.map(|part| MappedMutexGuard::of(part.by_permit()))
            .map_err(|whole| Self::of(whole.into_held()))
    }

    /// The mutex that this guard holds.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::{Mutex, MutexGuard};
    ///
    /// let mutex = Mutex::new(1);
    /// let guard = mutex.try_lock().unwrap();
    /// assert!(std::ptr::eq(MutexGuard::mutex(&guard), &mutex));
    /// ```
    pub fn mutex(this: &Self) -> &'a Mutex<T> {
        this.held.lock()
    }
}

deref_guard! { ['a, T: ?Sized] MutexGuard<'a, T>, held => mut T }

/// Access to a part of the value of a locked [`Mutex`]; unlocks when dropped.
///
/// # Cost
/// Two pointers; as [`MutexGuard`] otherwise.
///
/// # Examples
/// ```
/// use selkie::sync::{Mutex, MutexGuard};
///
/// let mutex = Mutex::new((1, 2));
/// let mut second = MutexGuard::map(mutex.try_lock().unwrap(), |pair| &mut pair.1);
/// *second += 1;
/// drop(second);
/// assert_eq!(*mutex.try_lock().unwrap(), (1, 3));
/// ```
#[must_use = "dropping the guard unlocks at once"]
pub struct MappedMutexGuard<'a, T: ?Sized> {
    held: HeldPart<&'a PlainPermits, Writer, T>,
    _access: PhantomData<&'a mut T>,
}

// SAFETY: the guard is exclusive access to the part (I1), as `&mut T` is.
unsafe impl<T: ?Sized + Send> Send for MappedMutexGuard<'_, T> {}
// SAFETY: a shared guard gives `&T` only.
unsafe impl<T: ?Sized + Sync> Sync for MappedMutexGuard<'_, T> {}

impl<'a, T: ?Sized> MappedMutexGuard<'a, T> {
    const fn of(held: HeldPart<&'a PlainPermits, Writer, T>) -> Self {
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
    /// use selkie::sync::{MappedMutexGuard, Mutex, MutexGuard};
    ///
    /// let state = Mutex::new((String::from("log"), [1, 2, 3]));
    /// let numbers = MutexGuard::map(state.lock().await, |state| &mut state.1);
    /// let mut first = MappedMutexGuard::map(numbers, |numbers| &mut numbers[0]);
    /// *first = 10;
    /// drop(first);
    /// assert_eq!(state.lock().await.1, [10, 2, 3]);
    /// # }
    /// ```
    pub fn map<U, F>(this: Self, f: F) -> MappedMutexGuard<'a, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        MappedMutexGuard::of(this.held.map(f))
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
    /// use selkie::sync::{MappedMutexGuard, Mutex, MutexGuard};
    ///
    /// let state = Mutex::new((1, vec![2, 3]));
    /// let list = MutexGuard::map(state.lock().await, |state| &mut state.1);
    /// // There is no third element: the guard comes back.
    /// let list = MappedMutexGuard::try_map(list, |list| list.get_mut(2)).unwrap_err();
    /// let second = MappedMutexGuard::try_map(list, |list| list.get_mut(1)).unwrap();
    /// assert_eq!(*second, 3);
    /// # }
    /// ```
    pub fn try_map<U, F>(this: Self, f: F) -> Result<MappedMutexGuard<'a, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        let part = this.held.try_map(f);
        part.map(MappedMutexGuard::of).map_err(Self::of)
    }
}

deref_guard! { ['a, T: ?Sized] MappedMutexGuard<'a, T>, held => mut T }
