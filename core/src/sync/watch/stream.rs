//! The values of a watch channel as a stream of the `futures` crates.
//!
//! Idea        One [`Change`](super::shared), which reaches the channel by an `Arc`, and after each of its ends the value: it goes on from there.
#![allow(unsafe_code)]

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use futures_core::Stream;

use super::receiver::Receiver;
use super::shared::{Change, Shared};
use crate::platform::Arc;

impl<T: Clone> Receiver<T> {
    /// The values that this has not seen, as a stream: the latest each time, so that those in between may be missed, but never the last. It ends
    /// when every sender is gone. [`mark_changed`](Self::mark_changed) before lets it begin with the present value.
    ///
    /// # Cancel safety
    /// A stream that is dropped has seen what it gave out.
    ///
    /// # Examples
    /// ```
    /// use std::pin::pin;
    ///
    /// use futures_util::StreamExt;
    /// use selkie_core::raw::platform::block_on;
    /// use selkie_core::sync::watch;
    ///
    /// let (tx, mut rx) = watch::channel(20);
    /// rx.mark_changed();
    /// let mut volume = pin!(rx.into_stream());
    /// assert_eq!(block_on(volume.next()), Some(20));
    /// tx.send(30).unwrap();
    /// tx.send(40).unwrap();
    /// drop(tx);
    /// assert_eq!(block_on(volume.next()), Some(40));
    /// assert_eq!(block_on(volume.next()), None);
    /// ```
    pub fn into_stream(self) -> WatchStream<T> {
        WatchStream {
            change: Change::new(self.shared.clone(), self.version),
            receiver: self,
        }
    }
}

/// The values of a watch channel, as a stream: made by [`into_stream`](Receiver::into_stream).
#[must_use = "streams do nothing unless polled"]
pub struct WatchStream<T> {
    /// Dropped first: it leaves the wait queue.
    change: Change<T, Arc<Shared<T>>>,
    receiver: Receiver<T>,
}

impl<T: Clone> Stream for WatchStream<T> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        // SAFETY: `change` is not moved; the receiver is not pinned.
        let this = unsafe { self.get_unchecked_mut() };
        // SAFETY: structurally pinned.
        let mut change = unsafe { Pin::new_unchecked(&mut this.change) };
        if ready!(change.as_mut().poll(cx)).is_err() {
            return Poll::Ready(None);
        }
        let value = this.receiver.borrow_and_update().clone();
        change.rearm(this.receiver.version);
        Poll::Ready(Some(value))
    }
}

impl<T: fmt::Debug> fmt::Debug for WatchStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WatchStream").field(&self.receiver).finish()
    }
}
