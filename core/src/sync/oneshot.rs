//! One-value channel: one sender hands one `T` to one receiver.
//!
//! Idea        The state is one word of flags. Each side changes the word by one read-modify-write, and
//!             thereby learns what the other side did. Each side has a cell for a waker, which is used
//!             only when that side waits.
//! States      EMPTY ─send→ SENT ─recv→ SENT|TAKEN;   EMPTY ─close or drop of a side→ CLOSED.
//!             RX_WAITS, TX_WAITS: that side stored a waker. After SENT the channel cannot be
//!             closed, after CLOSED nothing can be sent: the first of the two wins.
//! Invariants  I1 `slot` is written by the sender before SENT, and taken by the receiver after it
//!             saw SENT; a refused sender takes it back.
//!             I2 a waker is looked for only if the flag of its side was set.
//!             I3 TX_GONE and RX_GONE say that a side will not touch the channel again. A side that finds
//!             the other's flag when it sets its own, or before, frees the channel.
//! Length      both sides act on one word, and a step can be understood only beside the other side's.
//! Rejected    `Lock<Option<T>>`: a lock even when nobody contends. An `Arc`: four more
//!             read-modify-writes to make, share and free the channel.
#![allow(unsafe_code)]

use alloc::boxed::Box;
use core::fmt;
use core::future::{Future, poll_fn};
use core::mem;
use core::ops::Deref;
use core::pin::Pin;
use core::ptr::NonNull;
use core::task::{Context, Poll, ready};

use super::blocking;
use crate::coop;
use crate::platform::{AtomicU8, Ordering, UnsafeCell};
use crate::trace::{Operation, Resource, instrument};
use crate::wake::WakerCell;

pub mod error;

use error::{RecvError, TryRecvError};

const SENT: u8 = 0b0001;
const CLOSED: u8 = 0b0010;
const RX_WAITS: u8 = 0b0100;
const TX_WAITS: u8 = 0b1000;
const TX_GONE: u8 = 0b01_0000;
const RX_GONE: u8 = 0b10_0000;

struct Channel<T> {
    flags: AtomicU8,
    slot: UnsafeCell<Option<T>>,
    receiver: WakerCell,
    sender: WakerCell,
}

// SAFETY: the flags give the slot to one side at a time (I1).
unsafe impl<T: Send> Send for Channel<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Channel<T> {}

/// One side's share of the channel. It is given up by [`leave`](Self::leave) or
/// [`left`](Self::left), not by dropping it.
struct Share<T>(NonNull<Channel<T>>);

impl<T> Deref for Share<T> {
    type Target = Channel<T>;
    fn deref(&self) -> &Channel<T> {
        // SAFETY: the channel lives until both sides are gone, and this one is not (I3).
        unsafe { self.0.as_ref() }
    }
}

impl<T> Share<T> {
    /// Gives the share up.
    fn leave(self, own: u8, other: u8) {
        // AcqRel: Release before the other side frees, Acquire before we do (I3).
        let before = self.flags.fetch_or(own, Ordering::AcqRel);
        self.left(before, other);
    }

    /// Ends the share after this side said that it is gone, or when the other had said so; `seen`
    /// are the flags before, read with Acquire.
    fn left(self, seen: u8, other: u8) {
        if seen & other != 0 {
            // SAFETY: made by `Box` in `channel`; both sides are gone (I3).
            drop(unsafe { Box::from_raw(self.0.as_ptr()) });
        }
    }
}

/// The sender's share behind a send, given up also if the receiver's waker panics.
struct SendGuard<T>(Option<Share<T>>);

impl<T> SendGuard<T> {
    #[inline]
    fn wake_receiver(&self) {
        if let Some(channel) = &self.0 {
            channel.receiver.wake();
        }
    }
}

impl<T> Drop for SendGuard<T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(channel) = self.0.take() {
            channel.leave(TX_GONE, RX_GONE);
        }
    }
}

