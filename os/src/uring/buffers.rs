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

    pub(super) fn rings(&self) -> &RuntimeRings {
        &self.shared.rings
    }

    /// The buffers for what this thread receives: those of its ring. If there is no memory for them, the first
    /// that were made, with their ring.
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
pub struct Buffer {
    pub(super) provided: ProvidedBuffer,
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
