//! Buffered files of C programs, `FILE`: those of the simulated disk.
//!
//! Idea        The C library opens such files itself, past the functions of this crate. It also takes files whose bytes come from
//!             functions (`fopencookie`): here they ask the disk.
//! Invariant   These functions never give the turn away: the C library holds the file's own lock, for which it waits in the real
//!             kernel. So the disk takes no time.
#![allow(unsafe_code)]

use libc::{FILE, c_char, c_int, c_void};

use super::descriptors::{close, is_ours};
use super::disk_access::{bytes_of, wall_clock};
use super::open_files::open_file;
use super::real_paths::is_real;
use crate::disk::{Disk, OpenFile};
use crate::errno::Errno;
use crate::kernel::{State, is_simulated, read as look};
use crate::sys::{self, OriginalFunction};

#[repr(C)]
struct CookieFunctions {
    read: unsafe extern "C" fn(*mut c_void, *mut c_char, usize) -> isize,
    write: unsafe extern "C" fn(*mut c_void, *const c_char, usize) -> isize,
    seek: unsafe extern "C" fn(*mut c_void, *mut i64, c_int) -> c_int,
    close: unsafe extern "C" fn(*mut c_void) -> c_int,
}

unsafe extern "C" {
    fn fopencookie(
        cookie: *mut c_void,
        mode: *const c_char,
        functions: CookieFunctions,
    ) -> *mut FILE;
}

/// Asks the disk, at once.
fn at_once<T>(
    cookie: *mut c_void,
    ask: impl FnOnce(&mut Disk, OpenFile, u64) -> Result<T, Errno>,
) -> Option<T> {
    let asked = look(|state: &mut State| {
        let now = wall_clock(state);
        let (host, file) = state.file(cookie as usize as c_int, libc::EBADF)?;
        state.on_disk(host, |disk| {
            let answer = ask(disk, file, now);
            disk.take_latency();
            answer
        })
    });
    match asked {
        Ok(value) => Some(value),
        Err(error) => {
            sys::set_errno(error.0);
            None
        }
    }
}

unsafe extern "C" fn read_cookie(cookie: *mut c_void, room: *mut c_char, count: usize) -> isize {
    // SAFETY: the C library lends these bytes.
    let room = unsafe { std::slice::from_raw_parts_mut(room.cast::<u8>(), count) };
    let read = at_once(cookie, |disk, file, now| disk.read(file, room, now));
    read.map_or(-1, |count| count as isize)
}

unsafe extern "C" fn write_cookie(
    cookie: *mut c_void,
    bytes: *const c_char,
    count: usize,
) -> isize {
    // SAFETY: the C library lends these bytes.
    let bytes = unsafe { std::slice::from_raw_parts(bytes.cast::<u8>(), count) };
    let written = at_once(cookie, |disk, file, now| disk.write(file, bytes, now));
    // It expects zero for a failure.
    written.map_or(0, |count| count as isize)
}

unsafe extern "C" fn seek_cookie(cookie: *mut c_void, offset: *mut i64, whence: c_int) -> c_int {
    // SAFETY: the C library's pointer is one to a number.
    let by = unsafe { *offset };
    match at_once(cookie, |disk, file, _| disk.seek(file, by, whence)) {
        Some(position) => {
            // SAFETY: as above.
            unsafe { *offset = position as i64 };
            0
        }
        None => -1,
    }
}

unsafe extern "C" fn close_cookie(cookie: *mut c_void) -> c_int {
    let descriptor = cookie as usize as c_int;
    look(|state| state.buffered.retain(|_, own| *own != descriptor));
    // SAFETY: the descriptor is the file's own.
    unsafe { close(descriptor) }
}

/// A file for a simulated descriptor.
fn buffer(descriptor: c_int, mode: *const c_char) -> *mut FILE {
    let functions = CookieFunctions {
        read: read_cookie,
        write: write_cookie,
        seek: seek_cookie,
        close: close_cookie,
    };
    // SAFETY: the mode is the caller's, and the cookie a number.
    let file = unsafe { fopencookie(descriptor as usize as *mut c_void, mode, functions) };
    if !file.is_null() {
        look(|state| state.buffered.insert(file as usize, descriptor));
    }
    file
}

/// The flags of `open` that a mode says.
fn flags_of(mode: &[u8]) -> Result<c_int, Errno> {
    let has = |letter: u8| mode.contains(&letter);
    let way = match has(b'+') {
        true => libc::O_RDWR,
        false if mode.first() == Some(&b'r') => libc::O_RDONLY,
        false => libc::O_WRONLY,
    };
    let made = match mode.first() {
        Some(b'r') => 0,
        Some(b'w') => libc::O_CREAT | libc::O_TRUNC,
        Some(b'a') => libc::O_CREAT | libc::O_APPEND,
        _ => return Err(Errno(libc::EINVAL)),
    };
    let exclusive = if has(b'x') { libc::O_EXCL } else { 0 };
    Ok(way | made | exclusive)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fopen(path: *const c_char, mode: *const c_char) -> *mut FILE {
    static OPEN: OriginalFunction = OriginalFunction::new(c"fopen");
    type OpenFunction = unsafe extern "C" fn(*const c_char, *const c_char) -> *mut FILE;
    // SAFETY: the caller's promise.
    let name = unsafe { bytes_of(path) };
    // SAFETY: as above.
    let kind = unsafe { bytes_of(mode) };
    let flags = flags_of(kind);
    let is_other = flags.as_ref().is_ok_and(|&flags| is_real(name, flags));
    if !is_simulated() || is_other {
        // SAFETY: the C library's function of this name has this type.
        let open = unsafe { std::mem::transmute::<usize, OpenFunction>(OPEN.address()) };
        // SAFETY: the caller's promise.
        return unsafe { open(path, mode) };
    }
    match flags.and_then(|flags| open_file(libc::AT_FDCWD, name, flags, 0o666)) {
        Ok(descriptor) => buffer(descriptor, mode),
        Err(error) => {
            sys::set_errno(error.0);
            std::ptr::null_mut()
        }
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fopen64(path: *const c_char, mode: *const c_char) -> *mut FILE {
    // SAFETY: the caller's promise.
    unsafe { fopen(path, mode) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fdopen(descriptor: c_int, mode: *const c_char) -> *mut FILE {
    static OPEN: OriginalFunction = OriginalFunction::new(c"fdopen");
    type OpenFunction = unsafe extern "C" fn(c_int, *const c_char) -> *mut FILE;
    if is_ours(descriptor) {
        return buffer(descriptor, mode);
    }
    // SAFETY: the C library's function of this name has this type.
    let open = unsafe { std::mem::transmute::<usize, OpenFunction>(OPEN.address()) };
    // SAFETY: the caller's promise.
    unsafe { open(descriptor, mode) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fileno(file: *mut FILE) -> c_int {
    static NUMBER: OriginalFunction = OriginalFunction::new(c"fileno");
    type NumberFunction = unsafe extern "C" fn(*mut FILE) -> c_int;
    if is_simulated() {
        if let Some(own) = look(|state| state.buffered.get(&(file as usize)).copied()) {
            return own;
        }
    }
    // SAFETY: the C library's function of this name has this type.
    let number = unsafe { std::mem::transmute::<usize, NumberFunction>(NUMBER.address()) };
    // SAFETY: the caller's promise.
    unsafe { number(file) }
}
