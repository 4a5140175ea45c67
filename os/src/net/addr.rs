//! What can be turned into socket addresses.
//!
//! Idea        Addresses, and strings that parse as addresses, are resolved at once. Names go to the blocking pool,
//!             where the resolver of the system is called.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::pin::Pin;
use std::task::{Context, Poll};

use sealed::{Addrs, Lookup, NameLookup, Resolve};

use crate::blocking::BlockingKind;
use crate::task::spawn_blocking_for;

/// What can be turned into socket addresses: addresses, `(ip, port)`, `"host:port"`,
/// `(host, port)`.
///
/// The trait is sealed; [`lookup_host`](fn@super::lookup_host) turns any of them into addresses.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::net::{TcpListener, ToSocketAddrs};
///
/// /// Takes text, pairs, addresses, or a slice of them, which are tried in turn.
/// async fn listen(address: impl ToSocketAddrs) -> std::io::Result<TcpListener> {
///     TcpListener::bind(address).await
/// }
///
/// assert!(listen("127.0.0.1:0").await.is_ok());
/// assert!(listen(("127.0.0.1", 0)).await.is_ok());
/// assert!(listen(std::net::SocketAddr::from(([127, 0, 0, 1], 0))).await.is_ok());
/// # Ok(())
/// # }
/// ```
pub trait ToSocketAddrs: sealed::Resolve {}

pub(super) mod sealed {
    use std::io;
    use std::net::SocketAddr;
    use std::{option, vec};

    use crate::task::LibraryJob;

    /// The addresses that were found.
    #[derive(Debug)]
    pub enum Addrs {
        One(option::IntoIter<SocketAddr>),
        More(vec::IntoIter<SocketAddr>),
    }

    /// A resolution, which may be in progress.
    #[derive(Debug)]
    pub enum Lookup {
        Done(Option<Addrs>),
        Resolving(NameLookup),
    }

    /// A look-up by the system's resolver, on the pool.
    #[derive(Debug)]
    pub struct NameLookup(pub(super) LibraryJob<io::Result<vec::IntoIter<SocketAddr>>>);

    /// Begins to resolve.
    pub trait Resolve {
        /// Begins to resolve.
        fn resolve(&self) -> Lookup;
    }
}

impl Iterator for Addrs {
    type Item = SocketAddr;

    fn next(&mut self) -> Option<SocketAddr> {
        match self {
            Self::One(one) => one.next(),
            Self::More(more) => more.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Self::One(one) => one.size_hint(),
            Self::More(more) => more.size_hint(),
        }
    }
}

impl Future for Lookup {
    type Output = io::Result<Addrs>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Self::Done(addrs) => Poll::Ready(Ok(addrs
                .take()
                .expect("a lookup is polled until it is ready"))),
            Self::Resolving(NameLookup(answer)) => Pin::new(answer)
                .poll(cx)
                .map(|answer| Ok(Addrs::More(answer??))),
        }
    }
}

fn resolved(addr: SocketAddr) -> Lookup {
    Lookup::Done(Some(Addrs::One(Some(addr).into_iter())))
}

fn spawn_lookup(host: String, port: Option<u16>) -> Lookup {
    use std::net::ToSocketAddrs;
    let look_up = move || match port {
        Some(port) => (host.as_str(), port).to_socket_addrs(),
        None => host.as_str().to_socket_addrs(),
    };
    let job = spawn_blocking_for(BlockingKind::NameLookup, look_up);
    Lookup::Resolving(NameLookup(job))
}

macro_rules! resolve_at_once {
    ($($t:ty),*) => {$(
        impl ToSocketAddrs for $t {}

        impl Resolve for $t {
            fn resolve(&self) -> Lookup {
                resolved(SocketAddr::from(*self))
            }
        }
    )*};
}

resolve_at_once!(SocketAddr, SocketAddrV4, SocketAddrV6);
resolve_at_once!((IpAddr, u16), (Ipv4Addr, u16), (Ipv6Addr, u16));

impl ToSocketAddrs for &[SocketAddr] {}

impl Resolve for &[SocketAddr] {
    fn resolve(&self) -> Lookup {
        Lookup::Done(Some(Addrs::More(Vec::from(*self).into_iter())))
    }
}

impl ToSocketAddrs for str {}

impl Resolve for str {
    fn resolve(&self) -> Lookup {
        self.parse()
            .map_or_else(|_| spawn_lookup(self.to_owned(), None), resolved)
    }
}

impl ToSocketAddrs for (&str, u16) {}

impl Resolve for (&str, u16) {
    fn resolve(&self) -> Lookup {
        let (host, port) = *self;
        match host.parse::<IpAddr>() {
            Ok(ip) => resolved(SocketAddr::new(ip, port)),
            Err(_) => spawn_lookup(host.to_owned(), Some(port)),
        }
    }
}

impl ToSocketAddrs for String {}

impl Resolve for String {
    fn resolve(&self) -> Lookup {
        self.as_str().resolve()
    }
}

impl ToSocketAddrs for (String, u16) {}

impl Resolve for (String, u16) {
    fn resolve(&self) -> Lookup {
        (self.0.as_str(), self.1).resolve()
    }
}

impl<T: ToSocketAddrs + ?Sized> ToSocketAddrs for &T {}

impl<T: ToSocketAddrs + ?Sized> Resolve for &T {
    fn resolve(&self) -> Lookup {
        (**self).resolve()
    }
}

/// Calls `operation` with one address after the other until it succeeds; returns the last error otherwise.
pub(super) fn each_addr<R>(
    addrs: Addrs,
    mut operation: impl FnMut(SocketAddr) -> io::Result<R>,
) -> io::Result<R> {
    let mut last = None;
    for addr in addrs {
        match operation(addr) {
            Ok(done) => return Ok(done),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(no_addrs))
}

/// The error that there was no address to try.
pub(super) fn no_addrs() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        "could not resolve to any address",
    )
}
