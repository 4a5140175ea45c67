//! The cooperative budget: how many ready operations one poll of a task may complete.
//!
//! Idea        Each poll of a task starts with [`BUDGET_PER_POLL`] units; every ready operation of
//!             a channel, timer or socket takes one; at zero the operation says `Pending` and wakes
//!             its task, so that the task goes to the back of its queue and others run. Operations that
//!             take nothing of Tokio's budget take of as many spare units: a loop of them ends all the
//!             same, and a program that mixes them has its turns where it has them on Tokio.
//! States      unlimited (outside a task, or inside `unconstrained`) | remaining(n, spare)
//! Invariants  I1 a unit that was taken by an operation that then is pending is given back.
//! Rejected    A time slice: it would need a clock read per operation.

use core::cell::Cell;
use core::marker::PhantomData;
use core::task::{Context, Poll};

use super::deferred_waker::{DeferralGuard, is_kept};
use crate::context_cell;
use crate::platform::{CAN_OBSERVE, HAS_BUDGET};

/// Ready operations that one poll of a task may complete.
pub const BUDGET_PER_POLL: u8 = 128;

/// The part of the word that counts units.
const LEFT: u32 = 0xff;
/// The part that counts spare units, and one of them.
const SPARE_LEFT: u32 = 0xff << 8;
const SPARE: u32 = 1 << 8;
/// The counts do not go down.
const UNLIMITED: u32 = 1 << 16;
/// Operations that are pending tell the observer, see [`traced`].
const TRACED: u32 = 1 << 17;
/// That the budget is used up has been told.
const TOLD: u32 = 1 << 18;

/// What is left of a poll's budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Budget(u32);

impl Budget {
    /// The budget at the start of a task's poll.
    pub const fn initial() -> Self {
        Self(BUDGET_PER_POLL as u32 * (1 | SPARE))
    }

    /// No limit, as outside a task.
    pub const fn unlimited() -> Self {
        Self(UNLIMITED | LEFT | SPARE_LEFT)
    }

    /// Whether another operation may complete.
    #[inline]
    pub const fn has_remaining(self) -> bool {
        self.0 & LEFT != 0
    }

    const fn has(self, flag: u32) -> bool {
        self.0 & flag != 0
    }
}

context_cell! {
    static CURRENT: Budget = Budget::unlimited();
}

context_cell! {
    /// Called when a poll has used up its budget, once per poll.
    static ON_FORCED_YIELD: Option<fn()> = None;
}

context_cell! {
    /// Called by each operation that is pending inside [`traced`].
    static ON_PENDING: Option<fn()> = None;
}

/// Puts back the budget that stood before, also on unwinding.
struct BudgetGuard(Budget);

impl BudgetGuard {
    /// Sets `budget`, but inside [`traced`].
    #[inline]
    fn new(budget: Budget) -> Self {
        if !HAS_BUDGET {
            return Self(budget);
        }
        let before = CURRENT.get();
        CURRENT.set(if before.has(TRACED) { before } else { budget });
        Self(before)
    }
}

impl Drop for BudgetGuard {
    #[inline]
    fn drop(&mut self) {
        if HAS_BUDGET {
            CURRENT.set(self.0);
        }
    }
}

/// Runs `f` with `budget` and afterwards puts back what stood before.
#[inline]
pub fn with_budget<R>(budget: Budget, f: impl FnOnce() -> R) -> R {
    let _restore = BudgetGuard::new(budget);
    f()
}

/// Runs `f`, one poll of a task, with a fresh budget.
#[inline]
pub fn budget<R>(f: impl FnOnce() -> R) -> R {
    with_budget(Budget::initial(), f)
}

/// Ends the budget of the running poll and returns what was left; a worker that is about to
/// block its thread calls this.
#[inline]
pub fn stop() -> Budget {
    CURRENT.replace(Budget::unlimited())
}

