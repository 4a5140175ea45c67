//! The two sides of a Unix stream, to be owned apart.

use super::socket_addr::SocketAddr;

use super::stream::UnixStream;
use crate::net::halves::owned_halves;

owned_halves!(UnixStream, SocketAddr);
