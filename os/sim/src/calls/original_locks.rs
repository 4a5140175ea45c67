//! The C library's own functions of locks, which do the part that needs no waiting.
#![allow(unsafe_code)]

use std::ffi::CStr;

use libc::c_int;

use crate::sys::OriginalFunction;

/// A function that takes one pointer and returns a number.
#[derive(Debug)]
pub(super) struct OriginalLock(OriginalFunction);

impl OriginalLock {
    pub(super) const fn new(name: &'static CStr) -> Self {
        Self(OriginalFunction::new(name))
    }

    /// # Safety
    /// As the function says; it takes one pointer.
    pub(super) unsafe fn call<T>(&self, lock: *mut T) -> c_int {
        type Function<T> = unsafe extern "C" fn(*mut T) -> c_int;
        // SAFETY: the C library's function of this name has this type.
        let function = unsafe { std::mem::transmute::<usize, Function<T>>(self.0.address()) };
        // SAFETY: the caller's promise.
        unsafe { function(lock) }
    }

    /// # Safety
    /// As the function says; it takes two pointers.
    pub(super) unsafe fn call_with<T, U>(&self, lock: *mut T, other: *const U) -> c_int {
        type Function<T, U> = unsafe extern "C" fn(*mut T, *const U) -> c_int;
        // SAFETY: the C library's function of this name has this type.
        let function = unsafe { std::mem::transmute::<usize, Function<T, U>>(self.0.address()) };
        // SAFETY: the caller's promise.
        unsafe { function(lock, other) }
    }

    /// # Safety
    /// As the function says; it takes three pointers.
    pub(super) unsafe fn call_with_both<T, U, V>(
        &self,
        lock: *mut T,
        one: *mut U,
        two: *const V,
    ) -> c_int {
        type Function<T, U, V> = unsafe extern "C" fn(*mut T, *mut U, *const V) -> c_int;
        // SAFETY: the C library's function of this name has this type.
        let function = unsafe { std::mem::transmute::<usize, Function<T, U, V>>(self.0.address()) };
        // SAFETY: the caller's promise.
        unsafe { function(lock, one, two) }
    }
}
