//! What the system knows of a file that is open.
#![allow(unsafe_code)]

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};

use super::kernel::checked;

/// The start of the system's `struct statx`, whole in size; see statx(2).
#[repr(C)]
struct Statx {
    head: [u32; 7],
    mode: u16,
    _pad: u16,
    ino: u64,
    size: u64,
    middle: [u64; 11],
    dev_major: u32,
    dev_minor: u32,
    _spare: [u64; 14],
}

/// What was found at a path or behind a descriptor.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Inode {
    pub(crate) is_regular: bool,
    pub(crate) is_pipe: bool,
    pub(crate) size: u64,
    pub(super) device: u64,
}

/// What is known of the inode behind `fd` without asking further than memory.
pub(crate) fn inode(fd: BorrowedFd<'_>) -> io::Result<Inode> {
    let mut out = MaybeUninit::<Statx>::zeroed();
    // SAFETY: the system reads an empty string and writes at most one `statx`.
    let outcome = unsafe {
        libc::syscall(
            libc::SYS_statx,
            fd.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_EMPTY_PATH | libc::AT_STATX_DONT_SYNC,
            libc::STATX_TYPE | libc::STATX_SIZE,
            out.as_mut_ptr(),
        )
    };
    checked(outcome)?;
    // SAFETY: zeros were a `Statx`, and so is whatever the system wrote.
    let out = unsafe { out.assume_init() };
    let kind = u32::from(out.mode) & libc::S_IFMT;
    Ok(Inode {
        is_regular: kind == libc::S_IFREG,
        is_pipe: kind == libc::S_IFIFO,
        size: out.size,
        device: u64::from(out.dev_major) << 32 | u64::from(out.dev_minor),
    })
}
