//! The two sides of a TCP stream, to be owned apart.

use std::net::SocketAddr;

use super::halves::peek_methods;
use super::stream::TcpStream;
use crate::net::halves::owned_halves;

owned_halves!(TcpStream, SocketAddr);
peek_methods!(OwnedReadHalf);
