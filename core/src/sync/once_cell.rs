//! A value that is made once, by whoever needs it first.
//!
//! Idea        A semaphore of one permit decides who makes the value; the others wait for the permit.
//! States      empty ⇄ being made (one task holds the permit) → made; the wait queue is closed then
//! Invariants  I1 the value is written by the holder of the one permit, who then forgets the permit.
//! Rejected    Spinning while another task makes the value: making it may await.
#![allow(unsafe_code)]

use core::convert::Infallible;
use core::error::Error;
use core::fmt;
use core::future::Future;

use super::errors::TryAcquireError;
use super::semaphore::{Semaphore, SemaphorePermit};
use super::write_once::WriteOnce;
use crate::maybe_const;

/// A cell that is written once, also by an async function, and read by many.
///
/// # Cost
/// A read of a value that is there costs one load.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use selkie::sync::OnceCell;
///
/// static ANSWER: OnceCell<u32> = OnceCell::const_new();
/// assert_eq!(ANSWER.get_or_init(|| async { 42 }).await, &42);
/// assert_eq!(ANSWER.get(), Some(&42));
/// # }
/// ```
pub struct OnceCell<T> {
    cell: WriteOnce<T>,
    maker: Semaphore,
}

impl<T> OnceCell<T> {
    /// An empty cell.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::OnceCell;
    ///
    /// let cell = OnceCell::new();
    /// assert!(cell.get().is_none());
    /// assert_eq!(cell.get_or_init(async || 5).await, &5);
    /// assert_eq!(cell.get(), Some(&5));
    /// # }
    /// ```
    pub fn new() -> Self {
        Self::const_new()
    }

    maybe_const! {
        /// An empty cell, for statics.
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() {
        /// use selkie::sync::OnceCell;
        ///
        /// static SETTINGS: OnceCell<String> = OnceCell::const_new();
        ///
        /// async fn settings() -> &'static String {
        ///     SETTINGS.get_or_init(async || String::from("verbose")).await
        /// }
        ///
        /// assert_eq!(settings().await, "verbose");
        /// assert!(std::ptr::eq(settings().await, settings().await));
        /// # }
        /// ```
        pub fn const_new() -> Self {
            Self {
                cell: WriteOnce::new(),
                maker: Semaphore::const_new(1),
            }
        }
    }

    /// A cell with a value, or an empty one.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::OnceCell;
    ///
    /// assert_eq!(OnceCell::new_with(Some(1)).get(), Some(&1));
    /// assert!(OnceCell::<u8>::new_with(None).get().is_none());
    /// ```
    pub fn new_with(value: Option<T>) -> Self {
        match value {
            Some(value) => Self::const_new_with(value),
            None => Self::const_new(),
        }
    }

    maybe_const! {
        /// A cell with a value, for statics.
        ///
        /// # Examples
        /// ```
        /// use selkie::sync::OnceCell;
        ///
        /// static LIMIT: OnceCell<u32> = OnceCell::const_new_with(100);
        ///
        /// assert_eq!(LIMIT.get(), Some(&100));
        /// ```
        pub fn const_new_with(value: T) -> Self {
            Self {
                cell: WriteOnce::with(value),
                maker: Semaphore::const_new(0),
            }
        }
    }

    /// Whether there is a value.
    pub fn initialized(&self) -> bool {
        self.cell.is_written()
    }

    /// The value, if there is one.
    pub fn get(&self) -> Option<&T> {
        self.cell.get()
    }

    /// The value, if there is one, by a mutable reference.
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.cell.get_mut()
    }

    fn store(&self, value: T, permit: SemaphorePermit<'_>) -> &T {
        // SAFETY: the holder of the permit, which nobody had before and nobody has again (I1).
        unsafe { self.cell.write(value) };
        self.maker.close();
        permit.forget();
        self.get().expect("just made")
    }

    /// Puts `value` into the empty cell.
    ///
    /// # Errors
    /// [`SetError`] with the value: there is one, or one is being made.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::{OnceCell, SetError};
    ///
    /// let cell = OnceCell::new();
    /// cell.set("first").unwrap();
    /// assert_eq!(cell.set("second"), Err(SetError::AlreadyInitializedError("second")));
    /// assert_eq!(cell.get(), Some(&"first"));
    /// ```
    pub fn set(&self, value: T) -> Result<(), SetError<T>> {
        if self.initialized() {
            return Err(SetError::AlreadyInitializedError(value));
        }
        match self.maker.try_acquire() {
            Ok(permit) => {
                self.store(value, permit);
                Ok(())
            }
            Err(TryAcquireError::NoPermits) => Err(SetError::InitializingError(value)),
            Err(TryAcquireError::Closed) => Err(SetError::AlreadyInitializedError(value)),
        }
    }

