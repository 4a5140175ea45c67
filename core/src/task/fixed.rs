//! A task in a slot that was there from the start: no heap, no handle, no reference count.
//!
//! Idea        The state word is that of a task with a handle, but fewer of its states occur: the
//!             runtime is the only owner, so a task that completes leaves its slot vacant in the same step.
//! States      vacant ─claim→ NOTIFIED ⇄ RUNNING → vacant, with idle between polls
//! Invariants  I1 `meta` and the body are written by whoever claimed the slot, before it passes the
//!                `Notified` on, and are read by the holder of the `Notified` or the poller only.
//!             I2 a slot is never freed, so a waker is its plain address; one that is stale wakes
//!                another task once more than needed.
//!             I3 the body follows the header at [`BODY_OFFSET`].
//! Rejected    Generations in the waker: each slot would need an alignment of 32 bytes, and
//!             the state of many tasks on a chip is smaller than that.
#![allow(unsafe_code)]

use core::fmt;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;
use core::task::{Context, RawWaker, RawWakerVTable, Waker};

use super::erased_future::{ErasedFuture, FutureVtable};
use super::state::{OnPending, OnStart, OnWake, State, TaskOutcome};
use crate::collections::{ChainLink, QueueHandle, QueueItem, SlotRef};
use crate::coop;
use crate::platform::{UnsafeCell, without_interrupts};

/// Alignment of a slot's body; futures that want more do not fit.
pub const BODY_ALIGN: usize = 8;

/// Bytes from the start of a slot to its body.
pub const BODY_OFFSET: usize = size_of::<FixedHeader>().next_multiple_of(BODY_ALIGN);

/// The front of a slot: five words, 20 bytes on a 32-bit chip.
pub struct FixedHeader {
    state: State,
    /// Link of the queue that holds the task's `Notified`.
    next: ChainLink<FixedHeader>,
    meta: UnsafeCell<Option<Meta>>,
}

// Memory: what a task of a chip costs beside its future.
const _: () = assert!(size_of::<usize>() > 4 || size_of::<FixedHeader>() == 20);

/// The task's metadata: what does not change while the slot holds it.
#[derive(Clone, Copy)]
struct Meta {
    table: &'static FutureVtable,
    scheduler: &'static dyn FixedSchedule,
}

/// Where the `Notified`s of tasks in fixed slots go.
pub trait FixedSchedule: Sync {
    /// A task was woken, perhaps in an interrupt handler.
    fn schedule(&self, notified: FixedNotified);
}

// SAFETY: state and link are atomic; `meta` is guarded as I1 says.
unsafe impl Sync for FixedHeader {}
// SAFETY: nothing in a header belongs to a thread.
unsafe impl Send for FixedHeader {}

// SAFETY: one link, used by the queue that holds the `Notified`.
unsafe impl QueueItem for FixedHeader {
    #[inline]
    fn next(&self) -> &ChainLink<Self> {
        &self.next
    }
}

impl fmt::Debug for FixedHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FixedHeader")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl Default for FixedHeader {
    fn default() -> Self {
        Self::vacant()
    }
}

impl FixedHeader {
    /// The header of a slot that was never used.
    pub fn vacant() -> Self {
        Self {
            state: State::vacant(0),
            next: ChainLink::new(),
            meta: UnsafeCell::new(None),
        }
    }

    /// Whether the slot holds no task.
    pub fn is_vacant(&self) -> bool {
        self.state.load().is_vacant()
    }

    /// Puts the erased future into this slot if it is vacant, else gives the future back.
    ///
    /// # Safety
    /// `this` is the front of a slot whose body has room for the future's layout, and which is
    /// never freed (I2, I3). A future that is not `Send` is polled by `scheduler` in the context
    /// that made it.
    ///
    /// # Errors
    /// The future, if the slot holds a task.
    pub unsafe fn fill<'a>(
        this: NonNull<Self>,
        erased: ErasedFuture<'a>,
        scheduler: &'static dyn FixedSchedule,
    ) -> Result<FixedNotified, ErasedFuture<'a>> {
        // SAFETY: by the caller's promise it stays in place for ever, and is the front of its slot.
        let slot = unsafe { SlotRef::new(this) };
        if !slot.state.claim() {
            return Err(erased);
        }
        // SAFETY: the body is as large as the caller says.
        let table = unsafe { erased.move_to(body(slot)) };
        slot.meta.with_mut(|meta| {
            // SAFETY: we claimed the slot, and the `Notified` has not left our hands (I1).
            unsafe { *meta = Some(Meta { table, scheduler }) };
        });
        Ok(FixedNotified(slot))
    }

    /// # Safety
    /// The caller holds the `Notified` or polls the task (I1).
    unsafe fn meta(&self) -> Meta {
        // SAFETY: nobody writes it meanwhile (I1).
        let meta = self.meta.with(|meta| unsafe { *meta });
        // SAFETY: written before the first `Notified` left its maker's hands (I1).
        unsafe { meta.unwrap_unchecked() }
    }
}

