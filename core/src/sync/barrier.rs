//! A barrier: no task goes on before all have arrived.
//!
//! Idea        A round counts the tasks that arrive. The last one is the leader: it wakes the others.
//! States      of a round:  0..n tasks arrived;   the n-th arrival ends it and begins the next
//! Invariants  I1 the wait queue holds waiters of the current round, and at its front those of earlier
//!             rounds that the leader is still waking.
//! Rejected    A watch channel of the round's number: an allocation, and a version for each wait.
#![allow(unsafe_code)]

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker, ready};

use crate::coop;
use crate::maybe_const;
use crate::platform::Lock;
use crate::trace::{Resource, instrument};
use crate::wake::{WaitNode, WaitQueue, WaitState, WakeBatch};

struct Round {
    number: usize,
    arrived: usize,
    waiters: WaitQueue<usize>,
}

/// Lets a number of tasks wait for each other, again and again.
///
/// # Cost
/// An arrival is one short lock (without threads, one critical section); the last one wakes the
/// others, up to 32 for each further lock. No allocation.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use selkie::sync::Barrier;
///
/// static READY: Barrier = Barrier::const_new(1);
/// assert!(READY.wait().await.is_leader());
/// # }
/// ```
pub struct Barrier {
    /// What a subscriber of `tracing` sees.
    resource: Resource,
    round: Lock<Round>,
    size: usize,
}

impl fmt::Debug for Barrier {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Barrier")
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

impl Barrier {
    /// A barrier for `n` tasks; zero counts as one.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::Barrier;
    ///
    /// // Two who wait for each other.
    /// let barrier = Barrier::new(2);
    /// let (one, two) = selkie::join!(barrier.wait(), barrier.wait());
    /// assert!(one.is_leader() != two.is_leader());
    /// # }
    /// ```
    #[track_caller]
    #[inline]
    pub fn new(n: usize) -> Self {
        let n = n.max(1);
        Self {
            resource: Resource::barrier(n),
            ..Self::const_new(n)
        }
    }

