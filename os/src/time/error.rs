//! What can go wrong with timers.

use std::fmt;

pub use selkie_core::time::Elapsed;

/// Why a timer cannot be used.
///
/// Selkie's timers have no limit but memory, and say a shutdown by a panic, as Tokio's do: this
/// type is made by callers only.
///
/// # Examples
/// ```
/// use selkie::time::error::Error;
///
/// let error = Error::at_capacity();
/// assert!(error.is_at_capacity() && !error.is_shutdown());
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Error {
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Shutdown,
    AtCapacity,
    Invalid,
}

impl Error {
    /// The timer was shut down.
    ///
    /// # Examples
    /// ```
    /// use selkie::time::error::Error;
    ///
    /// assert!(Error::shutdown().is_shutdown());
    /// ```
    pub fn shutdown() -> Self {
        Self {
            kind: Kind::Shutdown,
        }
    }

    /// Whether the timer was shut down.
    pub fn is_shutdown(&self) -> bool {
        self.kind == Kind::Shutdown
    }

    /// The timer holds as many entries as it can.
    ///
    /// # Examples
    /// ```
    /// use selkie::time::error::Error;
    ///
    /// assert!(Error::at_capacity().is_at_capacity());
    /// ```
    pub fn at_capacity() -> Self {
        Self {
            kind: Kind::AtCapacity,
        }
    }

    /// Whether the timer holds as many entries as it can.
    pub fn is_at_capacity(&self) -> bool {
        self.kind == Kind::AtCapacity
    }

    /// The timer was set up wrongly.
    ///
    /// # Examples
    /// ```
    /// use selkie::time::error::Error;
    ///
    /// assert!(Error::invalid().is_invalid());
    /// ```
    pub fn invalid() -> Self {
        Self {
            kind: Kind::Invalid,
        }
    }

    /// Whether the timer was set up wrongly.
    pub fn is_invalid(&self) -> bool {
        self.kind == Kind::Invalid
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            Kind::Shutdown => "the timer was shut down, or belongs to no running runtime",
            Kind::AtCapacity => "the timer holds as many entries as it can",
            Kind::Invalid => "the timer was set up wrongly",
        })
    }
}

impl std::error::Error for Error {}