/// Sets the budget of the running context; pairs with [`stop`].
#[inline]
pub fn resume(budget: Budget) {
    CURRENT.set(budget);
}

/// Runs `f`, an executor of its own which may put this context to sleep: without a budget, and without
/// deferral, since whoever drives the context does not come to its kept wakers meanwhile.
pub fn apart<R>(f: impl FnOnce() -> R) -> R {
    let _restore = BudgetGuard(stop());
    let _guard = DeferralGuard::new();
    f()
}

/// Sets what is called when a poll in this context has used up its budget, once per poll.
#[inline]
pub fn on_forced_yield(observer: fn()) {
    ON_FORCED_YIELD.set(Some(observer));
}

/// Runs `f` without budget, and calls `observer` in the stack of each operation in it: each says `Pending`, changes
/// nothing, and has its task polled again. So a future can be asked at any time where it is.
///
/// # Cost
/// Nothing for polls outside: whether a poll is traced stands in the word of its budget.
pub fn traced<R>(observer: fn(), f: impl FnOnce() -> R) -> R {
    struct TraceGuard(Budget, Option<fn()>);
    impl Drop for TraceGuard {
        fn drop(&mut self) {
            CURRENT.set(self.0);
            ON_PENDING.set(self.1);
        }
    }
    let before = CURRENT.get();
    let _undo = TraceGuard(before, ON_PENDING.replace(Some(observer)));
    // None is left: each operation says `Pending`.
    CURRENT.set(Budget(TRACED | TOLD));
    f()
}

/// Whether the caller runs inside [`traced`].
#[inline]
pub fn is_traced() -> bool {
    HAS_BUDGET && CURRENT.get().has(TRACED)
}

#[cold]
fn call_observer() {
    if let Some(observer) = ON_PENDING.get() {
        observer();
    }
}

/// Stands at the head of each operation that takes nothing of the budget: `Pending` inside [`traced`], as the
/// operations there that do take a unit.
///
/// # Cost
/// A load, and a branch.
#[inline]
pub fn poll_leaf(cx: &mut Context<'_>) -> Poll<()> {
    if is_traced() {
        yield_by_force(cx);
        return Poll::Pending;
    }
    Poll::Ready(())
}

/// Called where something is pending that has polled futures before, so that it must not say `Pending` at its head:
/// inside [`traced`] it is shown beside them.
///
/// # Cost
/// As [`poll_leaf`], where it is pending only.
#[inline]
pub fn note_pending() {
    if CAN_OBSERVE && is_traced() {
        call_observer();
    }
}

/// Whether the running poll may complete another operation; `true` outside a task.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use selkie::task::coop::{consume_budget, has_budget_remaining};
///
/// let task = selkie::spawn(async {
///     let mut done = 0;
///     // As much as one poll may do; then others have their turn.
///     while has_budget_remaining() {
///         consume_budget().await;
///         done += 1;
///     }
///     done
/// });
/// assert_eq!(task.await.unwrap(), 128);
/// # }
/// ```
#[inline]
pub fn has_budget_remaining() -> bool {
    !HAS_BUDGET || CURRENT.get().has_remaining()
}

/// Gives a taken unit back unless [`made_progress`](RestoreOnPending::made_progress) was called.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use std::task::Poll;
/// use selkie::task::coop::{has_budget_remaining, poll_proceed};
///
/// let operations = selkie::spawn(std::future::poll_fn(|cx| {
///     let mut operations = 0;
///     // Each completed operation takes a unit, until none is left.
///     while let Poll::Ready(unit) = poll_proceed(cx) {
///         unit.made_progress();
///         operations += 1;
///     }
///     assert!(!has_budget_remaining());
///     Poll::Ready(operations)
/// }));
/// assert_eq!(operations.await.unwrap(), 128);
/// # }
/// ```
#[derive(Debug)]
#[must_use = "dropping it at once gives the unit back"]
pub struct RestoreOnPending {
    /// What stood before, or [`KEPT`].
    before: Cell<Budget>,
    /// Neither `Send` nor `Sync`: the unit belongs to the poll that runs here.
    _here: PhantomData<*const ()>,
}

