//! The owned halves of a TCP stream.

use std::net::SocketAddr;

use super::halves::peek_methods;
use super::stream::TcpStream;
use crate::net::halves::owned_halves;

owned_halves!(TcpStream, SocketAddr);
peek_methods!(OwnedReadHalf);
