//! What is done with the slots of tasks, whatever scheduler they belong to.
//!
//! Idea        None of this depends on a type but the header's, and none of it is done for each task that comes or goes.
//!             So these are plain functions: they are compiled once, and not in each crate that has a runtime.
#![allow(unsafe_code)]

use alloc::vec::Vec;

use super::header::{Header, ListedTask, Notified};
use super::id::Id;
use super::poll::cancel_seized;
use super::schedule::ScheduleVtable;
use super::state::{OnWake, WAKER_GENERATION};
use crate::collections::{Slab, SlabOwner, SlabPool, SlotLayout, SlotRef, sort_by_number};

/// A task that has not ended, and when its turn is.
pub(super) struct LivingTask {
    key: u64,
    slot: SlotRef<Header>,
}

/// A slab whose slots belong to `scheduler`, with its `table`; see [`SlabPool::own`].
pub(super) fn own_slab(
    pool: &'static SlabPool<Header>,
    scheduler: *mut (),
    table: &'static ScheduleVtable,
    layout: SlotLayout,
) -> SlabOwner<Header> {
    pool.own(scheduler, core::ptr::from_ref(table).cast(), layout)
}

/// Gives the slab back to its pool.
pub(super) fn release(slab: SlabOwner<Header>) {
    drop(slab);
}

pub(super) fn has_surplus(slab: &SlabOwner<Header>) -> bool {
    slab.has_surplus()
}

/// See [`SlabOwner::trim`].
pub(super) fn trim(slab: &SlabOwner<Header>, limit: usize) -> bool {
    slab.trim(limit)
}

/// Whether every task has completed and no `Notified` is out.
pub(super) fn is_quiet(slab: &SlabOwner<Header>) -> bool {
    let mut quiet = true;
    slab.walk(|slot: SlotRef<Header>| {
        quiet &= !slot.state.load().is_owned_by_runtime();
    });
    quiet
}

/// Drops the futures of the tasks that nobody runs.
pub(super) fn cancel_all(slab: &SlabOwner<Header>) {
    // SAFETY: the slots are this owner's.
    slab.walk(|slot| unsafe { cancel(slot) });
}

/// Adds the tasks that have not ended to `found`, each with its `key`.
pub(super) fn find_living(
    slab: &SlabOwner<Header>,
    key: &dyn Fn(Id) -> u64,
    found: &mut Vec<LivingTask>,
) {
    slab.walk(|slot| {
        let now = slot.state.load();
        if now.is_owned_by_runtime() && !now.is_complete() {
            // SAFETY: the slot holds a task, which only the caller could drop, or its poll.
            let key = key(unsafe { slot.id() });
            found.push(LivingTask { key, slot });
        }
    });
}

/// Drops the futures of `found`, the lowest key first, unless a task has ended or somebody runs it.
///
/// # Safety
/// The slots are the caller's, and no task is spawned there any more: one that has ended meanwhile is complete or vacant.
pub(super) unsafe fn cancel_in_order(mut found: Vec<LivingTask>) {
    sort_by_number(&mut found, |task| task.key);
    for task in &found {
        // SAFETY: by the caller's promise.
        unsafe { cancel(task.slot) };
    }
}

/// Drops the future of the task in `slot`, unless it has ended or somebody runs it.
///
/// # Safety
/// The slot is one of an owner that is the caller's, and that spawns no more.
unsafe fn cancel(slot: SlotRef<Header>) {
    if slot.state.seize() {
        // SAFETY: seized: RUNNING by us.
        unsafe { cancel_seized(slot) };
    }
}

/// Wakes every task, and gives each to `found`, with its `Notified` if it waited.
pub(super) fn wake_all(slab: &SlabOwner<Header>, found: &mut dyn FnMut(Id, Option<Notified>)) {
    slab.walk(|slot| {
        let now = slot.state.load();
        if !now.is_owned_by_runtime() || now.is_complete() {
            return;
        }
        // SAFETY: the slot holds a task, and nobody but the caller could give it to another.
        let id = unsafe { slot.id() };
        let notified = match slot.state.wake(now.generation() & WAKER_GENERATION) {
            // SAFETY: this wake made the state NOTIFIED, so the `Notified` is ours.
            OnWake::Queue => Some(unsafe { Notified::new(slot) }),
            OnWake::Nothing => None,
        };
        found(id, notified);
    });
}

/// Gives each task of `owner` to `list`, in any context.
pub(super) fn list_tasks(slab: &Slab<Header>, owner: *const (), list: &mut dyn FnMut(ListedTask)) {
    slab.walk_from_outside(Some(owner), |slot| {
        slot.listed().into_iter().for_each(&mut *list);
    });
}

/// Wakes the tasks of `owner` that wait, in any context.
pub(super) fn wake_waiting(slab: &Slab<Header>, owner: *const ()) -> Vec<Notified> {
    let mut waiting = Vec::new();
    slab.walk_from_outside(Some(owner), |slot| {
        let now = slot.state.load();
        if !now.is_owned_by_runtime() || now.is_complete() {
            return;
        }
        // Whatever task the slot holds now: a wake too many does no harm.
        match slot.state.wake(now.generation() & WAKER_GENERATION) {
            // SAFETY: this wake made the state NOTIFIED, so the `Notified` is ours.
            OnWake::Queue => waiting.push(unsafe { Notified::new(slot) }),
            OnWake::Nothing => {}
        }
    });
    waiting
}
