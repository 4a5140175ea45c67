//! The tasks of one owner: the slab that their slots come from, and the scheduler that they belong to.
//!
//! Idea        There is no list of tasks: whoever needs all of them walks the slots. An owner holds a
//!             reference count of the scheduler, so that the scheduler lives as long as one of its tasks
//!             can be woken. The owner is closed in two steps, each with a type: [`OwnedTasks`] spawns,
//!             [`ClosingTasks`] does not, and only [`finish`](ClosingTasks::finish) releases slab and
//!             scheduler, when nothing points to them any more.
//! States      open → closing → finished; open or closing → dropped, which finishes if it can and
//!             else loses the slab and the scheduler for good, with a message
//! Invariants  I1 while a task is not complete, or a `Notified` of it is out, its slab belongs to a
//!                scheduler that is alive: the owner holds a count of it, and releases both later.
//!             I2 a slab goes back to its pool without a live task (I4 of `slab`).
//!             I3 whoever wakes a task has its `Notified`, by which its slot stays, and so its slab.
//! Rejected    A plain pointer to the scheduler, with the promise to close first: a panic in a hook
//!             breaks it. A count of the scheduler in each task: two atomic operations per task.
#![allow(unsafe_code)]

use alloc::vec::Vec;
use core::future::Future;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::panic::Location;

use super::header::{Header, ListedTask, Notified};
use super::id::Id;
use super::join::JoinHandle;
use super::schedule::{Schedule, ScheduleVtable};
use super::slots::{
    cancel_all, cancel_in_order, find_living, has_surplus, is_quiet, list_tasks, own_slab, release,
    trim, wake_all, wake_waiting,
};
use super::spawn::{UnspawnedTask, spawn_in};
use crate::collections::{Entered, Slab, SlabOwner, SlabPool, SlotLayout};
use crate::platform::{HAS_THREADS, PlainArc, tell, yield_thread};
use crate::process_static;

process_static! {
    static SLABS: SlabPool<Header> = SlabPool::new();
}

/// The tasks that were spawned here: an owner that still spawns.
///
/// Drop it only by [`close`](Self::close).
#[must_use = "an owner that is dropped drops its tasks, or loses them"]
pub struct OwnedTasks<S: Schedule>(Owner<S>);

/// The tasks of an owner, as other contexts see them, while the owner is in use or when it is gone.
pub struct VisibleTasks<S: Schedule> {
    slab: &'static Slab<Header>,
    _scheduler: PhantomData<fn(&S)>,
}

/// The tasks of an owner that spawns no more.
#[must_use = "an owner that is dropped drops its tasks, or loses them"]
pub struct ClosingTasks<S: Schedule>(Owner<S>);

/// What both states have (I1).
struct Owner<S: Schedule> {
    slab: ManuallyDrop<SlabOwner<Header>>,
    scheduler: ManuallyDrop<PlainArc<S>>,
}

impl<S: Schedule> core::fmt::Debug for OwnedTasks<S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("OwnedTasks").finish_non_exhaustive()
    }
}

impl<S: Schedule> core::fmt::Debug for ClosingTasks<S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ClosingTasks").finish_non_exhaustive()
    }
}

impl<S: Schedule> core::fmt::Debug for VisibleTasks<S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("VisibleTasks").finish_non_exhaustive()
    }
}

/// The task `id`, whoever owns it, if it has not ended.
///
/// # Cost
/// A look at each task of the process.
pub fn find_task(id: Id) -> Option<ListedTask> {
    let mut found = None;
    SLABS.walk_from_outside(|slot| {
        let task = || slot.listed().filter(|task| task.id == id);
        found = found.or_else(task);
    });
    found
}

impl<S: Schedule> VisibleTasks<S> {
    /// Calls `list` with each task that has not ended, if the tasks are `scheduler`'s: if their owner is gone, there are
    /// none. A task may be listed twice, and one that is spawned or ends meanwhile not at all.
    pub fn list(&self, scheduler: &S, mut list: impl FnMut(ListedTask)) {
        list_tasks(self.slab, core::ptr::from_ref(scheduler).cast(), &mut list);
    }

    /// The bytes of memory that the tasks have, in blocks of slots, taken or vacant; none, if their owner is gone.
    pub fn memory_bytes(&self, scheduler: &S) -> usize {
        let scheduler = core::ptr::from_ref(scheduler).cast();
        self.slab.bytes_from_outside(scheduler)
    }

    /// Wakes the tasks that wait, and gives each to `keep`; not those that are queued or running. The tasks must be
    /// `scheduler`'s: if their owner is gone, there are none.
    pub fn wake_waiting(&self, scheduler: &S, keep: impl FnMut(Notified)) {
        // Outside the lock of the walk, which their owner may wait for.
        let waiting = wake_waiting(self.slab, core::ptr::from_ref(scheduler).cast());
        waiting.into_iter().for_each(keep);
    }
}

impl<S: Schedule> OwnedTasks<S> {
    /// The tasks, for other contexts than the owner's.
    pub fn visible(&self) -> VisibleTasks<S> {
        VisibleTasks {
            slab: self.0.slab.slab(),
            _scheduler: PhantomData,
        }
    }

    /// An owner of tasks that belong to `scheduler`, which runs one at a time.
    pub fn new(scheduler: PlainArc<S>) -> Self {
        Self::in_pool(&SLABS, scheduler, SlotLayout::Dense)
    }

    /// An owner of tasks that belong to `scheduler`, with slots that lie as `layout` says.
    pub fn laid_out(scheduler: PlainArc<S>, layout: SlotLayout) -> Self {
        Self::in_pool(&SLABS, scheduler, layout)
    }

