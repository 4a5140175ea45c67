//! The receivers as streams of the `futures` crates: the values, until the channel is closed and empty.

use core::pin::Pin;
use core::task::{Context, Poll};

use futures_core::Stream;

use super::receiver::Receiver;
use super::unbounded_receiver::UnboundedReceiver;

/// As [`poll_recv`](Receiver::poll_recv).
impl<T> Stream for Receiver<T> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.get_mut().poll_recv(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len(), None)
    }
}

/// As [`poll_recv`](UnboundedReceiver::poll_recv).
impl<T> Stream for UnboundedReceiver<T> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.get_mut().poll_recv(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len(), None)
    }
}
