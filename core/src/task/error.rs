//! Why a task gave no output.

use alloc::boxed::Box;
use core::any::Any;
use core::fmt;

use super::id::Id;
use crate::platform::Lock;

/// What a panicking task left, in one word.
pub(super) type Payload = Box<Box<dyn Any + Send>>;

/// The error of a join handle: the task was cancelled, or it panicked.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// let failed = selkie::spawn(async { panic!("out of cheese") });
/// let error = failed.await.map(|()| unreachable!()).unwrap_err();
/// assert!(error.is_panic());
/// assert!(error.to_string().contains("out of cheese"));
///
/// let aborted = selkie::spawn(std::future::pending::<()>());
/// aborted.abort();
/// assert!(aborted.await.unwrap_err().is_cancelled());
/// # }
/// ```
pub struct JoinError {
    id: Id,
    reason: Reason,
}

enum Reason {
    Cancelled,
    /// Behind a lock, since a payload may be `!Sync` and the error is not.
    Panicked(Lock<Payload>),
}

impl JoinError {
    pub(super) fn cancelled(id: Id) -> Self {
        Self {
            id,
            reason: Reason::Cancelled,
        }
    }

    pub(super) fn panicked(id: Id, payload: Payload) -> Self {
        Self {
            id,
            reason: Reason::Panicked(Lock::new(payload)),
        }
    }

    /// Whether the task was cancelled: aborted, or dropped by its runtime's shutdown.
    pub fn is_cancelled(&self) -> bool {
        matches!(self.reason, Reason::Cancelled)
    }

    /// Whether the task panicked.
    pub fn is_panic(&self) -> bool {
        matches!(self.reason, Reason::Panicked(_))
    }

    /// The panic's payload.
    ///
    /// # Panics
    /// If the task did not panic; see [`try_into_panic`](Self::try_into_panic).
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let failed = selkie::spawn(async { panic!("no route") });
    /// let payload = failed.await.map(|()| unreachable!()).unwrap_err().into_panic();
    /// assert_eq!(payload.downcast_ref(), Some(&"no route"));
    /// # }
    /// ```
    #[track_caller]
    pub fn into_panic(self) -> Box<dyn Any + Send + 'static> {
        match self.try_into_panic() {
            Ok(payload) => payload,
            Err(_) => panic!("`JoinError` reason is not a panic."),
        }
    }

    /// The panic's payload, or this error if the task did not panic.
    ///
    /// # Errors
    /// The error itself, if the task was cancelled.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let task = selkie::spawn(std::future::pending::<()>());
    /// task.abort();
    /// // A panic goes on here, while a task that was aborted is no failure.
    /// match task.await.unwrap_err().try_into_panic() {
    ///     Ok(payload) => std::panic::resume_unwind(payload),
    ///     Err(error) => assert!(error.is_cancelled()),
    /// }
    /// # }
    /// ```
    pub fn try_into_panic(self) -> Result<Box<dyn Any + Send + 'static>, Self> {
        match self.reason {
            Reason::Panicked(payload) => Ok(*payload.into_inner()),
            Reason::Cancelled => Err(self),
        }
    }

    /// The id of the task.
    pub fn id(&self) -> Id {
        self.id
    }
}

/// The panic's message, if it is text.
fn message(payload: &Payload) -> Option<&str> {
    match payload.downcast_ref::<alloc::string::String>() {
        Some(message) => Some(message),
        None => payload.downcast_ref::<&'static str>().copied(),
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Reason::Panicked(payload) = &self.reason else {
            return write!(f, "task {} was cancelled", self.id);
        };
        write!(f, "task {} panicked", self.id)?;
        match message(&payload.lock()) {
            Some(message) => write!(f, " with message {message:?}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Reason::Panicked(payload) = &self.reason else {
            return write!(f, "JoinError::Cancelled({:?})", self.id);
        };
        write!(f, "JoinError::Panic({:?}, ", self.id)?;
        if let Some(message) = message(&payload.lock()) {
            write!(f, "{message:?}, ")?;
        }
        f.write_str("...)")
    }
}

impl core::error::Error for JoinError {}
