//! The values of a watch that contains its storage, as a stream of the `futures` crates.
#![allow(unsafe_code)]

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use futures_core::Stream;

use super::watch_receiver::{Changed, FixedWatchReceiver};

impl<'a, T: Copy> FixedWatchReceiver<'a, T> {
    /// The values that this has not seen, as a stream: the latest each time, so that those in between may be missed, but never the last. It never
    /// ends. [`mark_changed`](Self::mark_changed) before lets it begin with the present value.
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
    /// use selkie_core::sync::FixedWatch;
    ///
    /// static MILLIVOLTS: FixedWatch<u16> = FixedWatch::new(0);
    ///
    /// let mut high = pin!(
    ///     MILLIVOLTS
    ///         .subscribe()
    ///         .into_stream()
    ///         .filter(|level| std::future::ready(*level > 3_000))
    /// );
    /// MILLIVOLTS.send(3_300);
    /// assert_eq!(block_on(high.next()), Some(3_300));
    /// ```
    pub fn into_stream(self) -> FixedWatchStream<'a, T> {
        FixedWatchStream {
            changed: Changed::new(&self),
        }
    }
}

/// The values of a [`FixedWatch`](super::FixedWatch), as a stream: made by [`into_stream`](FixedWatchReceiver::into_stream).
#[must_use = "streams do nothing unless polled"]
pub struct FixedWatchStream<'a, T> {
    changed: Changed<'a, T>,
}

impl<T: Copy> Stream for FixedWatchStream<'_, T> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        // SAFETY: nothing is moved.
        let changed = unsafe { &mut self.get_unchecked_mut().changed };
        // SAFETY: structurally pinned.
        ready!(unsafe { Pin::new_unchecked(&mut *changed) }.poll(cx));
        // Perhaps a later one than the version that ended the wait: that one is seen, too.
        let state = changed.watch.state.lock();
        changed.seen = state.version;
        Poll::Ready(Some(state.value))
    }
}

impl<T> fmt::Debug for FixedWatchStream<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FixedWatchStream")
            .field(self.changed.watch)
            .finish()
    }
}
