//! A reader of one byte for ever.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::empty::charged;
use crate::async_io::read::AsyncRead;
use crate::async_io::read_buf::ReadBuf;

/// Gives one byte for ever; made by [`repeat`].
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::io::{AsyncReadExt, Repeat, repeat};
///
/// let zeroes: Repeat = repeat(0);
/// let mut padding = Vec::new();
/// zeroes.take(16).read_to_end(&mut padding).await?;
/// assert_eq!(padding, [0; 16]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Repeat {
    byte: u8,
}

/// A reader that gives `byte` for ever.
///
/// # Examples
/// ```
/// # fn main() -> std::io::Result<()> {
/// # selkie::runtime::Builder::new_current_thread().build()?.block_on(async {
/// use selkie::io::AsyncReadExt;
///
/// let mut buf = [0; 3];
/// selkie::io::repeat(7).read_exact(&mut buf).await?;
/// assert_eq!(buf, [7; 3]);
/// # Ok(())
/// # })
/// # }
/// ```
#[inline]
pub fn repeat(byte: u8) -> Repeat {
    Repeat { byte }
}

impl AsyncRead for Repeat {
    #[inline]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        charged(cx, ()).map_ok(|()| {
            let room = buf.initialize_unfilled();
            room.fill(self.byte);
            let n = room.len();
            buf.advance(n);
        })
    }
}
