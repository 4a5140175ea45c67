//! Notifications: they tell one waiting task, or all of them, that something happened, and carry no value.
//!
//! Idea        The state is one word; the lock and the wait queue are used only while two or more tasks
//!             wait. A task that waits alone has a slot beside the wait queue; whoever changes the word
//!             wins that slot. The word also counts the calls to `notify_waiters`, so that a waiter
//!             knows by a comparison whether there was a call since it was made, even if it was not polled.
//! States      of the word:  generation | QUIET, SOLE, WAITING or NOTIFIED
//!             QUIET ─notify_one→ NOTIFIED ─poll→ QUIET;   QUIET ─poll→ SOLE ─notify→ QUIET;
//!             QUIET, SOLE ─poll, under the lock→ WAITING ─queue empty→ QUIET
//! Invariants  I1 the word says WAITING exactly if the wait queue is not empty, seen under the lock; only
//!             the holder of the lock moves the word to and from WAITING or changes it meanwhile.
//!             I2 the generations in the wait queue never fall from front to back, so those that a
//!             `notify_waiters` is still to wake stand together at the front.
//!             I3 a single notification that was given to a waiter is passed on if that waiter is
//!             dropped without having been polled.
//!             I4 `sole` is written by whoever found it null, and then by whoever moved the word
//!             out of SOLE, who thereby won the node; its owner keeps it until it is served.
//!             I5 without threads a single notification wakes its task in the critical section that
//!             takes it out of the wait queue, so that it does not wait until a suspended context goes on.
//! Rejected    Moving all waiters into a list of the caller of `notify_waiters`: a waiter that is
//!             dropped meanwhile would have to know which list it is in.
//!             Only the wait queue: twice as many read-modify-writes for a task that waits alone.
//!             A single-waiter slot without threads: an interrupt handler that drops a wait would spin for the
//!             context that it suspended between winning the node and serving it.
#![allow(unsafe_code)]

use core::fmt;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::pin::Pin;
use core::ptr::{self, NonNull};
use core::task::Waker;

use crate::maybe_const;
use crate::platform::{
    AtomicPtr, AtomicUsize, HAS_THREADS, Lock, Ordering, wake_to_caller, without_interrupts,
};
use crate::wake::{WaitNode, WaitQueue, WakeBatch};

const PHASE: usize = 0b11;
const QUIET: usize = 0b00;
const WAITING: usize = 0b01;
const NOTIFIED: usize = 0b10;
const SOLE: usize = 0b11;
const GENERATION: usize = 0b100;

pub(super) const ONE_CODE: u8 = 0;
pub(super) const LAST_CODE: u8 = 1;
const ALL_CODE: u8 = 2;

const fn generation_of(word: usize) -> usize {
    word & !PHASE
}

/// Which end of the wait queue a single notification serves.
#[derive(Debug, Clone, Copy)]
pub(super) enum End {
    Front,
    Back,
}

/// Wakes tasks that wait for something that is kept elsewhere.
///
/// [`notify_one`](Self::notify_one) without a waiter is remembered, once: the next
/// [`notified`](Self::notified) completes at once. [`notify_waiters`](Self::notify_waiters) is
/// not remembered, but reaches every `Notified` that existed when it was called, polled or not.
///
/// # Cost
/// A notification that is remembered and later taken: one read-modify-write for each of the two steps. A wait
/// of a single task takes two, and its notification one. Nothing is allocated.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use selkie::sync::Notify;
///
/// let changed = Notify::new();
/// changed.notify_one();
/// changed.notified().await;
/// # }
/// ```
pub struct Notify {
    word: AtomicUsize,
    /// The node of the one waiter, while the word says SOLE.
    sole: AtomicPtr<WaitNode<usize>>,
    /// Each node's payload is the generation in which it joined.
    pub(super) waiters: Lock<WaitQueue<usize>>,
}

// A panic of a waker that is woken comes after the word and the wait queue are as they should be.
impl UnwindSafe for Notify {}
impl RefUnwindSafe for Notify {}

