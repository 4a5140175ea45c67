//! Futures that write a number of fixed size.

use std::future::Future;
use std::io;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::async_io::interrupted::poll_retrying;
use crate::async_io::write::AsyncWrite;

pin_project! {
    /// Writes the bytes of `B`; made by `write_u32` and its like.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct WriteNumber<'a, W: ?Sized, B> {
        writer: &'a mut W,
        bytes: B,
        written: usize,
        #[pin]
        pinned: PhantomPinned,
    }
}

impl<'a, W: ?Sized, B> WriteNumber<'a, W, B> {
    pub(super) fn new(writer: &'a mut W, bytes: B) -> Self {
        Self {
            writer,
            bytes,
            written: 0,
            pinned: PhantomPinned,
        }
    }
}

impl<W, B> Future for WriteNumber<'_, W, B>
where
    W: AsyncWrite + Unpin + ?Sized,
    B: AsRef<[u8]>,
{
    type Output = io::Result<()>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let me = self.project();
        while *me.written < size_of::<B>() {
            let rest = &me.bytes.as_ref()[*me.written..];
            let n = ready!(poll_retrying(cx, |cx| {
                Pin::new(&mut **me.writer).poll_write(cx, rest)
            }))?;
            if n == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            *me.written += n;
        }
        Poll::Ready(Ok(()))
    }
}
