//! The readiness of one source, and its waiters.
//!
//! Idea        The poller reports changes, so what it reported is kept until an operation finds that it is no
//!             longer true. One word holds the readiness, a tick per direction, and the generation of the slot. An
//!             operation remembers the word that it saw, and clears only what no later event has confirmed.
//! States      generation g ─take→ in use (─assume→ assumed ready) ─register→ registered ─close→ generation g + 1;
//!             any ─shut_down→ the same, shut down
//! Invariants  I1 readiness is published before the lock of the waiters is taken to wake them; a waiter stores its
//!                waker under that lock and then looks at the readiness again. So one of the two sees the other.
//!             I2 an event of another generation changes nothing.
//!             I3 only a registered source is waited for: of another one the poller knows nothing.
//! Rejected    One tick of 8 bits for both directions: it wraps at 256 events, and events of the writer make a
//!             reader try again in vain.
#![allow(unsafe_code)]

use std::ptr::NonNull;
use std::task::{Context, Poll, Waker};

use selkie_core::raw::platform::{AtomicU64, Ordering};

use super::waiters::{Direction, Waiter, Waiters};
use super::word::Word;
use crate::async_io::Ready;

/// The readiness that an operation saw before it was tried.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReadyEvent {
    /// What the source was ready for, within what the operation wants.
    pub(crate) ready: Ready,
    word: Word,
}

impl ReadyEvent {
    /// Whether the driver had shut down.
    pub(crate) const fn is_shutdown(&self) -> bool {
        self.word.is_shut_down()
    }

    /// Whether the source was registered.
    pub(super) const fn is_registered(&self) -> bool {
        self.word.is_registered()
    }

    /// Whether there was urgent data; a read from a stream ends early at its mark.
    #[inline]
    pub(super) const fn is_urgent(&self) -> bool {
        self.word.ready().intersects(Ready::PRIORITY)
    }
}

/// The readiness of one source, on a cache line of its own, since sources of different workers are written by
/// both. 64 bytes.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct Slot {
    word: AtomicU64,
    waiters: Waiters,
}

impl Slot {
    pub(super) fn new() -> Self {
        Self {
            word: AtomicU64::new(Word::FIRST.0),
            waiters: Waiters::new(),
        }
    }

    /// The generation that events for the present owner carry.
    pub(super) fn generation(&self) -> u16 {
        // Relaxed: only the owner of the slot asks, and only the owner changes it.
        Word(self.word.load(Ordering::Relaxed)).generation()
    }

    /// Ends this generation, so that the slot may serve another source.
    pub(super) fn close(&self) {
        // Relaxed: as in `generation`.
        let next = Word(self.word.load(Ordering::Relaxed)).next_generation();
        // Release: pairs with the Acquire in `publish`, which then sees another generation (I2).
        self.word.store(next.0, Ordering::Release);
        self.waiters.clear_pollers();
    }

    /// The readiness within `mask`, without waiting.
    #[inline]
    pub(super) fn peek(&self, mask: Ready) -> ReadyEvent {
        // Acquire: pairs with the Release in `publish`; what the driver did before is seen.
        let word = Word(self.word.load(Ordering::Acquire));
        ReadyEvent {
            ready: word.ready() & mask,
            word,
        }
    }

    /// The readiness within `mask`, or `None` if the caller has to wait.
    #[inline]
    pub(super) fn ready_now(&self, mask: Ready) -> Option<ReadyEvent> {
        let event = self.peek(mask);
        event.word.need_not_wait(mask).then_some(event)
    }

    /// Polls for `direction`, which has one waker.
    #[inline]
    pub(super) fn poll(&self, direction: Direction, cx: &mut Context<'_>) -> Poll<ReadyEvent> {
        match self.ready_now(direction.mask()) {
            Some(event) => Poll::Ready(event),
            None => self.wait(direction, cx),
        }
    }

    /// Stores the waker of `direction`, and looks again.
    #[inline(never)]
    fn wait(&self, direction: Direction, cx: &mut Context<'_>) -> Poll<ReadyEvent> {
        self.waiters.wait(direction, cx.waker());
        self.ready_now(direction.mask())
            .map_or(Poll::Pending, Poll::Ready) // I1
    }

    /// Puts `node` into the wait queue, unless the source is ready already.
    ///
    /// # Safety
    /// As for [`Waiters::enqueue`].
    pub(super) unsafe fn enqueue(
        &self,
        node: NonNull<Waiter>,
        waker: &Waker,
    ) -> Option<ReadyEvent> {
        // SAFETY: by the caller's promise.
        unsafe {
            self.waiters
                .enqueue(node, waker, |mask| self.ready_now(mask))
        } // I1
    }

