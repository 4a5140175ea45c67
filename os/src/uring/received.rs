//! The bytes that arrive at a socket, as the system receives them into provided buffers.
//!
//! Idea        One multishot operation receives again and again, each time into the next buffer of its group. It is
//!             restarted when the system ends it; if it ended because there was no buffer, as soon as one is given
//!             back.
//! States      idle ─begin→ in flight ─the system ends it→ idle;
//!             in flight ─there is no buffer→ out of buffers ─a buffer is given back→ in flight;
//!             in flight ─an empty receive→ at the end
//! Invariants  I1 a buffer that a completion names belongs to whoever takes the completion. If nobody takes it any
//!                more, it belongs to the payload, which gives it back.
//!             I2 the operation owns the socket and the buffers, not the future.
//!             I3 `pool` is the pool of the operation: it changes only while none is in flight.
#![allow(unsafe_code)]

use std::any::Any;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use io_uring::opcode;
use selkie_core::coop;

use super::buffers::{Buffer, Buffers};
use super::endpoint::Endpoint;
use super::multishot::{Multishot, MultishotStatus};
use super::runtime_rings::Restarts;
use crate::driver::{BufferPool, Completion, Payload, ProvidedBuffer, outcome_error};

/// What the operation owns (I2).
struct ReceivePayload {
    _socket: Arc<Endpoint>,
    pool: Arc<BufferPool>,
}

impl Payload for ReceivePayload {
    #[inline]
    fn resource_of(&self, completion: Completion) -> Option<Box<dyn Any + Send>> {
        Some(Box::new(provided(&self.pool, completion)))
    }

    #[inline]
    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}

/// The buffers that `completion` names.
#[inline]
fn provided(pool: &Arc<BufferPool>, completion: Completion) -> Vec<ProvidedBuffer> {
    let bytes = usize::try_from(completion.result).unwrap_or(0);
    let first = completion.buffer();
    first.map_or_else(Vec::new, |first| pool.provided(first, bytes))
}

/// The bytes that arrive at a socket, buffer by buffer; made by [`Socket::receive`](super::Socket::receive).
///
/// Dropping it ends the operation. What had arrived and was not taken is lost.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::io::AsyncWriteExt;
/// use selkie::net::UnixStream;
/// use selkie::uring::{Buffers, Received, Socket};
///
/// async fn count(mut received: Received) -> std::io::Result<usize> {
///     let mut bytes = 0;
///     while let Some(buffer) = received.next().await {
///         bytes += buffer?.len();
///     }
///     Ok(bytes)
/// }
///
/// let Ok(buffers) = Buffers::new(16, 4096) else { return Ok(()) };
/// let (mut client, server) = UnixStream::pair()?;
/// let server = Socket::new(server.into_std()?)?;
/// let counter = selkie::spawn(count(server.receive(&buffers)));
/// client.write_all(&[0; 10_000]).await?;
/// drop(client);
/// assert_eq!(counter.await.unwrap()?, 10_000);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Received {
    multishot: Multishot,
    socket: Arc<Endpoint>,
    buffers: Buffers,
    /// The pool that the last operation receives into (I3).
    pool: Option<Arc<BufferPool>>,
    /// Other buffers of the last completion.
    rest: VecDeque<ProvidedBuffer>,
    /// How many buffers had been given back, and how many offered, when the operation was last restarted.
    returned: u64,
    offered: u16,
    has_run_out: bool,
    is_at_end: bool,
}

impl Received {
    #[inline]
    pub(super) fn new(socket: Arc<Endpoint>, buffers: Buffers) -> Self {
        Self {
            multishot: Multishot::default(),
            socket,
            buffers,
            pool: None,
            rest: VecDeque::new(),
            returned: 0,
            offered: 0,
            has_run_out: false,
            is_at_end: false,
        }
    }

