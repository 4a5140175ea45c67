//! What a source is ready for.

use std::fmt;
use std::ops::{BitAnd, BitOr, BitOrAssign, Sub};

/// The kinds of readiness that the poller has reported of a source.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::io::{Interest, Ready};
/// use selkie::net::UdpSocket;
///
/// let socket = UdpSocket::bind("127.0.0.1:0").await?;
/// let ready: Ready = socket.ready(Interest::READABLE | Interest::WRITABLE).await?;
/// // Nothing was sent to it, but it could send.
/// assert!(ready.is_writable() && !ready.is_readable());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ready(u8);

impl Ready {
    /// Ready for nothing.
    pub const EMPTY: Ready = Self(0);
    /// Data can be read.
    pub const READABLE: Ready = Self(0b00_0001);
    /// Data can be written.
    pub const WRITABLE: Ready = Self(0b00_0010);
    /// The reading side was closed: what is left can be read, then comes the end.
    pub const READ_CLOSED: Ready = Self(0b00_0100);
    /// The writing side was closed: a write fails.
    pub const WRITE_CLOSED: Ready = Self(0b00_1000);
    /// Urgent data can be read.
    pub const PRIORITY: Ready = Self(0b01_0000);
    /// The source is in an error state.
    pub const ERROR: Ready = Self(0b10_0000);
    /// Every kind of readiness.
    pub const ALL: Ready = Self(0b11_1111);

    /// Whether this is ready for nothing.
    #[inline]
    pub fn is_empty(self) -> bool {
        self == Self::EMPTY
    }

    /// Whether a read would not block: there is data, or the reading side was closed.
    #[inline]
    pub fn is_readable(self) -> bool {
        self.intersects(Self::READABLE) || self.is_read_closed()
    }

    /// Whether a write would not block: there is room, or the writing side was closed.
    #[inline]
    pub fn is_writable(self) -> bool {
        self.intersects(Self::WRITABLE) || self.is_write_closed()
    }

    /// Whether the reading side was closed.
    #[inline]
    pub fn is_read_closed(self) -> bool {
        self.intersects(Self::READ_CLOSED)
    }

    /// Whether the writing side was closed.
    #[inline]
    pub fn is_write_closed(self) -> bool {
        self.intersects(Self::WRITE_CLOSED)
    }

    /// Whether there is urgent data.
    #[inline]
    pub fn is_priority(self) -> bool {
        self.intersects(Self::PRIORITY)
    }

    /// Whether the source is in an error state.
    #[inline]
    pub fn is_error(self) -> bool {
        self.intersects(Self::ERROR)
    }

    /// Whether the two have a kind in common.
    pub(crate) const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// All kinds of either.
    pub(crate) const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The kinds as bits, all below `ALL`'s highest.
    pub(crate) const fn bits(self) -> u8 {
        self.0
    }

    /// The kinds that `bits` stands for; others are left out.
    pub(crate) const fn from_bits(bits: u8) -> Self {
        Self(bits & Self::ALL.0)
    }
}

impl BitOr for Ready {
    type Output = Self;

    #[inline]
    fn bitor(self, other: Self) -> Self {
        self.union(other)
    }
}

impl BitOrAssign for Ready {
    #[inline]
    fn bitor_assign(&mut self, other: Self) {
        *self = self.union(other);
    }
}

impl BitAnd for Ready {
    type Output = Self;

    #[inline]
    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl Sub for Ready {
    type Output = Self;

    #[inline]
    fn sub(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

impl fmt::Debug for Ready {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ready")
            .field("is_readable", &self.is_readable())
            .field("is_writable", &self.is_writable())
            .field("is_read_closed", &self.is_read_closed())
            .field("is_write_closed", &self.is_write_closed())
            .field("is_priority", &self.is_priority())
            .field("is_error", &self.is_error())
            .finish()
    }
}
