//! The look-up of host names.

use std::io;
use std::net::SocketAddr;

use super::addr::ToSocketAddrs;

/// The addresses that `host` stands for, in the order the system's resolver gives them.
///
/// # Errors
/// If the name does not resolve, or the string has no port.
///
/// # Panics
/// If a resolver has to be asked and there is no runtime.
///
/// # Cancel safety
/// Dropping the future discards the answer; the resolver's thread ends in its own time.
///
/// # Cost
/// None for addresses; a call on the blocking pool for a name.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::net::lookup_host;
///
/// // An address needs no look-up; a name is looked up on the blocking pool.
/// let mut addresses = lookup_host("127.0.0.1:80").await?;
/// assert_eq!(addresses.next(), Some("127.0.0.1:80".parse().unwrap()));
/// assert!(lookup_host(("localhost", 80)).await?.all(|address| address.port() == 80));
/// # Ok(())
/// # }
/// ```
pub async fn lookup_host<T>(host: T) -> io::Result<impl Iterator<Item = SocketAddr>>
where
    T: ToSocketAddrs,
{
    let lookup = host.resolve();
    drop(host);
    lookup.await
}