/// No budget: the operation completed.
const KEPT: Budget = Budget(u32::MAX);

impl RestoreOnPending {
    /// Keeps the unit: the operation completed.
    ///
    /// # Examples
    /// ```
    /// use std::collections::VecDeque;
    /// use std::task::{Context, Poll, ready};
    /// use selkie::task::coop::poll_proceed;
    ///
    /// /// Takes a value, as one operation of the task that `cx` belongs to.
    /// fn poll_pop(queue: &mut VecDeque<u8>, cx: &mut Context<'_>) -> Poll<u8> {
    ///     let unit = ready!(poll_proceed(cx));
    ///     match queue.pop_front() {
    ///         Some(value) => {
    ///             unit.made_progress();
    ///             Poll::Ready(value)
    ///         }
    ///         // Nothing was done: dropping the guard gives the unit back.
    ///         None => Poll::Pending,
    ///     }
    /// }
    ///
    /// let mut cx = Context::from_waker(std::task::Waker::noop());
    /// let mut queue = VecDeque::from([1]);
    /// assert_eq!(poll_pop(&mut queue, &mut cx), Poll::Ready(1));
    /// assert_eq!(poll_pop(&mut queue, &mut cx), Poll::Pending);
    /// ```
    #[inline]
    pub fn made_progress(&self) {
        self.before.set(KEPT);
    }
}

impl Drop for RestoreOnPending {
    #[inline]
    fn drop(&mut self) {
        let before = self.before.get();
        if HAS_BUDGET && before != KEPT {
            CURRENT.set(before);
        }
    }
}

/// Takes one unit for an operation that is about to be tried.
///
/// `Pending` means the budget is used up; the task has been woken and will be polled again after
/// others had their turn.
#[inline]
pub fn poll_proceed(cx: &mut Context<'_>) -> Poll<RestoreOnPending> {
    take_unit(cx, LEFT, 1)
}

/// As [`poll_proceed`], with a spare unit: for operations that take nothing of Tokio's budget.
#[inline]
pub fn poll_spare(cx: &mut Context<'_>) -> Poll<RestoreOnPending> {
    take_unit(cx, SPARE_LEFT, SPARE)
}

/// Takes `one` of the units that `left` masks.
#[inline]
fn take_unit(cx: &mut Context<'_>, left: u32, one: u32) -> Poll<RestoreOnPending> {
    let before = if HAS_BUDGET {
        CURRENT.get()
    } else {
        Budget::unlimited()
    };
    if before.0 & left == 0 {
        yield_by_force(cx);
        return Poll::Pending;
    }
    if !before.has(UNLIMITED) {
        CURRENT.set(Budget(before.0 - one));
    }
    Poll::Ready(RestoreOnPending {
        before: Cell::new(before),
        _here: PhantomData,
    })
}

/// The budget is used up: has the task polled again later.
#[cold]
fn yield_by_force(cx: &mut Context<'_>) {
    let now = CURRENT.get();
    CURRENT.set(Budget(now.0 | TOLD));
    if !is_kept(cx.waker()) {
        cx.waker().wake_by_ref();
    }
    if CAN_OBSERVE && !now.has(TOLD) {
        if let Some(observer) = ON_FORCED_YIELD.get() {
            observer();
        }
    }
    if CAN_OBSERVE && now.has(TRACED) {
        call_observer();
    }
}

/// Whether the budget is used up; if so, `cx`'s task has been woken to go on later.
#[inline]
pub fn poll_budget_available(cx: &mut Context<'_>) -> Poll<()> {
    // Who only asks is no operation.
    if has_budget_remaining() || is_traced() {
        return Poll::Ready(());
    }
    yield_by_force(cx);
    Poll::Pending
}
