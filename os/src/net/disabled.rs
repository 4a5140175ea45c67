//! Socket addresses in a build without the feature `net`: the trait, for libraries that name it, and nothing
//! that takes it.
//!
//! `lib.rs` names this file by `#[path]`: it is the public module `net` of such a build, and `net/mod.rs` would otherwise
//! need a `cfg` on each of its lines.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

/// What can be turned into socket addresses; names of hosts only with the feature `net`.
///
/// The trait is sealed.
pub trait ToSocketAddrs: sealed::Address {}

mod sealed {
    /// Seals the trait.
    pub trait Address {}
}

macro_rules! addresses {
    ($($t:ty),*) => {$(
        impl ToSocketAddrs for $t {}
        impl sealed::Address for $t {}
    )*};
}

addresses!(SocketAddr, SocketAddrV4, SocketAddrV6);
addresses!((IpAddr, u16), (Ipv4Addr, u16), (Ipv6Addr, u16));
addresses!(&[SocketAddr]);

impl<T: ToSocketAddrs + ?Sized> ToSocketAddrs for &T {}
impl<T: sealed::Address + ?Sized> sealed::Address for &T {}
