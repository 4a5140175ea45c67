//! Buffers that the system chooses from, for what arrives.

use std::fmt;
use std::io;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::attached::Attached;
use crate::driver::{Pool, Provided};

/// Buffers at most: the system counts them in 16 bits, half of which are the line's.
const MAX_COUNT: u16 = 1 << 15;

/// A group of buffers of one size, lent to the system; clones are the same group.
///
/// Any number of sockets of one runtime may receive into the same buffers. While all of them are
/// held by the program, [`Received::next`](super::Received::next) waits for one to be dropped.
///
/// # Cost
/// `count` times `size` bytes, which the system backs as they are used, and 16 bytes a buffer.
#[derive(Debug, Clone)]
pub struct Buffers {
    pub(super) pool: Arc<Pool>,
}

impl Buffers {
    /// `count` buffers of `size` bytes for the runtime that runs here.
    ///
    /// # Errors
    /// `InvalidInput` if `count` is no power of two from 1 to 32,768, or `size` is zero or larger than
    /// 1 GiB. `Unsupported` if the runtime was built without I/O or with
    /// [`disable_io_uring`](crate::runtime::Builder::disable_io_uring), or the system refuses it; `Other` if
    /// no runtime runs here. What the system says otherwise: no memory, for one.
    pub fn new(count: u16, size: usize) -> io::Result<Self> {
        let invalid = |what: String| io::Error::new(io::ErrorKind::InvalidInput, what);
        if !count.is_power_of_two() || count > MAX_COUNT {
            return Err(invalid(format!(
                "{count} buffers: it must be a power of two, of at most {MAX_COUNT}"
            )));
        }
        if size == 0 || size > 1 << 30 {
            return Err(invalid(format!(
                "buffers of {size} bytes: it must be 1 byte to 1 GiB"
            )));
        }
        let attached = Attached::here()?;
        let pool = Pool::new(attached.ring, count, size)?;
        Ok(Self { pool })
    }
}

/// Bytes that arrived, in a buffer that goes back to its group when this is dropped.
pub struct Buffer {
    pub(super) provided: Provided,
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.provided.bytes()
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        self.provided.bytes_mut()
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Buffer").field(&&**self).finish()
    }
}
