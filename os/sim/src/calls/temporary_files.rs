//! Files and directories with names that nobody has: the seed decides them.
#![allow(unsafe_code)]

use std::ffi::CStr;

use libc::{c_char, c_int};

use super::disk_access::on_path;
use super::open_files::open_file;
use crate::errno::Errno;
use crate::kernel::{is_simulated, read};
use crate::sys::{self, OriginalFunction};

/// What a name ends in that is to be replaced.
const PATTERN: &[u8] = b"XXXXXX";
/// Names that are tried.
const TRIES: usize = 100;

/// Replaces the pattern at the end of a template, before a suffix of so many bytes, until `make` finds the name free.
///
/// # Safety
/// The template is a text that ends in zero, and writable.
unsafe fn with_name<T>(
    template: *mut c_char,
    suffix: c_int,
    make: impl Fn(&[u8]) -> Result<T, Errno>,
) -> Result<T, Errno> {
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    // SAFETY: the caller's promise.
    let length = unsafe { CStr::from_ptr(template) }.to_bytes().len();
    // SAFETY: the caller's promise.
    let bytes = unsafe { std::slice::from_raw_parts_mut(template.cast::<u8>(), length) };
    let end = usize::try_from(suffix).ok();
    let end = end.and_then(|suffix| length.checked_sub(suffix));
    let begin = end.and_then(|end| end.checked_sub(PATTERN.len()));
    let (Some(begin), Some(end)) = (begin, end) else {
        return Err(Errno(libc::EINVAL));
    };
    if &bytes[begin..end] != PATTERN {
        return Err(Errno(libc::EINVAL));
    }
    for _ in 0..TRIES {
        read(|state| state.fill_random(&mut bytes[begin..end]));
        for byte in &mut bytes[begin..end] {
            *byte = LETTERS[usize::from(*byte) % LETTERS.len()];
        }
        match make(bytes) {
            Err(Errno(libc::EEXIST)) => (),
            made => return made,
        }
    }
    Err(Errno(libc::EEXIST))
}

/// # Safety
/// As [`with_name`] says.
unsafe fn make_file(template: *mut c_char, suffix: c_int, flags: c_int) -> c_int {
    let flags = flags & !libc::O_ACCMODE | libc::O_RDWR | libc::O_CREAT | libc::O_EXCL;
    let make = |path: &[u8]| open_file(libc::AT_FDCWD, path, flags, 0o600);
    // SAFETY: the caller's promise.
    match unsafe { with_name(template, suffix, make) } {
        Ok(descriptor) => descriptor,
        Err(error) => {
            sys::set_errno(error.0);
            -1
        }
    }
}

type MakeFunction = unsafe extern "C" fn(*mut c_char, c_int, c_int) -> c_int;

#[unsafe(no_mangle)]
unsafe extern "C" fn mkostemps(template: *mut c_char, suffix: c_int, flags: c_int) -> c_int {
    static MAKE: OriginalFunction = OriginalFunction::new(c"mkostemps");
    if is_simulated() {
        // SAFETY: the caller's promise.
        return unsafe { make_file(template, suffix, flags) };
    }
    // SAFETY: the C library's function of this name has this type.
    let make = unsafe { std::mem::transmute::<usize, MakeFunction>(MAKE.address()) };
    // SAFETY: the caller's promise.
    unsafe { make(template, suffix, flags) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn mkostemp(template: *mut c_char, flags: c_int) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { mkostemps(template, 0, flags) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn mkstemps(template: *mut c_char, suffix: c_int) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { mkostemps(template, suffix, 0) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn mkstemp(template: *mut c_char) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { mkostemps(template, 0, 0) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn mkstemp64(template: *mut c_char) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { mkostemps(template, 0, 0) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn mkdtemp(template: *mut c_char) -> *mut c_char {
    static MAKE: OriginalFunction = OriginalFunction::new(c"mkdtemp");
    type DirectoryFunction = unsafe extern "C" fn(*mut c_char) -> *mut c_char;
    if !is_simulated() {
        // SAFETY: the C library's function of this name has this type.
        let make = unsafe { std::mem::transmute::<usize, DirectoryFunction>(MAKE.address()) };
        // SAFETY: the caller's promise.
        return unsafe { make(template) };
    }
    let make = |path: &[u8]| {
        on_path(libc::AT_FDCWD, path, |disk, at, now| {
            disk.mkdir(at, path, 0o700, now)
        })
    };
    // SAFETY: the caller's promise.
    match unsafe { with_name(template, 0, make) } {
        Ok(()) => template,
        Err(error) => {
            sys::set_errno(error.0);
            std::ptr::null_mut()
        }
    }
}
