//! Futures that read into a buffer of fixed size.

use std::future::Future;
use std::io;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::BufMut;
use pin_project_lite::pin_project;

use super::append::poll_append;
use crate::async_io::interrupted::Interruptions;
use crate::async_io::read::AsyncRead;
use crate::async_io::read_buf::ReadBuf;

pin_project! {
    /// Reads once; made by `read`.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Read<'a, R: ?Sized> {
        pub(super) reader: &'a mut R,
        pub(super) buf: &'a mut [u8],
        #[pin]
        pub(super) pinned: PhantomPinned,
    }
}

impl<R: AsyncRead + Unpin + ?Sized> Future for Read<'_, R> {
    type Output = io::Result<usize>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let me = self.project();
        let mut buf = ReadBuf::new(me.buf);
        ready!(Pin::new(&mut **me.reader).poll_read(cx, &mut buf))?;
        Poll::Ready(Ok(buf.filled().len()))
    }
}

pin_project! {
    /// Reads once into a growing buffer; made by `read_buf`.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ReadBufFuture<'a, R: ?Sized, B: ?Sized> {
        pub(super) reader: &'a mut R,
        pub(super) buf: &'a mut B,
        #[pin]
        pub(super) pinned: PhantomPinned,
    }
}

impl<R, B> Future for ReadBufFuture<'_, R, B>
where
    R: AsyncRead + Unpin + ?Sized,
    B: BufMut + ?Sized,
{
    type Output = io::Result<usize>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let me = self.project();
        poll_append(Pin::new(&mut **me.reader), cx, &mut **me.buf)
    }
}

pin_project! {
    /// Reads until a buffer is full; made by `read_exact`.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ReadExact<'a, R: ?Sized> {
        pub(super) reader: &'a mut R,
        pub(super) buf: ReadBuf<'a>,
        #[pin]
        pub(super) pinned: PhantomPinned,
    }
}

impl<R: AsyncRead + Unpin + ?Sized> Future for ReadExact<'_, R> {
    type Output = io::Result<usize>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let me = self.project();
        let mut interruptions = Interruptions::default();
        while me.buf.remaining() > 0 {
            let before = me.buf.remaining();
            if let Err(error) = ready!(Pin::new(&mut **me.reader).poll_read(cx, me.buf)) {
                ready!(interruptions.after(error, cx))?;
                continue;
            }
            if me.buf.remaining() == before {
                return Poll::Ready(Err(early_end()));
            }
        }
        Poll::Ready(Ok(me.buf.capacity()))
    }
}

/// The source ended before enough was read.
pub(super) fn early_end() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "early eof")
}
