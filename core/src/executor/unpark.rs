//! What ends an executor's sleep, its type forgotten.
//!
//! Rejected    `dyn Unpark`: its table has the functions that only hosted workers call, and a chip would keep them all.
#![allow(unsafe_code)]

use crate::park::Unpark;

/// What ends an executor's sleep, its type forgotten: one function of the many that an [`Unpark`] may have.
#[derive(Clone, Copy)]
pub(super) struct ErasedUnpark {
    data: *const (),
    unpark: unsafe fn(*const ()),
}

// SAFETY: made of a static `Unpark`, which is `Sync`.
unsafe impl Send for ErasedUnpark {}
// SAFETY: as above.
unsafe impl Sync for ErasedUnpark {}

impl ErasedUnpark {
    /// That of `unpark`.
    pub(super) const fn new<U: Unpark>(unpark: &'static U) -> Self {
        unsafe fn call<U: Unpark>(data: *const ()) {
            // SAFETY: the data is a static `U`.
            unsafe { &*data.cast::<U>() }.unpark();
        }
        Self {
            data: core::ptr::from_ref(unpark).cast(),
            unpark: call::<U>,
        }
    }

    /// Ends the sleep.
    pub(super) fn unpark(self) {
        // SAFETY: the function and the data belong together.
        unsafe { (self.unpark)(self.data) };
    }
}
