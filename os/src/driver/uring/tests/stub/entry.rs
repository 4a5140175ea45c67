//! Entries as the system reads them.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

use io_uring::{opcode, squeue};

/// Of a completion: there is a provided buffer; others follow; the memory is free.
pub(super) const BUFFER: u32 = 1;
pub(super) const MORE: u32 = 2;
pub(super) const NOTIFICATION: u32 = 8;
/// Of an entry: the file is a place of the table; all before it has completed before it begins.
pub(super) const FIXED_FILE: u8 = 1;
pub(super) const DRAIN: u8 = 2;
/// Of a receive's priority field: several completions, several buffers in each.
pub(super) const MULTISHOT: u16 = 2;
pub(super) const BUNDLE: u16 = 16;

/// An entry as the system reads it.
#[derive(Debug, Clone, Copy)]
pub(super) struct StubEntry {
    pub(super) code: u8,
    pub(super) flags: u8,
    pub(super) priority: u16,
    pub(super) fd: i32,
    pub(super) offset: u64,
    pub(super) address: u64,
    pub(super) len: u32,
    pub(super) op_flags: u32,
    pub(super) user_data: u64,
    pub(super) group: u16,
}

impl StubEntry {
    pub(super) fn read(entry: &squeue::Entry) -> Self {
        let start: *const u8 = (&raw const *entry).cast();
        // SAFETY: an entry is the system's structure of 64 bytes, without padding.
        let bytes: [u8; 64] = unsafe { start.cast::<[u8; 64]>().read() };
        let word = |at: usize| u32::from_ne_bytes(bytes[at..at + 4].try_into().unwrap());
        let long = |at: usize| u64::from_ne_bytes(bytes[at..at + 8].try_into().unwrap());
        let half = |at: usize| u16::from_ne_bytes(bytes[at..at + 2].try_into().unwrap());
        Self {
            code: bytes[0],
            flags: bytes[1],
            priority: half(2),
            fd: word(4) as i32,
            offset: long(8),
            address: long(16),
            len: word(24),
            op_flags: word(28),
            user_data: long(32),
            group: half(40),
        }
    }

    pub(super) fn owns_memory(&self) -> bool {
        let codes = [
            opcode::Read::CODE,
            opcode::Write::CODE,
            opcode::Send::CODE,
            opcode::SendZc::CODE,
        ];
        codes.contains(&self.code)
    }
}

pub(super) fn duplicate(fd: RawFd) -> Option<OwnedFd> {
    if fd < 0 {
        return None;
    }
    // SAFETY: a number.
    let same = unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 0) };
    assert!(same >= 0, "{}", io::Error::last_os_error());
    // SAFETY: made by the call before.
    Some(unsafe { OwnedFd::from_raw_fd(same) })
}