    /// The next bytes; `None` once the peer has sent all that it will send.
    ///
    /// # Errors
    /// What the system reports of the socket; that the runtime has shut down.
    ///
    /// # Cancel safety
    /// Nothing is lost: call it again.
    ///
    /// # Cost
    /// No system call of its own while the operation is in flight. It waits for a buffer to be dropped if the
    /// program holds all of its pool.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::AsyncWriteExt;
    /// use selkie::net::UnixStream;
    /// use selkie::uring::{Buffers, Socket};
    ///
    /// let Ok(buffers) = Buffers::new(16, 4096) else { return Ok(()) };
    /// let (mut client, server) = UnixStream::pair()?;
    /// let mut received = Socket::new(server.into_std()?)?.receive(&buffers);
    /// client.write_all(b"ping").await?;
    /// assert_eq!(&received.next().await.unwrap()?[..], b"ping");
    /// drop(client);
    /// assert!(received.next().await.is_none(), "the end");
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn next(&mut self) -> Option<io::Result<Buffer>> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// The same, polled.
    ///
    /// # Errors
    /// As for [`next`](Self::next).
    #[inline]
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Buffer>>> {
        let unit = ready!(coop::poll_proceed(cx));
        let next = ready!(self.poll_provided(cx));
        unit.made_progress();
        Poll::Ready(next.transpose().map(|next| {
            let provided = next?;
            Ok(Buffer { provided })
        }))
    }

    #[inline]
    fn poll_provided(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<ProvidedBuffer>>> {
        let mut restarts = Restarts::default();
        loop {
            if let Some(provided) = self.rest.pop_front() {
                return Poll::Ready(Ok(Some(provided)));
            }
            if self.is_at_end {
                return Poll::Ready(Ok(None));
            }
            match self.multishot.poll_next(self.buffers.rings(), cx) {
                MultishotStatus::Completion(completion) => {
                    self.take(completion)?;
                    if Restarts::is_restartable(-completion.result) {
                        ready!(restarts.poll_restart(cx));
                    }
                }
                MultishotStatus::Pending => return Poll::Pending,
                MultishotStatus::RuntimeEnded(error) => return Poll::Ready(Err(error)),
                MultishotStatus::Idle => {
                    let pool = self.buffers.pool()?;
                    let has_run_out = self.has_run_out_of(&pool) && !pool.grow(self.offered);
                    if has_run_out && pool.wait(self.returned, cx.waker()) {
                        return Poll::Pending;
                    }
                    self.begin(pool)?;
                }
            }
        }
    }

    /// Whether `pool` had no buffer for the last operation.
    #[inline]
    fn has_run_out_of(&self, pool: &Arc<BufferPool>) -> bool {
        let last = self.pool.as_ref();
        self.has_run_out && last.is_some_and(|last| Arc::ptr_eq(last, pool))
    }

    /// Processes a completion.
    #[inline]
    fn take(&mut self, completion: Completion) -> io::Result<()> {
        let pool = self.pool.as_ref();
        let mut provided = pool.map_or_else(Vec::new, |pool| provided(pool, completion));
        match completion.result {
            0 => self.is_at_end = true, // A buffer that came with it goes back.
            1.. => self.rest.extend(provided.drain(..)),
            _ => match -completion.result {
                libc::ENOBUFS => self.has_run_out = true,
                errno if Restarts::is_restartable(errno) => {}
                errno => return Err(outcome_error(errno)),
            },
        }
        Ok(())
    }

    #[inline]
    fn begin(&mut self, pool: Arc<BufferPool>) -> io::Result<()> {
        debug_assert!(self.multishot.is_idle(), "one operation per socket");
        self.has_run_out = false;
        self.offered = pool.offered();
        self.returned = pool.returned();
        let ring = Arc::clone(pool.ring());
        let (fd, named) = self.socket.fd_and_flags(&ring);
        let group = pool.group();
        let entry = if ring.capabilities().bundles {
            opcode::RecvMultiBundle::new(fd, group).build()
        } else {
            opcode::RecvMulti::new(fd, group).build()
        };
        let payload = ReceivePayload {
            _socket: Arc::clone(&self.socket),
            pool: Arc::clone(&pool),
        };
        self.pool = Some(pool); // I3
        // SAFETY: the descriptor and the buffers belong to the payload, and neither moves.
        unsafe {
            let rings = self.buffers.rings();
            self.multishot
                .begin(rings, ring, entry.flags(named), Box::new(payload))
        }
    }
}
