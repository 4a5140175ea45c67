//! What the bounded and the unbounded channel share: the queue, the counts of the handles, and how the receiver waits.
//!
//! Idea        The permit word holds the free permits (none for an unbounded channel), the tail, and
//!             a mark that the channel is closed. A send is one compare-exchange on the word and one
//!             swap on its slot. The receiver waits at the slot that comes next, so that a send while
//!             nobody waits costs no more than that.
//! States      open ─close, or last sender gone→ closed ─all permits back, all received→ finished
//! Invariants  I1 positions are claimed only while the channel is open, or by holders of a permit.
//!             I2 `inner` belongs to the one receiver; after it is gone, to the last owner.
//!             I3 `head..tail` are the positions whose values were not received; the receiver gives a
//!             permit back only after it took its value.
//!             I4 what can make a closed channel finished wakes the receiver: the closing itself,
//!             the last permit that comes back, the last publication.
//!             I5 a waker in `receiver` is woken before another one replaces it, unless a poll replaces it,
//!             since the caller of a poll chose so. A value goes to whoever takes it first, and the
//!             task that was woken looks again.
//! Length      one word, one protocol: the receiver's half can be understood only beside the senders' half.
//! Rejected    A marker value for "closed" in the queue: it needs a block and a position.
#![allow(unsafe_code)]

use alloc::vec::Vec;
use core::future::poll_fn;
use core::ptr::NonNull;
use core::task::{Context, Poll, ready};

use super::super::blocking;
use super::super::notify::Notify;
use super::super::notify_until::wait_until;
use super::super::permits::{Permits, Refusal};
use super::block::{Block, OnPublish};
use super::blocks::Blocks;
use crate::coop;
use crate::platform::{AtomicUsize, HAS_THREADS, UnsafeCell, limit, relax};
use crate::trace::Resource;
use crate::wake::{FinallyGuard, WakerCell};

/// How often `try_recv` looks again for a value that is being written, before it sleeps; once where a
/// model has to follow each look.
const SPINS: usize = limit(64, 1);

/// The permit word of an unbounded channel counts no permits.
pub(super) const UNBOUNDED: u32 = 0;

/// Why there is no value now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoValue {
    Empty,
    Finished,
}

struct Inner<T> {
    head: u64,
    reading: Option<NonNull<Block<T>>>,
    /// Blocks before `reading` could not be freed yet.
    unfreed: bool,
}

/// A channel; `COUNT_BITS` of its word count permits: [`UNBOUNDED`], or [`BOUNDED`](super::bounded::BOUNDED).
pub(super) struct Chan<T, const COUNT_BITS: u32> {
    pub(super) permits: Permits<COUNT_BITS>,
    /// The capacity that was asked for; zero if the channel is unbounded.
    pub(super) capacity: usize,
    blocks: Blocks<T>,
    inner: UnsafeCell<Inner<T>>,
    pub(super) receiver: WakerCell,
    closed: Notify,
    pub(super) senders: AtomicUsize,
    pub(super) weak_senders: AtomicUsize,
}

// SAFETY: values go from one thread to another, once; `inner` belongs to the receiver (I2).
unsafe impl<T: Send, const COUNT_BITS: u32> Send for Chan<T, COUNT_BITS> {}
// SAFETY: as above.
unsafe impl<T: Send, const COUNT_BITS: u32> Sync for Chan<T, COUNT_BITS> {}

impl<T, const COUNT_BITS: u32> core::panic::UnwindSafe for Chan<T, COUNT_BITS> {}
impl<T, const COUNT_BITS: u32> core::panic::RefUnwindSafe for Chan<T, COUNT_BITS> {}

impl<T, const COUNT_BITS: u32> Chan<T, COUNT_BITS> {
    /// The most permits that the word can count.
    const MOST_PERMITS: u64 = (1 << COUNT_BITS) - 1;

