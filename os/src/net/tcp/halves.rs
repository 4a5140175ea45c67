//! The borrowed halves of a TCP stream.

use std::net::SocketAddr;

use super::stream::TcpStream;
use crate::net::halves::borrowed_halves;

borrowed_halves!(
    TcpStream,
    SocketAddr,
    "let listener = selkie::net::TcpListener::bind(\"127.0.0.1:0\").await?;\n\
     let client = selkie::net::TcpStream::connect(listener.local_addr()?).await?;\n\
     let (server, _) = listener.accept().await?;"
);

/// What a reading side of a TCP stream has that others have not. For the example, `$split` makes `reader` of `client`.
macro_rules! peek_methods {
    ($half:ty, $split:literal) => {
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
            ///
            /// # Examples
            /// ```
            /// # #[selkie::main(flavor = "current_thread")]
            /// # async fn main() -> std::io::Result<()> {
            /// use selkie::io::AsyncReadExt;
            /// use selkie::net::{TcpListener, TcpStream};
            ///
            /// let listener = TcpListener::bind("127.0.0.1:0").await?;
            /// let client = TcpStream::connect(listener.local_addr()?).await?;
            /// let (server, _) = listener.accept().await?;
            #[doc = $split]
            /// server.try_write(b"ping")?;
            /// let mut first = [0];
            /// reader.peek(&mut first).await?;
            /// // It is still there.
            /// assert_eq!((first[0], reader.read_u8().await?), (b'p', b'p'));
            /// # Ok(())
            /// # }
            /// ```
            pub async fn peek(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
                self.stream().peek(buf).await
            }
        }
    };
}

peek_methods!(
    ReadHalf<'_>,
    "# let mut client = client;\nlet (mut reader, _writer) = client.split();"
);

pub(super) use peek_methods;
