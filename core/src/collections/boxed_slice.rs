//! A slice of a length that is known, made value by value.
//!
//! Idea        `(0..len).map(make).collect()` compiles six hundred lines of LLVM's language for each type: iterators, a
//!             vector that grows, and its shrinking. This is a loop.
#![allow(unsafe_code)]

use alloc::boxed::Box;

/// The values that `make` gives for 0, 1, … up to `len`. If it panics, those before are leaked.
pub fn boxed_slice<T>(len: usize, mut make: impl FnMut(usize) -> T) -> Box<[T]> {
    let mut all = Box::new_uninit_slice(len);
    let mut index = 0;
    while index < len {
        all[index].write(make(index));
        index += 1;
    }
    // SAFETY: each place was written above.
    unsafe { all.assume_init() }
}
