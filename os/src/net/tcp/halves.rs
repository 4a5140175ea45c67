//! The two sides of a borrowed TCP stream.

use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use super::stream::TcpStream;
use crate::io::ReadBuf;
use crate::net::halves::borrowed_halves;

borrowed_halves!(TcpStream, SocketAddr);

impl ReadHalf<'_> {
    /// Reads what is there and leaves it there; as a poll.
    ///
    /// # Errors
    /// What the system says.
    pub fn poll_peek(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<usize>> {
        self.stream().poll_peek(cx, buf)
    }

    /// Reads what is there and leaves it there, waiting for something if nothing is.
    ///
    /// # Errors
    /// What the system says.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub async fn peek(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.stream().peek(buf).await
    }
}
