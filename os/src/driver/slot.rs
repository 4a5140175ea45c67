//! The readiness of one source, and who waits for it. 64 bytes.
//!
//! Idea        The poller tells of changes, so what it told is kept until an operation finds it no
//!             longer true. One word holds the readiness, a tick for each direction and the
//!             generation of the slot; an operation remembers the word it saw and clears only
//!             what no later event has confirmed.
//! States      generation g ─open→ in use (─assume→ thought ready) ─watch→ watched ─close→ generation g + 1;
//!             any ─shutdown→ the same, over
//! Invariants  I1 readiness is published before the waiters' lock is taken to wake; a waiter looks
//!                at the readiness again after it stored its waker under that lock. One of the two
//!                sees the other.
//!             I2 an event of another generation changes nothing.
//!             I3 only a watched slot is waited for: of another the poller knows nothing.
//! Rejected    One tick of 8 bits for both directions: it wraps at 256 events, and a writer's
//!             events make a reader try again for nothing.
#![allow(unsafe_code)]

use std::ptr::NonNull;
use std::task::{Context, Poll, Waker};

use selkie_core::raw::platform::{AtomicU64, Ordering};

use super::waiters::{Direction, Waiter, Waiters};
use super::word::Word;
use crate::io::Ready;

/// What an operation saw before it was tried.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReadyEvent {
    /// What the source was ready for, within what was asked.
    pub(crate) ready: Ready,
    word: Word,
}

impl ReadyEvent {
    /// Whether the driver was gone.
    pub(crate) const fn is_shutdown(&self) -> bool {
        self.word.is_shut_down()
    }

    /// Whether the poller knew the source.
    pub(super) const fn is_watched(&self) -> bool {
        self.word.is_watched()
    }

    /// Whether there was urgent data, at whose mark a read of a stream ends early.
    #[inline]
    pub(super) const fn is_urgent(&self) -> bool {
        self.word.ready().intersects(Ready::PRIORITY)
    }
}

/// The readiness of one source, in a line of its own: sources of different workers are written by both.
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

    /// The generation that events of the present owner carry.
    pub(super) fn generation(&self) -> u16 {
        // Relaxed: only the owner of the slot asks, and only the owner changes it.
        Word(self.word.load(Ordering::Relaxed)).generation()
    }

    /// Ends this generation: the slot may serve another source.
    pub(super) fn close(&self) {
        // Relaxed: as in `generation`.
        let next = Word(self.word.load(Ordering::Relaxed)).next_generation();
        // Release: pairs with the Acquire in `publish`, which then sees another generation (I2).
        self.word.store(next.0, Ordering::Release);
        self.waiters.dismiss();
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

    /// The readiness within `mask`, unless there is something to wait for.
    #[inline]
    pub(super) fn answers(&self, mask: Ready) -> Option<ReadyEvent> {
        let event = self.peek(mask);
        event.word.answers(mask).then_some(event)
    }

    /// Waits with the one waker of `direction`.
    #[inline]
    pub(super) fn poll(&self, direction: Direction, cx: &mut Context<'_>) -> Poll<ReadyEvent> {
        match self.answers(direction.mask()) {
            Some(event) => Poll::Ready(event),
            None => self.wait(direction, cx),
        }
    }

    /// Leaves the one waker of `direction`, and looks again.
    #[inline(never)]
    fn wait(&self, direction: Direction, cx: &mut Context<'_>) -> Poll<ReadyEvent> {
        self.waiters.wait(direction, cx.waker());
        self.answers(direction.mask())
            .map_or(Poll::Pending, Poll::Ready) // I1
    }

    /// Puts `node` among the waiters, unless the source is ready already.
    ///
    /// # Safety
    /// As for [`Waiters::enqueue`].
    pub(super) unsafe fn enqueue(
        &self,
        node: NonNull<Waiter>,
        waker: &Waker,
    ) -> Option<ReadyEvent> {
        // SAFETY: by the caller's promise.
        unsafe { self.waiters.enqueue(node, waker, |mask| self.answers(mask)) } // I1
    }

    /// Whether `node` was woken; if not, it is `waker` that will be.
    ///
    /// # Safety
    /// `node` was given to [`enqueue`](Self::enqueue) of this slot and is alive.
    pub(super) unsafe fn was_woken(&self, node: NonNull<Waiter>, waker: &Waker) -> bool {
        // SAFETY: by the caller's promise.
        unsafe { self.waiters.was_woken(node, waker) }
    }

    /// Takes `node` out if it is in.
    ///
    /// # Safety
    /// As for [`was_woken`](Self::was_woken).
    pub(super) unsafe fn forget(&self, node: NonNull<Waiter>) {
        // SAFETY: by the caller's promise.
        unsafe { self.waiters.forget(node) };
    }

    /// Forgets what `event` told, as far as no later event told it anew (see word.rs).
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

    /// Whether the poller knows the source.
    pub(super) fn is_watched(&self) -> bool {
        // Acquire: pairs with the Release in `watch`.
        Word(self.word.load(Ordering::Acquire)).is_watched()
    }

    /// Takes the source for ready for `ready` until an operation finds that it is not; for a slot that
    /// nobody knows yet, under the lock of the stock: the driver's end marks slots once it has had it.
    pub(super) fn assume(&self, ready: Ready) {
        // Relaxed: the owner shares the slot by giving the source away, and no event comes yet.
        let word = Word(self.word.load(Ordering::Relaxed)).assumed(ready);
        // Relaxed: as above.
        self.word.store(word.0, Ordering::Relaxed);
    }

    /// Tells the poller of the source by `tell`, unless that was done, or the driver is gone; whether it was not.
    ///
    /// The waiters' lock makes it happen once, whoever comes at the same time.
    pub(super) fn watch<E>(&self, tell: impl FnOnce() -> Result<(), E>) -> Result<bool, E> {
        self.waiters.alone(|| {
            // Acquire: pairs with the Release below, and with `shut_down`.
            let word = Word(self.word.load(Ordering::Acquire));
            if word.is_watched() || word.is_shut_down() {
                return Ok(false);
            }
            tell()?;
            // An event may have come already: all but this bit stays.
            // Relaxed: the exchange takes the word that it saw.
            let mut word = self.word.load(Ordering::Relaxed);
            // Release: pairs with the Acquire in `peek`.
            while let Err(now) = self.word.compare_exchange_weak(
                word,
                Word(word).watched().0,
                Ordering::Release,
                Ordering::Relaxed,
            ) {
                word = now;
            }
            Ok(true)
        })
    }

    /// Changes by `change` who tells of the source; one change at a time.
    pub(super) fn rewatch(&self, change: impl FnOnce()) {
        self.waiters.alone(change);
    }

    /// Records an event for `generation` and wakes those who wait for it.
    pub(super) fn publish(&self, generation: u16, ready: Ready) {
        // Acquire: pairs with the Release in `close`.
        let mut word = self.word.load(Ordering::Acquire);
        loop {
            let Some(Word(next)) = Word(word).told(generation, ready) else {
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

    /// Marks the driver as gone and wakes everyone.
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
