//! A value that is made once, and is read without a lock.
//!
//! Idea        A pointer that is null before. Whoever sets it holds a lock, or is alone, so that nobody waits for the value
//!             and to read it is one load.
//! Invariants  I1 the pointer is null, or comes from `Box::into_raw` in `set`, and what it points to is not freed before
//!                `self` is dropped.
//! Rejected    `OnceLock`: what lets others wait for the value is compiled for each type, and nobody waits here.
#![allow(unsafe_code)]

use std::marker::PhantomData;
use std::sync::atomic::{AtomicPtr, Ordering};

/// A place for a `T` that is set once.
#[derive(Debug)]
pub(super) struct OnceBox<T> {
    /// Of no type, so that what is done to it is compiled once.
    value: AtomicPtr<()>,
    owned: PhantomData<Box<T>>,
}

impl<T> OnceBox<T> {
    pub(super) const fn new() -> Self {
        Self {
            value: AtomicPtr::new(std::ptr::null_mut()),
            owned: PhantomData,
        }
    }

    /// The value, if it was set.
    #[inline]
    pub(super) fn get(&self) -> Option<&T> {
        // Acquire: pairs with the Release in `set`.
        let value: *mut T = self.value.load(Ordering::Acquire).cast();
        // SAFETY: null, or a box that lives until `self` is dropped (I1).
        unsafe { value.as_ref() }
    }

    /// Sets the value, unless it was set. Of two threads that do it at once, one value may be leaked.
    pub(super) fn set(&self, value: T)
    where
        T: Send,
    {
        if self.get().is_none() {
            let value: *mut T = Box::into_raw(Box::new(value));
            // Release: pairs with the Acquire in `get`.
            self.value.store(value.cast(), Ordering::Release);
        }
    }
}

impl<T> Drop for OnceBox<T> {
    fn drop(&mut self) {
        let value: *mut T = self.value.get_mut().cast();
        if !value.is_null() {
            // SAFETY: a box that nobody else has (I1).
            drop(unsafe { Box::from_raw(value) });
        }
    }
}
