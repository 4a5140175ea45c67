//! A bell: tells one waiting task, or all of them, that something happened, and carries no value.
//!
//! Idea        One word; the lock and the line are used only while somebody waits. A count of the
//!             calls to `notify_waiters` stands in the word, so that a waiter knows by comparing
//!             whether one happened since it was made, also before its first poll.
//! States      of the word:  generation | QUIET, WAITING or NOTIFIED
//!             QUIET ─notify_one→ NOTIFIED ─poll→ QUIET;   QUIET ─poll→ WAITING ─line empty→ QUIET
//! Invariants  I1 the word says WAITING exactly if the line is not empty, seen under the lock; into
//!             and out of WAITING goes only the holder of the lock.
//!             I2 the generations in the line never fall from front to back, so those that a
//!             `notify_waiters` is still to wake stand together at the front.
//!             I3 a single notification that was given to a waiter is passed on if that waiter is
//!             dropped without having been polled.
//! Rejected    Moving all waiters into a list of the caller of `notify_waiters`: a waiter that is
//!             dropped meanwhile would have to know which list it is in.
#![allow(unsafe_code)]

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, Waker, ready};

use crate::coop;
use crate::maybe_const;
use crate::platform::{AtomicUsize, Lock, Ordering};
use crate::wake::{WaitNode, WaitQueue, WaitState, WakeBatch};

const PHASE: usize = 0b11;
const QUIET: usize = 0b00;
const WAITING: usize = 0b01;
const NOTIFIED: usize = 0b10;
const GENERATION: usize = 0b100;

const ONE_CODE: u8 = 0;
const LAST_CODE: u8 = 1;
const ALL_CODE: u8 = 2;

const fn generation_of(word: usize) -> usize {
    word & !PHASE
}

/// Which end of the line a single notification serves.
#[derive(Debug, Clone, Copy)]
enum End {
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
/// A notification that is remembered and later taken: one read-modify-write each; no allocation.
///
/// # Example
/// ```
/// use selkie_core::platform::block_on;
/// use selkie_core::sync::Notify;
///
/// let bell = Notify::new();
/// bell.notify_one();
/// block_on(bell.notified());
/// ```
pub struct Notify {
    word: AtomicUsize,
    /// Each node's payload is the generation in which it joined.
    line: Lock<WaitQueue<usize>>,
}

impl fmt::Debug for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Relaxed: for show.
        let word = self.word.load(Ordering::Relaxed);
        f.debug_struct("Notify")
            .field("notified", &(word & PHASE == NOTIFIED))
            .field("waiting", &(word & PHASE == WAITING))
            .finish()
    }
}

impl Default for Notify {
    fn default() -> Self {
        Self::new()
    }
}

impl Notify {
    maybe_const! {
        /// A bell that has not rung.
        pub fn new() -> Self {
            Self::const_new()
        }
    }

    maybe_const! {
        /// As [`new`](Self::new), for statics.
        pub fn const_new() -> Self {
            Self { word: AtomicUsize::new(QUIET), line: Lock::new(WaitQueue::new()) }
        }
    }

    /// Wakes the task that has waited longest, or remembers the call for the next one that waits.
    ///
    /// # Cost
    /// One read-modify-write if nobody waits.
    pub fn notify_one(&self) {
        self.notify(End::Front);
    }

    /// Wakes the task that began to wait last, or remembers the call for the next one that waits.
    pub fn notify_last(&self) {
        self.notify(End::Back);
    }

    /// Wakes all tasks that wait now; nothing is remembered for later ones.
    ///
    /// # Example
    /// ```
    /// use selkie_core::platform::block_on;
    /// use selkie_core::sync::Notify;
    ///
    /// let bell = Notify::new();
    /// let (first, second) = (bell.notified(), bell.notified());
    /// bell.notify_waiters();
    /// block_on(first);
    /// block_on(second);
    /// ```
    pub fn notify_waiters(&self) {
        // AcqRel: Release pairs with the Acquire of the waiters, who thereby see what happened
        // before the call.
        let quiet = self
            .word
            .fetch_update(Ordering::AcqRel, Ordering::Relaxed, |word| {
                (word & PHASE != WAITING).then(|| word.wrapping_add(GENERATION))
            });
        if quiet.is_ok() {
            return;
        }
        let mut batch = WakeBatch::new();
        let mut line = self.line.lock();
        // AcqRel: as above.
        let until = generation_of(self.word.fetch_add(GENERATION, Ordering::AcqRel))
            .wrapping_add(GENERATION);
        loop {
            while let (true, Some(joined)) = (batch.has_room(), line.front()) {
                if until.wrapping_sub(*joined) as isize <= 0 {
                    break;
                }
                batch.push(line.pop_front(ALL_CODE).expect("the front exists"));
            }
            let finished = batch.has_room();
            self.line_changed(&line);
            drop(line);
            batch.wake_all();
            if finished {
                return;
            }
            line = self.line.lock();
        }
    }

