//! The scheduler of a task, with its type and without.
//!
//! Idea        What a task needs of its scheduler stands beside the scheduler's address in the slab that its slot came from. So
//!             what is compiled for each type of future knows of no scheduler, and a program with two schedulers has it once.
#![allow(unsafe_code)]

use core::panic::Location;
use core::ptr::NonNull;

use super::header::{Header, Notified};
use super::id::Id;
use crate::collections::{Slab, SlotRef};

/// Where the `Notified`s of a runtime's tasks go.
///
/// # Safety
/// If [`may_drop_tasks_here`](Self::may_drop_tasks_here) says so, the calling context may drop every
/// task of the scheduler that nobody runs.
pub unsafe trait Schedule: Sized + 'static {
    /// Whether tasks may be dropped in this context: not where they are not `Send` and this is not
    /// the thread that they belong to.
    fn may_drop_tasks_here(&self) -> bool;

    /// A task was woken.
    ///
    /// # Safety
    /// `this` may be gone as soon as the `Notified` is out of the caller's hands: whoever still needs
    /// it after queueing the `Notified` first makes sure that it stays.
    unsafe fn schedule(this: NonNull<Self>, notified: Notified);

    /// A task woke itself while it was polled: it goes to the back of the queue.
    ///
    /// # Safety
    /// As for [`schedule`](Self::schedule); the caller runs the task, which keeps `this` alive.
    #[inline]
    unsafe fn requeue(this: NonNull<Self>, notified: Notified) {
        // SAFETY: by the caller's promise.
        unsafe { Self::schedule(this, notified) };
    }

    /// A task has ended. Called in the context that ended it, before its joiner is woken.
    fn finished(&self, id: Id, location: &'static Location<'static>, panicked: bool);
}

/// What tasks call of their scheduler, for one type of scheduler.
pub(super) struct ScheduleVtable {
    schedule: unsafe fn(NonNull<()>, Notified),
    requeue: unsafe fn(NonNull<()>, Notified),
    finished: unsafe fn(NonNull<()>, SlotRef<Header>, bool),
}

impl ScheduleVtable {
    /// The table of `S`.
    pub(super) const fn of<S: Schedule>() -> &'static Self {
        const {
            &Self {
                schedule: schedule::<S>,
                requeue: requeue::<S>,
                finished: finished::<S>,
            }
        }
    }
}

unsafe fn schedule<S: Schedule>(this: NonNull<()>, notified: Notified) {
    // SAFETY: by the caller's promise; the table is that of its type.
    unsafe { S::schedule(this.cast(), notified) };
}

unsafe fn requeue<S: Schedule>(this: NonNull<()>, notified: Notified) {
    // SAFETY: by the caller's promise; the table is that of its type.
    unsafe { S::requeue(this.cast(), notified) };
}

unsafe fn finished<S: Schedule>(this: NonNull<()>, slot: SlotRef<Header>, panicked: bool) {
    // SAFETY: by the caller's promise; the table is that of its type.
    let this = unsafe { this.cast::<S>().as_ref() };
    // SAFETY: the caller runs the task.
    let id = unsafe { slot.id() };
    // SAFETY: as above.
    let location = unsafe { slot.location() };
    this.finished(id, location, panicked);
}

/// The scheduler of a task.
#[derive(Clone, Copy)]
pub(super) struct Scheduler {
    this: NonNull<()>,
    table: &'static ScheduleVtable,
}

impl Scheduler {
    /// The scheduler of the task in `slot`.
    ///
    /// # Safety
    /// The caller holds the task's `Notified` or runs it.
    #[inline]
    pub(super) unsafe fn of(slot: SlotRef<Header>) -> Self {
        // SAFETY: a task's slot came from a slab, and is taken.
        let slab = unsafe { Slab::of(slot) };
        let (this, table) = (slab.owner(), slab.functions());
        Self {
            // SAFETY: a slab with tasks in it belongs to a scheduler, which its owner keeps (`owned`).
            this: unsafe { NonNull::new_unchecked(this) },
            // SAFETY: its owner has put the table there beside it (`owned`).
            table: unsafe { &*table.cast() },
        }
    }

    /// See [`Schedule::schedule`].
    ///
    /// # Safety
    /// The scheduler has not ended.
    #[inline]
    pub(super) unsafe fn schedule(self, notified: Notified) {
        // SAFETY: by the caller's promise.
        unsafe { (self.table.schedule)(self.this, notified) };
    }

    /// See [`Schedule::requeue`].
    ///
    /// # Safety
    /// As there.
    #[inline]
    pub(super) unsafe fn requeue(self, notified: Notified) {
        // SAFETY: by the caller's promise.
        unsafe { (self.table.requeue)(self.this, notified) };
    }

    /// Says that the task in `slot` has ended; see [`Schedule::finished`].
    ///
    /// # Safety
    /// The caller runs the task, which has not completed.
    #[inline]
    pub(super) unsafe fn finished(self, slot: SlotRef<Header>, panicked: bool) {
        // SAFETY: by the caller's promise.
        unsafe { (self.table.finished)(self.this, slot, panicked) };
    }
}

impl Notified {
    /// Hands the task to its scheduler, as a waker does.
    pub fn schedule(self) {
        // SAFETY: the `Notified` keeps the task in its slot (I3).
        let scheduler = unsafe { Scheduler::of(self.slot()) };
        // SAFETY: nothing needs the scheduler any more.
        unsafe { scheduler.schedule(self) };
    }
}
