//! The senders as sinks of the `futures` crates.
//!
//! Idea        A sink is ready once it holds a permit, so what it is given is sent at once. Room that is there is taken without an
//!             allocation; a wait for room is the future of `reserve_owned`, in a box.
//! States      Idle ─poll_ready→ Reserved ─start_send→ Idle;   Idle ─poll_ready, full→ Waiting → Reserved;
//!             a closed channel, or `poll_close` → Closed
//! Invariants  I1 whatever the state, one sender of the channel is owned, except when Closed.

use alloc::boxed::Box;
use core::fmt;
use core::future::Future;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use futures_sink::Sink;

use super::error::{SendError, TrySendError};
use super::permit::OwnedPermit;
use super::sender::Sender;
use super::unbounded_sender::UnboundedSender;
use crate::coop;

/// Sends at once; it is always ready, and closing it does nothing: the channel closes when all senders have been dropped.
impl<T> Sink<T> for UnboundedSender<T> {
    type Error = SendError<T>;

    fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
        Poll::Ready(Ok(()))
    }

    fn start_send(self: Pin<&mut Self>, value: T) -> Result<(), SendError<T>> {
        self.send(value)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
        Poll::Ready(Ok(()))
    }
}

impl<T: Send + 'static> Sender<T> {
    /// This sender as a sink.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use futures_util::SinkExt;
    /// use selkie_core::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::channel(1);
    /// let mut sink = tx.into_sink();
    /// sink.send("in").await.unwrap();
    /// assert_eq!(rx.recv().await, Some("in"));
    /// # }
    /// ```
    pub fn into_sink(self) -> SenderSink<T> {
        SenderSink {
            state: State::Idle(self),
        }
    }
}

type ReserveFuture<T> = dyn Future<Output = Result<OwnedPermit<T>, SendError<()>>> + Send;

enum State<T> {
    Idle(Sender<T>),
    Waiting(Pin<Box<ReserveFuture<T>>>),
    Reserved(OwnedPermit<T>),
    Closed,
}

impl<T: Send + 'static> State<T> {
    /// Takes room that is there, or begins to wait for it.
    fn reserve(sender: Sender<T>) -> Self {
        match sender.try_reserve_owned() {
            Ok(permit) => Self::Reserved(permit),
            Err(TrySendError::Full(sender)) => Self::Waiting(Box::pin(sender.reserve_owned())),
            Err(TrySendError::Closed(_)) => Self::Closed,
        }
    }
}

/// A bounded [`Sender`] as a sink: made by its [`into_sink`](Sender::into_sink).
///
/// It is ready once it has reserved room for one value.
///
/// # Errors
/// [`SendError`] once the channel is closed: with the value, if there is one.
///
/// # Panics
/// `start_send` without a `poll_ready` that was ready.
///
/// # Cancel safety
/// A sink that is dropped gives its room, or its position among those who wait, back. A `send` of the `futures` crates that is cancelled before
/// the value was taken keeps them for the next one.
///
/// # Cost
/// An allocation for each wait for room, none while there is room.
#[must_use = "sinks do nothing unless polled"]
pub struct SenderSink<T> {
    state: State<T>,
}

// Nothing is pinned but what the box holds.
impl<T> Unpin for SenderSink<T> {}

impl<T> SenderSink<T> {
    /// Gives back what was reserved, and the sender; the other senders stay.
    pub fn close(&mut self) {
        self.state = State::Closed;
    }
}

impl<T: Send + 'static> Sink<T> for SenderSink<T> {
    type Error = SendError<Option<T>>;

    fn poll_ready(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), SendError<Option<T>>>> {
        if let State::Idle(_) = &self.state {
            let unit = ready!(coop::poll_proceed(cx));
            self.state = match mem::replace(&mut self.state, State::Closed) {
                State::Idle(sender) => State::reserve(sender),
                other => other,
            };
            if let State::Reserved(_) = &self.state {
                unit.made_progress();
            }
        }
        if let State::Waiting(reserve) = &mut self.state {
            self.state = match ready!(Future::poll(reserve.as_mut(), cx)) {
                Ok(permit) => State::Reserved(permit),
                Err(_) => State::Closed,
            };
        }
        match &self.state {
            State::Reserved(_) => Poll::Ready(Ok(())),
            _ => Poll::Ready(Err(SendError(None))),
        }
    }

    fn start_send(mut self: Pin<&mut Self>, value: T) -> Result<(), SendError<Option<T>>> {
        match mem::replace(&mut self.state, State::Closed) {
            State::Reserved(permit) => {
                self.state = State::Idle(permit.send(value));
                Ok(())
            }
            State::Closed => Err(SendError(Some(value))),
            State::Idle(_) | State::Waiting(_) => panic!("start_send without poll_ready"),
        }
    }

    fn poll_flush(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Result<(), SendError<Option<T>>>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Result<(), SendError<Option<T>>>> {
        self.close();
        Poll::Ready(Ok(()))
    }
}

impl<T> fmt::Debug for SenderSink<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            State::Idle(_) => "Idle",
            State::Waiting(_) => "Waiting",
            State::Reserved(_) => "Reserved",
            State::Closed => "Closed",
        };
        f.debug_tuple("SenderSink").field(&state).finish()
    }
}
