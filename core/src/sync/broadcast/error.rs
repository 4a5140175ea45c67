//! The errors of the broadcast channel: there is nobody to send to, or nothing to receive.

use core::error::Error;
use core::fmt;

/// No receiver is there; the value comes back.
///
/// # Examples
/// ```
/// use selkie::sync::broadcast::{self, error::SendError};
///
/// let (tx, rx) = broadcast::channel(4);
/// drop(rx);
/// let Err(SendError(value)) = tx.send("unheard") else { panic!() };
/// assert_eq!(value, "unheard");
/// ```
#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SendError<T>(pub T);

impl<T> fmt::Display for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("channel closed")
    }
}

impl<T: fmt::Debug> Error for SendError<T> {}

/// Why a receiver that waited has no value.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use selkie::sync::broadcast::{self, error::RecvError};
///
/// let (tx, mut rx) = broadcast::channel(1);
/// tx.send(1).unwrap();
/// tx.send(2).unwrap();
/// match rx.recv().await {
///     Err(RecvError::Lagged(missed)) => assert_eq!(missed, 1),
///     other => panic!("{other:?}"),
/// }
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum RecvError {
    /// Every sender is gone, and everything was received.
    Closed,
    /// The receiver was too slow: this many values were overwritten before it saw them. The next call
    /// gets the oldest value that is left.
    Lagged(u64),
}

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("channel closed"),
            Self::Lagged(missed) => write!(f, "channel lagged by {missed}"),
        }
    }
}

impl Error for RecvError {}

/// Why a receiver has no value now.
///
/// # Examples
/// ```
/// use selkie::sync::broadcast::{self, error::TryRecvError};
///
/// let (tx, mut rx) = broadcast::channel::<u8>(1);
/// assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
/// drop(tx);
/// assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum TryRecvError {
    /// Everything was received; more may come.
    Empty,
    /// Every sender is gone, and everything was received.
    Closed,
    /// The receiver was too slow: this many values were overwritten before it saw them. The next call
    /// gets the oldest value that is left.
    Lagged(u64),
}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("channel empty"),
            Self::Closed => f.write_str("channel closed"),
            Self::Lagged(missed) => write!(f, "channel lagged by {missed}"),
        }
    }
}

impl Error for TryRecvError {}
