//! The values of a channel that contains its storage, as a stream of the `futures` crates.
#![allow(unsafe_code)]

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use futures_core::Stream;

use super::channel::FixedChannel;
use super::wait::Wait;
use crate::coop;

impl<T, const N: usize> FixedChannel<T, N> {
    /// The values that are sent from now on, as a stream; it never ends. Several streams share the values.
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
    /// use selkie_core::sync::FixedChannel;
    ///
    /// static READINGS: FixedChannel<u16, 4> = FixedChannel::new();
    ///
    /// for reading in [7, 8, 9] {
    ///     READINGS.try_send(reading).unwrap();
    /// }
    /// let mut even = pin!(READINGS.stream().filter(|reading| std::future::ready(reading % 2 == 0)));
    /// assert_eq!(block_on(even.next()), Some(8));
    /// ```
    pub fn stream(&self) -> FixedStream<'_, T, N> {
        FixedStream {
            wait: Wait::new(self),
        }
    }
}

/// The values of a [`FixedChannel`], as a stream: made by its [`stream`](FixedChannel::stream).
///
/// Each look at it takes a position among the receivers, and keeps it while it waits.
#[must_use = "streams do nothing unless polled"]
pub struct FixedStream<'a, T, const N: usize> {
    wait: Wait<'a, T, N, false>,
}

impl<T, const N: usize> Stream for FixedStream<'_, T, N> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let unit = ready!(coop::poll_proceed(cx));
        // SAFETY: structurally pinned.
        let wait = unsafe { self.as_ref().map_unchecked(|this| &this.wait) };
        // SAFETY: there is a permit of values.
        let value = ready!(wait.poll(cx.waker(), |state| unsafe { state.pop() }));
        unit.made_progress();
        Poll::Ready(Some(value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.wait.channel.len(), None)
    }
}

impl<T, const N: usize> fmt::Debug for FixedStream<'_, T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FixedStream")
            .field(self.wait.channel)
            .finish()
    }
}
