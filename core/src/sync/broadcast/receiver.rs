//! The receiving side of the broadcast channel.
//!
//! Idea        A receiver is a handle on [`Shared`](super::shared), with the position of the next value that
//!             it is to see.
#![allow(unsafe_code)]

use core::borrow::BorrowMut;
use core::fmt;
use core::future::Future;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use super::super::blocking;
use super::error::{RecvError, TryRecvError};
use super::shared::{LookOutcome, Shared};
use crate::coop;
use crate::platform::{Arc, Ordering};
use crate::wake::{WaitNode, WaitState};

/// Receives every value that is sent while it exists.
///
/// # Cost
/// A send and a receive of one value with nobody waiting: three read-modify-writes together. Each receiver
/// gets a clone of the value; the last one gets the value itself. On a chip the clone runs with interrupts off.
///
/// # Examples
/// ```
/// use selkie::sync::broadcast;
/// use selkie::sync::broadcast::error::TryRecvError;
///
/// let (tx, mut rx) = broadcast::channel(2);
/// for value in 0..5 {
///     tx.send(value).unwrap();
/// }
/// assert_eq!(rx.try_recv(), Err(TryRecvError::Lagged(3)));
/// assert_eq!(rx.try_recv(), Ok(3));
/// ```
pub struct Receiver<T> {
    shared: Arc<Shared<T>>,
    next: u64,
}

impl<T> Receiver<T> {
    /// A receiver that the channel counts already.
    pub(super) const fn new(shared: Arc<Shared<T>>, next: u64) -> Self {
        Self { shared, next }
    }

    /// How many values this has yet to see, those that it will miss included.
    pub fn len(&self) -> usize {
        (self.shared.tail.lock().position - self.next) as usize
    }

    /// Whether this has seen everything that was sent.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether both receive from the same senders.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::broadcast;
    ///
    /// let (tx, one) = broadcast::channel::<u8>(4);
    /// assert!(one.same_channel(&tx.subscribe()));
    /// let (_tx, other) = broadcast::channel::<u8>(4);
    /// assert!(!one.same_channel(&other));
    /// ```
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// How many senders there are.
    pub fn sender_strong_count(&self) -> usize {
        // Acquire: a caller that sees a sender gone sees what it sent.
        self.shared.senders.load(Ordering::Acquire)
    }

    /// How many weak senders there are.
    pub fn sender_weak_count(&self) -> usize {
        // Relaxed: a count, nothing hangs on it.
        self.shared.weak_senders.load(Ordering::Relaxed)
    }

    /// Whether every sender is gone.
    pub fn is_closed(&self) -> bool {
        self.shared.tail.lock().closed
    }
}

impl<T: Clone> Receiver<T> {
    /// A new receiver for what is sent from now on.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::broadcast;
    ///
    /// let (tx, mut all) = broadcast::channel(4);
    /// tx.send("early").unwrap();
    /// // Begins where the channel is now, not where `all` is.
    /// let mut new = all.resubscribe();
    /// tx.send("late").unwrap();
    /// assert_eq!(all.try_recv(), Ok("early"));
    /// assert_eq!(new.try_recv(), Ok("late"));
    /// ```
    pub fn resubscribe(&self) -> Self {
        Self::new(self.shared.clone(), self.shared.add_receiver())
    }

    /// Waits for the next value.
    ///
    /// # Errors
    /// [`RecvError::Lagged`] if values were overwritten before this receiver saw them: the next call gets
    /// the oldest value that is left. [`RecvError::Closed`] if every sender is gone and all was received.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    ///
    /// # Cost
    /// One read-modify-write if a value is there, and a clone.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::broadcast::{self, error::RecvError};
    ///
    /// let (tx, mut rx) = broadcast::channel(2);
    /// for value in 1..=3 {
    ///     tx.send(value).unwrap();
    /// }
    /// drop(tx);
    /// // The channel holds two values, so the first of three is gone.
    /// assert_eq!(rx.recv().await, Err(RecvError::Lagged(1)));
    /// assert_eq!(rx.recv().await, Ok(2));
    /// assert_eq!(rx.recv().await, Ok(3));
    /// assert_eq!(rx.recv().await, Err(RecvError::Closed));
    /// # }
    /// ```
    pub async fn recv(&mut self) -> Result<T, RecvError> {
        Recv::new(self).await
    }

