//! Sockets by io_uring, with buffers that operations own; on 64-bit Linux 6.0 and later.
//!
//! The traits of [`io`](crate::io) lend a slice for the length of a call, but a completion ring needs the memory until
//! the system is done with it. So these types stand beside the traits, for servers that want fewer system calls. One
//! multishot operation accepts every connection ([`Incoming`]), and one receives all that arrives at a socket, into
//! buffers that the system chooses ([`Received`], [`Buffers`]). What the tasks send ([`Socket::send`]) is submitted
//! together, once per turn of the runtime.
//!
//! # Examples
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
//!
//! # Rings and workers
//! Each worker has a ring of its own, made when it first needs one; threads that are not workers share one. A task may
//! move between workers at any time: what it submits goes to the ring of the worker that it runs on, and a multishot
//! operation follows its task. A worker submits what its tasks have queued when it has nothing else to run, or has run
//! for 200 µs. If a worker is in a long poll, another submits for it, after a millisecond or two where each worker has a
//! reactor of its own, else after some 10 ms.
//!
//! # Where it is available
//! The runtime must have been built with I/O enabled, and without
//! [`disable_io_uring`](crate::runtime::Builder::disable_io_uring). If the system refuses a ring, or has one that cannot
//! do this, the constructors fail with `Unsupported`, and say so: use [`net`](crate::net) then. If the system has no
//! descriptor for a ring just now, they fail with its error, and a later call asks again; files do without a ring
//! meanwhile.

mod runtime_rings;

mod buffers;

mod multishot;

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
