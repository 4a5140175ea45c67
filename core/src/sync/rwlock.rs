//! A lock for one writer or many readers, held across awaits.
//!
//! Idea        The lock is a value and a number of permits: a reader holds one permit, a writer all of them.
//!             The wait queue keeps the order of requests, so readers that come after a waiting writer
//!             wait behind it.
//! States      free ⇄ 1..=max readers;   free ⇄ one writer;   writer ─downgrade→ one reader
//! Invariants  I1 `value` is read by holders of a permit, and written by the holder of all.
//!             I2 a guard gives its permits back exactly once ([`HeldLock`]).
//! Rejected    Readers past a waiting writer: the writer may wait for ever.
#![allow(unsafe_code)]

use core::fmt;
use core::ptr::NonNull;

use super::blocking;
use super::errors::TryLockError;
use super::guard::{HeldLock, HeldPart, Unlock};
use super::rwlock_guards::{RwLockReadGuard, RwLockWriteGuard};
use super::rwlock_permits::{MOST_READERS, RawRwLock, RwLockPermits};
use crate::maybe_const;
use crate::platform::UnsafeCell;

/// A lock that many readers or one writer may hold across `.await`; requests are served in the
/// order of their first poll.
///
/// A task that holds a read guard and asks for another one can wait for ever, since a writer may be waiting
/// between the two.
///
/// # Cost
/// If nobody waits, locking and unlocking are one read-modify-write each. Nothing is allocated.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use selkie::sync::RwLock;
///
/// let lock = RwLock::new(5);
/// let (one, two) = (lock.read().await, lock.read().await);
/// assert_eq!(*one + *two, 10);
/// drop((one, two));
/// *lock.write().await += 1;
/// assert_eq!(lock.into_inner(), 6);
/// # }
/// ```
pub struct RwLock<T: ?Sized> {
    permits: RwLockPermits,
    value: UnsafeCell<T>,
}

// SAFETY: the permits order all access to the value (I1).
unsafe impl<T: ?Sized + Send> Send for RwLock<T> {}
// SAFETY: as above; readers share the value, hence `T: Sync`.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLock<T> {}

impl<T: ?Sized> RwLock<T> {
    /// An unlocked lock around `value`.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::RwLock;
    ///
    /// let prices = RwLock::new(vec![3, 5]);
    /// prices.write().await.push(8);
    /// assert_eq!(prices.read().await.iter().sum::<i32>(), 16);
    /// # }
    /// ```
    #[track_caller]
    pub fn new(value: T) -> RwLock<T>
    where
        T: Sized,
    {
        Self::with_max_readers(value, MOST_READERS)
    }

    /// A lock for at most `max_reads` readers at a time.
    ///
    /// # Panics
    /// If `max_reads` is zero or exceeds `u32::MAX >> 3`.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::RwLock;
    ///
    /// let lock = RwLock::with_max_readers(1, 2);
    /// let _one = lock.try_read().unwrap();
    /// let two = lock.try_read().unwrap();
    /// assert!(lock.try_read().is_err(), "two readers at most");
    /// drop(two);
    /// assert!(lock.try_read().is_ok());
    /// ```
    #[track_caller]
    pub fn with_max_readers(value: T, max_reads: u32) -> RwLock<T>
    where
        T: Sized,
    {
        Self {
            permits: RwLockPermits::told(max_reads),
            value: UnsafeCell::new(value),
        }
    }

    maybe_const! {
        /// As [`new`](Self::new), for statics.
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() {
        /// use selkie::sync::RwLock;
        ///
        /// static ROUTES: RwLock<Vec<&str>> = RwLock::const_new(Vec::new());
        ///
        /// ROUTES.write().await.push("/");
        /// assert_eq!(*ROUTES.read().await, ["/"]);
        /// # }
        /// ```
        pub fn const_new(value: T) -> RwLock<T>
        where
            T: Sized,
        {
            Self::const_with_max_readers(value, MOST_READERS)
        }
    }

    maybe_const! {
        /// As [`with_max_readers`](Self::with_max_readers), for statics.
        ///
        /// # Panics
        /// If `max_reads` is zero or exceeds `u32::MAX >> 3`.
        ///
        /// # Examples
        /// ```
        /// use selkie::sync::RwLock;
        ///
        /// static SHARED: RwLock<u8> = RwLock::const_with_max_readers(1, 1);
        ///
        /// let _reader = SHARED.try_read().unwrap();
        /// assert!(SHARED.try_read().is_err());
        /// ```
        #[track_caller]
        pub fn const_with_max_readers(value: T, max_reads: u32) -> RwLock<T>
        where
            T: Sized,
        {
            Self {
                permits: RwLockPermits::new(max_reads),
                value: UnsafeCell::new(value),
            }
        }
    }

    /// Waits to read.
    ///
    /// # Cancel safety
    /// A cancelled call loses its position in the queue, and nothing else.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::RwLock;
    ///
    /// let lock = RwLock::new(5);
    /// // Readers hold the lock side by side.
    /// let (one, two) = selkie::join!(lock.read(), lock.read());
    /// assert_eq!(*one + *two, 10);
    /// assert!(lock.try_write().is_err());
    /// # }
    /// ```
    pub async fn read(&self) -> RwLockReadGuard<'_, T> {
        self.permits.read("RwLock::read").await;
        // SAFETY: taken above.
        RwLockReadGuard::of(unsafe { self.held() })
    }

