//! The errors of `watch`: the other side is gone.

use core::error::Error;
use core::fmt;

/// No receiver is there; the value comes back.
///
/// # Examples
/// ```
/// use selkie::sync::watch::{self, error::SendError};
///
/// let (tx, rx) = watch::channel(1);
/// drop(rx);
/// let Err(SendError(value)) = tx.send(2) else { panic!() };
/// assert_eq!(value, 2);
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SendError<T>(pub T);

impl<T> fmt::Debug for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendError").finish_non_exhaustive()
    }
}

impl<T> fmt::Display for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("channel closed")
    }
}

impl<T> Error for SendError<T> {}

/// Every sender is gone: the value will not change any more.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use selkie::sync::watch;
///
/// let (tx, mut rx) = watch::channel(1);
/// drop(tx);
/// assert!(rx.changed().await.is_err(), "no change will come");
/// assert_eq!(*rx.borrow(), 1, "the last value stays");
/// # }
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RecvError(());

impl RecvError {
    pub(super) const fn new() -> Self {
        Self(())
    }
}

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("channel closed")
    }
}

impl Error for RecvError {}
