//! The critical section of a chip: interrupts are off in it, and on a chip with several cores the
//! others keep out of it.
//!
//! Rejected    Calls of the crate `critical-section` wherever one is needed: tests put another module
//!             in this one's place, which simulates the interrupts.
#![allow(unsafe_code)]

/// What the end of a section needs.
pub(super) type RestoreState = critical_section::RestoreState;

/// Begins a section; sections nest.
///
/// # Safety
/// As for `critical_section::acquire`: each is ended, in the reverse order, by the context that
/// began it.
#[inline(always)]
pub(super) unsafe fn acquire() -> RestoreState {
    // SAFETY: by the caller's promise.
    unsafe { critical_section::acquire() }
}

/// Ends a section.
///
/// # Safety
/// `restore` came from the last [`acquire`] that was not released, in this context.
#[inline(always)]
pub(super) unsafe fn release(restore: RestoreState) {
    // SAFETY: by the caller's promise.
    unsafe { critical_section::release(restore) };
}

/// Runs `f` in a section.
#[inline(always)]
pub(super) fn with<R>(f: impl FnOnce() -> R) -> R {
    critical_section::with(|_| f())
}

/// Nothing: here real interrupts come between two steps.
#[inline(always)]
pub(super) fn step() {}
