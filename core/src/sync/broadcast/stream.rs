//! The values of a broadcast channel as a stream of the `futures` crates.
#![allow(unsafe_code)]

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use futures_core::Stream;

use super::error::RecvError;
use super::receiver::{Receiver, Recv};

impl<T: Clone> Receiver<T> {
    /// What this receives, as a stream: values, and [`RecvError::Lagged`] where some were overwritten before. It ends when every sender is gone
    /// and all was received.
    ///
    /// # Cancel safety
    /// A stream that is dropped while it waits takes nothing.
    ///
    /// # Examples
    /// ```
    /// use std::pin::pin;
    ///
    /// use futures_util::StreamExt;
    /// use selkie_core::raw::platform::block_on;
    /// use selkie_core::sync::broadcast::{self, error::RecvError};
    ///
    /// let (tx, rx) = broadcast::channel(2);
    /// for value in 1..=3 {
    ///     tx.send(value).unwrap();
    /// }
    /// drop(tx);
    /// let all: Vec<_> = block_on(rx.into_stream().collect());
    /// assert_eq!(all, [Err(RecvError::Lagged(1)), Ok(2), Ok(3)]);
    /// ```
    pub const fn into_stream(self) -> BroadcastStream<T> {
        BroadcastStream {
            recv: Recv::new(self),
        }
    }
}

/// What a broadcast channel's receiver receives, as a stream: made by [`into_stream`](Receiver::into_stream).
#[must_use = "streams do nothing unless polled"]
pub struct BroadcastStream<T> {
    recv: Recv<T, Receiver<T>>,
}

impl<T: Clone> Stream for BroadcastStream<T> {
    type Item = Result<T, RecvError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // SAFETY: structurally pinned.
        let recv = unsafe { self.map_unchecked_mut(|this| &mut this.recv) };
        match ready!(recv.poll(cx)) {
            Err(RecvError::Closed) => Poll::Ready(None),
            item => Poll::Ready(Some(item)),
        }
    }
}

impl<T> fmt::Debug for BroadcastStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BroadcastStream")
            .field(self.recv.receiver())
            .finish()
    }
}
