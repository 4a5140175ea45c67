//! A copy in both directions between two streams.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::buffer::{CopyBuffer, DEFAULT_SIZE};
use crate::async_io::interrupted::poll_retrying;
use crate::async_io::read::AsyncRead;
use crate::async_io::write::AsyncWrite;

/// One direction: copies, then closes the target's writing side.
#[derive(Debug)]
enum Direction {
    Copying(CopyBuffer),
    Closing(u64),
    Done(u64),
}

impl Direction {
    fn poll<R, W>(
        &mut self,
        cx: &mut Context<'_>,
        reader: &mut R,
        writer: &mut W,
    ) -> Poll<io::Result<u64>>
    where
        R: AsyncRead + Unpin + ?Sized,
        W: AsyncWrite + Unpin + ?Sized,
    {
        loop {
            *self = match self {
                Self::Copying(buffer) => {
                    let reader = Pin::new(&mut *reader);
                    Self::Closing(ready!(buffer.poll_copy(
                        cx,
                        reader,
                        Pin::new(&mut *writer)
                    ))?)
                }
                Self::Closing(copied) => {
                    ready!(poll_retrying(cx, |cx| {
                        Pin::new(&mut *writer).poll_shutdown(cx)
                    }))?;
                    Self::Done(*copied)
                }
                Self::Done(copied) => return Poll::Ready(Ok(*copied)),
            };
        }
    }
}

/// Copies from `a` to `b` and from `b` to `a` until both have ended; returns how many bytes went
/// each way.
///
/// When one side ends, the other side's writing is closed, and what it still sends is copied.
///
/// # Errors
/// The first of either side, at once; how much was copied is not known.
///
/// # Cancel safety
/// Not cancel safe: what was read and not written is lost.
///
/// # Cost
/// Two buffers of 8 KiB.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional, duplex};
///
/// // A proxy between a client and a server.
/// let (mut client, mut near) = duplex(64);
/// let (mut far, mut server) = duplex(64);
/// let proxy = selkie::spawn(async move { copy_bidirectional(&mut near, &mut far).await });
///
/// client.write_all(b"request").await?;
/// client.shutdown().await?;
/// let mut request = String::new();
/// server.read_to_string(&mut request).await?;
/// assert_eq!(request, "request");
/// server.write_all(b"response").await?;
/// drop(server);
/// let mut response = String::new();
/// client.read_to_string(&mut response).await?;
/// assert_eq!(response, "response");
/// assert_eq!(proxy.await.unwrap()?, (7, 8));
/// # Ok(())
/// # }
/// ```
pub async fn copy_bidirectional<A, B>(a: &mut A, b: &mut B) -> io::Result<(u64, u64)>
where
    A: AsyncRead + AsyncWrite + Unpin + ?Sized,
    B: AsyncRead + AsyncWrite + Unpin + ?Sized,
{
    copy_bidirectional_with_sizes(a, b, DEFAULT_SIZE, DEFAULT_SIZE).await
}

/// As [`copy_bidirectional`], with buffers of the given sizes, in bytes.
///
/// # Errors
/// The first of either side, at once.
///
/// # Panics
/// If a size is zero.
///
/// # Cancel safety
/// Not cancel safe: what was read and not written is lost.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::io::{AsyncWriteExt, copy_bidirectional_with_sizes, duplex};
///
/// let (mut client, mut near) = duplex(64);
/// let (mut far, mut server) = duplex(64);
/// client.write_all(b"upload").await?;
/// client.shutdown().await?;
/// server.shutdown().await?;
/// // Much goes from `near` to `far`, and little comes back.
/// let counts = copy_bidirectional_with_sizes(&mut near, &mut far, 65_536, 512).await?;
/// assert_eq!(counts, (6, 0));
/// # Ok(())
/// # }
/// ```
pub async fn copy_bidirectional_with_sizes<A, B>(
    a: &mut A,
    b: &mut B,
    a_to_b_buf_size: usize,
    b_to_a_buf_size: usize,
) -> io::Result<(u64, u64)>
where
    A: AsyncRead + AsyncWrite + Unpin + ?Sized,
    B: AsyncRead + AsyncWrite + Unpin + ?Sized,
{
    assert!(
        a_to_b_buf_size > 0,
        "`a_to_b_buf_size` must be greater than 0"
    );
    assert!(
        b_to_a_buf_size > 0,
        "`b_to_a_buf_size` must be greater than 0"
    );
    let mut a_to_b = Direction::Copying(CopyBuffer::new(a_to_b_buf_size));
    let mut b_to_a = Direction::Copying(CopyBuffer::new(b_to_a_buf_size));
    poll_fn(|cx| {
        let there = a_to_b.poll(cx, &mut *a, &mut *b)?;
        let back = b_to_a.poll(cx, &mut *b, &mut *a)?;
        Poll::Ready(Ok((ready!(there), ready!(back))))
    })
    .await
}
