//! TCP, UDP and Unix sockets, and the look-up of host names.
//!
//! Every socket belongs to the runtime in whose context it was made, and works in any task.

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
