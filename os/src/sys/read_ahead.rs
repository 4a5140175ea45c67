//! What std's reader of standard input has read and not handed out.
//!
//! Idea        std does not tell what its buffer holds: asked for it when it is empty, it reads, and waits. So it
//!             is asked by a thread to which input is at its end. That thread has a table of descriptors of its
//!             own, which Linux gives it; std's buffer is the process's.
//! Invariants  I1 a thread that has left the process's table makes no call on a descriptor but to read
//!                its own input, runs no code that is not ours or std's, and ends.
//! Rejected    `O_NONBLOCK`, or another file as descriptor 0 for a moment: all others who have the
//!             input would find it so. A signal that interrupts the read: the process's handlers are
//!             not ours.
#![allow(unsafe_code)]

use std::io::{self, BufRead};
use std::thread;

/// Leaves the process's descriptors: from here on this thread has one, 0, at whose end it is.
fn leave_descriptors() -> bool {
    let all = libc::c_uint::MAX;
    // SAFETY: the call takes numbers. Nothing that others use is closed: the table is this thread's first.
    let closed = unsafe { libc::syscall(libc::SYS_close_range, 1, all, CLOSE_RANGE_UNSHARE) };
    if closed != 0 {
        // Before Linux 5.9. The copies of the others' descriptors go with this thread, which ends at once.
        // SAFETY: the call takes a number.
        if unsafe { libc::unshare(libc::CLONE_FILES) } != 0 {
            return false;
        }
    }
    let mut ends = [0; 2];
    // SAFETY: the system writes two numbers.
    if unsafe { libc::pipe(ends.as_mut_ptr()) } != 0 {
        return false;
    }
    // SAFETY: the call takes two numbers; the table is this thread's alone.
    let is_set = unsafe { libc::dup2(ends[0], 0) } == 0;
    // SAFETY: the descriptor was just made, and is this thread's. Without a writer the pipe is at its end.
    unsafe { libc::close(ends[1]) };
    is_set
}

const CLOSE_RANGE_UNSHARE: libc::c_uint = 2;

/// Moves what std has read ahead to the end of `bytes`. Waits for std's lock, and not for input: call it where
/// nobody is kept.
pub(crate) fn take_read_ahead(bytes: &mut Vec<u8>) -> io::Result<()> {
    let take = || {
        // Before the table is left: nobody's descriptors are kept while the lock is waited for.
        let mut input = io::stdin().lock();
        if leave_descriptors() {
            let ahead = input.fill_buf()?;
            bytes.extend_from_slice(ahead);
            let n = ahead.len();
            input.consume(n);
        }
        Ok(())
    };
    thread::scope(|scope| {
        let taking = thread::Builder::new()
            .name("selkie-ahead".to_owned())
            .spawn_scoped(scope, take)?;
        taking.join().unwrap_or(Ok(()))
    })
}
