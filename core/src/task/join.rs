//! The handles of a task: a join handle, which owns its output, and abort handles, which are plain words.
//!
//! Invariants  I1 a `JoinHandle` is the JOIN bit of its task's state: made once, cleared once.
//!             I2 `taken` is set when the output is out of the slot.
//!             I3 an `AbortHandle` owns nothing; the full generation tells whether its task is
//!                still in the slot.
#![allow(unsafe_code)]

use core::fmt;
use core::future::Future;
use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::pin::Pin;
use core::task::{Context, Poll, Waker, ready};

use super::error::JoinError;
use super::header::{Header, Notified};
use super::id::Id;
use super::poll::{drop_result, take_panic};
use super::state::{LeaveOutcome, OnWake, State, TaskOutcome};
use super::waker;
use crate::collections::SlotRef;
use crate::coop;

/// Owns the permission to join a task: a future of its output.
///
/// Dropping it detaches the task, which goes on without a way to join it.
///
/// # Cancel safety
/// Polled by reference in a `select!`, nothing is lost when another branch completes first.
///
/// # Cost
/// Two words; joining takes one atomic operation to store a waker and one to leave.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// let task = selkie::spawn(async { 6 * 7 });
/// assert_eq!(task.await.unwrap(), 42);
///
/// // By reference in a `select!`, the handle is still there afterwards.
/// let mut task = selkie::spawn(async {
///     selkie::task::yield_now().await;
///     "done"
/// });
/// selkie::select! {
///     biased;
///     _ = &mut task => unreachable!("it has not run yet"),
///     () = std::future::ready(()) => {}
/// }
/// assert_eq!(task.await.unwrap(), "done");
/// # }
/// ```
pub struct JoinHandle<T> {
    slot: SlotRef<Header>,
    taken: bool,
    _output: PhantomData<T>,
}

// SAFETY: the handle gives out the task's output only, which is `Send`.
unsafe impl<T: Send> Send for JoinHandle<T> {}
// SAFETY: a shared handle gives no access to the output.
unsafe impl<T: Send> Sync for JoinHandle<T> {}

impl<T> Unpin for JoinHandle<T> {}
impl<T> UnwindSafe for JoinHandle<T> {}
impl<T> RefUnwindSafe for JoinHandle<T> {}

impl<T> JoinHandle<T> {
    /// # Safety
    /// The slot's task has an output of type `T` and its JOIN bit is set by nobody else (I1).
    pub(super) unsafe fn new(slot: SlotRef<Header>) -> Self {
        Self {
            slot,
            taken: false,
            _output: PhantomData,
        }
    }

    #[inline]
    fn state(&self) -> &State {
        &self.slot.state
    }

    /// Cancels the task: it is dropped at its next await, and joining it then gives an error that
    /// says so, unless it completes before. A task that has completed stays completed.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::oneshot;
    ///
    /// let (tx, rx) = oneshot::channel::<()>();
    /// let task = selkie::spawn(async move {
    ///     let _held = tx;
    ///     std::future::pending::<()>().await;
    /// });
    /// task.abort();
    /// assert!(task.await.unwrap_err().is_cancelled());
    /// assert!(rx.await.is_err(), "what the task held was dropped");
    /// # }
    /// ```
    pub fn abort(&self) {
        self.abort_handle().abort();
    }

    /// A handle that can abort the task and cannot join it.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let task = selkie::spawn(std::future::pending::<()>());
    /// let stop = task.abort_handle();
    /// // One side waits, the other stops.
    /// selkie::spawn(async move { stop.abort() });
    /// assert!(task.await.unwrap_err().is_cancelled());
    /// # }
    /// ```
    #[must_use = "a handle aborts nothing by itself"]
    pub fn abort_handle(&self) -> AbortHandle {
        let generation = self.state().load().generation();
        AbortHandle {
            slot: self.slot,
            generation,
            id: self.id(),
        }
    }

    /// Whether the task has ended. `true` may come a little before the handle's waker is called.
    pub fn is_finished(&self) -> bool {
        self.state().load().is_complete()
    }

