//! Files in memory: a private mapping is a copy, a shared one is memory that the disk follows.
#![allow(unsafe_code)]

use libc::{c_int, c_void, off_t};

use super::answer::{answer, answer_done, padded, real};
use super::descriptors::is_ours;
use super::disk_access::{ask_disk, wall_clock};
use super::file_positions::read_file;
use crate::errno::Errno;
use crate::kernel::{is_simulated, read};

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

/// Memory that other mappings of the file share, and that the disk follows.
///
/// # Safety
/// As `mmap` says.
unsafe fn map_shared(descriptor: c_int, mut arguments: [usize; 6]) -> isize {
    let protection = arguments[2] as c_int;
    let shared = read(|state| {
        let now = wall_clock(state);
        let (_, file) = state.file(descriptor, libc::ENODEV)?;
        let object = state.descriptors.get(descriptor)?;
        let host = state.host();
        let flags = state.on_disk(host, |disk| disk.flags(file))?;
        let is_writable = flags & libc::O_ACCMODE == libc::O_RDWR;
        let is_readable = flags & libc::O_ACCMODE != libc::O_WRONLY;
        if !is_readable || protection & libc::PROT_WRITE != 0 && !is_writable {
            return Err(Errno(libc::EACCES));
        }
        state.share(object, now)
    });
    let memory = match shared {
        Ok(memory) => memory,
        Err(error) => return answer(Err::<isize, _>(error)),
    };
    arguments[4] = memory as usize;
    // SAFETY: the caller's promise.
    let mapped = unsafe { real(libc::SYS_mmap, arguments) };
    if mapped != -1 {
        read(|state| state.add_mapping(memory, mapped as usize));
    }
    mapped
}

#[unsafe(no_mangle)]
unsafe extern "C" fn munmap(address: *mut c_void, length: usize) -> c_int {
    if is_simulated() {
        read(|state| {
            let now = wall_clock(state);
            state.end_mapping(address as usize, now);
        });
    }
    // SAFETY: the caller's promise.
    unsafe { real(libc::SYS_munmap, padded([address as usize, length])) as c_int }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn msync(address: *mut c_void, length: usize, flags: c_int) -> c_int {
    let mapped = if is_simulated() {
        read(|state| state.mapped_at(address as usize))
    } else {
        None
    };
    let Some((host, ino, file)) = mapped else {
        let arguments = padded([address as usize, length, flags as usize]);
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_msync, arguments) } as c_int;
    };
    answer_done(ask_disk(|state| {
        let now = wall_clock(state);
        state.store_shared(host, ino, now);
        let is_synced = flags & libc::MS_SYNC != 0;
        let synced = state.on_disk(host, |disk| match is_synced {
            true => disk.sync_data(file),
            false => Ok(()),
        });
        (host, synced)
    }))
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
        let arguments = [
            address as usize,
            length,
            protection as usize,
            flags as usize,
            0,
            offset as usize,
        ];
        // SAFETY: the caller's promise.
        return unsafe { map_shared(descriptor, arguments) } as *mut c_void;
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
