//! Futures that read a number of fixed size.

use std::fmt;
use std::future::Future;
use std::io;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::read::early_end;
use crate::async_io::interrupted::poll_retrying;
use crate::async_io::read::AsyncRead;
use crate::async_io::read_buf::ReadBuf;

pin_project! {
    /// Reads the bytes of `B` and makes a number of them; made by `read_u32` and its like.
    #[must_use = "futures do nothing unless polled"]
    pub struct ReadNumber<'a, R: ?Sized, T, B> {
        reader: &'a mut R,
        bytes: B,
        read: usize,
        make: fn(B) -> T,
        #[pin]
        pinned: PhantomPinned,
    }
}

impl<'a, R: ?Sized, T, B: Default> ReadNumber<'a, R, T, B> {
    pub(super) fn new(reader: &'a mut R, make: fn(B) -> T) -> Self {
        Self {
            reader,
            bytes: B::default(),
            read: 0,
            make,
            pinned: PhantomPinned,
        }
    }
}

impl<R, T, B> Future for ReadNumber<'_, R, T, B>
where
    R: AsyncRead + Unpin + ?Sized,
    B: AsMut<[u8]> + Copy,
{
    type Output = io::Result<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        let me = self.project();
        while *me.read < size_of::<B>() {
            let mut rest = ReadBuf::new(&mut me.bytes.as_mut()[*me.read..]);
            ready!(poll_retrying(cx, |cx| {
                Pin::new(&mut **me.reader).poll_read(cx, &mut rest)
            }))?;
            let n = rest.filled().len();
            if n == 0 {
                return Poll::Ready(Err(early_end()));
            }
            *me.read += n;
        }
        Poll::Ready(Ok((me.make)(*me.bytes)))
    }
}

impl<R: ?Sized, T, B> fmt::Debug for ReadNumber<'_, R, T, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadNumber")
            .field("read", &self.read)
            .finish_non_exhaustive()
    }
}
