//! Reads of what is at hand.
//!
//! States      unknown ─the kernel is fit→ on ─the call is missing→ off, for the process's life; or off at once.
//! Invariants  I1 a read that gives nothing is an end only for who has confirmed it.
#![allow(unsafe_code)]

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::atomic::{AtomicU8, Ordering};

use super::devices::Reads;
use super::kernel::is_fit;

/// Whether the call is there, and its answers are true.
static READS: AtomicU8 = AtomicU8::new(UNKNOWN);
const UNKNOWN: u8 = 0;
const ON: u8 = 1;
const OFF: u8 = 2;

/// Whether the call is on, which is not known to be.
#[cold]
fn is_turned_on() -> bool {
    // Relaxed: a hint; whoever asks learns the same.
    if READS.load(Ordering::Relaxed) == UNKNOWN {
        READS.store(if is_fit() { ON } else { OFF }, Ordering::Relaxed);
    }
    READS.load(Ordering::Relaxed) == ON
}

/// Reads what is at hand at `offset`, or from where `file` stands, and then moves it on.
///
/// # Errors
/// `WouldBlock` if it is not cached, `Unsupported` if no file of its file system can be read so, and what
/// the system says; then nothing was read. Nothing at all may or may not be the end (I1).
#[inline]
pub(crate) fn read(
    file: BorrowedFd<'_>,
    free: &mut [MaybeUninit<u8>],
    offset: Option<u64>,
    reads: Reads,
) -> io::Result<usize> {
    let flags = match reads {
        Reads::IfCached => libc::RWF_NOWAIT,
        Reads::AtOnce => 0,
        Reads::Never => return Err(io::ErrorKind::Unsupported.into()),
    };
    // Relaxed: a hint; the system is asked anew if it comes late.
    if READS.load(Ordering::Relaxed) != ON && !is_turned_on() {
        return Err(io::ErrorKind::Unsupported.into());
    }
    let vector = libc::iovec {
        iov_base: free.as_mut_ptr().cast(),
        iov_len: free.len(),
    };
    // Where the file stands is -1. The system takes the offset in two words, and on 64 bits reads
    // the first alone.
    let offset = offset.map_or(-1, |offset| offset as i64);
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
fn refused() -> io::Error {
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        Some(libc::EAGAIN | libc::EINTR) => io::ErrorKind::WouldBlock.into(),
        Some(libc::ENOSYS) => {
            READS.store(OFF, Ordering::Relaxed); // Relaxed: a hint.
            io::ErrorKind::Unsupported.into()
        }
        Some(libc::EOPNOTSUPP) => io::ErrorKind::Unsupported.into(),
        // What a read by the pool will tell again.
        _ => error,
    }
}