impl<T> Channel<T> {
    fn take(&self) -> Option<T> {
        self.slot.with_mut(|slot| {
            // SAFETY: the caller saw SENT as the receiver, or was refused as the sender (I1).
            unsafe { &mut *slot }.take()
        })
    }

    /// Marks the channel closed and wakes the sender; returns the flags before.
    fn close_from_receiver(&self) -> u8 {
        // AcqRel: Acquire pairs with the Release in `send`; Release with the Acquire of the
        // sender that looks for CLOSED.
        let before = self.flags.fetch_or(CLOSED, Ordering::AcqRel);
        if before & (SENT | CLOSED) == 0 && before & TX_WAITS != 0 {
            self.sender.wake_from_drop();
        }
        before
    }
}

// SAFETY: the value goes from one thread to another, and the flags order it (I1).
unsafe impl<T: Send> Send for Share<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Share<T> {}

/// Makes a channel for one value.
///
/// # Cost
/// One allocation; a send and its receive together cost one read-modify-write if the value is
/// there before it is waited for.
///
/// # Example
/// ```
/// use selkie_core::raw::platform::block_on;
/// use selkie_core::sync::oneshot;
///
/// let (tx, rx) = oneshot::channel();
/// tx.send(7).unwrap();
/// assert_eq!(block_on(rx), Ok(7));
/// ```
#[track_caller]
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let resource = Resource::oneshot();
    let operation = Operation::receive(&resource);
    let channel = Box::new(Channel {
        flags: AtomicU8::new(0),
        slot: UnsafeCell::new(None),
        receiver: WakerCell::new(),
        sender: WakerCell::new(),
    });
    let channel = NonNull::from(Box::leak(channel));
    (
        Sender {
            channel: Some(Share(channel)),
            resource: resource.share(),
        },
        Receiver {
            channel: Some(Share(channel)),
            resource,
            operation,
        },
    )
}

/// Sends one value to the [`Receiver`].
///
/// # Cost
/// A send is one read-modify-write; the side that goes last frees the memory.
///
/// # Example
/// ```
/// use selkie_core::sync::oneshot;
///
/// let (tx, rx) = oneshot::channel();
/// assert!(!tx.is_closed());
/// drop(rx);
/// assert_eq!(tx.send(1), Err(1), "the value comes back");
/// ```
pub struct Sender<T> {
    channel: Option<Share<T>>,
    /// What a subscriber of `tracing` sees.
    resource: Resource,
}

impl<T> Sender<T> {
    fn channel(&self) -> &Channel<T> {
        self.channel
            .as_deref()
            .expect("only `send` takes the channel, and it consumes the sender")
    }

