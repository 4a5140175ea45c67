//! Sockets by io_uring, with buffers that operations own; on 64-bit Linux 6.0 and later.
//!
//! The traits of [`io`](crate::io) lend a slice for the length of a call; a completion ring needs memory
//! until the system is done. So these stand beside the traits, for servers that want fewer system
//! calls: one operation that goes on accepts every connection ([`Incoming`]), one receives all that
//! arrives at a socket, into buffers that the system chooses ([`Received`], [`Buffers`]), and what is
//! sent ([`Socket::send`]) is handed over together, once a turn of the runtime.
//!
//! Each worker has a ring of its own, made when it first needs one; threads that are no workers share
//! one. A task may move between workers at any time: what it begins goes to the ring of the worker that
//! it runs on, and an operation that goes on follows it. A worker submits what its tasks have asked when
//! it has nothing else to run, or has polled many of them; one in a long poll is helped out after some 10 ms.
//!
//! The runtime must have been built with I/O enabled, and without
//! [`disable_io_uring`](crate::runtime::Builder::disable_io_uring). Where the system refuses a ring, or
//! has one that cannot do this, the constructors fail with `Unsupported`, and say so: use
//! [`net`](crate::net) then. If it has no descriptor for a ring just now, they fail with its own error, and a
//! later call asks again; so does a file, which does without a ring meanwhile.
//!
//! # Example
//! An echo server, and a client of the ordinary kind.
//! ```
//! # fn main() -> std::io::Result<()> {
//! # selkie::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! use selkie::io::{AsyncReadExt, AsyncWriteExt};
//! use selkie::net::{TcpListener, TcpStream};
//! use selkie::uring::{Buffers, Incoming, Socket};
//!
//! let buffers = match Buffers::new(64, 4096) {
//!     Err(error) if error.kind() == std::io::ErrorKind::Unsupported => return Ok(()),
//!     outcome => outcome?,
//! };
//! let listener = TcpListener::bind("127.0.0.1:0").await?;
//! let address = listener.local_addr()?;
//! let mut incoming = Incoming::new(listener.into_std()?)?;
//! selkie::spawn(async move {
//!     while let Ok(socket) = incoming.next().await {
//!         let mut received = socket.receive(&buffers);
//!         selkie::spawn(async move {
//!             while let Some(Ok(bytes)) = received.next().await {
//!                 let (sent, _buffer_goes_back) = socket.send_all(bytes).await;
//!                 if sent.is_err() {
//!                     return;
//!                 }
//!             }
//!         });
//!     }
//! });
//!
//! let mut client = TcpStream::connect(address).await?;
//! client.write_all(b"ahoy").await?;
//! let mut answer = [0; 4];
//! client.read_exact(&mut answer).await?;
//! assert_eq!(&answer, b"ahoy");
//! # Ok(())
//! # })
//! # }
//! ```

mod attached;

mod buffers;

mod line;

mod endpoint;

mod send;

mod received;

mod socket;

mod incoming;

pub use buffers::{Buffer, Buffers};
pub use incoming::Incoming;
pub use received::Received;
pub use socket::Socket;

#[cfg(test)]
mod tests;