    /// Restores I1 after waiters left.
    fn line_changed(&self, line: &WaitQueue<usize>) {
        if line.is_empty() {
            // Relaxed: with WAITING set and the lock held only the generation can change
            // meanwhile (I1), which the update keeps.
            let _ = self
                .word
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |word| {
                    (word & PHASE == WAITING).then_some(generation_of(word) | QUIET)
                });
        }
    }

    /// Remembers a notification unless somebody waits; `false` if so.
    fn remember(&self) -> bool {
        // AcqRel: Release pairs with the Acquire in `try_consume`.
        self.word
            .fetch_update(Ordering::AcqRel, Ordering::Relaxed, |word| {
                (word & PHASE != WAITING).then_some(generation_of(word) | NOTIFIED)
            })
            .is_ok()
    }

    fn notify(&self, end: End) {
        if self.remember() {
            return;
        }
        let mut batch = WakeBatch::new();
        loop {
            let mut line = self.line.lock();
            // Relaxed: generations change under the lock while somebody waits.
            let now = generation_of(self.word.load(Ordering::Relaxed));
            // Those at the front that a `notify_waiters` is still waking are not ours to serve;
            // we help it along (I2).
            while let (true, Some(joined)) = (batch.has_room(), line.front()) {
                if *joined == now {
                    break;
                }
                batch.push(line.pop_front(ALL_CODE).expect("the front exists"));
            }
            let finished = batch.has_room();
            if finished {
                let served = match end {
                    End::Front => line.pop_front(ONE_CODE),
                    End::Back => line.pop_back(LAST_CODE),
                };
                let nobody = served.is_none();
                if let Some(waker) = served {
                    batch.push(waker);
                }
                self.line_changed(&line);
                if nobody {
                    let remembered = self.remember();
                    debug_assert!(remembered, "nobody can have joined under the lock");
                }
            }
            drop(line);
            batch.wake_all();
            if finished {
                return;
            }
        }
    }

    /// Takes a remembered notification.
    fn try_consume(&self) -> bool {
        // Acquire: pairs with the Release in `remember`.
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
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Fresh,
    Waiting,
    Finished,
}

/// What both kinds of `Notified` share: one wait for a notification.
#[derive(Debug)]
pub(super) struct Wait {
    generation: usize,
    stage: Stage,
    node: WaitNode<usize>,
}

impl Wait {
    pub(super) fn new(notify: &Notify) -> Self {
        Self {
            generation: notify.generation(),
            stage: Stage::Fresh,
            node: WaitNode::new(0),
        }
    }

    /// Joins the line of `notify`, or finds the notification; `true` when notified.
    pub(super) fn advance(self: Pin<&mut Self>, notify: &Notify, waker: Option<&Waker>) -> bool {
        // SAFETY: the node is not moved; the other fields are not pinned.
        let this = unsafe { self.get_unchecked_mut() };
        // SAFETY: structurally pinned.
        let node = unsafe { Pin::new_unchecked(&this.node) };
        let notified = match this.stage {
            Stage::Finished => true,
            Stage::Fresh => {
                if notify.generation() != this.generation || notify.try_consume() {
                    true
                } else {
                    Self::join(node, this.generation, notify, waker)
                }
            }
            Stage::Waiting => match node.state() {
                WaitState::Done(_) => true,
                _ => Self::look_again(node, this.generation, notify, waker),
            },
        };
        this.stage = if notified {
            Stage::Finished
        } else {
            Stage::Waiting
        };
        notified
    }

    fn join(
        node: Pin<&WaitNode<usize>>,
        generation: usize,
        notify: &Notify,
        waker: Option<&Waker>,
    ) -> bool {
        let waker = waker.unwrap_or(Waker::noop()).clone();
        let mut line = notify.line.lock();
        // AcqRel: as in `try_consume`; a notifier that comes later sees WAITING and takes the lock.
        let joined = notify
            .word
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |word| {
                let waits = generation_of(word) == generation && word & PHASE != NOTIFIED;
                waits.then_some(generation_of(word) | WAITING)
            });
        match joined {
            Ok(_) => {
                // SAFETY: the node is in no queue; `leave` removes it before it is dropped.
                unsafe { line.push(node, waker, generation) };
                false
            }
            Err(word) => {
                drop(line);
                if generation_of(word) == generation && !notify.try_consume() {
                    // Another took the remembered one: try once more.
                    return Self::join(node, generation, notify, Some(&waker));
                }
                true
            }
        }
    }

    fn look_again(
        node: Pin<&WaitNode<usize>>,
        generation: usize,
        notify: &Notify,
        waker: Option<&Waker>,
    ) -> bool {
        let fresh = waker.cloned();
        let mut line = notify.line.lock();
        let spare;
        let notified = if node.state() != WaitState::Queued {
            spare = fresh;
            true
        } else if notify.generation() != generation {
            // A `notify_waiters` is on its way to us.
            // SAFETY: the node is in this line.
            let own = unsafe { line.remove(node) };
            notify.line_changed(&line);
            drop(line);
            drop(own);
            return true;
        } else {
            spare = match fresh {
                // SAFETY: the node is in this line.
                Some(fresh) => unsafe { line.set_waker(node, fresh) },
                None => None,
            };
            false
        };
        drop(line);
        drop(spare);
        notified
    }

    /// Leaves the line; a notification that was not looked at goes to the next (I3).
    pub(super) fn leave(self: Pin<&mut Self>, notify: &Notify) {
        if self.stage != Stage::Waiting {
            return;
        }
        // SAFETY: the node is not moved; the other fields are not pinned.
        let this = unsafe { self.get_unchecked_mut() };
        // SAFETY: structurally pinned.
        let node = unsafe { Pin::new_unchecked(&this.node) };
        let mut line = notify.line.lock();
        // SAFETY: the node is in this line or was served.
        let own = unsafe { line.remove(node) };
        notify.line_changed(&line);
        drop(line);
        drop(own);
        match node.state() {
            WaitState::Done(ONE_CODE) => notify.notify(End::Front),
            WaitState::Done(LAST_CODE) => notify.notify(End::Back),
            _ => {}
        }
    }

    pub(super) fn poll(self: Pin<&mut Self>, notify: &Notify, cx: &mut Context<'_>) -> Poll<()> {
        let unit = ready!(coop::poll_proceed(cx));
        if !self.advance(notify, Some(cx.waker())) {
            return Poll::Pending;
        }
        unit.made_progress();
        Poll::Ready(())
    }
}
