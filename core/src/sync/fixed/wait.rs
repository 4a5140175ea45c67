//! Waiting at a channel that contains its storage: for room, or for a value.
//!
//! States      fresh → queued → promised → done;   dropped when promised: the promise is passed on
//! Invariants  those of [`channel`](super::channel).
#![allow(unsafe_code)]

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker, ready};

use super::channel::{FixedChannel, State, wake};
use crate::coop;
use crate::platform::without_interrupts;
use crate::wake::{WaitNode, WaitQueue, WaitState};

impl<T, const N: usize> FixedChannel<T, N> {
    /// Sends `value`, waiting for room in the order of the calls.
    ///
    /// # Cancel safety
    /// A cancelled send sends nothing and drops the value; it loses its position in the queue.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::FixedChannel;
    ///
    /// static NUMBERS: FixedChannel<u32, 1> = FixedChannel::new();
    ///
    /// let producer = selkie::spawn(async {
    ///     for number in 1..=3 {
    ///         // Waits whenever the one slot is taken.
    ///         NUMBERS.send(number).await;
    ///     }
    /// });
    /// let sum = NUMBERS.recv().await + NUMBERS.recv().await + NUMBERS.recv().await;
    /// producer.await.unwrap();
    /// assert_eq!(sum, 6);
    /// # }
    /// ```
    pub async fn send(&self, value: T) {
        SendFuture {
            wait: Wait::new(self, true),
            value: Some(value),
        }
        .await;
    }

    /// Waits for a value and takes it, in the order of the calls.
    ///
    /// # Cancel safety
    /// A cancelled receive takes nothing; it loses its position in the queue.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::FixedChannel;
    ///
    /// static LINES: FixedChannel<&str, 4> = FixedChannel::new();
    ///
    /// LINES.try_send("first").unwrap();
    /// LINES.try_send("second").unwrap();
    /// assert_eq!(LINES.recv().await, "first");
    /// assert_eq!(LINES.recv().await, "second");
    /// # }
    /// ```
    pub async fn recv(&self) -> T {
        ReceiveFuture {
            wait: Wait::new(self, false),
        }
        .await
    }
}

/// A position in one of the two wait queues.
struct Wait<'a, T, const N: usize> {
    channel: &'a FixedChannel<T, N>,
    for_room: bool,
    node: WaitNode<()>,
}

impl<'a, T, const N: usize> Wait<'a, T, N> {
    const fn queue(for_room: bool, state: &mut State<T, N>) -> &mut WaitQueue<()> {
        if for_room {
            &mut state.senders
        } else {
            &mut state.receivers
        }
    }

    /// A wait that has not begun.
    fn new(channel: &'a FixedChannel<T, N>, for_room: bool) -> Self {
        Self {
            channel,
            for_room,
            node: WaitNode::new(()),
        }
    }

    /// Calls `go` under the lock once it is this one's turn; it returns whom to wake, which is done
    /// in the same section (I4 of the channel).
    fn poll<R>(
        self: Pin<&Self>,
        waker: Waker,
        go: impl FnOnce(&mut State<T, N>) -> (R, Option<Waker>),
    ) -> Poll<R> {
        without_interrupts(|| self.poll_in_section(waker, go))
    }

    #[inline(always)]
    fn poll_in_section<R>(
        self: Pin<&Self>,
        waker: Waker,
        go: impl FnOnce(&mut State<T, N>) -> (R, Option<Waker>),
    ) -> Poll<R> {
        let this = self.get_ref();
        // SAFETY: structurally pinned.
        let node = unsafe { Pin::new_unchecked(&this.node) };
        let mut state = this.channel.state.lock();
        match node.state() {
            WaitState::Done(_) => {
                node.reset();
                if this.for_room {
                    state.promised_room -= 1
                } else {
                    state.promised_values -= 1
                }
            }
            WaitState::Queued => {
                // SAFETY: the node is in this queue.
                let spare =
                    unsafe { Self::queue(this.for_room, &mut state).set_waker(node, waker) };
                drop(state);
                drop(spare);
                return Poll::Pending;
            }
            WaitState::Idle | WaitState::Alone => {
                let free = if this.for_room {
                    state.has_room()
                } else {
                    state.has_value()
                };
                if !free {
                    // SAFETY: the node is in no queue; `drop` removes it.
                    unsafe { Self::queue(this.for_room, &mut state).push(node, waker, ()) };
                    return Poll::Pending;
                }
            }
        }
        let (result, next) = go(&mut state);
        drop(state);
        wake(next);
        Poll::Ready(result)
    }
}

impl<T, const N: usize> Drop for Wait<'_, T, N> {
    fn drop(&mut self) {
        // SAFETY: pinned since it was queued, and dropped in place.
        let node = unsafe { Pin::new_unchecked(&self.node) };
        if node.state() == WaitState::Idle {
            return;
        }
        // In one section (I4).
        without_interrupts(|| self.leave(node));
    }
}

impl<T, const N: usize> Wait<'_, T, N> {
    /// Leaves the wait queue, or passes on what was promised.
    fn leave(&self, node: Pin<&WaitNode<()>>) {
        let mut state = self.channel.state.lock();
        if node.state() == WaitState::Queued {
            // SAFETY: the node is in this queue.
            let own = unsafe { Self::queue(self.for_room, &mut state).remove(node) };
            drop(state);
            drop(own);
            return;
        }
        // The promise goes to the next in the queue (I3).
        let next = if self.for_room {
            state.promised_room -= 1;
            state.promise_room()
        } else {
            state.promised_values -= 1;
            state.promise_value()
        };
        drop(state);
        wake(next);
    }
}

struct SendFuture<'a, T, const N: usize> {
    wait: Wait<'a, T, N>,
    value: Option<T>,
}

impl<T, const N: usize> Future for SendFuture<'_, T, N> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let unit = ready!(coop::poll_proceed(cx));
        // SAFETY: `wait` is not moved; `value` is not pinned.
        let this = unsafe { self.get_unchecked_mut() };
        // SAFETY: structurally pinned.
        let wait = unsafe { Pin::new_unchecked(&this.wait) };
        let value = &mut this.value;
        ready!(wait.poll(cx.waker().clone(), |state| {
            ((), value.take().and_then(|value| state.push(value)))
        }));
        unit.made_progress();
        Poll::Ready(())
    }
}

struct ReceiveFuture<'a, T, const N: usize> {
    wait: Wait<'a, T, N>,
}

impl<T, const N: usize> Future for ReceiveFuture<'_, T, N> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let unit = ready!(coop::poll_proceed(cx));
        // SAFETY: structurally pinned.
        let wait = unsafe { self.as_ref().map_unchecked(|this| &this.wait) };
        let value = ready!(wait.poll(cx.waker().clone(), State::pop));
        debug_assert!(value.is_some(), "a promised or free value is there (I2)");
        // Not `expect`, which would bring code that panics into firmware.
        let Some(value) = value else {
            return Poll::Pending;
        };
        unit.made_progress();
        Poll::Ready(value)
    }
}
