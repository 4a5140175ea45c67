//! The C library's own functions, where this crate's functions of the same name stand before them.
#![allow(unsafe_code)]

use std::ffi::CStr;
use std::sync::atomic::{AtomicUsize, Ordering};

use libc::{c_int, c_void};

/// A function of the C library, found when it is first called.
#[derive(Debug)]
pub(crate) struct OriginalFunction {
    name: &'static CStr,
    address: AtomicUsize,
}

impl OriginalFunction {
    /// The function of this name.
    pub(crate) const fn new(name: &'static CStr) -> Self {
        Self {
            name,
            address: AtomicUsize::new(0),
        }
    }

    /// The function of this name, which ends in zero.
    ///
    /// # Panics
    /// If it does not.
    pub(crate) const fn of(name: &'static str) -> Self {
        match CStr::from_bytes_with_nul(name.as_bytes()) {
            Ok(name) => Self::new(name),
            Err(_) => panic!("a name ends in zero"),
        }
    }

    /// Its address.
    ///
    /// # Panics
    /// If no library has it.
    pub(crate) fn address(&self) -> usize {
        let found = self.find();
        found.unwrap_or_else(|| panic!("the C library has no {:?}", self.name))
    }

    /// Its address, if a library has it.
    pub(crate) fn find(&self) -> Option<usize> {
        // Each thread that comes first finds the same address; nothing else is published with it.
        let known = self.address.load(Ordering::Relaxed);
        if known != 0 {
            return Some(known);
        }
        // SAFETY: a name that ends in zero, and the handle for "the next one after this program".
        let found = unsafe { libc::dlsym(libc::RTLD_NEXT, self.name.as_ptr()) } as usize;
        self.address.store(found, Ordering::Relaxed);
        (found != 0).then_some(found)
    }
}

type Start = extern "C-unwind" fn(*mut c_void) -> *mut c_void;

/// Starts a real thread.
///
/// # Safety
/// As `pthread_create` says.
pub(crate) unsafe fn pthread_create(
    thread: *mut libc::pthread_t,
    attributes: *const libc::pthread_attr_t,
    start: Start,
    argument: *mut c_void,
) -> c_int {
    static CREATE: OriginalFunction = OriginalFunction::new(c"pthread_create");
    type CreateFunction = unsafe extern "C" fn(
        *mut libc::pthread_t,
        *const libc::pthread_attr_t,
        Start,
        *mut c_void,
    ) -> c_int;
    // SAFETY: the C library's function of this name has this type.
    let create = unsafe { std::mem::transmute::<usize, CreateFunction>(CREATE.address()) };
    // SAFETY: the caller's promise.
    unsafe { create(thread, attributes, start, argument) }
}

/// Waits for the end of a real thread.
///
/// # Safety
/// As `pthread_join` says.
pub(crate) unsafe fn pthread_join(thread: libc::pthread_t, value: *mut *mut c_void) -> c_int {
    static JOIN: OriginalFunction = OriginalFunction::new(c"pthread_join");
    type JoinFunction = unsafe extern "C" fn(libc::pthread_t, *mut *mut c_void) -> c_int;
    // SAFETY: the C library's function of this name has this type.
    let join = unsafe { std::mem::transmute::<usize, JoinFunction>(JOIN.address()) };
    // SAFETY: the caller's promise.
    unsafe { join(thread, value) }
}
