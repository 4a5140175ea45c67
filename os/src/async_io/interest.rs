//! What a caller wants to know about a source.

use std::fmt;
use std::ops::{BitOr, BitOrAssign};

use super::ready::Ready;

/// The kinds of readiness that a caller asks a source for; never empty.
///
/// # Examples
/// ```
/// use selkie::io::Interest;
///
/// let both = Interest::READABLE | Interest::WRITABLE;
/// assert!(both.is_readable() && both.is_writable());
/// assert_eq!(both.remove(Interest::READABLE), Some(Interest::WRITABLE));
/// assert_eq!(both.remove(both), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Interest(u8);

impl Interest {
    /// Data can be read, or the reading side was closed.
    pub const READABLE: Interest = Self(0b0001);
    /// Data can be written, or the writing side was closed.
    pub const WRITABLE: Interest = Self(0b0010);
    /// Urgent data can be read (Linux and Android; elsewhere as [`READABLE`](Self::READABLE)).
    pub const PRIORITY: Interest = Self(0b0100);
    /// The source is in an error state. Errors come whether asked for or not; this is for a
    /// caller who waits for nothing else.
    pub const ERROR: Interest = Self(0b1000);

    /// The completion of one operation of FreeBSD's asynchronous I/O.
    pub(super) const ONE_COMPLETION: Self = Self(0b01_0000);
    /// The completion of a list of such operations.
    pub(super) const LIST_COMPLETION: Self = Self(0b10_0000);

    /// Whether the completion of operations is asked for, rather than readiness.
    const fn is_completion(self) -> bool {
        self.0 & (Self::ONE_COMPLETION.0 | Self::LIST_COMPLETION.0) != 0
    }

    /// Whether reading is asked for.
    pub const fn is_readable(self) -> bool {
        self.0 & Self::READABLE.0 != 0
    }

    /// Whether writing is asked for.
    pub const fn is_writable(self) -> bool {
        self.0 & Self::WRITABLE.0 != 0
    }

    /// Whether urgent data is asked for.
    pub const fn is_priority(self) -> bool {
        self.0 & Self::PRIORITY.0 != 0
    }

    /// Whether errors are asked for.
    pub const fn is_error(self) -> bool {
        self.0 & Self::ERROR.0 != 0
    }

    /// All that either asks for.
    ///
    /// # Examples
    /// ```
    /// use selkie::io::Interest;
    ///
    /// const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);
    ///
    /// assert!(BOTH.is_readable() && BOTH.is_writable());
    /// ```
    #[must_use = "this returns the result without changing the original"]
    pub const fn add(self, other: Interest) -> Interest {
        Self(self.0 | other.0)
    }

    /// What `self` asks for and `other` does not; `None` if that is nothing.
    ///
    /// # Examples
    /// ```
    /// use selkie::io::Interest;
    ///
    /// let both = Interest::READABLE | Interest::WRITABLE;
    /// assert_eq!(both.remove(Interest::WRITABLE), Some(Interest::READABLE));
    /// // To be interested in nothing is not possible.
    /// assert_eq!(Interest::READABLE.remove(both), None);
    /// ```
    #[must_use = "this returns the result without changing the original"]
    #[inline]
    pub fn remove(self, other: Self) -> Option<Self> {
        let rest = self.0 & !other.0;
        (rest != 0).then_some(Self(rest))
    }

    /// The readiness that answers this interest.
    pub(crate) const fn mask(self) -> Ready {
        let mut mask = Ready::EMPTY;
        // A completion is reported as readiness to read: there is an outcome to be fetched.
        if self.is_readable() || self.is_completion() {
            mask = mask.union(Ready::READABLE).union(Ready::READ_CLOSED);
        }
        if self.is_writable() {
            mask = mask.union(Ready::WRITABLE).union(Ready::WRITE_CLOSED);
        }
        if self.is_priority() {
            mask = mask.union(Ready::PRIORITY).union(Ready::READ_CLOSED);
        }
        if self.is_error() {
            mask = mask.union(Ready::ERROR);
        }
        mask
    }
}

impl BitOr for Interest {
    type Output = Self;

    #[inline]
    fn bitor(self, other: Self) -> Self {
        self.add(other)
    }
}

impl BitOrAssign for Interest {
    #[inline]
    fn bitor_assign(&mut self, other: Self) {
        *self = self.add(other);
    }
}

impl fmt::Debug for Interest {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            (self.is_readable(), "READABLE"),
            (self.is_writable(), "WRITABLE"),
            (self.is_priority(), "PRIORITY"),
            (self.is_error(), "ERROR"),
            (self.0 & Self::ONE_COMPLETION.0 != 0, "AIO"),
            (self.0 & Self::LIST_COMPLETION.0 != 0, "LIO"),
        ];
        let mut separator = "";
        for (is_asked, name) in &names {
            if *is_asked {
                f.write_str(separator)?;
                f.write_str(name)?;
                separator = " | ";
            }
        }
        Ok(())
    }
}
