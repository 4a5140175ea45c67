//! A connected socket.

use std::io;
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use super::buffers::Buffers;
use super::endpoint::Endpoint;
use super::received::Received;
use super::runtime_rings::RuntimeRings;
use super::send::{SendOptions, send};

/// A connected socket whose operations are done by io_uring; clones are the same socket.
///
/// It is closed when the last clone is dropped and no operation is in flight.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::io::{AsyncReadExt, AsyncWriteExt};
/// use selkie::net::UnixStream;
/// use selkie::uring::{Buffers, Socket};
///
/// let Ok(buffers) = Buffers::new(16, 4096) else { return Ok(()) };
/// let (mut client, server) = UnixStream::pair()?;
/// let server = Socket::new(server.into_std()?)?;
/// let echo = selkie::spawn(async move {
///     let mut received = server.receive(&buffers);
///     while let Some(buffer) = received.next().await {
///         // What came is sent from where it lies.
///         let (sent, _buffer) = server.send_all(buffer?).await;
///         sent?;
///     }
///     Ok::<(), std::io::Error>(())
/// });
/// client.write_all(b"hello").await?;
/// let mut answer = [0; 5];
/// client.read_exact(&mut answer).await?;
/// assert_eq!(&answer, b"hello");
/// drop(client);
/// echo.await.unwrap()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Socket {
    rings: RuntimeRings,
    endpoint: Arc<Endpoint>,
}

impl Socket {
    #[inline]
    pub(super) fn attach(rings: RuntimeRings, fd: OwnedFd) -> Self {
        let endpoint = Arc::new(Endpoint::new(fd));
        Self { rings, endpoint }
    }

