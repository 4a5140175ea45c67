//! Waiting at a channel that contains its storage: for room, or for a value.
//!
//! States      fresh → in the queue → served → done;   dropped when served: the permit is passed on
//! Invariants  those of [`channel`](super::channel) and [`permits`](super::permits).
#![allow(unsafe_code)]

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker, ready};

use super::channel::{FixedChannel, State, wake};
use super::permits::{Permits, TakeOutcome, Waiter};
use crate::coop;
use crate::platform::{HAS_THREADS, in_section};

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
    // No `async fn`, whose future would hold the value and the channel a second time.
    pub fn send(&self, value: T) -> impl Future<Output = ()> {
        SendFuture {
            wait: Wait::new(self),
            value: Some(value),
        }
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
    pub fn recv(&self) -> impl Future<Output = T> {
        ReceiveFuture {
            wait: Wait::new(self),
        }
    }
}

/// A position in one of the two wait queues: for room, or for a value.
pub(super) struct Wait<'a, T, const N: usize, const FOR_ROOM: bool> {
    pub(super) channel: &'a FixedChannel<T, N>,
    waiter: Waiter,
}

impl<'a, T, const N: usize, const FOR_ROOM: bool> Wait<'a, T, N, FOR_ROOM> {
    /// The permits there are at the start.
    const START: usize = if FOR_ROOM { N } else { 0 };

    const fn permits(state: &mut State<T, N>) -> &mut Permits {
        if FOR_ROOM {
            &mut state.room
        } else {
            &mut state.values
        }
    }

    /// A wait that has not begun.
    pub(super) fn new(channel: &'a FixedChannel<T, N>) -> Self {
        Self {
            channel,
            waiter: Waiter::new(),
        }
    }

    /// Calls `go` under the lock once it is this one's turn, with a permit; it returns whom to wake, which is done
    /// in the same section (I2 of the channel).
    #[inline(always)]
    pub(super) fn poll<R>(
        self: Pin<&Self>,
        waker: &Waker,
        mut go: impl FnMut(&mut State<T, N>) -> (R, Option<Waker>),
    ) -> Poll<R> {
        let this = self.get_ref();
        let waiter = &this.waiter;
        let mut look =
            |state: &mut State<T, N>| match Self::permits(state).look(Self::START, waiter, waker) {
                TakeOutcome::Yours => Ok(go(state)),
                other => Err(other),
            };
        let polled = in_section(|section| {
            let outcome = match this.channel.change(section, &mut look) {
                Err(TakeOutcome::WakerNeeded) => {
                    // In the section, but not under the lock: foreign code. With threads, another's turn may end meanwhile.
                    let fresh = waker.clone();
                    this.channel.change(section, |state| {
                        if HAS_THREADS {
                            let again = look(state);
                            if !matches!(again, Err(TakeOutcome::WakerNeeded)) {
                                return (again, Some(fresh));
                            }
                        }
                        // SAFETY: pinned with the future, this future's own, and its drop leaves.
                        let old = unsafe { Self::permits(state).wait(waiter, fresh) };
                        (Err(TakeOutcome::Waits), old)
                    })
                }
                outcome => (outcome, None),
            };
            let (outcome, spare) = outcome;
            drop(spare);
            let (result, next) = outcome.ok()?;
            wake(next);
            Some(result)
        });
        match polled {
            Some(result) => {
                waiter.settle();
                Poll::Ready(result)
            }
            None => Poll::Pending,
        }
    }

    /// Waits no longer, if it did.
    #[inline(always)]
    pub(super) fn give_up(&self) {
        if self.waiter.waits() {
            self.leave();
        }
    }

    /// Leaves the queue, or passes on what was given.
    fn leave(&self) {
        let mut spare = None;
        // In one section (I2).
        in_section(|section| {
            let next = self.channel.change(section, |state| {
                // SAFETY: this future's own, which waits.
                unsafe { Self::permits(state).leave(&self.waiter, &mut spare) }
            });
            wake(next);
        });
    }
}

impl<T, const N: usize, const FOR_ROOM: bool> Drop for Wait<'_, T, N, FOR_ROOM> {
    #[inline(always)]
    fn drop(&mut self) {
        self.give_up();
    }
}

struct SendFuture<'a, T, const N: usize> {
    wait: Wait<'a, T, N, true>,
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
        ready!(wait.poll(cx.waker(), |state| {
            let next = match value.take() {
                // SAFETY: there is a permit of room.
                Some(value) => unsafe { state.push(value) },
                // Polled after its end.
                None => state.room.give(),
            };
            ((), next)
        }));
        unit.made_progress();
        Poll::Ready(())
    }
}

struct ReceiveFuture<'a, T, const N: usize> {
    wait: Wait<'a, T, N, false>,
}

impl<T, const N: usize> Future for ReceiveFuture<'_, T, N> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let unit = ready!(coop::poll_proceed(cx));
        // SAFETY: structurally pinned.
        let wait = unsafe { self.as_ref().map_unchecked(|this| &this.wait) };
        // SAFETY: there is a permit of values.
        let value = ready!(wait.poll(cx.waker(), |state| unsafe { state.pop() }));
        unit.made_progress();
        Poll::Ready(value)
    }
}