    /// The task's id.
    pub fn id(&self) -> Id {
        // SAFETY: the handle is an owner of the task (I1).
        unsafe { self.slot.id() }
    }

    /// Has `waker` woken when the task ends, as a poll would. `false`: the task has ended.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::future::poll_fn;
    /// use std::task::Poll;
    ///
    /// let mut task = selkie::spawn(async { 5 });
    /// // Waits for the end and leaves the result in the handle.
    /// poll_fn(|cx| match task.wake_at_end(cx.waker()) {
    ///     true => Poll::Pending,
    ///     false => Poll::Ready(()),
    /// })
    /// .await;
    /// assert!(task.is_finished());
    /// assert_eq!(task.await.unwrap(), 5);
    /// # }
    /// ```
    pub fn wake_at_end(&mut self, waker: &Waker) -> bool {
        // SAFETY: this is the handle (I1).
        !unsafe { has_ended(self.slot, waker) }
    }

    /// Takes the result of a completed task out of its slot.
    #[inline]
    fn take(&mut self) -> Result<T, JoinError> {
        self.taken = true;
        let ending = self.state().load().ending();
        if ending != TaskOutcome::Returned {
            // SAFETY: the handle owns what the task left, and has not taken it before (I2).
            return Err(unsafe { take_error(self.slot, ending) });
        }
        // SAFETY: the handle is an owner of the task (I1).
        let vtable = unsafe { self.slot.vtable() };
        let mut output = MaybeUninit::<T>::uninit();
        // SAFETY: the task returned a `T`, which is ours and was not taken before (I2).
        unsafe { (vtable.take_output)(self.slot, output.as_mut_ptr().cast()) };
        // SAFETY: just written.
        Ok(unsafe { output.assume_init() })
    }
}

// What follows is the same for all types of output.

/// Whether the task in `slot` has ended; if not, `waker` is woken when it does.
///
/// # Safety
/// The caller is the task's handle.
#[inline]
unsafe fn has_ended(slot: SlotRef<Header>, waker: &Waker) -> bool {
    let now = slot.state.load();
    if now.is_complete() {
        return true;
    }
    if now.has_join_waker() {
        // SAFETY: by the caller's promise.
        return unsafe { replace_waker(slot, waker) };
    }
    // SAFETY: as above; there is no waker.
    unsafe { store_waker(slot, waker.clone()) }
}

/// Stores `waker` for the completer. `true`: the task has ended meanwhile.
///
/// # Safety
/// The caller is the task's handle, and no waker is stored.
#[inline]
unsafe fn store_waker(slot: SlotRef<Header>, waker: Waker) -> bool {
    slot.join_waker.with_mut(|place| {
        // SAFETY: the bit is clear: the place is ours and empty.
        unsafe { place.write(Some(waker)) };
    });
    if slot.state.set_join_waker() {
        return false;
    }
    // SAFETY: the bit could not be set, so the stored waker is still ours.
    unsafe { slot.drop_join_waker() };
    true
}

/// Stores `waker` in place of the one that is stored, unless they wake the same. `true`: the task has ended meanwhile.
///
/// # Safety
/// The caller is the task's handle, and has stored a waker.
unsafe fn replace_waker(slot: SlotRef<Header>, waker: &Waker) -> bool {
    // SAFETY: nobody writes the waker while the bit is set, and we alone clear it.
    let old = slot.join_waker.with(|old| unsafe { &*old });
    if old.as_ref().is_some_and(|old| old.will_wake(waker)) {
        return false;
    }
    if !slot.state.unset_join_waker() {
        return true;
    }
    // SAFETY: the bit is clear, so the stored waker is ours.
    unsafe { slot.drop_join_waker() };
    // SAFETY: as above; there is no waker.
    unsafe { store_waker(slot, waker.clone()) }
}