    /// The value. If there is none, `f` makes it, and other callers wait until it has.
    ///
    /// # Panics
    /// If `f` does; then the next caller tries again.
    ///
    /// # Cancel safety
    /// If the call that makes the value is cancelled, another caller that waits starts again with its own
    /// function.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::sync::atomic::{AtomicU32, Ordering};
    /// use selkie::sync::OnceCell;
    ///
    /// static CALLS: AtomicU32 = AtomicU32::new(0);
    /// static CELL: OnceCell<u32> = OnceCell::const_new();
    ///
    /// async fn connect() -> u32 {
    ///     selkie::task::yield_now().await;
    ///     CALLS.fetch_add(1, Ordering::Relaxed)
    /// }
    ///
    /// // Whoever comes while one initializes waits for it.
    /// selkie::join!(CELL.get_or_init(connect), CELL.get_or_init(connect));
    /// assert_eq!(CALLS.load(Ordering::Relaxed), 1);
    /// # }
    /// ```
    pub async fn get_or_init<F, Fut>(&self, f: F) -> &T
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = T>,
    {
        let made = self
            .get_or_try_init(|| async { Ok::<T, Infallible>(f().await) })
            .await;
        match made {
            Ok(value) => value,
            Err(never) => match never {},
        }
    }

    /// The value. If there is none, `f` tries to make it, and other callers wait until it has.
    ///
    /// # Errors
    /// What `f` returns. The cell is still empty then, and the next caller tries again.
    ///
    /// # Panics
    /// If `f` does; then the next caller tries again.
    ///
    /// # Cancel safety
    /// As [`get_or_init`](Self::get_or_init).
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::OnceCell;
    ///
    /// let cell = OnceCell::new();
    /// let failed = cell.get_or_try_init(async || Err("no connection")).await;
    /// assert_eq!(failed, Err("no connection"));
    /// // A failure leaves the cell empty, for another try.
    /// let value = cell.get_or_try_init(async || Ok::<_, &str>("connected")).await;
    /// assert_eq!(value, Ok(&"connected"));
    /// # }
    /// ```
    pub async fn get_or_try_init<E, F, Fut>(&self, f: F) -> Result<&T, E>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        if let Some(value) = self.get() {
            return Ok(value);
        }
        match self.maker.acquire().await {
            Ok(permit) => {
                let value = f().await?;
                Ok(self.store(value, permit))
            }
            Err(_) => Ok(self
                .get()
                .expect("the waiters is closed when the value is made")),
        }
    }

    /// The value, out of the cell.
    pub fn into_inner(self) -> Option<T> {
        self.cell.into_inner()
    }

    /// The value, out of the cell, which is empty then.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::OnceCell;
    ///
    /// let mut cell = OnceCell::new_with(Some(1));
    /// assert_eq!(cell.take(), Some(1));
    /// assert_eq!(cell.take(), None);
    /// cell.set(2).unwrap();
    /// ```
    pub fn take(&mut self) -> Option<T> {
        core::mem::take(self).into_inner()
    }
}

impl<T> Default for OnceCell<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: fmt::Debug> fmt::Debug for OnceCell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnceCell")
            .field("value", &self.get())
            .finish()
    }
}

impl<T: Clone> Clone for OnceCell<T> {
    fn clone(&self) -> Self {
        Self::new_with(self.get().cloned())
    }
}

impl<T: PartialEq> PartialEq for OnceCell<T> {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl<T: Eq> Eq for OnceCell<T> {}

impl<T> From<T> for OnceCell<T> {
    fn from(value: T) -> Self {
        Self::const_new_with(value)
    }
}

/// Why a [`OnceCell`] could not be set; the value comes back.
///
/// # Examples
/// ```
/// use selkie::sync::{OnceCell, SetError};
///
/// let cell = OnceCell::new_with(Some(1));
/// match cell.set(2) {
///     Err(SetError::AlreadyInitializedError(value)) => assert_eq!(value, 2),
///     Err(SetError::InitializingError(_)) => unreachable!("nobody is in get_or_init"),
///     Ok(()) => unreachable!(),
/// }
/// ```
#[derive(Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SetError<T> {
    /// The cell has a value.
    AlreadyInitializedError(T),
    /// A task is making the value.
    InitializingError(T),
}

impl<T> SetError<T> {
    /// Whether the cell has a value.
    pub fn is_already_init_err(&self) -> bool {
        matches!(self, Self::AlreadyInitializedError(_))
    }

    /// Whether a task is making the value.
    pub fn is_initializing_err(&self) -> bool {
        matches!(self, Self::InitializingError(_))
    }
}

impl<T> fmt::Display for SetError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AlreadyInitializedError(_) => "the cell has a value already",
            Self::InitializingError(_) => "the cell's value is being made",
        })
    }
}

impl<T: fmt::Debug> Error for SetError<T> {}
