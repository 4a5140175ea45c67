//! A connected socket.

use std::io;
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use super::attached::Attached;
use super::buffers::Buffers;
use super::endpoint::Endpoint;
use super::received::Received;
use super::send::{Manner, send};

/// A connected socket whose operations are done by io_uring; clones are the same socket.
///
/// It is closed when the last clone is gone and no operation is under way.
#[derive(Debug, Clone)]
pub struct Socket {
    attached: Attached,
    endpoint: Arc<Endpoint>,
}

impl Socket {
    pub(super) fn attach(attached: Attached, fd: OwnedFd) -> Self {
        let endpoint = Arc::new(Endpoint::new(fd));
        Self { attached, endpoint }
    }

    /// `socket`, connected, by the runtime that runs here: std's `TcpStream` or `UnixStream`, for one, as
    /// [`TcpStream::into_std`](crate::net::TcpStream::into_std) gives it.
    ///
    /// # Errors
    /// `Unsupported` if the runtime was built without I/O or with
    /// [`disable_io_uring`](crate::runtime::Builder::disable_io_uring), or the system refuses it; `Other` if
    /// no runtime runs here. What the system says if it has no descriptor or no memory for a ring just now:
    /// call it again later.
    pub fn new(socket: impl Into<OwnedFd>) -> io::Result<Self> {
        Ok(Self::attach(Attached::here()?, socket.into()))
    }

    /// Puts the socket into the table of files of this worker's ring, where operations that begin on this
    /// worker find it without a look at the process's descriptors; those that begin on another go by the
    /// descriptor as before. It leaves the table when the last clone is gone and no operation is under way;
    /// until then it stays in the table of this worker, whoever calls this again.
    ///
    /// # Errors
    /// If the table is full: it has 16,384 places, or fewer if the process may have fewer descriptors; that
    /// the runtime has shut down; what the system says. The socket is as good as before.
    ///
    /// # Cost
    /// A system call, and one when it leaves. Whether operations are faster then, measure: over loopback
    /// they were not.
    pub fn register(&self) -> io::Result<()> {
        self.endpoint.register(&self.attached.ring()?)
    }

    /// All that arrives from now on, in buffers of `buffers`, which must be of the same runtime.
    ///
    /// # Panics
    /// If `buffers` are another runtime's.
    #[track_caller]
    pub fn receive(&self, buffers: &Buffers) -> Received {
        assert!(
            self.attached.is_same(buffers.attached()),
            "the buffers are another runtime's than the socket"
        );
        Received::new(Arc::clone(&self.endpoint), buffers.clone())
    }

    /// Sends `buf`, and gives it back with how many of its bytes were sent.
    ///
    /// # Errors
    /// What the system says; that the runtime has shut down. The buffer comes back all the same.
    ///
    /// # Cancel safety
    /// Not cancel safe: whether and how much was sent is not known, and the buffer is lost.
    ///
    /// # Cost
    /// A share of one system call, which hands over what all tasks send in a turn of the runtime; the
    /// system copies the bytes.
    pub async fn send<B>(&self, buf: B) -> (io::Result<usize>, B)
    where
        B: AsRef<[u8]> + Send + 'static,
    {
        let manner = Manner {
            waits_for_all: false,
            copies: true,
        };
        send(&self.attached, &self.endpoint, buf, 0, manner).await
    }

    /// Sends all of `buf`, and gives it back.
    ///
    /// # Errors
    /// What the system says; that the runtime has shut down; `WriteZero` if the socket takes no more.
    /// A part may be sent then. The buffer comes back all the same.
    ///
    /// # Cancel safety
    /// As for [`send`](Self::send).
    ///
    /// # Cost
    /// As for [`send`](Self::send): as a rule one operation, however much there is.
    pub async fn send_all<B>(&self, buf: B) -> (io::Result<()>, B)
    where
        B: AsRef<[u8]> + Send + 'static,
    {
        let manner = Manner {
            waits_for_all: true,
            copies: true,
        };
        self.send_whole(buf, manner).await
    }

    /// Sends all of `buf` from where it lies, and gives it back once the system needs it no more: when
    /// the other side has received it, as a rule.
    ///
    /// # Errors
    /// As for [`send_all`](Self::send_all); `Unsupported` for sockets that cannot, as Unix's.
    ///
    /// # Cancel safety
    /// As for [`send`](Self::send). If the runtime ends, the memory comes back no sooner than that.
    ///
    /// # Cost
    /// No copy, but pages are pinned and a notice awaited: worth it from some 10 KiB on, over a network
    /// card that can; over loopback the system copies all the same.
    pub async fn send_zero_copy<B>(&self, buf: B) -> (io::Result<()>, B)
    where
        B: AsRef<[u8]> + Send + 'static,
    {
        let manner = Manner {
            waits_for_all: true,
            copies: false,
        };
        self.send_whole(buf, manner).await
    }

    async fn send_whole<B>(&self, mut buf: B, manner: Manner) -> (io::Result<()>, B)
    where
        B: AsRef<[u8]> + Send + 'static,
    {
        let mut done = 0;
        while done < buf.as_ref().len() {
            let (sent, back) = send(&self.attached, &self.endpoint, buf, done, manner).await;
            buf = back;
            match sent {
                Ok(0) => return (Err(io::ErrorKind::WriteZero.into()), buf),
                Ok(sent) => done += sent,
                Err(error) => return (Err(error), buf),
            }
        }
        (Ok(()), buf)
    }

    /// Ends the connection for reading, writing, or both.
    ///
    /// # Errors
    /// What the system says.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        socket2::SockRef::from(&self.endpoint.fd).shutdown(how)
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.endpoint.fd.as_fd()
    }
}
