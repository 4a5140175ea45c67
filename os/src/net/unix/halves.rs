//! The borrowed halves of a Unix stream.

use super::socket_addr::SocketAddr;

use super::stream::UnixStream;
use crate::net::halves::borrowed_halves;

borrowed_halves!(
    UnixStream,
    SocketAddr,
    "let (client, server) = selkie::net::UnixStream::pair()?;"
);