/// Where the future of the slot at `header` stands (I3).
fn body(header: SlotRef<FixedHeader>) -> *mut () {
    header
        .cast::<u8>()
        .as_ptr()
        .wrapping_add(BODY_OFFSET)
        .cast()
}

/// A queued task in a fixed slot: the right and the duty to run it once, in any context. Tasks whose futures are not
/// `Send` are queued at schedulers that keep them in theirs.
#[derive(Debug)]
#[must_use = "a notified that is dropped leaves its task asleep for ever"]
pub struct FixedNotified(SlotRef<FixedHeader>);

/// Ends a task whose poll unwinds.
struct AbandonGuard(SlotRef<FixedHeader>, &'static FutureVtable);

impl Drop for AbandonGuard {
    fn drop(&mut self) {
        /// Leaves the slot vacant, also if the future's drop unwinds.
        struct VacateGuard(SlotRef<FixedHeader>);
        impl Drop for VacateGuard {
            fn drop(&mut self) {
                let _nobody_joins = self.0.state.complete(TaskOutcome::Returned, false);
            }
        }
        let _vacate = VacateGuard(self.0);
        // SAFETY: RUNNING by us, and the future is still there.
        unsafe { self.1.drop_in_place(body(self.0)) };
    }
}

impl FixedNotified {
    /// Polls the task once. A panic of the future goes on to the caller; the task has ended then.
    pub fn run(self) {
        let started = self.0.state.start();
        debug_assert!(
            matches!(started, OnStart::Poll { .. }),
            "nobody aborts or seizes a fixed task"
        );
        // SAFETY: we poll the task.
        let meta = unsafe { self.0.meta() };
        let waker = waker(self.0);
        let mut cx = Context::from_waker(&waker);
        let abandon = AbandonGuard(self.0, meta.table);
        // SAFETY: RUNNING by us: the future is in the body, and ours alone.
        let polled = coop::raw::budget(|| unsafe { meta.table.poll(body(self.0), &mut cx) });
        if polled.is_ready() {
            return drop(abandon);
        }
        core::mem::forget(abandon);
        if self.0.state.pend() == OnPending::Requeue {
            meta.scheduler.schedule(self);
        }
    }
}

// SAFETY: a `Notified` exists once per NOTIFIED state, and slots are never freed (I2).
unsafe impl QueueHandle for FixedNotified {
    type Item = FixedHeader;

    #[inline]
    fn into_raw(self) -> NonNull<FixedHeader> {
        self.0.as_non_null()
    }

    #[inline]
    unsafe fn from_raw(raw: NonNull<FixedHeader>) -> Self {
        // SAFETY: by the caller's promise it is a `Notified`'s slot.
        Self(unsafe { SlotRef::new(raw) })
    }
}

static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake, drop_nothing);

/// The waker of whatever task is in the slot (I2).
fn waker(header: SlotRef<FixedHeader>) -> ManuallyDrop<Waker> {
    let word = header.cast::<()>().as_ptr().cast_const();
    // SAFETY: the table's functions are safe in every context, and the word needs no freeing.
    ManuallyDrop::new(unsafe { Waker::new(word, &VTABLE) })
}

unsafe fn clone(word: *const ()) -> RawWaker {
    RawWaker::new(word, &VTABLE)
}

unsafe fn drop_nothing(_word: *const ()) {}

unsafe fn wake(word: *const ()) {
    // SAFETY: the word is a header's address.
    let slot = unsafe { NonNull::new_unchecked(word.cast_mut().cast::<FixedHeader>()) };
    // SAFETY: headers stay in place for ever (I2).
    let slot = unsafe { SlotRef::new(slot) };
    // Without threads an interrupt handler that finds the task woken finds it queued, too: the
    // context that wakes could be suspended for long.
    without_interrupts(|| {
        if slot.state.wake_any() == OnWake::Queue {
            // SAFETY: this wake made the state NOTIFIED, so the `Notified` is ours.
            let meta = unsafe { slot.meta() };
            meta.scheduler.schedule(FixedNotified(slot));
        }
    });
}
