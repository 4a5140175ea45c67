//! A value that is set once, and that tasks can wait for.
//!
//! States      empty ─set→ set
//! Invariants  I1 the value is written under the lock, by whoever finds none there.
//! Rejected    A watch channel: it has a version, two sides, and a lock around every look.
#![allow(unsafe_code)]

use core::error::Error;
use core::fmt;

use super::notify::Notify;
use super::notify_until::wait_until;
use super::write_once::WriteOnce;
use crate::maybe_const;
use crate::platform::Lock;

/// A cell that is set once; [`wait`](Self::wait) waits for it.
///
/// # Cost
/// A read of a value that is there costs one load.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use selkie::sync::SetOnce;
///
/// static READY: SetOnce<u8> = SetOnce::const_new();
/// READY.set(3).unwrap();
/// assert!(READY.set(4).is_err());
/// assert_eq!(READY.wait().await, &3);
/// # }
/// ```
pub struct SetOnce<T> {
    cell: WriteOnce<T>,
    setting: Lock<()>,
    waiting: Notify,
}

impl<T> SetOnce<T> {
    /// An empty cell.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::SetOnce;
    ///
    /// let address = SetOnce::new();
    /// assert!(address.get().is_none());
    /// address.set("127.0.0.1").unwrap();
    /// assert_eq!(address.wait().await, &"127.0.0.1");
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
        /// use selkie::sync::SetOnce;
        ///
        /// static ADDRESS: SetOnce<&str> = SetOnce::const_new();
        ///
        /// let client = selkie::spawn(ADDRESS.wait());
        /// ADDRESS.set("localhost").unwrap();
        /// assert_eq!(*client.await.unwrap(), "localhost");
        /// # }
        /// ```
        pub fn const_new() -> Self {
            Self {
                cell: WriteOnce::new(),
                setting: Lock::new(()),
                waiting: Notify::const_new(),
            }
        }
    }

    /// A cell with a value, or an empty one.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::SetOnce;
    ///
    /// assert_eq!(SetOnce::new_with(Some(3)).get(), Some(&3));
    /// assert!(SetOnce::<u8>::new_with(None).get().is_none());
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
        /// use selkie::sync::SetOnce;
        ///
        /// static LEVEL: SetOnce<u8> = SetOnce::const_new_with(3);
        ///
        /// assert!(LEVEL.set(4).is_err());
        /// assert_eq!(LEVEL.get(), Some(&3));
        /// ```
        pub fn const_new_with(value: T) -> Self {
            Self {
                cell: WriteOnce::with(value),
                setting: Lock::new(()),
                waiting: Notify::const_new(),
            }
        }
    }

    /// Whether there is a value.
    pub fn initialized(&self) -> bool {
        self.cell.is_written()
    }

    /// The value, if it is set.
    pub fn get(&self) -> Option<&T> {
        self.cell.get()
    }

    /// Sets the value and wakes the tasks that wait for it.
    ///
    /// # Errors
    /// [`SetOnceError`] with the value if there is one already.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::SetOnce;
    ///
    /// let cell = SetOnce::new();
    /// cell.set("first").unwrap();
    /// assert_eq!(cell.set("second").unwrap_err().0, "second", "the value comes back");
    /// assert_eq!(cell.get(), Some(&"first"));
    /// ```
    pub fn set(&self, value: T) -> Result<(), SetOnceError<T>> {
        if self.initialized() {
            return Err(SetOnceError(value));
        }
        {
            let _setting = self.setting.lock();
            if self.initialized() {
                return Err(SetOnceError(value));
            }
            // SAFETY: we hold the lock and nothing is set (I1).
            unsafe { self.cell.write(value) };
        }
        self.waiting.notify_waiters();
        Ok(())
    }

    /// Waits for the value.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::sync::Arc;
    /// use selkie::sync::SetOnce;
    ///
    /// let result = Arc::new(SetOnce::new());
    /// let readers: Vec<_> = (0..3)
    ///     .map(|_| {
    ///         let result = result.clone();
    ///         selkie::spawn(async move { *result.wait().await })
    ///     })
    ///     .collect();
    /// result.set(5).unwrap();
    /// for reader in readers {
    ///     assert_eq!(reader.await.unwrap(), 5);
    /// }
    /// # }
    /// ```
    pub async fn wait(&self) -> &T {
        loop {
            wait_until(&self.waiting, || self.initialized()).await;
            // Not `expect`, which would bring code that panics into firmware.
            if let Some(value) = self.get() {
                return value;
            }
        }
    }

    /// The value, out of the cell.
    pub fn into_inner(self) -> Option<T> {
        self.cell.into_inner()
    }
}

impl<T> Default for SetOnce<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: fmt::Debug> fmt::Debug for SetOnce<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetOnce")
            .field("value", &self.get())
            .finish()
    }
}

impl<T: Clone> Clone for SetOnce<T> {
    fn clone(&self) -> Self {
        Self::new_with(self.get().cloned())
    }
}

impl<T: PartialEq> PartialEq for SetOnce<T> {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl<T: Eq> Eq for SetOnce<T> {}

impl<T> From<T> for SetOnce<T> {
    fn from(value: T) -> Self {
        Self::const_new_with(value)
    }
}

/// The [`SetOnce`] has a value already; the new one comes back.
///
/// # Examples
/// ```
/// use selkie::sync::{SetOnce, SetOnceError};
///
/// let cell = SetOnce::new_with(Some(1));
/// assert_eq!(cell.set(2), Err(SetOnceError(2)));
/// ```
#[derive(Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SetOnceError<T>(pub T);

impl<T> fmt::Display for SetOnceError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the cell has a value already")
    }
}

impl<T: fmt::Debug> Error for SetOnceError<T> {}
