//! The future that seeks.

use std::future::Future;
use std::io::{self, SeekFrom};
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::async_io::seek::AsyncSeek;

pin_project! {
    /// Moves the position; made by `seek`, `rewind` and `stream_position`.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Seek<'a, S: ?Sized> {
        pub(super) source: &'a mut S,
        // Taken when the seek was begun.
        pub(super) position: Option<SeekFrom>,
        #[pin]
        pub(super) pinned: PhantomPinned,
    }
}

impl<S: AsyncSeek + Unpin + ?Sized> Future for Seek<'_, S> {
    type Output = io::Result<u64>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let me = self.project();
        if let Some(position) = *me.position {
            // A seek that somebody began and dropped comes to its end first.
            ready!(Pin::new(&mut **me.source).poll_complete(cx))?;
            Pin::new(&mut **me.source).start_seek(position)?;
            *me.position = None;
        }
        Pin::new(&mut **me.source).poll_complete(cx)
    }
}