impl End {
    const fn code(self) -> u8 {
        match self {
            Self::Front => ONE_CODE,
            Self::Back => LAST_CODE,
        }
    }
}

impl fmt::Debug for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Relaxed: for show.
        let word = self.word.load(Ordering::Relaxed);
        f.debug_struct("Notify")
            .field("notified", &(word & PHASE == NOTIFIED))
            .field("waiting", &matches!(word & PHASE, WAITING | SOLE))
            .finish()
    }
}

impl Default for Notify {
    fn default() -> Self {
        Self::new()
    }
}

/// Wakes the one waiter there was; not inlined, since most calls find nobody.
#[inline(never)]
fn wake_sole(waker: Waker) {
    wake_to_caller(waker);
}

impl Notify {
    maybe_const! {
        /// A `Notify` without a remembered notification.
        ///
        /// # Examples
        /// ```
        /// use selkie::sync::Notify;
        ///
        /// let notify = Notify::new();
        /// notify.notify_one();
        /// let remembered = std::pin::pin!(notify.notified()).enable();
        /// assert!(remembered);
        /// ```
        pub fn new() -> Self {
            Self::const_new()
        }
    }

    maybe_const! {
        /// As [`new`](Self::new), for statics.
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() {
        /// use selkie::sync::Notify;
        ///
        /// static CONFIGURATION_CHANGED: Notify = Notify::const_new();
        ///
        /// let reader = selkie::spawn(CONFIGURATION_CHANGED.notified());
        /// CONFIGURATION_CHANGED.notify_one();
        /// reader.await.unwrap();
        /// # }
        /// ```
        pub fn const_new() -> Self {
            Self {
                word: AtomicUsize::new(QUIET),
                sole: AtomicPtr::new(ptr::null_mut()),
                waiters: Lock::new(WaitQueue::new()),
            }
        }
    }

    /// Wakes the task that has waited longest, or remembers the call for the next one that waits.
    ///
    /// # Cost
    /// One read-modify-write if at most one waits.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::Notify;
    ///
    /// let notify = Notify::new();
    /// // Nobody waits: one call is remembered, and two are no more than one.
    /// notify.notify_one();
    /// notify.notify_one();
    /// notify.notified().await;
    /// let mut second = std::pin::pin!(notify.notified());
    /// assert!(!second.as_mut().enable(), "that one would wait");
    /// # }
    /// ```
    pub fn notify_one(&self) {
        self.notify(End::Front);
    }

    /// Wakes the task that began to wait last, or remembers the call for the next one that waits.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::pin::pin;
    /// use selkie::sync::Notify;
    ///
    /// let notify = Notify::new();
    /// let (mut early, mut late) = (pin!(notify.notified()), pin!(notify.notified()));
    /// early.as_mut().enable();
    /// late.as_mut().enable();
    /// notify.notify_last();
    /// selkie::select! {
    ///     biased;
    ///     () = early => unreachable!(),
    ///     () = late => {}
    /// }
    /// # }
    /// ```
    pub fn notify_last(&self) {
        self.notify(End::Back);
    }

    /// Wakes all tasks that wait now; nothing is remembered for later ones.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::Notify;
    ///
    /// let changed = Notify::new();
    /// let (first, second) = (changed.notified(), changed.notified());
    /// changed.notify_waiters();
    /// first.await;
    /// second.await;
    /// # }
    /// ```
    pub fn notify_waiters(&self) {
        let mut waiters = loop {
            if self.change(ALL_CODE, |word| match word & PHASE {
                WAITING => None,
                SOLE => Some((generation_of(word) | QUIET).wrapping_add(GENERATION)),
                _ => Some(word.wrapping_add(GENERATION)),
            }) {
                return;
            }
            let waiters = self.waiters.lock();
            if !waiters.is_empty() {
                break waiters;
            }
        };
        // AcqRel: Release pairs with the Acquire of the waiters, who thereby see what happened
        // before the call.
        let before = self.word.fetch_add(GENERATION, Ordering::AcqRel);
        let until = generation_of(before).wrapping_add(GENERATION);
        let mut batch = WakeBatch::new();
        loop {
            while let (true, Some(joined)) = (batch.has_room(), waiters.front()) {
                if until.wrapping_sub(*joined) as isize <= 0 {
                    break;
                }
                batch.push(waiters.pop_front(ALL_CODE).expect("the front exists"));
            }
            let finished = batch.has_room();
            self.waiters_changed(&waiters);
            drop(waiters);
            batch.wake_all();
            if finished {
                return;
            }
            waiters = self.waiters.lock();
        }
    }

    /// Restores I1 after waiters left. The caller holds the lock.
    pub(super) fn waiters_changed(&self, waiters: &WaitQueue<usize>) {
        // Relaxed: nobody else changes the word while it says WAITING (I1).
        let word = self.word.load(Ordering::Relaxed);
        if waiters.is_empty() && word & PHASE == WAITING {
            // Release: passes on what made the generation what it is, as the lock does.
            self.word
                .store(generation_of(word) | QUIET, Ordering::Release);
        }
    }

    /// Changes the word as `next` says, without the lock, and serves the node that this wins; `false` if `next`
    /// returns `None`.
    fn change(&self, code: u8, next: impl Fn(usize) -> Option<usize>) -> bool {
        // AcqRel: Release pairs with the Acquire in `try_consume`, and of the waiters, who see what
        // happened before the call; Acquire with the Release in `try_wait_alone`.
        let changed = self
            .word
            .fetch_update(Ordering::AcqRel, Ordering::Relaxed, next);
        if let Ok(before) = changed {
            if before & PHASE == SOLE {
                let sole = self.win_sole();
                // SAFETY: the word was moved out of SOLE (I4).
                let waker = unsafe { WaitNode::serve(sole, code) };
                wake_sole(waker);
            }
        }
        changed.is_ok()
    }

    pub(super) fn notify(&self, end: End) {
        while !self.change(end.code(), |word| match word & PHASE {
            WAITING => None,
            SOLE => Some(generation_of(word) | QUIET),
            _ => Some(generation_of(word) | NOTIFIED),
        }) && !without_interrupts(|| self.notify_queue(end))
        {}
    }

    /// Serves one end of the wait queue; `false` if there was nobody to serve any more.
    #[cold]
    fn notify_queue(&self, end: End) -> bool {
        let mut batch = WakeBatch::new();
        loop {
            let mut waiters = self.waiters.lock();
            // Relaxed: generations change under the lock while somebody waits.
            let now = generation_of(self.word.load(Ordering::Relaxed));
            // Those at the front that a `notify_waiters` is still waking are not ours to serve;
            // we help it along (I2).
            while let (true, Some(joined)) = (batch.has_room(), waiters.front()) {
                if *joined == now {
                    break;
                }
                batch.push(waiters.pop_front(ALL_CODE).expect("the front exists"));
            }
            if !batch.has_room() {
                drop(waiters);
                batch.wake_all();
                continue;
            }
            let served = match end {
                End::Front => waiters.pop_front(ONE_CODE),
                End::Back => waiters.pop_back(LAST_CODE),
            };
            let is_served = served.is_some();
            if let Some(waker) = served {
                batch.push(waker);
            }
            self.waiters_changed(&waiters);
            drop(waiters);
            batch.wake_all();
            return is_served;
        }
    }

    /// Takes a remembered notification.
    pub(super) fn try_consume(&self) -> bool {
        // Acquire: pairs with the Release in `change`.
        self.word
            .fetch_update(Ordering::Acquire, Ordering::Relaxed, |word| {
                (word & PHASE == NOTIFIED).then_some(generation_of(word) | QUIET)
            })
            .is_ok()
    }

    pub(super) fn generation(&self) -> usize {
        // Acquire: pairs with the Release in `notify_waiters`.
        generation_of(self.word.load(Ordering::Acquire))
    }

    /// Takes the single-waiter slot, if it is free and nothing happened; else gives the waker back.
    ///
    /// # Safety
    /// As [`WaitNode::wait_alone`]; before the node's owner frees a node that was not served, it calls
    /// [`waiters_of`](Self::waiters_of).
    pub(super) unsafe fn try_wait_alone(
        &self,
        node: Pin<&WaitNode<usize>>,
        generation: usize,
        waker: Waker,
    ) -> Result<(), Waker> {
        // Relaxed: looked at again below.
        if !HAS_THREADS || self.word.load(Ordering::Relaxed) != generation | QUIET {
            return Err(waker);
        }
        let pointer = ptr::from_ref(node.get_ref()).cast_mut();
        // Relaxed: the pointer alone counts here; what it points to is passed on by the word.
        let taken = self.sole.compare_exchange(
            ptr::null_mut(),
            pointer,
            Ordering::Acquire,
            Ordering::Relaxed,
        );
        if taken.is_err() {
            return Err(waker);
        }
        // SAFETY: the caller's promise.
        unsafe { node.wait_alone(waker, generation) };
        // Release: pairs with the Acquire of who wins the node. Acquire: pairs with the Release of
        // an earlier notification.
        let alone = self.word.compare_exchange(
            generation | QUIET,
            generation | SOLE,
            Ordering::AcqRel,
            Ordering::Relaxed,
        );
        if alone.is_ok() {
            return Ok(());
        }
        // Relaxed: as above.
        self.sole.store(ptr::null_mut(), Ordering::Relaxed);
        // SAFETY: the word never said SOLE, so nobody can have won the node.
        Err(unsafe { node.take_back() }.expect("a node that waits alone has a waker"))
    }

    /// The node of the task that waited alone, for whoever moved the word out of SOLE (I4).
    fn win_sole(&self) -> NonNull<WaitNode<usize>> {
        // Relaxed: written before the word said SOLE, which the caller saw with Acquire.
        let sole = self.sole.load(Ordering::Relaxed);
        // Relaxed: as in `try_wait_alone`.
        self.sole.store(ptr::null_mut(), Ordering::Relaxed);
        NonNull::new(sole).expect("the word said SOLE (I4)")
    }

    /// Moves a node that waits alone into the wait queue, and returns what the word then says. The caller holds
    /// the lock.
    pub(super) fn waiters_of(&self, waiters: &mut WaitQueue<usize>) -> WaitingWord {
        // Acquire: pairs with the Release in `change`.
        let moved = self
            .word
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |word| {
                (word & PHASE == SOLE).then_some(generation_of(word) | WAITING)
            });
        let word = match moved {
            Ok(word) => {
                // SAFETY: we moved the word out of SOLE (I4).
                unsafe { waiters.adopt(self.win_sole()) };
                generation_of(word) | WAITING
            }
            Err(word) => word,
        };
        WaitingWord(word)
    }

    /// Makes the word say that somebody waits in the wait queue, if it is as it was `found`. The caller
    /// holds the lock.
    pub(super) fn begin_queue(&self, found: WaitingWord) -> bool {
        let WaitingWord(word) = found;
        // AcqRel: as in `try_wait_alone`; a notifier that comes later takes the lock.
        word & PHASE == WAITING
            || self
                .word
                .compare_exchange(
                    word,
                    generation_of(word) | WAITING,
                    Ordering::AcqRel,
                    Ordering::Relaxed,
                )
                .is_ok()
    }
}

/// What the word said under the lock: not SOLE.
#[derive(Debug, Clone, Copy)]
pub(super) struct WaitingWord(usize);

impl WaitingWord {
    pub(super) const fn generation(self) -> usize {
        generation_of(self.0)
    }

    pub(super) const fn is_notified(self) -> bool {
        self.0 & PHASE == NOTIFIED
    }
}