/// Why the task in `slot` gave no output.
///
/// # Safety
/// The caller is the task's handle, `ending` says how the task ended, and nothing of it was taken before.
#[cold]
unsafe fn take_error(slot: SlotRef<Header>, ending: TaskOutcome) -> JoinError {
    // SAFETY: the handle is an owner of the task.
    let id = unsafe { slot.id() };
    if ending == TaskOutcome::Cancelled {
        return JoinError::cancelled(id);
    }
    // SAFETY: the task panicked, and the payload is the caller's.
    JoinError::panicked(id, unsafe { take_panic(slot) })
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        assert!(!self.taken, "JoinHandle polled after completion");
        let unit = ready!(coop::poll_proceed(cx));
        // SAFETY: this is the handle (I1).
        if !unsafe { has_ended(self.slot, cx.waker()) } {
            return Poll::Pending;
        }
        unit.made_progress();
        Poll::Ready(self.take())
    }
}

impl<T> Drop for JoinHandle<T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the handle is an owner of the task (I1), and leaves it here.
        unsafe { leave(self.slot, self.taken) };
    }
}

/// The handle leaves the task in `slot`; `taken` says whether its output is gone.
///
/// # Safety
/// The caller is the handle, which does not look at the task again.
unsafe fn leave(slot: SlotRef<Header>, mut taken: bool) {
    loop {
        match slot.state.leave_join(taken) {
            LeaveOutcome::DropOutput => {
                taken = true;
                // SAFETY: the handle owns the output (I2), which was not taken before.
                unsafe { drop_result(slot) };
            }
            LeaveOutcome::Left { waker, last } => {
                if waker {
                    // SAFETY: the bit was cleared with the JOIN bit, so the waker is ours.
                    unsafe { slot.drop_join_waker() };
                }
                if last {
                    // SAFETY: the runtime left before, and the handle just now.
                    unsafe { Header::release(slot) };
                }
                return;
            }
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle")
            .field("id", &self.id())
            .finish()
    }
}

/// Aborts a task, and cannot join it; owns nothing of the task.
///
/// # Cost
/// Three words, copied; nothing is counted.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use selkie::task::JoinSet;
///
/// let mut tasks = JoinSet::new();
/// let first = tasks.spawn(std::future::pending::<&str>());
/// tasks.spawn(async { "second" });
/// first.abort();
/// let mut ends = Vec::new();
/// while let Some(end) = tasks.join_next().await {
///     ends.push(end.ok());
/// }
/// assert!(ends.contains(&Some("second")) && ends.contains(&None));
/// # }
/// ```
#[derive(Clone)]
pub struct AbortHandle {
    slot: SlotRef<Header>,
    generation: usize,
    id: Id,
}

impl UnwindSafe for AbortHandle {}
impl RefUnwindSafe for AbortHandle {}

impl Notified {
    /// A handle that can abort the task and cannot join it.
    pub fn abort_handle(&self) -> AbortHandle {
        let slot = self.slot();
        // The `Notified` keeps the task in its slot.
        let generation = slot.state.load().generation();
        AbortHandle {
            slot,
            generation,
            id: self.id(),
        }
    }
}

impl AbortHandle {
    /// Cancels the task; nothing happens if it has ended.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let task = selkie::spawn(async { "done" });
    /// let handle = task.abort_handle();
    /// assert_eq!(task.await.unwrap(), "done");
    /// handle.abort(); // Too late, and nothing happens.
    /// assert!(handle.is_finished());
    /// # }
    /// ```
    pub fn abort(&self) {
        if self.slot.state.abort(self.generation) == OnWake::Queue {
            // SAFETY: the abort made the state NOTIFIED, so the `Notified` is ours.
            unsafe { waker::schedule(self.slot) };
        }
    }

    /// Whether the task has ended.
    pub fn is_finished(&self) -> bool {
        let now = self.slot.state.load();
        now.generation() != self.generation || now.is_complete()
    }

    /// The task's id.
    pub fn id(&self) -> Id {
        self.id
    }
}

impl fmt::Debug for AbortHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AbortHandle").field("id", &self.id).finish()
    }
}
