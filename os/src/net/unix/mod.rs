//! What belongs to Unix sockets: halves of streams, addresses, credentials, pipes.

pub(super) mod socket_addr;

mod ucred;

pub(super) mod stream;

mod halves;
mod owned_halves;

pub(super) mod listener;

#[doc(hidden)]
pub mod datagram;

pub(super) mod socket;

#[cfg(any(target_os = "linux", target_os = "android"))]
mod rights;

pub mod pipe;

pub use halves::{ReadHalf, WriteHalf};
pub use owned_halves::{OwnedReadHalf, OwnedWriteHalf, ReuniteError};
#[cfg(any(target_os = "linux", target_os = "android"))]
pub use rights::MessageWithFds;
pub use socket_addr::SocketAddr;
pub use ucred::{UCred, gid_t, pid_t, uid_t};