    /// Sends `t`; never waits.
    ///
    /// # Errors
    /// `t` itself, if the receiver is gone or has closed the channel. `Ok` does not
    /// mean that the receiver will take the value.
    ///
    /// # Cost
    /// One read-modify-write if nobody waits.
    pub fn send(mut self, t: T) -> Result<(), T> {
        let Some(channel) = self.channel.take() else {
            return Err(t);
        };
        // Acquire: pairs with the Release in `close_from_receiver`.
        let mut before = channel.flags.load(Ordering::Acquire);
        if before & CLOSED != 0 {
            channel.leave(TX_GONE, RX_GONE);
            return Err(t);
        }
        channel.slot.with_mut(|slot| {
            // SAFETY: SENT is not set, so the slot is the sender's (I1).
            unsafe { *slot = Some(t) }
        });
        loop {
            if before & CLOSED != 0 {
                // The receiver will not look any more: it takes only what was sent before.
                let refused = channel.take().expect("the sender's own value");
                channel.leave(TX_GONE, RX_GONE);
                return Err(refused);
            }
            // Whoever is to be woken is found through the channel, so we stay until then.
            let gone = if before & RX_WAITS == 0 { TX_GONE } else { 0 };
            // AcqRel: Release publishes the slot to the Acquire in `poll` and `try_recv`; Acquire
            // pairs with the closing and the waiting of the receiver.
            match channel.flags.compare_exchange_weak(
                before,
                before | SENT | gone,
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) => break,
                Err(now) => before = now,
            }
        }
        if before & RX_WAITS != 0 {
            let sent = SendGuard(Some(channel));
            sent.wake_receiver();
        }
        self.resource.value_sent(true);
        Ok(())
    }

    /// Whether the receiver is gone or has closed the channel.
    pub fn is_closed(&self) -> bool {
        // Acquire: pairs with the Release in `close_from_receiver`.
        self.channel().flags.load(Ordering::Acquire) & CLOSED != 0
    }

    /// Waits until the receiver is gone or has closed the channel.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub async fn closed(&mut self) {
        let resource = self.resource.share();
        let closed = move || poll_fn(move |cx| self.poll_closed(cx));
        instrument(&resource, "Sender::closed", "poll_closed", false, closed).await;
    }

    /// As [`closed`](Self::closed), for hand-written futures: the task of the last call is woken.
    pub fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let unit = ready!(coop::poll_proceed(cx));
        let channel = self.channel();
        if !self.is_closed() {
            channel.sender.register(cx.waker());
            // AcqRel: after the waker is stored; pairs with the closing, which sees the flag or is
            // seen here.
            if channel.flags.fetch_or(TX_WAITS, Ordering::AcqRel) & CLOSED == 0 {
                return Poll::Pending;
            }
        }
        unit.made_progress();
        Poll::Ready(())
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let Some(channel) = self.channel.take() else {
            return;
        };
        // AcqRel: as in `close_from_receiver`, from the other side.
        let before = channel.flags.fetch_or(CLOSED, Ordering::AcqRel);
        if before & CLOSED == 0 && before & RX_WAITS != 0 {
            channel.receiver.wake_from_drop();
        }
        if before & RX_GONE != 0 {
            channel.left(before, RX_GONE);
        } else {
            channel.leave(TX_GONE, RX_GONE);
        }
        self.resource.sender_gone(true);
    }
}

impl<T: fmt::Debug> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("closed", &self.is_closed())
            .finish()
    }
}

/// A future that yields the value of the [`Sender`].
///
/// # Errors
/// [`RecvError`] if the sender is dropped without sending, or the channel was closed first.
///
/// # Panics
/// If polled after it was ready.
///
/// # Cancel safety
/// It can be awaited by reference, also repeatedly, and nothing is lost. If the receiver is dropped, the value
/// is dropped with it.
///
/// # Cost
/// No read-modify-write if the value is there.
///
/// # Example
/// ```
/// use selkie_core::raw::platform::block_on;
/// use selkie_core::sync::oneshot;
///
/// let (tx, mut rx) = oneshot::channel();
/// block_on(async {
///     assert!(rx.try_recv().is_err());
///     tx.send(1).unwrap();
///     assert_eq!((&mut rx).await, Ok(1));
/// });
/// ```
pub struct Receiver<T> {
    /// Taken once the channel is through.
    channel: Option<Share<T>>,
    /// What a subscriber of `tracing` sees.
    resource: Resource,
    operation: Operation,
}

impl<T> Receiver<T> {
    /// Closes the channel: a later send gets its value back; one that came before can still be
    /// received.
    ///
    /// # Example
    /// ```
    /// use selkie_core::sync::oneshot;
    ///
    /// let (tx, mut rx) = oneshot::channel();
    /// rx.close();
    /// assert_eq!(tx.send(1), Err(1));
    /// ```
    pub fn close(&mut self) {
        if let Some(channel) = &self.channel {
            channel.close_from_receiver();
            self.resource.receiver_gone(true);
        }
    }

    /// Whether the value was received already, or the channel was found closed: then a further poll
    /// would panic.
    pub fn is_terminated(&self) -> bool {
        self.channel.is_none()
    }

    /// Whether there is no value to take now.
    pub fn is_empty(&self) -> bool {
        let Some(channel) = &self.channel else {
            return true;
        };
        // Acquire: pairs with the Release in `send`.
        channel.flags.load(Ordering::Acquire) & SENT == 0
    }

