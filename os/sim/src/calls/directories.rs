//! Streams of directories' entries.
#![allow(unsafe_code)]

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use libc::{DIR, c_char, c_int, dirent64};

use super::answer::answer_int;
use super::descriptors::{close, is_ours};
use super::disk_access::{bytes_of, on_file};
use super::open_files::open_file;
use crate::disk::{DirectoryEntry, Kind};
use crate::errno::Errno;
use crate::kernel::is_simulated;
use crate::sys::{self, OriginalFunction};

/// Entries that are read at once.
const BATCH: usize = 64;

/// A stream of simulated entries.
struct DirectoryStream {
    descriptor: c_int,
    read: VecDeque<DirectoryEntry>,
    /// What the caller sees of the last entry.
    shown: dirent64,
}

/// The addresses of all streams that are ours. Only the thread that has the turn locks it, so nobody ever waits for it.
static STREAMS: Mutex<BTreeSet<usize>> = Mutex::new(BTreeSet::new());

fn streams<T>(f: impl FnOnce(&mut BTreeSet<usize>) -> T) -> T {
    f(&mut STREAMS.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The stream, if it is one of ours.
fn own(stream: *mut DIR) -> Option<*mut DirectoryStream> {
    let is_own = is_simulated() && streams(|all| all.contains(&(stream as usize)));
    is_own.then_some(stream.cast())
}

fn begin(descriptor: Result<c_int, Errno>) -> *mut DIR {
    let descriptor = match descriptor {
        Ok(descriptor) => descriptor,
        Err(error) => {
            sys::set_errno(error.0);
            return std::ptr::null_mut();
        }
    };
    let stream = Box::new(DirectoryStream {
        descriptor,
        read: VecDeque::new(),
        // SAFETY: all zero is a structure of numbers.
        shown: unsafe { std::mem::zeroed() },
    });
    let stream = Box::into_raw(stream);
    streams(|all| all.insert(stream as usize));
    stream.cast()
}

#[unsafe(no_mangle)]
unsafe extern "C" fn opendir(path: *const c_char) -> *mut DIR {
    static OPENDIR: OriginalFunction = OriginalFunction::new(c"opendir");
    if !is_simulated() {
        type Function = unsafe extern "C" fn(*const c_char) -> *mut DIR;
        // SAFETY: the C library's function of this name has this type.
        let opendir = unsafe { std::mem::transmute::<usize, Function>(OPENDIR.address()) };
        // SAFETY: the caller's promise.
        return unsafe { opendir(path) };
    }
    // SAFETY: the caller's promise.
    let path = unsafe { bytes_of(path) };
    begin(open_file(libc::AT_FDCWD, path, libc::O_DIRECTORY, 0))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fdopendir(descriptor: c_int) -> *mut DIR {
    static FDOPENDIR: OriginalFunction = OriginalFunction::new(c"fdopendir");
    if !is_ours(descriptor) {
        type Function = unsafe extern "C" fn(c_int) -> *mut DIR;
        // SAFETY: the C library's function of this name has this type.
        let fdopendir = unsafe { std::mem::transmute::<usize, Function>(FDOPENDIR.address()) };
        // SAFETY: the caller's promise.
        return unsafe { fdopendir(descriptor) };
    }
    let checked = on_file(descriptor, libc::ENOTDIR, |disk, file, _| {
        disk.directory_of(file)
    });
    begin(checked.map(|_| descriptor))
}

/// The next entry; none at the end.
fn next(stream: &mut DirectoryStream) -> Result<Option<&mut dirent64>, Errno> {
    if stream.read.is_empty() {
        let read = on_file(stream.descriptor, libc::ENOTDIR, |disk, file, now| {
            disk.read_dir(file, BATCH, now)
        });
        stream.read = read?.into();
    }
    let Some(entry) = stream.read.pop_front() else {
        return Ok(None);
    };
    let shown = &mut stream.shown;
    shown.d_ino = entry.ino.0;
    shown.d_off = entry.next as i64;
    shown.d_reclen = size_of::<dirent64>() as u16;
    shown.d_type = match entry.kind {
        Kind::File => libc::DT_REG,
        Kind::Directory => libc::DT_DIR,
        Kind::Symlink => libc::DT_LNK,
        Kind::Special => libc::DT_UNKNOWN,
    };
    // A disk has no names that are longer.
    let name = entry.name.iter().chain([&0]);
    for (to, from) in shown.d_name.iter_mut().zip(name) {
        *to = *from as c_char;
    }
    Ok(Some(shown))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn readdir64(stream: *mut DIR) -> *mut dirent64 {
    static READDIR: OriginalFunction = OriginalFunction::new(c"readdir64");
    let Some(stream) = own(stream) else {
        type Function = unsafe extern "C" fn(*mut DIR) -> *mut dirent64;
        // SAFETY: the C library's function of this name has this type.
        let readdir = unsafe { std::mem::transmute::<usize, Function>(READDIR.address()) };
        // SAFETY: the caller's promise.
        return unsafe { readdir(stream) };
    };
    // SAFETY: the stream is open, and the caller uses it on one thread at a time.
    match next(unsafe { &mut *stream }) {
        Ok(Some(entry)) => entry,
        Ok(None) => std::ptr::null_mut(),
        Err(error) => {
            sys::set_errno(error.0);
            std::ptr::null_mut()
        }
    }
}

// The two structures are the same where a word has 64 bits.
#[unsafe(no_mangle)]
unsafe extern "C" fn readdir(stream: *mut DIR) -> *mut dirent64 {
    // SAFETY: the caller's promise.
    unsafe { readdir64(stream) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn closedir(stream: *mut DIR) -> c_int {
    static CLOSEDIR: OriginalFunction = OriginalFunction::new(c"closedir");
    let Some(own) = own(stream) else {
        type Function = unsafe extern "C" fn(*mut DIR) -> c_int;
        // SAFETY: the C library's function of this name has this type.
        let closedir = unsafe { std::mem::transmute::<usize, Function>(CLOSEDIR.address()) };
        // SAFETY: the caller's promise.
        return unsafe { closedir(stream) };
    };
    streams(|all| all.remove(&(own as usize)));
    // SAFETY: `begin` made it from a box, and it is in the list no more.
    let stream = unsafe { Box::from_raw(own) };
    // SAFETY: the stream owns its descriptor.
    unsafe { close(stream.descriptor) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn dirfd(stream: *mut DIR) -> c_int {
    static DIRFD: OriginalFunction = OriginalFunction::new(c"dirfd");
    let Some(own) = own(stream) else {
        type Function = unsafe extern "C" fn(*mut DIR) -> c_int;
        // SAFETY: the C library's function of this name has this type.
        let dirfd = unsafe { std::mem::transmute::<usize, Function>(DIRFD.address()) };
        // SAFETY: the caller's promise.
        return unsafe { dirfd(stream) };
    };
    // SAFETY: the stream is open.
    unsafe { (*own).descriptor }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn rewinddir(stream: *mut DIR) {
    static REWINDDIR: OriginalFunction = OriginalFunction::new(c"rewinddir");
    let Some(own) = own(stream) else {
        type Function = unsafe extern "C" fn(*mut DIR);
        // SAFETY: the C library's function of this name has this type.
        let rewinddir = unsafe { std::mem::transmute::<usize, Function>(REWINDDIR.address()) };
        // SAFETY: the caller's promise.
        return unsafe { rewinddir(stream) };
    };
    // SAFETY: the stream is open, and the caller uses it on one thread at a time.
    let own = unsafe { &mut *own };
    own.read.clear();
    let rewound = on_file(own.descriptor, libc::ENOTDIR, |disk, file, _| {
        disk.seek(file, 0, libc::SEEK_SET)
    });
    answer_int(rewound);
}