    /// Waits to write.
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
    /// let lock = Arc::new(RwLock::new(String::new()));
    /// let reader = lock.read().await;
    /// let writer = selkie::spawn({
    ///     let lock = lock.clone();
    ///     async move { lock.write().await.push_str("written") }
    /// });
    /// assert_eq!(*reader, "", "the writer waits for the reader");
    /// drop(reader);
    /// writer.await.unwrap();
    /// assert_eq!(*lock.read().await, "written");
    /// # }
    /// ```
    pub async fn write(&self) -> RwLockWriteGuard<'_, T> {
        self.permits.write("RwLock::write").await;
        // SAFETY: taken above.
        RwLockWriteGuard::of(unsafe { self.held() })
    }

    /// Reads if no writer holds the lock or waits.
    ///
    /// # Errors
    /// [`TryLockError`] otherwise.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::RwLock;
    ///
    /// let lock = RwLock::new(1);
    /// let writer = lock.try_write().unwrap();
    /// assert!(lock.try_read().is_err());
    /// drop(writer);
    /// assert_eq!(*lock.try_read().unwrap(), 1);
    /// ```
    pub fn try_read(&self) -> Result<RwLockReadGuard<'_, T>, TryLockError> {
        self.permits.try_read()?;
        // SAFETY: taken above.
        Ok(RwLockReadGuard::of(unsafe { self.held() }))
    }

    /// Writes if nobody holds the lock or waits.
    ///
    /// # Errors
    /// [`TryLockError`] otherwise.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::RwLock;
    ///
    /// let lock = RwLock::new(1);
    /// let reader = lock.try_read().unwrap();
    /// assert!(lock.try_write().is_err());
    /// drop(reader);
    /// *lock.try_write().unwrap() = 2;
    /// ```
    pub fn try_write(&self) -> Result<RwLockWriteGuard<'_, T>, TryLockError> {
        self.permits.try_write()?;
        // SAFETY: taken above.
        Ok(RwLockWriteGuard::of(unsafe { self.held() }))
    }

    /// Waits to read, and blocks the thread meanwhile.
    ///
    /// # Panics
    /// On a thread that drives a runtime's tasks.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    /// use selkie::sync::RwLock;
    ///
    /// let lock = Arc::new(RwLock::new(3));
    /// let shared = lock.clone();
    /// let thread = std::thread::spawn(move || *shared.blocking_read());
    /// assert_eq!(thread.join().unwrap(), 3);
    /// ```
    #[track_caller]
    pub fn blocking_read(&self) -> RwLockReadGuard<'_, T> {
        blocking::wait(self.read())
    }

    /// Waits to write, and blocks the thread meanwhile.
    ///
    /// # Panics
    /// On a thread that drives a runtime's tasks.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::sync::Arc;
    /// use selkie::sync::RwLock;
    ///
    /// let lock = Arc::new(RwLock::new(3));
    /// let shared = lock.clone();
    /// let thread = std::thread::spawn(move || *shared.blocking_write() = 4);
    /// thread.join().unwrap();
    /// assert_eq!(*lock.read().await, 4);
    /// # }
    /// ```
    #[track_caller]
    pub fn blocking_write(&self) -> RwLockWriteGuard<'_, T> {
        blocking::wait(self.write())
    }

    /// The value. No lock is needed, since a mutable borrow proves that nobody holds it.
    pub fn get_mut(&mut self) -> &mut T {
        self.value.with_mut(|value| {
            // SAFETY: `&mut self`.
            unsafe { &mut *value }
        })
    }

    /// The value, out of its lock.
    pub fn into_inner(self) -> T
    where
        T: Sized,
    {
        self.value.into_inner()
    }

    /// The lock, held, with its whole value.
    ///
    /// # Safety
    /// The caller took the permits of `H`.
    #[inline]
    unsafe fn held<H>(&self) -> HeldPart<&RwLockPermits, H, T>
    where
        RwLockPermits: Unlock<H>,
    {
        // SAFETY: the caller's promise.
        let held = unsafe { HeldLock::new(&self.permits) };
        // SAFETY: the value of this lock, from a cell that writers may write to.
        unsafe { HeldPart::new(held, self.value()) }
    }

    /// Where the value stands; touch it as I1 allows only.
    pub(super) fn value(&self) -> NonNull<T> {
        self.value.with(|value| {
            // SAFETY: a cell's address is not null.
            unsafe { NonNull::new_unchecked(value.cast_mut()) }
        })
    }
}

impl<T: ?Sized> RawRwLock for RwLock<T> {
    #[inline]
    fn permits(&self) -> &RwLockPermits {
        &self.permits
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("RwLock");
        match self.try_read() {
            Ok(guard) => out.field("data", &&*guard),
            Err(_) => out.field("data", &format_args!("<locked>")),
        };
        out.finish()
    }
}

impl<T> From<T> for RwLock<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: Default> Default for RwLock<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}
