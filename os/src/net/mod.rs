//! TCP, UDP and Unix sockets, and the look-up of host names.
//!
//! ```
//! use selkie::io::{AsyncReadExt, AsyncWriteExt};
//! use selkie::net::{TcpListener, TcpStream};
//!
//! # let runtime = selkie::runtime::Builder::new_current_thread().enable_all().build()?;
//! # runtime.block_on(async {
//! let listener = TcpListener::bind("127.0.0.1:0").await?;
//! let address = listener.local_addr()?;
//! let server = selkie::spawn(async move {
//!     let (mut connection, _peer) = listener.accept().await?;
//!     connection.write_all(b"ahoy").await
//! });
//!
//! let mut connection = TcpStream::connect(address).await?;
//! let mut greeting = String::new();
//! connection.read_to_string(&mut greeting).await?;
//! assert_eq!(greeting, "ahoy");
//! # server.await.unwrap()
//! # })?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! | type | is |
//! |---|---|
//! | [`TcpListener`], [`TcpStream`] | connections, and where they come in |
//! | [`TcpSocket`] | a TCP socket before it listens or connects, for its options |
//! | [`UdpSocket`] | datagrams |
//! | `UnixListener`, `UnixStream`, `UnixDatagram` | the same within one machine, by paths; they carry descriptors, too |
//! | `unix::pipe`, `windows::named_pipe` | pipes |
//! | [`lookup_host`], [`ToSocketAddrs`] | names into addresses, on the blocking pool |
//!
//! # Reading and writing
//!
//! Streams implement the traits of [`io`](crate::io). They also have methods by readiness: `readable().await`, then `try_read`, which does
//! not wait. [`TcpStream::split`] and [`TcpStream::into_split`] give a half for each direction.
//!
//! A socket may be used by any number of tasks through a shared reference, where the method takes `&self`; by `poll_*` methods, one task for each direction
//! is woken: the last one that polled.
//!
//! # Errors that a server meets
//!
//! - `accept` fails with "too many open files" when the process has no descriptor left. The listener is as it was: wait a moment and accept again.
//! - A connection may be gone before it is accepted; some systems then fail the `accept`. Accept again: other connections are not concerned.
//! - A peer that loses its power sends nothing. Limit how long you wait: [`time::timeout`](crate::time::timeout).
//!
//! # Which runtime
//!
//! Each socket belongs to the runtime in whose context it was made, and works in any task. It panics there if that runtime was built without
//! `enable_io`. When the runtime has ended, operations that would have to wait fail.
//!
//! # Many connections
//!
//! [`TcpListener::bind_many`] makes several listeners of one address, for several acceptors. An idle connection with its task takes some 315 bytes of
//! user memory. On Linux, [`uring`](crate::uring) has sockets that need fewer system calls, and `net::Splice` copies without a buffer of this process.

mod methods;

mod datagram;
mod streams;

mod halves;

mod addr;

mod lookup_host;

pub mod tcp;
mod udp;
#[cfg(unix)]
pub mod unix;
#[cfg(windows)]
pub mod windows;

#[cfg(any(target_os = "linux", target_os = "android"))]
mod fast_open;
#[cfg(unix)]
mod fd;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux_options;
#[cfg(all(unix, not(any(target_os = "illumos", target_os = "solaris"))))]
mod reuse_port;
#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
mod shared_port;
#[cfg(windows)]
mod socket_handles;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod udp_batch;
mod udp_options;
#[cfg(unix)]
mod unix_options;

#[cfg(any(target_os = "linux", target_os = "android"))]
mod splice;

pub use addr::ToSocketAddrs;
pub use lookup_host::lookup_host;
#[cfg(any(target_os = "linux", target_os = "android"))]
pub use splice::{Splice, SpliceSource, SpliceTarget};
pub use tcp::listener::TcpListener;
pub use tcp::socket::TcpSocket;
pub use tcp::stream::TcpStream;
pub use udp::UdpSocket;
#[cfg(any(target_os = "linux", target_os = "android"))]
pub use udp_batch::UdpDatagram;
#[cfg(unix)]
pub use unix::datagram::UnixDatagram;
#[cfg(unix)]
pub use unix::listener::UnixListener;
#[cfg(unix)]
pub use unix::socket::UnixSocket;
#[cfg(unix)]
pub use unix::stream::UnixStream;