    /// Wraps a connected socket, for the current runtime: std's `TcpStream` or `UnixStream`, for example, as
    /// [`TcpStream::into_std`](crate::net::TcpStream::into_std) returns it.
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
    /// use selkie::net::UnixStream;
    /// use selkie::uring::Socket;
    ///
    /// let (one, _two) = UnixStream::pair()?;
    /// if let Ok(socket) = Socket::new(one.into_std()?) {
    ///     let (sent, buffer) = socket.send(vec![1, 2, 3]).await;
    ///     assert_eq!((sent?, buffer.len()), (3, 3));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn new(socket: impl Into<OwnedFd>) -> io::Result<Self> {
        Ok(Self::attach(RuntimeRings::current()?, socket.into()))
    }

    /// Puts the socket into the file table of the ring of this worker. Operations that begin on this worker
    /// then find the socket without a look-up in the descriptors of the process; those that begin on another
    /// worker use the descriptor as before. The socket leaves the table when the last clone is dropped and no
    /// operation is in flight; until then it stays in the table of this worker, whoever calls this again.
    ///
    /// # Errors
    /// If the table is full: it has 16,384 places, or fewer if the process may have fewer descriptors; if the
    /// runtime has shut down; what the system reports. The socket works as before.
    ///
    /// # Cost
    /// A system call, and another when it leaves. Measure whether operations are faster: over loopback they
    /// were not.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::net::UnixStream;
    /// use selkie::uring::Socket;
    ///
    /// let (one, _two) = UnixStream::pair()?;
    /// let Ok(socket) = Socket::new(one.into_std()?) else { return Ok(()) };
    /// // It works whether or not there is room in the table.
    /// let _is_registered = socket.register().is_ok();
    /// assert_eq!(socket.send("four").await.0?, 4);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn register(&self) -> io::Result<()> {
        self.endpoint.register(&self.rings.ring()?)
    }

    /// Receives all that arrives from now on, into buffers of `buffers`, which must belong to the same runtime.
    ///
    /// # Panics
    /// If `buffers` belong to another runtime.
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
    /// let server = Socket::new(server.into_std()?)?;
    /// // One operation for all that will come.
    /// let mut received = server.receive(&buffers);
    /// for word in ["one", "two"] {
    ///     client.write_all(word.as_bytes()).await?;
    ///     assert_eq!(&received.next().await.unwrap()?[..], word.as_bytes());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    #[inline]
    pub fn receive(&self, buffers: &Buffers) -> Received {
        assert!(
            self.rings.is_same(buffers.rings()),
            "the buffers are another runtime's than the socket"
        );
        Received::new(Arc::clone(&self.endpoint), buffers.clone())
    }

    /// Sends `buf`, and gives it back with the number of its bytes that were sent.
    ///
    /// # Errors
    /// What the system reports; that the runtime has shut down. The buffer comes back all the same.
    ///
    /// # Cancel safety
    /// Not cancel safe: it is not known whether and how much was sent, and the buffer is lost.
    ///
    /// # Cost
    /// A share of one system call, which submits what all tasks send in a turn of the runtime; the system
    /// copies the bytes.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::AsyncReadExt;
    /// use selkie::net::UnixStream;
    /// use selkie::uring::Socket;
    ///
    /// let (one, mut two) = UnixStream::pair()?;
    /// let Ok(socket) = Socket::new(one.into_std()?) else { return Ok(()) };
    /// let (sent, buffer) = socket.send(String::from("hello")).await;
    /// assert_eq!((sent?, buffer.as_str()), (5, "hello"));
    /// let mut text = [0; 5];
    /// two.read_exact(&mut text).await?;
    /// assert_eq!(&text, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn send<B>(&self, buf: B) -> (io::Result<usize>, B)
    where
        B: AsRef<[u8]> + Send + 'static,
    {
        let options = SendOptions {
            waits_for_all: false,
            copies: true,
        };
        send(&self.rings, &self.endpoint, buf, 0, options).await
    }

    /// Sends all of `buf`, and gives it back.
    ///
    /// # Errors
    /// What the system reports; that the runtime has shut down; `WriteZero` if the socket takes no more. A part
    /// may have been sent then. The buffer comes back all the same.
    ///
    /// # Cancel safety
    /// As for [`send`](Self::send).
    ///
    /// # Cost
    /// As for [`send`](Self::send): as a rule one operation, however many bytes there are.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::AsyncReadExt;
    /// use selkie::net::UnixStream;
    /// use selkie::uring::Socket;
    ///
    /// let (one, mut two) = UnixStream::pair()?;
    /// let Ok(socket) = Socket::new(one.into_std()?) else { return Ok(()) };
    /// let reader = selkie::spawn(async move {
    ///     let mut all = Vec::new();
    ///     two.read_to_end(&mut all).await.map(|_| all.len())
    /// });
    /// let (outcome, _buffer) = socket.send_all(vec![0; 1_000_000]).await;
    /// outcome?;
    /// drop(socket);
    /// assert_eq!(reader.await.unwrap()?, 1_000_000);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn send_all<B>(&self, buf: B) -> (io::Result<()>, B)
    where
        B: AsRef<[u8]> + Send + 'static,
    {
        let options = SendOptions {
            waits_for_all: true,
            copies: true,
        };
        self.send_whole(buf, options).await
    }

    /// Sends all of `buf` without copying it, and gives it back once the system needs it no more: as a rule
    /// when the peer has received the data.
    ///
    /// # Errors
    /// As for [`send_all`](Self::send_all); `Unsupported` for sockets that cannot do this, such as Unix
    /// sockets.
    ///
    /// # Cancel safety
    /// As for [`send`](Self::send). If the runtime shuts down, the memory comes back no sooner than that.
    ///
    /// # Cost
    /// No copy, but pages are pinned and a notification is awaited: worth it from some 10 KiB on, with a
    /// network card that supports it; over loopback the system copies all the same.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::net::{TcpListener, TcpStream};
    /// use selkie::uring::Socket;
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let client = TcpStream::connect(listener.local_addr()?).await?;
    /// let (server, _) = listener.accept().await?;
    /// let Ok(socket) = Socket::new(client.into_std()?) else { return Ok(()) };
    /// match socket.send_zero_copy(vec![7; 16_384]).await {
    ///     // The memory is ours again when the system needs it no more.
    ///     (Ok(()), buffer) => assert_eq!(buffer.len(), 16_384),
    ///     (Err(error), _) => println!("not for this socket: {error}"),
    /// }
    /// # drop(server);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn send_zero_copy<B>(&self, buf: B) -> (io::Result<()>, B)
    where
        B: AsRef<[u8]> + Send + 'static,
    {
        let options = SendOptions {
            waits_for_all: true,
            copies: false,
        };
        self.send_whole(buf, options).await
    }

    #[inline]
    async fn send_whole<B>(&self, mut buf: B, options: SendOptions) -> (io::Result<()>, B)
    where
        B: AsRef<[u8]> + Send + 'static,
    {
        let mut done = 0;
        while done < buf.as_ref().len() {
            let (sent, back) = send(&self.rings, &self.endpoint, buf, done, options).await;
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
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::net::Shutdown;
    /// use selkie::io::AsyncReadExt;
    /// use selkie::net::UnixStream;
    /// use selkie::uring::Socket;
    ///
    /// let (one, mut two) = UnixStream::pair()?;
    /// let Ok(socket) = Socket::new(one.into_std()?) else { return Ok(()) };
    /// socket.send("last words").await.0?;
    /// socket.shutdown(Shutdown::Write)?;
    /// let mut text = String::new();
    /// two.read_to_string(&mut text).await?;
    /// assert_eq!(text, "last words");
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        socket2::SockRef::from(&self.endpoint.fd).shutdown(how)
    }
}

impl AsFd for Socket {
    #[inline]
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.endpoint.fd.as_fd()
    }
}
