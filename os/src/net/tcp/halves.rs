//! The borrowed halves of a TCP stream.

use std::net::SocketAddr;

use super::stream::TcpStream;
use crate::net::halves::borrowed_halves;

borrowed_halves!(TcpStream, SocketAddr);

/// What a reading side of a TCP stream has that others have not.
macro_rules! peek_methods {
    ($half:ty) => {
        impl $half {
            /// Reads what is there and leaves it there; as a poll.
            ///
            /// # Errors
            /// What the system reports.
            pub fn poll_peek(
                &mut self,
                cx: &mut std::task::Context<'_>,
                buf: &mut crate::async_io::ReadBuf<'_>,
            ) -> std::task::Poll<std::io::Result<usize>> {
                self.stream().poll_peek(cx, buf)
            }

            /// Reads what is there and leaves it there, waiting for something if nothing is.
            ///
            /// # Errors
            /// What the system reports.
            ///
            /// # Cancel safety
            /// Nothing is lost when the future is dropped.
            pub async fn peek(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
                self.stream().peek(buf).await
            }
        }
    };
}

peek_methods!(ReadHalf<'_>);

pub(super) use peek_methods;
