//! The waker of `block_on`'s future.
#![allow(unsafe_code)]

use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{RawWaker, RawWakerVTable, Waker};

use super::core_context::with_core;
use super::shared::CurrentThread;

static ROOT_VTABLE: RawWakerVTable =
    RawWakerVTable::new(clone_root, wake_root, wake_root_by_ref, drop_root);

/// The waker of the root future: borrows the scheduler's `Arc`, counted only when cloned.
pub(super) fn root_waker(scheduler: &Arc<CurrentThread>) -> ManuallyDrop<Waker> {
    let raw = RawWaker::new(Arc::as_ptr(scheduler).cast(), &ROOT_VTABLE);
    // SAFETY: the functions below keep the contract; the waker is not dropped, so the count that
    // it does not have is not given back.
    ManuallyDrop::new(unsafe { Waker::from_raw(raw) })
}

unsafe fn clone_root(data: *const ()) -> RawWaker {
    // SAFETY: made of an `Arc<CurrentThread>` that is alive.
    unsafe { Arc::increment_strong_count(data.cast::<CurrentThread>()) };
    RawWaker::new(data, &ROOT_VTABLE)
}

unsafe fn wake_root(data: *const ()) {
    // SAFETY: the data is the scheduler's.
    unsafe { wake_root_by_ref(data) };
    // SAFETY: the count that the waker had.
    unsafe { drop_root(data) };
}

unsafe fn wake_root_by_ref(data: *const ()) {
    // SAFETY: made of an `Arc<CurrentThread>` that is alive.
    let scheduler = unsafe { &*data.cast::<CurrentThread>() };
    // AcqRel: pairs with the swap in `drive` (I3 of `shared`).
    if !scheduler.woken.swap(true, Ordering::AcqRel) && with_core(scheduler, |_core| ()).is_none() {
        scheduler.unpark.unpark();
    }
}

unsafe fn drop_root(data: *const ()) {
    // SAFETY: the count that the waker had.
    drop(unsafe { Arc::from_raw(data.cast::<CurrentThread>()) });
}
