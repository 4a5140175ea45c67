//! The owned halves of a Unix stream.

use super::socket_addr::SocketAddr;

use super::stream::UnixStream;
use crate::net::halves::owned_halves;

owned_halves!(
    UnixStream,
    SocketAddr,
    "let (client, server) = selkie::net::UnixStream::pair()?;"
);
