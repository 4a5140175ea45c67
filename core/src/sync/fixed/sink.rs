//! A channel that contains its storage, as a sink of the `futures` crates.
//!
//! States      idle ─poll_ready, room→ reserved ─start_send→ idle;   idle ─poll_ready, full→ waiting → reserved;
//!             dropped or closed when reserved: the room is given back;   when waiting: it leaves the queue
//! Invariants  I1 while `is_reserved` this sink has a permit of room, left and given (I1 of the channel).
#![allow(unsafe_code)]

use core::convert::Infallible;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use futures_sink::Sink;

use super::channel::{FixedChannel, wake};
use super::wait::Wait;
use crate::coop;
use crate::platform::in_section;

impl<T, const N: usize> FixedChannel<T, N> {
    /// The channel as a sink: it is ready once it has reserved room for one value, in the order of those who wait.
    ///
    /// # Cancel safety
    /// A sink that is dropped gives its room back. A `send` of the `futures` crates that is cancelled before the value was taken keeps
    /// the room for the next one.
    ///
    /// # Examples
    /// ```
    /// use std::pin::pin;
    ///
    /// use futures_util::{StreamExt, stream};
    /// use selkie_core::raw::platform::block_on;
    /// use selkie_core::sync::FixedChannel;
    ///
    /// static WORDS: FixedChannel<&str, 4> = FixedChannel::new();
    ///
    /// let words = stream::iter(["to", "and", "fro"]).map(Ok);
    /// block_on(words.forward(WORDS.sink())).unwrap();
    /// assert_eq!(WORDS.len(), 3);
    /// ```
    pub fn sink(&self) -> FixedSink<'_, T, N> {
        FixedSink {
            wait: Wait::new(self),
            is_reserved: false,
        }
    }
}

/// A [`FixedChannel`] as a sink: made by its [`sink`](FixedChannel::sink).
///
/// # Panics
/// `start_send` without a `poll_ready` that was ready.
#[must_use = "sinks do nothing unless polled"]
pub struct FixedSink<'a, T, const N: usize> {
    wait: Wait<'a, T, N, true>,
    is_reserved: bool,
}

impl<T, const N: usize> Sink<T> for FixedSink<'_, T, N> {
    type Error = Infallible;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        if self.is_reserved {
            return Poll::Ready(Ok(()));
        }
        let unit = ready!(coop::poll_proceed(cx));
        // SAFETY: `wait` is not moved; `is_reserved` is not pinned.
        let this = unsafe { self.get_unchecked_mut() };
        // SAFETY: structurally pinned.
        let wait = unsafe { Pin::new_unchecked(&this.wait) };
        // The permit stays with this sink.
        ready!(wait.poll(cx.waker(), |_| ((), None)));
        unit.made_progress();
        this.is_reserved = true;
        Poll::Ready(Ok(()))
    }

    fn start_send(self: Pin<&mut Self>, value: T) -> Result<(), Infallible> {
        // SAFETY: nothing is moved.
        let this = unsafe { self.get_unchecked_mut() };
        assert!(this.is_reserved, "start_send without poll_ready");
        this.is_reserved = false;
        // In one section (I2 of the channel).
        in_section(|section| {
            // SAFETY: the permit that `poll_ready` reserved.
            let push = |state: &mut _| unsafe { super::channel::State::push(state, value) };
            wake(this.wait.channel.change(section, push));
        });
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    /// The channel stays open: what was reserved goes back, and so does a position among those who wait.
    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // SAFETY: nothing is moved.
        let this = unsafe { self.get_unchecked_mut() };
        this.wait.give_up();
        this.give_back();
        Poll::Ready(Ok(()))
    }
}

impl<T, const N: usize> FixedSink<'_, T, N> {
    fn give_back(&mut self) {
        if core::mem::take(&mut self.is_reserved) {
            in_section(|section| {
                wake(self.wait.channel.change(section, |state| state.room.give()));
            });
        }
    }
}

impl<T, const N: usize> Drop for FixedSink<'_, T, N> {
    fn drop(&mut self) {
        self.give_back();
    }
}

impl<T, const N: usize> fmt::Debug for FixedSink<'_, T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FixedSink")
            .field("channel", self.wait.channel)
            .field("is_reserved", &self.is_reserved)
            .finish()
    }
}
