//! A slot with its future: header first, then the future or what it became.
//!
//! Invariants  I1 `stage` holds the future until the task completes, then, by how it ended, the
//!                output, the panic's payload, or nothing.
//!             I2 `stage` is touched by the context that made the state RUNNING, and after COMPLETE
//!                by whoever owns the output (I1 of `state`).
//! Rejected    An enum with a tag: the state word tells the stage already, and the tag would cost a
//!             word in every idle task.
use core::future::Future;
use core::mem::ManuallyDrop;

use super::error::Payload;
use super::header::Header;
use crate::platform::UnsafeCell;

/// A task's slot.
#[repr(C)]
pub(super) struct Cell<F: Future> {
    pub(super) header: Header,
    pub(super) stage: UnsafeCell<Stage<F>>,
}

/// What a slot holds behind its header, all at the same place (I1).
#[repr(C)]
pub(super) union Stage<F: Future> {
    future: ManuallyDrop<F>,
    output: ManuallyDrop<F::Output>,
    payload: ManuallyDrop<Payload>,
}

impl<F: Future> Stage<F> {
    /// The stage of a task that has not ended.
    pub(super) fn new(future: F) -> Self {
        Self {
            future: ManuallyDrop::new(future),
        }
    }

    /// Where the future is.
    pub(super) fn future(this: *mut Self) -> *mut F {
        this.cast()
    }

    /// Where the output is.
    pub(super) fn output(this: *mut Self) -> *mut F::Output {
        this.cast()
    }

    /// Where the panic's payload is.
    pub(super) fn payload(this: *mut Self) -> *mut Payload {
        this.cast()
    }
}