    /// As [`laid_out`](Self::laid_out), with slots from `pool`.
    pub fn in_pool(
        pool: &'static SlabPool<Header>,
        scheduler: PlainArc<S>,
        layout: SlotLayout,
    ) -> Self {
        let owner = PlainArc::as_ptr(&scheduler).cast_mut().cast();
        let slab = own_slab(pool, owner, ScheduleVtable::of::<S>(), layout);
        Self(Owner {
            slab: ManuallyDrop::new(slab),
            scheduler: ManuallyDrop::new(scheduler),
        })
    }

    /// A new task, queued: the caller takes its `Notified` to the scheduler.
    ///
    /// # Safety
    /// As for [`UnspawnedTask::lend`], the scheduler being this owner's.
    #[inline]
    pub unsafe fn spawn<F: Future>(
        &self,
        id: Id,
        location: &'static Location<'static>,
        future: F,
    ) -> (Notified, JoinHandle<F::Output>) {
        // SAFETY: by the caller's promise.
        unsafe { spawn_in(&self.0.slab, id, location, future) }
    }

    /// A new task, queued: the caller takes its `Notified` to the scheduler.
    #[inline]
    pub fn put(&self, task: UnspawnedTask<'_>) -> Notified {
        task.put_in(&self.0.slab)
    }

    /// Marks the running context as the one that spawns here, until the guard drops.
    ///
    /// # Safety
    /// As for [`SlabOwner::enter`].
    #[inline]
    pub unsafe fn enter(&self) -> Entered {
        // SAFETY: by the caller's promise.
        unsafe { self.0.slab.enter() }
    }

    /// Wakes every task: `found` gets each that is alive, with its `Notified` if it waited. The
    /// others are queued or running, and will be polled once more. What `found` spawns here may be among them.
    pub fn wake_all(&self, mut found: impl FnMut(Id, Option<Notified>)) {
        wake_all(&self.0.slab, &mut found);
    }

    /// Whether [`trim`](Self::trim) may find memory to give back.
    pub fn has_surplus(&self) -> bool {
        has_surplus(&self.0.slab)
    }

    /// Gives back memory that tasks of the past took; see [`SlabOwner::trim`].
    pub fn trim(&self, limit: usize) -> bool {
        trim(&self.0.slab, limit)
    }

    /// Spawns no more.
    pub fn close(self) -> ClosingTasks<S> {
        ClosingTasks(self.0)
    }
}

impl<S: Schedule> ClosingTasks<S> {
    /// Cancels every task that nobody runs now; those that run are cancelled when their poll ends.
    ///
    /// # Cost
    /// Depends on how many tasks there are, not on how many there once were.
    pub fn cancel_all(&self) {
        cancel_all(&self.0.slab);
    }

    /// As [`cancel_all`](Self::cancel_all), for several owners, in the order that `key` gives the ids.
    ///
    /// # Cost
    /// An allocation, and a sort of what lives.
    pub fn cancel_all_by_key(owners: &[Self], key: impl Fn(Id) -> u64) {
        let mut found = Vec::new();
        for owner in owners {
            find_living(&owner.0.slab, &key, &mut found);
        }
        // SAFETY: the slots of an owner stay its own until it is finished.
        unsafe { cancel_in_order(found) };
    }

    /// Whether every task has completed and no `Notified` is out.
    pub fn is_quiet(&self) -> bool {
        is_quiet(&self.0.slab)
    }

    /// Lets go of slab and scheduler.
    ///
    /// # Errors
    /// The owner, if a task is not complete or a `Notified` is out: after
    /// [`cancel_all`](Self::cancel_all), with every queue closed and emptied, that is a task whose
    /// poll goes on, or a waker on another thread that is a few instructions from giving its `Notified`
    /// back.
    pub fn finish(self) -> Result<(), Self> {
        if is_quiet(&self.0.slab) {
            // The drop looks once more, and finds it quiet: nothing can wake what has completed.
            Ok(())
        } else {
            Err(self)
        }
    }

    /// Lets go of the slabs and schedulers of those of `owners` that can; the others stay.
    pub fn finish_each(owners: &mut Vec<Self>) {
        let mut index = 0;
        while index < owners.len() {
            if owners[index].is_quiet() {
                // As in `finish`.
                drop(owners.swap_remove(index));
            } else {
                index += 1;
            }
        }
    }

    /// Lets go of slab and scheduler; waits until it can, if others run meanwhile.
    ///
    /// For callers none of whose tasks is being polled: what is left are wakers on other threads.
    pub fn finish_soon(self) {
        let mut this = self;
        while let Err(again) = this.finish() {
            this = again;
            if !HAS_THREADS {
                // A waker that this context has suspended would wait for it: the drop loses the slab.
                return;
            }
            yield_thread();
        }
    }
}

impl<S: Schedule> Drop for Owner<S> {
    fn drop(&mut self) {
        let mut quiet = is_quiet(&self.slab);
        if !quiet && self.scheduler.may_drop_tasks_here() {
            cancel_all(&self.slab);
            quiet = is_quiet(&self.slab);
        }
        // SAFETY: not used again.
        let slab = unsafe { ManuallyDrop::take(&mut self.slab) };
        if quiet {
            release(slab);
            // SAFETY: not used again; nothing comes to the scheduler by the slab any more (I1).
            unsafe { ManuallyDrop::drop(&mut self.scheduler) };
        } else {
            // The scheduler stays counted and the slab owned: wakers find both (I1, I2).
            slab.lose();
            tell("a scheduler went before its tasks: they and their memory are lost");
        }
    }
}