    /// Takes the next value if it is there.
    ///
    /// # Errors
    /// [`TryRecvError`]: empty, closed, or lagged, as for [`recv`](Self::recv).
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::broadcast::{self, error::TryRecvError};
    ///
    /// let (tx, mut rx) = broadcast::channel(8);
    /// assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    /// tx.send('a').unwrap();
    /// assert_eq!(rx.try_recv(), Ok('a'));
    /// drop(tx);
    /// assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
    /// ```
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        loop {
            let position = self.next;
            // Moved on before the clone, which may panic: the value counts as seen then.
            self.next += 1;
            if let Some(value) = self.shared.slot(position).see(position) {
                return Ok(value);
            }
            self.next = position;
            let found = self.shared.look(&self.shared.tail.lock(), position);
            match found {
                LookOutcome::Value => {}
                LookOutcome::AtTail => return Err(TryRecvError::Empty),
                LookOutcome::Closed => return Err(TryRecvError::Closed),
                LookOutcome::Overtaken(oldest) => {
                    self.next = oldest;
                    return Err(TryRecvError::Lagged(oldest - position));
                }
            }
        }
    }

    /// Waits for the next value and blocks the thread meanwhile.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    ///
    /// # Panics
    /// On a thread that drives a runtime's tasks.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::broadcast;
    ///
    /// let (tx, mut rx) = broadcast::channel(8);
    /// let thread = std::thread::spawn(move || rx.blocking_recv());
    /// tx.send(7).unwrap();
    /// assert_eq!(thread.join().unwrap(), Ok(7));
    /// ```
    #[track_caller]
    pub fn blocking_recv(&mut self) -> Result<T, RecvError> {
        blocking::wait(self.recv())
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.shared.remove_receiver(self.next);
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

/// A wait for a value, and after it for the next one. `R` is how it has the receiver.
pub(super) struct Recv<T, R: BorrowMut<Receiver<T>>> {
    receiver: R,
    node: Option<WaitNode<u64>>,
    value: PhantomData<fn() -> T>,
}

impl<T, R: BorrowMut<Receiver<T>>> Recv<T, R> {
    pub(super) const fn new(receiver: R) -> Self {
        Self {
            receiver,
            node: None,
            value: PhantomData,
        }
    }

    /// The receiver that waits.
    pub(super) fn receiver(&self) -> &Receiver<T> {
        self.receiver.borrow()
    }

    /// Joins the wait queue or replaces the waker in it; `false` if there is something to receive.
    fn join(self: Pin<&mut Self>, cx: &Context<'_>) -> bool {
        let waker = cx.waker().clone();
        // SAFETY: the node is not moved from here on; nothing else is pinned.
        let this = unsafe { self.get_unchecked_mut() };
        let node = this.node.get_or_insert_with(|| WaitNode::new(0));
        // SAFETY: structurally pinned.
        let node = unsafe { Pin::new_unchecked(&*node) };
        let receiver = this.receiver.borrow();
        let (shared, next) = (&*receiver.shared, receiver.next);
        let mut tail = shared.tail.lock();
        if shared.look(&tail, next) != LookOutcome::AtTail {
            return false;
        }
        let spare = match node.state() {
            // SAFETY: the node is in this queue.
            WaitState::Queued => unsafe { tail.waiters.set_waker(node, waker) },
            _ => {
                // SAFETY: the node is in no queue; `drop` removes it.
                unsafe { tail.waiters.push(node, waker, next) };
                None
            }
        };
        drop(tail);
        drop(spare);
        true
    }
}

impl<T: Clone, R: BorrowMut<Receiver<T>>> Future for Recv<T, R> {
    type Output = Result<T, RecvError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let unit = ready!(coop::poll_proceed(cx));
        let result = loop {
            // SAFETY: the node is not moved.
            let this = unsafe { self.as_mut().get_unchecked_mut() };
            match this.receiver.borrow_mut().try_recv() {
                Ok(value) => break Ok(value),
                Err(TryRecvError::Closed) => break Err(RecvError::Closed),
                Err(TryRecvError::Lagged(missed)) => break Err(RecvError::Lagged(missed)),
                Err(TryRecvError::Empty) => {
                    if self.as_mut().join(cx) {
                        return Poll::Pending;
                    }
                }
            }
        };
        unit.made_progress();
        Poll::Ready(result)
    }
}

impl<T, R: BorrowMut<Receiver<T>>> Drop for Recv<T, R> {
    fn drop(&mut self) {
        let Some(node) = &self.node else { return };
        // SAFETY: pinned since it was queued, and dropped in place.
        let node = unsafe { Pin::new_unchecked(node) };
        if node.state() != WaitState::Queued {
            return;
        }
        let mut tail = self.receiver().shared.tail.lock();
        // SAFETY: the node is in this queue or was woken.
        let own = unsafe { tail.waiters.remove(node) };
        drop(tail);
        drop(own);
    }
}