    maybe_const! {
        /// As [`new`](Self::new), for statics.
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() {
        /// use selkie::sync::Barrier;
        ///
        /// static START: Barrier = Barrier::const_new(2);
        ///
        /// let other = selkie::spawn(START.wait());
        /// let here = START.wait().await;
        /// let there = other.await.unwrap();
        /// assert!(here.is_leader() != there.is_leader(), "one of the two leads");
        /// # }
        /// ```
        #[inline]
        pub fn const_new(n: usize) -> Self {
            Self {
                resource: Resource::none(),
                round: Lock::new(Round {
                    number: 0,
                    arrived: 0,
                    waiters: WaitQueue::new(),
                }),
                size: if n == 0 { 1 } else { n },
            }
        }
    }

    /// Waits until `n` tasks wait. For the last one to arrive the result says that it is the leader.
    ///
    /// # Cancel safety
    /// Not cancel safe: a task that was polled once has arrived, and counts in its round even
    /// if its future is dropped.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::sync::Arc;
    /// use selkie::sync::Barrier;
    /// use selkie::task::JoinSet;
    ///
    /// let barrier = Arc::new(Barrier::new(3));
    /// let mut tasks = JoinSet::new();
    /// for _ in 0..3 {
    ///     let barrier = barrier.clone();
    ///     // None comes through before the third has arrived.
    ///     tasks.spawn(async move { barrier.wait().await.is_leader() });
    /// }
    /// let leaders = tasks.join_all().await.into_iter().filter(|leads| *leads);
    /// assert_eq!(leaders.count(), 1);
    /// # }
    /// ```
    #[inline]
    pub async fn wait(&self) -> BarrierWaitResult {
        instrument(&self.resource, "Barrier::wait", "poll", false, || {
            BarrierWait {
                barrier: self,
                node: WaitNode::new(0),
                stage: Stage::Fresh,
            }
        })
        .await
    }

    /// Counts an arrival, and says what follows: the last one has released the others and leads.
    #[inline]
    fn arrive(&self, node: Pin<&WaitNode<usize>>, waker: Waker) -> Stage {
        let mut round = self.round.lock();
        round.arrived += 1;
        let number = round.number;
        if round.arrived < self.size {
            // SAFETY: the node is in no queue; the drop of its `BarrierWait` removes it.
            unsafe { round.waiters.push(node, waker, number) };
            return Stage::Waits;
        }
        round.arrived = 0;
        round.number = number.wrapping_add(1);
        drop(round);
        self.resource.led();
        self.release(number.wrapping_add(1));
        Stage::Leads
    }

    /// Waits on after the arrival.
    #[inline]
    fn poll_released(&self, node: Pin<&WaitNode<usize>>, cx: &mut Context<'_>) -> Poll<()> {
        let unit = ready!(coop::poll_proceed(cx));
        let waker = cx.waker().clone();
        let mut round = self.round.lock();
        if node.state() == WaitState::Queued {
            // SAFETY: the node is in this queue.
            let spare = unsafe { round.waiters.set_waker(node, waker) };
            drop(round);
            drop(spare);
            return Poll::Pending;
        }
        drop(round);
        unit.made_progress();
        Poll::Ready(())
    }

    #[inline]
    fn release(&self, number: usize) {
        let mut batch = WakeBatch::new();
        loop {
            let mut round = self.round.lock();
            while let (true, Some(joined)) = (batch.has_room(), round.waiters.front()) {
                if number.wrapping_sub(*joined) as isize <= 0 {
                    break;
                }
                batch.push(round.waiters.pop_front(0).expect("the front exists"));
            }
            let finished = batch.has_room();
            drop(round);
            batch.wake_all();
            if finished {
                return;
            }
        }
    }
}

/// How far one wait has come.
#[derive(Clone, Copy)]
enum Stage {
    Fresh,
    /// It has arrived, and waits for the others.
    Waits,
    /// It came last, and has released the others.
    Leads,
}

/// One task's arrival and wait.
struct BarrierWait<'a> {
    barrier: &'a Barrier,
    node: WaitNode<usize>,
    stage: Stage,
}

impl Future for BarrierWait<'_> {
    type Output = BarrierWaitResult;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<BarrierWaitResult> {
        // SAFETY: the node is not moved; nothing else is pinned.
        let this = unsafe { self.get_unchecked_mut() };
        // SAFETY: structurally pinned.
        let node = unsafe { Pin::new_unchecked(&this.node) };
        if let Stage::Fresh = this.stage {
            if coop::raw::is_traced() {
                let traced = coop::poll_proceed(cx);
                debug_assert!(traced.is_pending(), "a traced poll changes nothing");
                return Poll::Pending;
            }
            // Also without budget: the others may wait for it.
            let waker = cx.waker().clone();
            this.barrier.resource.arrived();
            // Also if a waker panics that the last one wakes.
            this.stage = Stage::Waits;
            this.stage = this.barrier.arrive(node, waker);
            if let Stage::Waits = this.stage {
                return Poll::Pending;
            }
        }
        let leads = matches!(this.stage, Stage::Leads);
        if leads {
            ready!(coop::raw::poll_spare(cx)).made_progress();
        } else {
            ready!(this.barrier.poll_released(node, cx));
        }
        Poll::Ready(BarrierWaitResult(leads))
    }
}

impl Drop for BarrierWait<'_> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: pinned since it was queued, and dropped in place.
        let node = unsafe { Pin::new_unchecked(&self.node) };
        if node.state() != WaitState::Queued {
            return;
        }
        let mut round = self.barrier.round.lock();
        // SAFETY: the node is in this queue or was woken.
        let own = unsafe { round.waiters.remove(node) };
        drop(round);
        drop(own);
    }
}

/// What [`Barrier::wait`] returns: whether the task is the leader.
///
/// # Cost
/// One byte.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use selkie::sync::Barrier;
///
/// let alone = Barrier::new(1);
/// assert!(alone.wait().await.is_leader());
/// # }
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct BarrierWaitResult(bool);

impl BarrierWaitResult {
    /// Whether this task came last.
    #[inline]
    pub fn is_leader(&self) -> bool {
        self.0
    }
}