    /// A channel with one sender, for `capacity` values.
    pub(super) fn new(capacity: usize) -> Self {
        let limit = (capacity as u64).min(Self::MOST_PERMITS) as usize;
        Self {
            permits: if COUNT_BITS == 0 {
                Permits::new(limit)
            } else {
                Permits::of(Resource::none(), limit)
            },
            capacity,
            blocks: Blocks::new((COUNT_BITS > 0).then_some(limit)),
            inner: UnsafeCell::new(Inner {
                head: 0,
                reading: None,
                unfreed: false,
            }),
            receiver: WakerCell::new(),
            closed: Notify::new(),
            senders: AtomicUsize::new(1),
            weak_senders: AtomicUsize::new(0),
        }
    }

    /// How many permits are free when nothing is sent or reserved: values that the channel really holds.
    #[inline]
    pub(super) fn limit(&self) -> u64 {
        (self.capacity as u64).min(Self::MOST_PERMITS)
    }

    /// Writes the value of a place that the caller claimed.
    pub(super) fn publish(&self, place: u64, value: T) {
        let block = self.blocks.find(&self.permits, place);
        // SAFETY: the block is alive while our place is unpublished.
        let block = unsafe { block.as_ref() };
        // SAFETY: the caller claimed the place, and `find` found its block.
        match unsafe { block.publish(place, value) } {
            OnPublish::Silent => {}
            OnPublish::WakeReceiver => self.receiver.wake(),
        }
    }

    /// Sends if that needs no waiting. Gives the value back if refused.
    pub(super) fn try_send(&self, value: T) -> Result<(), (Refusal, T)> {
        let wanted = if COUNT_BITS == 0 { 0 } else { 1 };
        match self.permits.try_take(wanted, 1) {
            Ok(before) => {
                self.publish(before.tail(), value);
                if COUNT_BITS > 0 {
                    self.permits.resource.permits_taken(1);
                }
                Ok(())
            }
            Err(refused) => Err((refused, value)),
        }
    }

    /// Waits for `wanted` permits.
    pub(super) async fn take_permits(&self, wanted: u64) -> Result<(), Refusal> {
        let refused = FinishGuard(Some(self));
        self.permits.take(wanted).await?;
        refused.disarm();
        Ok(())
    }

