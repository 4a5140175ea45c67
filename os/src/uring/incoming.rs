//! The connections that a listener accepts.
//!
//! Idea        One multishot operation accepts every connection; it is restarted when the system ends it.
//! Invariants  I1 a descriptor that a completion carries belongs to whoever takes the completion. If nobody takes
//!                it any more, it is closed.
#![allow(unsafe_code)]

use std::any::Any;
use std::future::poll_fn;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use io_uring::{opcode, types};
use selkie_core::coop;

use super::multishot::{Multishot, MultishotStatus};
use super::runtime_rings::{Restarts, RuntimeRings};
use super::socket::Socket;
use crate::driver::{Completion, Payload, outcome_error};

struct AcceptPayload {
    _listener: Arc<OwnedFd>,
}

impl Payload for AcceptPayload {
    #[inline]
    fn resource_of(&self, completion: Completion) -> Option<Box<dyn Any + Send>> {
        Some(Box::new(accepted(completion)))
    }

    #[inline]
    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}

/// The descriptor that `completion` carries (I1).
#[inline]
fn accepted(completion: Completion) -> io::Result<OwnedFd> {
    if completion.result < 0 {
        return Err(outcome_error(-completion.result));
    }
    // SAFETY: the system has made it for us, and each completion is taken once.
    Ok(unsafe { OwnedFd::from_raw_fd(completion.result) })
}

/// The connections that come to a listener of TCP or of Unix sockets.
///
/// The operation stays in flight between calls: at most 256 connections are accepted ahead of
/// [`next`](Self::next), and they are closed when this is dropped.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::net::{TcpListener, TcpStream};
/// use selkie::uring::Incoming;
///
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let address = listener.local_addr()?;
/// let Ok(mut incoming) = Incoming::new(listener.into_std()?) else { return Ok(()) };
/// let _client = TcpStream::connect(address).await?;
/// let socket = incoming.next().await?;
/// let (sent, _bytes) = socket.send("welcome").await;
/// assert_eq!(sent?, 7);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Incoming {
    rings: RuntimeRings,
    multishot: Multishot,
    listener: Arc<OwnedFd>,
}

impl Incoming {
    /// The connections that come to `listener`, for the current runtime.
    ///
    /// # Errors
    /// `Unsupported` if the runtime was built without I/O or with
    /// [`disable_io_uring`](crate::runtime::Builder::disable_io_uring), or the system refuses it; `Other` if
    /// there is no current runtime. The error of the system if it has no descriptor or no memory for a ring
    /// just now: call it again later.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::uring::Incoming;
    ///
    /// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// match Incoming::new(listener) {
    ///     Ok(_incoming) => {}
    ///     Err(error) => println!("no ring here: {error}"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn new(listener: impl Into<OwnedFd>) -> io::Result<Self> {
        Ok(Self {
            rings: RuntimeRings::current()?,
            multishot: Multishot::default(),
            listener: Arc::new(listener.into()),
        })
    }

    /// The next connection.
    ///
    /// # Errors
    /// What the system reports, such as that there are too many descriptors; that the runtime has shut down.
    /// Call it again to go on.
    ///
    /// # Cancel safety
    /// No connection is lost: call it again.
    ///
    /// # Cost
    /// No system call of its own while the operation is in flight.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::net::{TcpListener, TcpStream};
    /// use selkie::uring::Incoming;
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let address = listener.local_addr()?;
    /// let Ok(mut incoming) = Incoming::new(listener.into_std()?) else { return Ok(()) };
    /// let clients = [TcpStream::connect(address).await?, TcpStream::connect(address).await?];
    /// for _ in &clients {
    ///     incoming.next().await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn next(&mut self) -> io::Result<Socket> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// The same, polled.
    ///
    /// # Errors
    /// As for [`next`](Self::next).
    #[inline]
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Socket>> {
        let unit = ready!(coop::poll_proceed(cx));
        let next = ready!(self.poll_accepted(cx));
        unit.made_progress();
        Poll::Ready(next.map(|fd| Socket::attach(self.rings.clone(), fd)))
    }

    #[inline]
    fn poll_accepted(&mut self, cx: &Context<'_>) -> Poll<io::Result<OwnedFd>> {
        let mut restarts = Restarts::default();
        loop {
            match self.multishot.poll_next(&self.rings, cx) {
                // Also if it was cancelled because too many completions were queued.
                MultishotStatus::Completion(completion)
                    if Restarts::is_restartable(-completion.result) =>
                {
                    ready!(restarts.poll_restart(cx))
                }
                MultishotStatus::Completion(completion) => {
                    return Poll::Ready(accepted(completion));
                }
                MultishotStatus::Pending => return Poll::Pending,
                MultishotStatus::RuntimeEnded(error) => return Poll::Ready(Err(error)),
                MultishotStatus::Idle => self.begin()?,
            }
        }
    }

    #[inline]
    fn begin(&mut self) -> io::Result<()> {
        let fd = types::Fd(self.listener.as_raw_fd());
        let entry = opcode::AcceptMulti::new(fd).flags(libc::SOCK_CLOEXEC);
        let payload = AcceptPayload {
            _listener: Arc::clone(&self.listener),
        };
        let ring = self.rings.ring()?;
        // SAFETY: the descriptor belongs to the payload.
        unsafe {
            self.multishot
                .begin(&self.rings, ring, entry.build(), Box::new(payload))
        }
    }
}

impl AsFd for Incoming {
    #[inline]
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }
}
