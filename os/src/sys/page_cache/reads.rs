//! Reads of what is cached, by `preadv2` with `RWF_NOWAIT`.
//!
//! States      unknown ─the kernel is fit→ on ─the call is missing→ off, for the life of the process; or off at
//!             once.
#![allow(unsafe_code)]

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicU8, Ordering};

use super::kernel::is_fit;
use crate::sys::cached_access::{FileClass, NotRead};

/// Whether the call exists, and gives true answers.
static READS: AtomicU8 = AtomicU8::new(UNKNOWN);
const UNKNOWN: u8 = 0;
const ON: u8 = 1;
const OFF: u8 = 2;

/// Finds out whether the call is on.
#[cold]
#[inline]
fn is_turned_on() -> bool {
    // Relaxed: a hint; whoever asks learns the same.
    if READS.load(Ordering::Relaxed) == UNKNOWN {
        READS.store(if is_fit() { ON } else { OFF }, Ordering::Relaxed);
    }
    READS.load(Ordering::Relaxed) == ON
}

/// Reads what is cached at `offset`.
#[inline]
pub(super) fn read(
    file: &std::fs::File,
    free: &mut [MaybeUninit<u8>],
    offset: u64,
    class: FileClass,
) -> Result<usize, NotRead> {
    let flags = match class {
        FileClass::Disk => libc::RWF_NOWAIT,
        FileClass::Memory => 0,
        FileClass::Unknown | FileClass::MayBlock | FileClass::Unseekable | FileClass::Remote => {
            return Err(NotRead::Unsupported);
        }
    };
    let Ok(offset) = i64::try_from(offset) else {
        return Err(NotRead::NotCached);
    };
    // Relaxed: a hint; if it comes late, the system is asked once more.
    if READS.load(Ordering::Relaxed) != ON && !is_turned_on() {
        return Err(NotRead::Unsupported);
    }
    let vector = libc::iovec {
        iov_base: free.as_mut_ptr().cast(),
        iov_len: free.len(),
    };
    // The system takes the offset in two words, and on 64 bits reads the first alone.
    // SAFETY: the system writes at most `free.len()` bytes to it.
    let outcome = unsafe {
        libc::syscall(
            libc::SYS_preadv2,
            file.as_raw_fd(),
            &raw const vector,
            1,
            offset as libc::c_long,
            (offset >> 32) as libc::c_long,
            flags,
        )
    };
    if outcome < 0 {
        return Err(refused());
    }
    Ok(outcome as usize)
}

/// Why the system has not read.
#[cold]
#[inline]
fn refused() -> NotRead {
    match io::Error::last_os_error().raw_os_error() {
        Some(libc::ENOSYS) => {
            READS.store(OFF, Ordering::Relaxed); // Relaxed: a hint.
            NotRead::Unsupported
        }
        Some(libc::EOPNOTSUPP) => NotRead::Unsupported,
        // A read by the pool reports any other error.
        _ => NotRead::NotCached,
    }
}
