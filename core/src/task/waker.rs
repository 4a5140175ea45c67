//! A waker that is a plain word: clone and drop do nothing.
//!
//! Idea        The word holds a slot's address and, in the five bits that the slot's alignment
//!             leaves free, the low bits of its generation.
//! Invariants  I1 slots' headers stay in place for ever, so the word never dangles.
//! Rejected    A reference count: see `state`.
#![allow(unsafe_code)]

use core::mem::ManuallyDrop;
use core::ptr::NonNull;
use core::task::{RawWaker, RawWakerVTable, Waker};

use super::header::{Header, Notified};
use super::state::{OnWake, WAKER_GENERATION};
use crate::collections::SlotRef;

static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake, drop_nothing);

/// The waker of the task that is in `header`'s slot now.
#[inline]
pub(super) fn of(header: SlotRef<Header>, generation: usize) -> ManuallyDrop<Waker> {
    let word = header
        .as_non_null()
        .as_ptr()
        .map_addr(|address| address | (generation & WAKER_GENERATION));
    // SAFETY: the table's functions keep the contract of `RawWaker`: they are safe on any thread,
    // and the word needs no freeing.
    ManuallyDrop::new(unsafe { Waker::new(word.cast_const().cast(), &VTABLE) })
}

/// Whether `waker` is a task's own.
pub fn is_of_task(waker: &Waker) -> bool {
    core::ptr::eq(waker.vtable(), &VTABLE)
}

unsafe fn clone(word: *const ()) -> RawWaker {
    RawWaker::new(word, &VTABLE)
}

unsafe fn drop_nothing(_word: *const ()) {}

unsafe fn wake(word: *const ()) {
    let generation = word.addr() & WAKER_GENERATION;
    let header = word
        .map_addr(|address| address & !WAKER_GENERATION)
        .cast::<Header>()
        .cast_mut();
    // SAFETY: the word was made of a header's address.
    let header = unsafe { NonNull::new_unchecked(header) };
    // SAFETY: headers stay in place for ever (I1).
    let header = unsafe { SlotRef::new(header) };
    if header.state.wake(generation) == OnWake::Queue {
        // SAFETY: this wake made the state NOTIFIED, so the `Notified` is ours.
        unsafe { schedule(header) };
    }
}

/// Hands the `Notified` of `header`'s task to its scheduler.
///
/// # Safety
/// The caller made the state NOTIFIED and holds the `Notified`.
#[inline]
pub(super) unsafe fn schedule(header: SlotRef<Header>) {
    // SAFETY: the `Notified` is the caller's.
    unsafe { Notified::new(header) }.schedule();
}
