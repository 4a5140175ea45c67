//! The directory in which relative paths begin. Each host has one.
#![allow(unsafe_code)]

use libc::{c_char, c_int};

use super::answer::{answer_done, padded, real};
use super::descriptors::is_ours;
use super::disk_access::{bytes_of, on_file, on_path};
use super::links::lend_path;
use crate::disk::Ino;
use crate::errno::Errno;
use crate::kernel::{is_simulated, read};
use crate::sys::OriginalFunction;

#[unsafe(no_mangle)]
unsafe extern "C" fn getcwd(buffer: *mut c_char, size: usize) -> *mut c_char {
    static GETCWD: OriginalFunction = OriginalFunction::new(c"getcwd");
    if !is_simulated() {
        type Function = unsafe extern "C" fn(*mut c_char, usize) -> *mut c_char;
        // SAFETY: the C library's function of this name has this type.
        let getcwd = unsafe { std::mem::transmute::<usize, Function>(GETCWD.address()) };
        // SAFETY: the caller's promise.
        return unsafe { getcwd(buffer, size) };
    }
    let path = read(|state| {
        let (host, directory) = (state.host(), state.working_directory());
        state.hosts[host.0].disk.path_of(directory)
    });
    // SAFETY: the caller's promise.
    unsafe { lend_path(path, buffer, size) }
}

fn enter(directory: Result<Ino, Errno>) -> c_int {
    answer_done(directory.map(|directory| {
        read(|state| {
            let host = state.host();
            state.hosts[host.0].directory = Some(directory);
        });
    }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn chdir(path: *const c_char) -> c_int {
    if !is_simulated() {
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_chdir, padded([path as usize])) } as c_int;
    }
    // SAFETY: the caller's promise.
    let path = unsafe { bytes_of(path) };
    enter(on_path(libc::AT_FDCWD, path, |disk, start, _| {
        disk.directory(start, path)
    }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fchdir(descriptor: c_int) -> c_int {
    if !is_ours(descriptor) {
        // SAFETY: the call touches no memory.
        return unsafe { real(libc::SYS_fchdir, padded([descriptor as usize])) } as c_int;
    }
    enter(on_file(descriptor, libc::ENOTDIR, |disk, file, _| {
        disk.directory_of(file)
    }))
}
