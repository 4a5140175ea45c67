//! A model of two halves that poll one stream.

use std::pin::Pin;
use std::task::{Context, Poll};

use loom::thread;

use super::split;
use crate::async_io::{AsyncRead, AsyncWrite, ReadBuf};
use selkie_core::raw::platform::UnsafeCell;

/// Says at its first poll that it is not ready, and wakes at once, as foreign code may; every access to
/// it is seen by the model.
struct Stream(UnsafeCell<u32>);

impl Stream {
    fn step(&self, cx: &Context<'_>) -> Poll<std::io::Result<usize>> {
        let polls = self.0.with_mut(|polls| {
            // SAFETY: polled by one half at a time (I2), which the model checks.
            unsafe {
                *polls += 1;
                *polls
            }
        });
        if polls == 1 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Ok(1))
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        _buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        self.step(cx).map_ok(drop)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        _buf: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        self.step(cx)
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// I2, I3: each half polls alone, and one that yields to the other is woken.
#[test]
fn model_halves_that_meet() {
    loom::model(|| {
        let (mut read, mut write) = split(Stream(UnsafeCell::new(0)));
        let writer = thread::spawn(move || {
            for _ in 0..2 {
                let poll = |cx: &mut Context<'_>| Pin::new(&mut write).poll_write(cx, b"x");
                loom::future::block_on(std::future::poll_fn(poll)).unwrap();
            }
        });
        let poll =
            |cx: &mut Context<'_>| Pin::new(&mut read).poll_read(cx, &mut ReadBuf::new(&mut []));
        loom::future::block_on(std::future::poll_fn(poll)).unwrap();
        writer.join().unwrap();
    });
}
