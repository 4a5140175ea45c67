//! A value that is written once and only read afterwards: the base of `OnceCell` and `SetOnce`.
//!
//! States      empty ─write→ written
//! Invariants  I1 `value` is written once, before `written` is set, and only read afterwards. The user of
//!             this type ensures that there is one writer at a time.
//! Rejected    A lock of its own: `OnceCell` has a permit already, and `SetOnce` a lock.
#![allow(unsafe_code)]

use crate::maybe_const;
use crate::platform::{AtomicBool, Ordering, UnsafeCell};

/// A cell that is written once.
pub(super) struct WriteOnce<T> {
    written: AtomicBool,
    value: UnsafeCell<Option<T>>,
}

// SAFETY: written once by one thread, and read afterwards (I1).
unsafe impl<T: Send> Send for WriteOnce<T> {}
// SAFETY: as above; readers share the value, hence `T: Sync`.
unsafe impl<T: Send + Sync> Sync for WriteOnce<T> {}

impl<T> WriteOnce<T> {
    maybe_const! {
        /// An empty cell.
        pub(super) fn new() -> Self {
            Self { written: AtomicBool::new(false), value: UnsafeCell::new(None) }
        }
    }

    maybe_const! {
        /// A cell that is written.
        pub(super) fn with(value: T) -> Self {
            Self { written: AtomicBool::new(true), value: UnsafeCell::new(Some(value)) }
        }
    }

    /// Whether there is a value.
    #[inline]
    pub(super) fn is_written(&self) -> bool {
        // Acquire: pairs with the Release in `write`.
        self.written.load(Ordering::Acquire)
    }

    /// The value, if there is one.
    #[inline]
    pub(super) fn get(&self) -> Option<&T> {
        if !self.is_written() {
            return None;
        }
        self.value.with(|value| {
            // SAFETY: written, so only read from now on (I1).
            unsafe { &*value }.as_ref()
        })
    }

    /// The value, if there is one, to be changed.
    pub(super) fn get_mut(&mut self) -> Option<&mut T> {
        self.value.with_mut(|value| {
            // SAFETY: `&mut self`.
            unsafe { &mut *value }.as_mut()
        })
    }

    /// Writes the value.
    ///
    /// # Safety
    /// Nothing is written, and nobody else writes meanwhile.
    pub(super) unsafe fn write(&self, value: T) {
        self.value.with_mut(|slot| {
            // SAFETY: the caller's promise is I1.
            unsafe { *slot = Some(value) }
        });
        // Release: pairs with the Acquire in `is_written`.
        self.written.store(true, Ordering::Release);
    }

    /// The value, out of the cell.
    pub(super) fn into_inner(self) -> Option<T> {
        self.value.into_inner()
    }
}