    /// Gives permits back that were not used (I4).
    pub(super) fn give(&self, returned: u64) {
        let before = self.permits.give(returned);
        if before.is_closed() && before.free() + returned == self.limit() {
            self.receiver.wake();
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.permits.snapshot().is_closed()
    }

    pub(super) fn close(&self) {
        // Also if a waker of those who are refused panics.
        let _told = FinallyGuard(|| self.closed.notify_waiters());
        self.permits.close();
    }

    /// Waits until the channel is closed.
    pub(super) async fn wait_closed(&self) {
        wait_until(&self.closed, || self.is_closed()).await;
    }

    /// Whether the channel is finished, as of one look at the word.
    fn is_finished(&self, head: u64) -> bool {
        let word = self.permits.snapshot();
        word.is_closed() && word.tail() == head && (COUNT_BITS == 0 || word.free() == self.limit())
    }

    /// The receiver's side.
    ///
    /// # Safety
    /// The caller is the receiver, or the channel's last owner, and lets go of it before the next
    /// call.
    #[expect(clippy::mut_from_ref, reason = "a cell that one side owns (I2)")]
    unsafe fn inner(&self) -> &mut Inner<T> {
        // SAFETY: the caller's promise.
        self.inner.with_mut(|inner| unsafe { &mut *inner })
    }

    /// The block of the next place, if there is one, with what was read freed.
    fn reading(&self, inner: &mut Inner<T>) -> Option<NonNull<Block<T>>> {
        let Some(reading) = inner.reading else {
            inner.reading = self.blocks.first();
            return inner.reading;
        };
        // SAFETY: the block that the receiver reads is not freed.
        let block = unsafe { reading.as_ref() };
        let begins = inner.head % Block::<T>::SLOTS == 0;
        if begins && !self.blocks.is_in::<COUNT_BITS>(block, inner.head) {
            let next = Blocks::after(block)?;
            inner.reading = Some(next);
            // SAFETY: we are the receiver, and go on with `next`.
            inner.unfreed = unsafe { self.blocks.reclaim(&self.permits, next, inner.head) };
        }
        inner.reading
    }

    /// Takes the next value, and leaves its permit to the caller.
    fn pop(&self, inner: &mut Inner<T>) -> Option<T> {
        let block = self.reading(inner)?;
        // SAFETY: the block that the receiver reads is not freed.
        let block = unsafe { block.as_ref() };
        if !block.is_ready(inner.head) {
            return None;
        }
        // SAFETY: ready, and `head` passes each place once.
        let value = unsafe { block.take(inner.head) };
        if self.blocks.is_ring::<COUNT_BITS>() {
            block.reset(inner.head);
        }
        inner.head = (inner.head + 1) & Permits::<COUNT_BITS>::LAST_POSITION;
        Some(value)
    }

    /// Asks to be woken for the next place; `false` if its value came meanwhile.
    fn await_next(&self, inner: &mut Inner<T>, cx: &Context<'_>) -> bool {
        self.receiver.register(cx.waker());
        if let (true, Some(reading)) = (inner.unfreed, inner.reading) {
            // An idle channel keeps one block.
            // SAFETY: we are the receiver, and go on with `reading`.
            inner.unfreed = unsafe { self.blocks.reclaim(&self.permits, reading, inner.head) };
        }
        let block = self.reading(inner).unwrap_or_else(|| {
            self.blocks
                .find_next(&self.permits, inner.reading, inner.head)
        });
        // SAFETY: the block of the place to receive next is not freed.
        unsafe { block.as_ref() }.await_slot(inner.head)
    }

    /// Takes the next value, or says why there is none.
    ///
    /// # Safety
    /// The caller is the receiver.
    pub(super) unsafe fn try_recv(&self) -> Result<T, NoValue> {
        // SAFETY: the caller's promise.
        let inner = unsafe { self.inner() };
        for look in 0..SPINS {
            if look > 0 {
                // A value is claimed and being written: it was sent before we looked.
                relax();
            }
            if let Some(value) = self.pop(inner) {
                self.permits_back(1);
                return Ok(value);
            }
            let word = self.permits.snapshot();
            if word.tail() == inner.head {
                let finished = self.is_finished(inner.head);
                return Err(if finished {
                    NoValue::Finished
                } else {
                    NoValue::Empty
                });
            }
            // A value is claimed and being written. Without threads its sender may be suspended by us,
            // and the value does not count as sent yet.
            if !HAS_THREADS {
                return Err(NoValue::Empty);
            }
        }
        // Its sender was interrupted in the few steps between; sleep until it goes on. This thread's waker
        // takes the place of the task's that polled a shared receiver before (I5).
        self.receiver.wake();
        blocking::wait_anyway(poll_fn(|cx| match self.pop(inner) {
            Some(value) => {
                self.permits_back(1);
                Poll::Ready(Ok(value))
            }
            None if self.await_next(inner, cx) => Poll::Pending,
            None => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }))
    }

    fn permits_back(&self, received: u64) {
        if COUNT_BITS > 0 {
            // The receiver itself is here, so nobody needs to be notified (I4).
            self.permits.give(received);
        }
    }

    /// Takes the next value or waits for it; `None` when finished.
    ///
    /// # Safety
    /// The caller is the receiver.
    pub(super) unsafe fn poll_recv(&self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let unit = ready!(coop::poll_proceed(cx));
        // SAFETY: the caller's promise.
        let inner = unsafe { self.inner() };
        let value = loop {
            if let Some(value) = self.pop(inner) {
                self.permits_back(1);
                break Some(value);
            }
            if self.is_finished(inner.head) {
                break None;
            }
            if self.await_next(inner, cx) {
                if self.is_finished(inner.head) {
                    break None;
                }
                return Poll::Pending;
            }
        };
        unit.made_progress();
        Poll::Ready(value)
    }

    /// Takes up to `limit` values or waits for the first; zero when finished, or for limit zero.
    ///
    /// # Safety
    /// The caller is the receiver.
    pub(super) unsafe fn poll_recv_many(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut Vec<T>,
        limit: usize,
    ) -> Poll<usize> {
        let unit = ready!(coop::poll_proceed(cx));
        // SAFETY: the caller's promise.
        let inner = unsafe { self.inner() };
        let received = loop {
            let mut received = 0;
            while received < limit {
                let Some(value) = self.pop(inner) else { break };
                buffer.push(value);
                received += 1;
            }
            if received > 0 {
                self.permits_back(received as u64);
                break received;
            }
            if limit == 0 || self.is_finished(inner.head) {
                break 0;
            }
            if self.await_next(inner, cx) {
                if self.is_finished(inner.head) {
                    break 0;
                }
                return Poll::Pending;
            }
        };
        unit.made_progress();
        Poll::Ready(received)
    }

    /// Values that were sent and not received.
    ///
    /// # Safety
    /// The caller has the receiver, shared or not, and nothing is received during the call.
    pub(super) unsafe fn len(&self) -> usize {
        // SAFETY: the caller's promise: nobody writes, and others may read as we do.
        let head = self.inner.with(|inner| unsafe { (*inner).head });
        let tail = self.permits.snapshot().tail();
        (tail.wrapping_sub(head) & Permits::<COUNT_BITS>::LAST_POSITION) as usize
    }

    /// Closes for good and drops what was sent: the receiver goes.
    ///
    /// # Safety
    /// The caller is the receiver.
    pub(super) unsafe fn receiver_gone(&self) {
        // Whatever a waker does: what a value's drop tells others, they learn.
        let _drained = FinallyGuard(|| {
            // SAFETY: the caller's promise.
            self.drain(unsafe { self.inner() });
        });
        self.close();
        drop(self.receiver.take());
    }

    /// Drops what is ready, also when a value's drop panics.
    fn drain(&self, inner: &mut Inner<T>) {
        struct DrainGuard<'a, T, const COUNT_BITS: u32>(&'a Chan<T, COUNT_BITS>, &'a mut Inner<T>);
        impl<T, const COUNT_BITS: u32> DrainGuard<'_, T, COUNT_BITS> {
            fn drop_all(&mut self) {
                while let Some(value) = self.0.pop(self.1) {
                    self.0.permits_back(1);
                    drop(value);
                }
            }
        }
        impl<T, const COUNT_BITS: u32> Drop for DrainGuard<'_, T, COUNT_BITS> {
            fn drop(&mut self) {
                self.drop_all();
            }
        }
        let mut rest = DrainGuard(self, inner);
        rest.drop_all();
    }
}

impl<T, const COUNT_BITS: u32> Drop for Chan<T, COUNT_BITS> {
    fn drop(&mut self) {
        // SAFETY: the last owner.
        self.drain(unsafe { self.inner() });
    }
}

/// Wakes the receiver of a closed channel when a reservation is refused or given up: the permits that
/// it may have held could be the last (I4).
struct FinishGuard<'a, T, const COUNT_BITS: u32>(Option<&'a Chan<T, COUNT_BITS>>);

impl<T, const COUNT_BITS: u32> FinishGuard<'_, T, COUNT_BITS> {
    fn disarm(mut self) {
        self.0 = None;
    }
}

impl<T, const COUNT_BITS: u32> Drop for FinishGuard<'_, T, COUNT_BITS> {
    fn drop(&mut self) {
        if let Some(chan) = self.0 {
            let word = chan.permits.snapshot();
            if word.is_closed() && word.free() == chan.limit() {
                chan.receiver.wake();
            }
        }
    }
}
