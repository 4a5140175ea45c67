//! The counter behind the semaphore, the locks and the bounded channel: permits, and a queue of
//! those who wait for them.
//!
//! Idea        One word holds the free permits, a mark that somebody waits, and a mark that the queue is
//!             closed. To take a permit is one compare-exchange, to give one back is one addition;
//!             whoever gives takes the lock and serves the wait queue only if the first mark is set. A
//!             channel keeps its tail index in the same word's high bits, so that a send takes a permit
//!             and a position in one step.
//! States      of the word:  tail | free permits | WAITERS | CLOSED
//! Invariants  I1 WAITERS is set and cleared under the lock; at its release it is set exactly if the
//!             queue is not empty.
//!             I2 whoever adds permits and finds WAITERS set serves the wait queue under the lock afterwards.
//!             I3 nobody takes past the wait queue: while WAITERS is set only the first in the queue is given
//!             permits, if need be a part of what it wants.
//!             I4 once CLOSED is set, under the lock, nobody joins the wait queue and nothing clears it, and
//!             nobody in it is given permits: whoever closes refuses all waiters, and may take the lock
//!             several times for it.
//!             I5 what a waiter holds comes back when its future is polled or dropped, and not before:
//!             until then a closed channel is not finished. Permits that were given before the closing
//!             and are claimed after it are refused, too.
//! Rejected    A counter inside the lock: two more read-modify-writes for every pair when nobody
//!             waits. Permits handed out past the wait queue: faster, but a large request starves.
use super::deadlock_detection::DeadlockDetection;
use crate::maybe_const;
use crate::platform::{AtomicU64, Lock, Ordering};
use crate::trace::{GrantEvent, RequestSpan, Resource};
use crate::wake::{WaitQueue, WakeBatch};

pub(super) const CLOSED: u64 = 0b01;
pub(super) const WAITERS: u64 = 0b10;
const FLAG_BITS: u32 = 2;

pub(super) const GRANTED_CODE: u8 = 0;
pub(super) const CLOSED_CODE: u8 = 1;

/// Why permits could not be taken at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No new permits are given out any more.
    Closed,
    /// Too few are free, or others wait already.
    Busy,
}

/// What one waiter has and lacks; the lock guards it.
#[derive(Debug, Default)]
pub(super) struct Claim {
    pub(super) held: u64,
    pub(super) missing: u64,
    pub(super) asked: RequestSpan,
}

/// Permits; `COUNT_BITS` of the word count them, what lies above is the tail index.
#[derive(Debug)]
pub(super) struct Permits<const COUNT_BITS: u32> {
    /// The resource that a subscriber sees for the lock that these permits are in, and of the permits.
    pub(super) owner: Resource,
    pub(super) resource: Resource,
    pub(super) word: AtomicU64,
    pub(super) queue: Lock<WaitQueue<Claim>>,
    pub(super) deadlock_detection: DeadlockDetection,
}

/// Permits without a tail.
pub(super) type PlainPermits = Permits<62>;

impl<const COUNT_BITS: u32> Permits<COUNT_BITS> {
    pub(super) const ONE: u64 = if COUNT_BITS == 0 { 0 } else { 1 << FLAG_BITS };
    const COUNT: u64 = if COUNT_BITS == 0 {
        0
    } else {
        (u64::MAX >> (64 - COUNT_BITS)) << FLAG_BITS
    };
    pub(super) const TAIL_SHIFT: u32 = if COUNT_BITS == 62 {
        0
    } else {
        FLAG_BITS + COUNT_BITS
    };

    maybe_const! {
        /// A word with `free` permits.
        pub(super) fn new(free: usize) -> Self {
            Self {
                owner: Resource::none(),
                resource: Resource::none(),
                word: AtomicU64::new((free as u64) << FLAG_BITS),
                queue: Lock::new(WaitQueue::new()),
                deadlock_detection: DeadlockDetection::new(),
            }
        }
    }

    /// A word with `free` permits, which a subscriber sees as a part of `owner`.
    #[inline]
    pub(super) fn of(owner: Resource, free: usize) -> Self {
        Self::told(owner, free, || {})
    }

    /// As [`of`](Self::of), with `first` notified of the owner.
    #[inline]
    pub(super) fn told(owner: Resource, free: usize, first: impl FnOnce()) -> Self {
        let resource = owner.enter(|| {
            first();
            Resource::permits(free)
        });
        Self {
            owner,
            resource,
            ..Self::new(free)
        }
    }

    pub(super) const fn count(word: u64) -> u64 {
        (word & Self::COUNT) >> FLAG_BITS
    }

    /// The word, with everything that the last change made visible.
    #[inline]
    pub(super) fn snapshot(&self) -> Word<COUNT_BITS> {
        // Acquire: pairs with the Release of every change below.
        Word(self.word.load(Ordering::Acquire))
    }

    /// Takes `wanted` permits, and `places` places in the tail, if nobody waits.
    #[inline]
    pub(super) fn try_take(&self, wanted: u64, places: u64) -> Result<Word<COUNT_BITS>, Refusal> {
        let step = (places << (Self::TAIL_SHIFT % 64)).wrapping_sub(wanted * Self::ONE);
        // Acquire: pairs with the Release in `close`: whoever is refused sees what came before.
        let mut word = self.word.load(Ordering::Acquire);
        loop {
            if word & CLOSED != 0 {
                return Err(Refusal::Closed);
            }
            if wanted > 0 && (word & WAITERS != 0 || Self::count(word) < wanted) {
                return Err(Refusal::Busy);
            }
            if step == 0 {
                return Ok(Word(word));
            }
            // AcqRel: Acquire pairs with the Release in `give`: what the last holder did is seen.
            // Release: a claim pairs with the Acquire in `snapshot_latest`.
            match self.word.compare_exchange_weak(
                word,
                word.wrapping_add(step),
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(before) => return Ok(Word(before)),
                Err(now) => word = now,
            }
        }
    }