    /// Takes the value if it is there.
    ///
    /// # Errors
    /// [`TryRecvError::Empty`] if it may still come, [`TryRecvError::Closed`] if not.
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let Some(channel) = &self.channel else {
            return Err(TryRecvError::Closed);
        };
        // Acquire: pairs with the Release in `send`.
        let flags = channel.flags.load(Ordering::Acquire);
        let result = if flags & SENT != 0 {
            channel.take().ok_or(TryRecvError::Closed)
        } else if flags & CLOSED != 0 {
            Err(TryRecvError::Closed)
        } else {
            return Err(TryRecvError::Empty);
        };
        self.finish(flags);
        result
    }

    /// Lets the channel go; `flags` are what was seen of it.
    #[inline]
    fn finish(&mut self, flags: u8) {
        let Some(channel) = self.channel.take() else {
            return;
        };
        if flags & TX_GONE != 0 {
            channel.left(flags, TX_GONE);
        } else {
            Self::finish_first(channel);
        }
    }

    /// The receiver lets the channel go while the sender is there, or is about to go.
    fn finish_first(channel: Share<T>) {
        // AcqRel: as in `close_from_receiver`; a sender that waits for that was woken, or finds the
        // channel closed.
        let before = channel.close_from_receiver();
        if before & TX_GONE != 0 {
            channel.left(before, TX_GONE);
        } else {
            channel.leave(RX_GONE, TX_GONE);
        }
    }

    /// Nobody receives any more: what was sent is dropped.
    fn give_up(&mut self) {
        let Some(channel) = &self.channel else { return };
        let before = channel.close_from_receiver();
        let unread = if before & SENT != 0 {
            channel.take()
        } else {
            None
        };
        // Nobody waits any more, and the sender may live for long.
        let waker = if before & RX_WAITS != 0 {
            channel.receiver.take()
        } else {
            None
        };
        self.finish(before);
        self.resource.receiver_gone(true);
        drop((waker, unread));
    }

    /// Waits for the value and blocks the thread meanwhile.
    ///
    /// # Errors
    /// [`RecvError`] if the sender is dropped without sending.
    ///
    /// # Panics
    /// On a thread that drives a runtime's tasks.
    #[track_caller]
    pub fn blocking_recv(self) -> Result<T, RecvError> {
        blocking::wait(self)
    }
}

impl<T> Future for Receiver<T> {
    type Output = Result<T, RecvError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let operation = mem::replace(&mut this.operation, Operation::none());
        let resource = this.resource.share();
        let polled = operation.poll(&resource, "poll_recv", || this.poll_value(cx));
        this.operation = operation;
        polled
    }
}

impl<T> Receiver<T> {
    #[inline]
    fn poll_value(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, RecvError>> {
        let unit = ready!(coop::poll_proceed(cx));
        let channel = self
            .channel
            .as_ref()
            .expect("called after complete: a oneshot receiver was polled after it was ready");
        // Acquire: pairs with the Release in `send`.
        let mut flags = channel.flags.load(Ordering::Acquire);
        if flags & (SENT | CLOSED) == 0 {
            channel.receiver.register(cx.waker());
            // AcqRel: after the waker is stored; pairs with the send, which sees the flag or is
            // seen here.
            flags = channel.flags.fetch_or(RX_WAITS, Ordering::AcqRel);
            if flags & (SENT | CLOSED) == 0 {
                return Poll::Pending;
            }
        }
        let value = if flags & SENT != 0 {
            channel.take()
        } else {
            None
        };
        unit.made_progress();
        self.finish(flags);
        Poll::Ready(value.ok_or_else(RecvError::new))
    }
}

impl<T> Drop for Receiver<T> {
    #[inline]
    fn drop(&mut self) {
        if self.channel.is_some() {
            self.give_up();
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("terminated", &self.is_terminated())
            .field("empty", &self.is_empty())
            .finish()
    }
}
