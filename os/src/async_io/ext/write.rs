//! Futures that write.

use std::future::Future;
use std::io::{self, IoSlice};
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use pin_project_lite::pin_project;

use crate::async_io::interrupted::Interruptions;
use crate::async_io::write::AsyncWrite;

/// Buffers that one vectored write takes.
const SLICES: usize = 64;

/// The writer took nothing, and never will again.
fn took_nothing() -> io::Error {
    io::ErrorKind::WriteZero.into()
}

macro_rules! write_future {
    ($(#[$attr:meta])* $name:ident<$($l:lifetime),*> { $($field:ident: $t:ty),* } -> $out:ty,
     |$me:ident, $writer:ident, $cx:ident| $poll:expr) => {
        pin_project! {
            $(#[$attr])*
            #[derive(Debug)]
            #[must_use = "futures do nothing unless polled"]
            pub struct $name<$($l,)* W: ?Sized> {
                pub(super) writer: &'a mut W,
                $(pub(super) $field: $t,)*
                #[pin]
                pub(super) pinned: PhantomPinned,
            }
        }

        impl<$($l,)* W: AsyncWrite + Unpin + ?Sized> Future for $name<$($l,)* W> {
            type Output = io::Result<$out>;

            fn poll(self: Pin<&mut Self>, $cx: &mut Context<'_>) -> Poll<io::Result<$out>> {
                let $me = self.project();
                let $writer = Pin::new(&mut **$me.writer);
                $poll
            }
        }
    };
}

write_future! {
    /// Writes once; made by `write`.
    Write<'a> { buf: &'a [u8] } -> usize,
    |me, writer, cx| writer.poll_write(cx, me.buf)
}

write_future! {
    /// Writes once from several buffers; made by `write_vectored`.
    WriteVectored<'a, 'b> { bufs: &'a [IoSlice<'b>] } -> usize,
    |me, writer, cx| writer.poll_write_vectored(cx, me.bufs)
}

write_future! {
    /// Writes a whole buffer; made by `write_all`.
    WriteAll<'a> { buf: &'a [u8] } -> (),
    |me, writer, cx| {
        let (mut writer, mut interruptions) = (writer, Interruptions::default());
        while !me.buf.is_empty() {
            let n = match ready!(writer.as_mut().poll_write(cx, me.buf)) {
                Ok(n) => n,
                Err(error) => {
                    ready!(interruptions.after(error, cx))?;
                    continue;
                }
            };
            if n == 0 {
                return Poll::Ready(Err(took_nothing()));
            }
            *me.buf = &me.buf[n..];
        }
        Poll::Ready(Ok(()))
    }
}

write_future! {
    /// Flushes; made by `flush`.
    Flush<'a> {} -> (),
    |me, writer, cx| writer.poll_flush(cx)
}

write_future! {
    /// Closes the writing side; made by `shutdown`.
    Shutdown<'a> {} -> (),
    |me, writer, cx| writer.poll_shutdown(cx)
}

/// Writes once from what `buf` has, and moves it on.
fn poll_write_buf<W: AsyncWrite + ?Sized, B: Buf>(
    writer: Pin<&mut W>,
    cx: &mut Context<'_>,
    buf: &mut B,
) -> Poll<io::Result<usize>> {
    let n = if writer.is_write_vectored() {
        let mut slices = [IoSlice::new(&[]); SLICES];
        let count = buf.chunks_vectored(&mut slices);
        ready!(writer.poll_write_vectored(cx, &slices[..count]))?
    } else {
        ready!(writer.poll_write(cx, buf.chunk()))?
    };
    buf.advance(n);
    Poll::Ready(Ok(n))
}

pin_project! {
    /// Writes once from a `Buf`; made by `write_buf`.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct WriteBuf<'a, W, B> {
        pub(super) writer: &'a mut W,
        pub(super) buf: &'a mut B,
        #[pin]
        pub(super) pinned: PhantomPinned,
    }
}

impl<W: AsyncWrite + Unpin, B: Buf> Future for WriteBuf<'_, W, B> {
    type Output = io::Result<usize>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let me = self.project();
        if !me.buf.has_remaining() {
            return Poll::Ready(Ok(0));
        }
        poll_write_buf(Pin::new(&mut **me.writer), cx, &mut **me.buf)
    }
}

pin_project! {
    /// Writes a whole `Buf`; made by `write_all_buf`.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct WriteAllBuf<'a, W, B> {
        pub(super) writer: &'a mut W,
        pub(super) buf: &'a mut B,
        #[pin]
        pub(super) pinned: PhantomPinned,
    }
}

impl<W: AsyncWrite + Unpin, B: Buf> Future for WriteAllBuf<'_, W, B> {
    type Output = io::Result<()>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let me = self.project();
        let mut interruptions = Interruptions::default();
        while me.buf.has_remaining() {
            let writer = Pin::new(&mut **me.writer);
            let n = match ready!(poll_write_buf(writer, cx, &mut **me.buf)) {
                Ok(n) => n,
                Err(error) => {
                    ready!(interruptions.after(error, cx))?;
                    continue;
                }
            };
            if n == 0 {
                return Poll::Ready(Err(took_nothing()));
            }
        }
        Poll::Ready(Ok(()))
    }
}
