//! Files in memory: a private mapping is a copy, a shared one is refused.
#![allow(unsafe_code)]

use libc::{c_int, c_void, off_t};

use super::answer::{answer, padded, real};
use super::descriptors::is_ours;
use super::file_positions::read_file;
use crate::errno::Errno;

/// Memory with the bytes of a file.
///
/// # Safety
/// As `mmap` says.
unsafe fn copy_file(
    [address, length]: [usize; 2],
    protection: c_int,
    flags: c_int,
    descriptor: c_int,
    offset: off_t,
) -> isize {
    let writable = libc::PROT_READ | libc::PROT_WRITE;
    let arguments = [
        address,
        length,
        writable as usize,
        (flags | libc::MAP_ANONYMOUS) as usize,
        usize::MAX,
        0,
    ];
    // SAFETY: the caller's promise.
    let mapped = unsafe { real(libc::SYS_mmap, arguments) };
    if mapped == -1 {
        return mapped;
    }
    // SAFETY: just mapped, and zero.
    let memory = unsafe { std::slice::from_raw_parts_mut(mapped as *mut u8, length) };
    let mut done = 0;
    while done < length {
        match read_file(
            descriptor,
            &mut memory[done..],
            Some(offset + done as off_t),
        ) {
            Ok(0) => break,
            Ok(count) => done += count,
            Err(error) => {
                // SAFETY: mapped above, and nobody else knows it.
                unsafe { real(libc::SYS_munmap, padded([mapped as usize, length])) };
                return answer(Err::<isize, _>(error));
            }
        }
    }
    let arguments = padded([mapped as usize, length, protection as usize]);
    // SAFETY: mapped above.
    match unsafe { real(libc::SYS_mprotect, arguments) } {
        0 => mapped,
        failed => failed,
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn mmap(
    address: *mut c_void,
    length: usize,
    protection: c_int,
    flags: c_int,
    descriptor: c_int,
    offset: off_t,
) -> *mut c_void {
    if flags & libc::MAP_ANONYMOUS != 0 || !is_ours(descriptor) {
        let arguments = [
            address as usize,
            length,
            protection as usize,
            flags as usize,
            descriptor as usize,
            offset as usize,
        ];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_mmap, arguments) } as *mut c_void;
    }
    if flags & libc::MAP_TYPE != libc::MAP_PRIVATE {
        return answer(Err::<isize, _>(Errno(libc::ENODEV))) as *mut c_void;
    }
    let room = [address as usize, length];
    // SAFETY: the caller's promise.
    unsafe { copy_file(room, protection, flags, descriptor, offset) as *mut c_void }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn mmap64(
    address: *mut c_void,
    length: usize,
    protection: c_int,
    flags: c_int,
    descriptor: c_int,
    offset: off_t,
) -> *mut c_void {
    // SAFETY: the caller's promise.
    unsafe { mmap(address, length, protection, flags, descriptor, offset) }
}