    /// Gives `returned` permits back, and serves the wait queue. Returns the word before.
    #[inline]
    pub(super) fn give(&self, returned: u64) -> Word<COUNT_BITS> {
        // AcqRel: Release pairs with the Acquire in `try_take` and `serve`; Acquire makes what
        // other holders did visible to whoever finds that it was the last.
        let before = self.word.fetch_add(returned * Self::ONE, Ordering::AcqRel);
        if before & WAITERS != 0 {
            self.serve_all(returned);
        } else {
            self.resource.permits_added(returned);
        }
        Word(before)
    }

    /// As [`give`](Self::give), of which no subscriber is notified: the permits of no resource.
    #[inline]
    #[cfg(feature = "alloc")]
    pub(super) fn give_untold(&self, returned: u64) {
        // AcqRel: as in `give`.
        let before = self.word.fetch_add(returned * Self::ONE, Ordering::AcqRel);
        if before & WAITERS != 0 {
            self.serve_all(0);
        }
    }

    /// Adds `added` permits unless there would be more than `limit`.
    pub(super) fn add(&self, added: u64, limit: u64) -> Result<(), u64> {
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            let count = Self::count(word);
            if added > limit || count > limit - added {
                return Err(count);
            }
            // AcqRel: as in `give`.
            match self.word.compare_exchange_weak(
                word,
                word + added * Self::ONE,
                Ordering::AcqRel,
                Ordering::Relaxed,
            ) {
                Ok(_) => break,
                Err(now) => word = now,
            }
        }
        if word & WAITERS != 0 {
            self.serve_all(added);
        } else {
            self.resource.permits_added(added);
        }
        Ok(())
    }

    /// Takes up to `most` free permits for good and says how many.
    pub(super) fn forget(&self, most: u64) -> u64 {
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            let gone = most.min(Self::count(word));
            if gone == 0 {
                return 0;
            }
            // AcqRel: as in `try_take`.
            match self.word.compare_exchange_weak(
                word,
                word - gone * Self::ONE,
                Ordering::AcqRel,
                Ordering::Relaxed,
            ) {
                Ok(_) => return gone,
                Err(now) => word = now,
            }
        }
    }

    /// Serves the wait queue with what is free, `returned` of it just now.
    #[cold]
    pub(super) fn serve_all(&self, returned: u64) {
        let mut granted = GrantEvent::default();
        let mut batch = WakeBatch::new();
        loop {
            let more = self.serve(&mut self.queue.lock(), &mut batch, &mut granted);
            batch.wake_all();
            if !more {
                break;
            }
        }
        granted.tell(&self.resource, returned);
    }

    /// Serves the wait queue until the permits or the batch end; `true` if the batch was full.
    pub(super) fn serve(
        &self,
        queue: &mut WaitQueue<Claim>,
        batch: &mut WakeBatch,
        granted: &mut GrantEvent,
    ) -> bool {
        loop {
            let Some(first) = queue.front() else {
                // Relaxed: the mark guards nothing but the wait queue, which the lock guards (I1).
                self.word.fetch_and(!WAITERS, Ordering::Relaxed);
                return false;
            };
            // Relaxed: set under the lock, which is held (I4).
            if self.word.load(Ordering::Relaxed) & CLOSED != 0 {
                return false;
            }
            if !batch.has_room() {
                return true;
            }
            let given = self.forget(first.missing);
            first.missing -= given;
            first.held += given;
            granted.to(&mut first.asked, given, first.missing == 0);
            if first.missing > 0 {
                return false;
            }
            let waker = queue.pop_front(GRANTED_CODE).expect("the front exists");
            self.deadlock_detection.granted_to(&waker);
            batch.push(waker);
        }
    }

    /// Ends the wait queue: whoever waits, or comes later, is refused.
    pub(super) fn close(&self) {
        let mut batch = WakeBatch::new();
        loop {
            let mut queue = self.queue.lock();
            // Release: pairs with the Acquire in `snapshot`.
            self.word.fetch_or(CLOSED, Ordering::AcqRel);
            while batch.has_room() {
                // What it holds stays with it (I5).
                let Some(waker) = queue.pop_front(CLOSED_CODE) else {
                    break;
                };
                batch.push(waker);
            }
            let finished = queue.is_empty();
            if finished {
                // Relaxed: as in `serve`.
                self.word.fetch_and(!WAITERS, Ordering::Relaxed);
            }
            drop(queue);
            batch.wake_all();
            if finished {
                return;
            }
        }
    }
}

/// The word of [`Permits`] at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word<const COUNT_BITS: u32>(pub(super) u64);

impl<const COUNT_BITS: u32> Word<COUNT_BITS> {
    /// Whether no new permits are given out.
    pub(super) const fn is_closed(self) -> bool {
        self.0 & CLOSED != 0
    }

    /// Free permits.
    pub(super) const fn free(self) -> u64 {
        Permits::<COUNT_BITS>::count(self.0)
    }
}