    /// Whether `node` was woken; if not, it is `waker` that will be.
    ///
    /// # Safety
    /// `node` was given to [`enqueue`](Self::enqueue) of this slot and is alive.
    pub(super) unsafe fn was_woken(&self, node: NonNull<Waiter>, waker: &Waker) -> bool {
        // SAFETY: by the caller's promise.
        unsafe { self.waiters.was_woken(node, waker) }
    }

    /// Takes `node` out of the wait queue, if it is in it.
    ///
    /// # Safety
    /// As for [`was_woken`](Self::was_woken).
    pub(super) unsafe fn dequeue(&self, node: NonNull<Waiter>) {
        // SAFETY: by the caller's promise.
        unsafe { self.waiters.dequeue(node) };
    }

    /// Clears what `event` saw, except what a later event has confirmed (see `word`).
    pub(super) fn clear(&self, event: ReadyEvent) {
        // Acquire: pairs with the Release in `publish`.
        let mut word = self.word.load(Ordering::Acquire);
        loop {
            let Some(Word(next)) = Word(word).cleared(event.word, event.ready) else {
                return;
            };
            // AcqRel: pairs with `publish`, so that its order with this clear is one for all.
            match self
                .word
                .compare_exchange_weak(word, next, Ordering::AcqRel, Ordering::Acquire)
            {
                Ok(_) => return,
                Err(now) => word = now,
            }
        }
    }

    /// Whether the source is registered with the poller.
    pub(super) fn is_registered(&self) -> bool {
        // Acquire: pairs with the Release in `register`.
        Word(self.word.load(Ordering::Acquire)).is_registered()
    }

    /// Assumes that the source is ready for `ready`, until an operation finds otherwise. For a slot that nobody
    /// else knows yet, under the lock of the free list: the shutdown of the driver takes that lock before it
    /// marks the slots.
    pub(super) fn assume(&self, ready: Ready) {
        // Relaxed: the owner shares the slot by giving the source away, and no event comes yet.
        let word = Word(self.word.load(Ordering::Relaxed)).assumed(ready);
        // Relaxed: as above.
        self.word.store(word.0, Ordering::Relaxed);
    }

    /// Registers the source by calling `register`, unless that was done before or the driver has shut down.
    /// Returns whether it called `register`.
    ///
    /// The lock of the waiters makes it happen once, whoever comes at the same time.
    pub(super) fn register<E>(&self, register: impl FnOnce() -> Result<(), E>) -> Result<bool, E> {
        self.waiters.with_lock(|| {
            // Acquire: pairs with the Release below, and with `shut_down`.
            let word = Word(self.word.load(Ordering::Acquire));
            if word.is_registered() || word.is_shut_down() {
                return Ok(false);
            }
            register()?;
            // An event may have come already: all but this bit stays.
            // Relaxed: the exchange takes the word that it saw.
            let mut word = self.word.load(Ordering::Relaxed);
            // Release: pairs with the Acquire in `peek`.
            while let Err(now) = self.word.compare_exchange_weak(
                word,
                Word(word).registered().0,
                Ordering::Release,
                Ordering::Relaxed,
            ) {
                word = now;
            }
            Ok(true)
        })
    }

    /// Calls `change`, which moves the registration to another reactor, under the lock of the waiters: one move
    /// at a time.
    pub(super) fn move_registration(&self, change: impl FnOnce()) {
        self.waiters.with_lock(change);
    }

    /// Records an event for `generation` and wakes those who wait for it.
    #[inline(never)]
    pub(super) fn publish(&self, generation: u16, ready: Ready) {
        // Acquire: pairs with the Release in `close`.
        let mut word = self.word.load(Ordering::Acquire);
        loop {
            let Some(Word(next)) = Word(word).with_event(generation, ready) else {
                return;
            };
            // AcqRel: pairs with the Acquire in `peek` and `clear`.
            match self
                .word
                .compare_exchange_weak(word, next, Ordering::AcqRel, Ordering::Acquire)
            {
                Ok(_) => break,
                Err(now) => word = now,
            }
        }
        self.waiters.wake(ready);
    }

    /// Marks the driver as shut down and wakes everyone who waits.
    pub(super) fn shut_down(&self) {
        // AcqRel: pairs with the Acquire in `peek`.
        let mut word = self.word.load(Ordering::Acquire);
        while let Err(now) = self.word.compare_exchange_weak(
            word,
            Word(word).shut_down().0,
            Ordering::AcqRel,
            Ordering::Acquire,
        ) {
            word = now;
        }
        self.waiters.wake(Ready::ALL);
    }
}

#[cfg(test)]
mod tests;
