//! Buffers from which the system chooses one for what arrives.
//!
//! Idea        The system chooses among the buffers of one ring, and each worker has a ring of its own. So there is
//!             a buffer pool per ring that receives, made for its first receive.
//! Invariants  I1 there is at least one pool, and at most one per ring.
//! Rejected    One pool, on the ring of the thread that made it: all sockets that receive would share that ring.

use std::fmt;
use std::io;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};

use super::runtime_rings::RuntimeRings;
use crate::driver::{BufferPool, ProvidedBuffer};

/// The most buffers: the system counts them in 16 bits, half of which are used for the buffer ring.
const MAX_COUNT: u16 = 1 << 15;

/// Buffers of one size, lent to the system; clones are the same buffers.
///
/// Any number of sockets of one runtime may receive into the same buffers. Each worker that receives has
/// `count` buffers of its own; threads that are not workers share `count`. While the program holds all of
/// those, [`Received::next`](super::Received::next) waits for one to be dropped.
///
/// # Cost
/// Per worker that receives: 16 bytes per buffer, and `size` bytes for as many buffers as were needed at once:
/// 64 at first, then twice as many, up to `count`.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::io::AsyncWriteExt;
/// use selkie::net::UnixStream;
/// use selkie::uring::{Buffers, Socket};
///
/// let buffers = match Buffers::new(16, 4096) {
///     // An old kernel, or a system that refuses rings: a program takes `selkie::net` then.
///     Err(_) => return Ok(()),
///     buffers => buffers?,
/// };
/// let (mut client, server) = UnixStream::pair()?;
/// client.write_all(b"hello").await?;
/// let server = Socket::new(server.into_std()?)?;
/// // The system has chosen the buffer, when something came.
/// let buffer = server.receive(&buffers).next().await.unwrap()?;
/// assert_eq!(&buffer[..], b"hello");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Buffers {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    rings: RuntimeRings,
    count: u16,
    size: usize,
    /// One per ring (I1).
    pools: Mutex<Vec<Arc<BufferPool>>>,
}

impl Buffers {
    /// `count` buffers of `size` bytes for the runtime that runs here.
    ///
    /// # Errors
    /// `InvalidInput` if `count` is no power of two from 1 to 32,768, or `size` is zero or larger than
    /// 1 GiB. `Unsupported` if the runtime was built without I/O or with
    /// [`disable_io_uring`](crate::runtime::Builder::disable_io_uring), or the system refuses it; `Other` if
    /// no runtime runs here. What the system says otherwise: no memory, for one.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::uring::Buffers;
    ///
    /// // The number is a power of two.
    /// assert!(Buffers::new(3, 4096).is_err());
    /// match Buffers::new(4, 4096) {
    ///     Ok(_buffers) => {}
    ///     // Where there is no ring, the error says so.
    ///     Err(error) => assert_ne!(error.kind(), std::io::ErrorKind::InvalidInput),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
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
        let rings = RuntimeRings::current()?;
        let pool = BufferPool::new(rings.ring()?, count, size)?;
        let shared = Shared {
            rings,
            count,
            size,
            pools: Mutex::new(vec![pool]),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    #[inline]
    pub(super) fn rings(&self) -> &RuntimeRings {
        &self.shared.rings
    }

    /// The buffers for what this thread receives: those of its ring. If there is no memory for them, the first
    /// that were made, with their ring.
    #[inline]
    pub(super) fn pool(&self) -> io::Result<Arc<BufferPool>> {
        let ring = self.shared.rings.ring()?;
        let shared = &*self.shared;
        let mut pools = shared.pools.lock().unwrap_or_else(PoisonError::into_inner);
        let is_its = |pool: &&Arc<BufferPool>| Arc::ptr_eq(pool.ring(), &ring);
        if let Some(pool) = pools.iter().find(is_its) {
            return Ok(Arc::clone(pool));
        }
        match BufferPool::new(Arc::clone(&ring), shared.count, shared.size) {
            Ok(pool) => {
                pools.push(Arc::clone(&pool));
                Ok(pool)
            }
            Err(_) => Ok(Arc::clone(&pools[0])), // I1
        }
    }
}

/// Bytes that arrived, in a buffer that goes back to its pool when this is dropped.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::io::AsyncWriteExt;
/// use selkie::net::UnixStream;
/// use selkie::uring::{Buffer, Buffers, Socket};
///
/// fn sum(buffer: &Buffer) -> u32 {
///     buffer.iter().map(|byte| u32::from(*byte)).sum()
/// }
///
/// let Ok(buffers) = Buffers::new(16, 4096) else { return Ok(()) };
/// let (mut client, server) = UnixStream::pair()?;
/// client.write_all(&[1, 2, 3]).await?;
/// let server = Socket::new(server.into_std()?)?;
/// let buffer = server.receive(&buffers).next().await.unwrap()?;
/// assert_eq!(sum(&buffer), 6);
/// // Dropped, the system may use it again.
/// drop(buffer);
/// # Ok(())
/// # }
/// ```
pub struct Buffer {
    pub(super) provided: ProvidedBuffer,
}

impl Deref for Buffer {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        self.provided.bytes()
    }
}

impl DerefMut for Buffer {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u8] {
        self.provided.bytes_mut()
    }
}

impl AsRef<[u8]> for Buffer {
    #[inline]
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl fmt::Debug for Buffer {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Buffer").field(&&**self).finish()
    }
}
