//! Standard input, read without reading ahead.
//!
//! Idea        The reader of std fills a buffer of its own, and does not say what is in it: if the buffer is empty,
//!             a look at it reads from descriptor 0, and waits. So a thread looks for which descriptor 0 is at its
//!             end: Linux gives that thread a table of descriptors of its own, while the buffer of std belongs to
//!             the process. Under the lock of std the thread takes what is in the buffer first. If the buffer is
//!             empty, it reads from the real input as much as was asked for and nothing more. What is not read
//!             stays in the input, for the reader of std, for other readers and for child processes.
//! Invariants  I1 a thread that has left the descriptors of the process makes no system call except on its own
//!                descriptors, and runs no code other than ours and std's: no waker, which might write to a
//!                descriptor. It answers by a channel for threads.
//!             I2 its table has two descriptors, 0 and that of the real input: it keeps no other file open.
//! Rejected    `O_NONBLOCK`, or another file as descriptor 0 for a moment: everyone who shares the input would see
//!             that. A signal that interrupts the read: the signal handlers of the process are not ours.
#![allow(unsafe_code)]

use std::fs::File;
use std::io::{self, BufRead, Read};
use std::os::fd::{AsFd, FromRawFd};
use std::os::unix::ffi::OsStrExt;

use crate::sys::unix::has_input;
use crate::threads::{ThreadReceiver, ThreadSender, start_library_thread, thread_channel};

/// What was read; `None` if nothing is there and the caller does not wait.
type ReadResult = io::Result<Option<Vec<u8>>>;

struct Request {
    buf: Vec<u8>,
    wanted: usize,
    waits: bool,
}

/// The handle of the thread, which ends when this is dropped and its read has ended.
#[derive(Debug)]
pub(crate) struct ExactInput {
    requests: ThreadSender<Request>,
    answers: ThreadReceiver<ReadResult>,
}

impl ExactInput {
    /// Starts the thread; `None` if the system gives it no descriptors of its own.
    #[inline]
    pub(crate) fn start() -> Option<Self> {
        // Room for one each is enough: only the caller that waits for the answer has a request.
        let (requests, incoming) = thread_channel::<Request>();
        let (answer, answers) = thread_channel();
        let run = move || {
            let Some(input) = leave_descriptors() else {
                return;
            };
            let mut outcome = Ok(None); // It has begun.
            while answer.try_send(outcome).is_ok() {
                let Some(request) = incoming.recv() else {
                    return;
                };
                outcome = read(&input, request);
            }
        };
        start_library_thread("selkie-input", Box::new(run)).ok()?;
        let has_begun = answers.recv().is_some();
        has_begun.then_some(Self { requests, answers })
    }

    /// Reads up to `wanted` bytes, into the memory of `buf`; `waits`: until something is there. Waits for the
    /// lock of std in any case: call it where that blocks nobody.
    ///
    /// # Errors
    /// What the system reports.
    #[inline]
    pub(crate) fn read(&self, buf: Vec<u8>, wanted: usize, waits: bool) -> ReadResult {
        let request = Request { buf, wanted, waits };
        // A thread that has ended has no answer.
        let _sent = self.requests.try_send(request);
        let gone = || Err(io::Error::other("the input's reader is gone"));
        self.answers.recv().unwrap_or_else(gone)
    }
}

/// Reads once, on a thread that has left the descriptors of the process.
#[inline]
fn read(mut real: &File, request: Request) -> ReadResult {
    let Request {
        mut buf,
        wanted,
        waits,
    } = request;
    buf.clear();
    let mut input = io::stdin().lock();
    // If its buffer is empty, it finds the end of descriptor 0 of this thread.
    let ahead = input.fill_buf()?;
    let n = ahead.len().min(wanted);
    if n > 0 {
        buf.extend_from_slice(&ahead[..n]);
        input.consume(n);
        return Ok(Some(buf));
    }
    // Checked and read under the lock, so that no other thread takes it in between. If the check is not
    // possible, the read finds out.
    if !waits && !has_input(real.as_fd()).unwrap_or(true) {
        return Ok(None);
    }
    buf.resize(wanted, 0);
    loop {
        match real.read(&mut buf) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // Another process has taken it, and made the input non-blocking.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && !waits => return Ok(None),
            outcome => {
                buf.truncate(outcome?);
                return Ok(Some(buf));
            }
        }
    }
}

/// Leaves the descriptors of the process: from here on descriptor 0 of this thread is at its end. Returns the
/// real input.
#[inline]
fn leave_descriptors() -> Option<File> {
    let all = libc::c_uint::MAX;
    // SAFETY: the call takes numbers. Nothing that others use is closed: the table is this thread's first.
    let closed = unsafe { libc::syscall(libc::SYS_close_range, 1, all, CLOSE_RANGE_UNSHARE) };
    if closed != 0 {
        leave_by_unsharing()?; // Before Linux 5.9.
    }
    // Not one of the three standard descriptors.
    // SAFETY: the call takes numbers.
    let real = unsafe { libc::fcntl(0, libc::F_DUPFD_CLOEXEC, 3) };
    let mut ends = [0; 2];
    // SAFETY: the system writes two numbers.
    if real < 0 || unsafe { libc::pipe(ends.as_mut_ptr()) } != 0 {
        return None;
    }
    // SAFETY: the call takes two numbers; the table is this thread's alone.
    let is_set = unsafe { libc::dup2(ends[0], 0) } == 0;
    for end in ends {
        // SAFETY: the descriptor was just made, and is this thread's. Without a writer the pipe is at its end.
        unsafe { libc::close(end) };
    }
    // SAFETY: the descriptor was just made, and nobody else has it.
    let real = unsafe { File::from_raw_fd(real) };
    is_set.then_some(real)
}

const CLOSE_RANGE_UNSHARE: libc::c_uint = 2;

/// Leaves the descriptors of the process for copies, and closes all of them except 0 (I2).
#[inline]
fn leave_by_unsharing() -> Option<()> {
    // SAFETY: the call takes a number.
    if unsafe { libc::unshare(libc::CLONE_FILES) } != 0 {
        return None;
    }
    // All of them first, since one belongs to the listing itself.
    let mut numbers = Vec::new();
    for entry in std::fs::read_dir("/proc/thread-self/fd").ok()? {
        let Ok(entry) = entry else { continue };
        numbers.push(number_of(entry.file_name().as_bytes()));
    }
    for number in numbers {
        if number > 0 {
            // SAFETY: the table is this thread's, and no code in it has a descriptor.
            unsafe { libc::close(number) };
        }
    }
    Some(())
}

/// The number of a descriptor whose entry has this name: nothing but digits.
#[inline]
fn number_of(name: &[u8]) -> i32 {
    let mut number: i32 = 0;
    for digit in name {
        number = number.wrapping_mul(10).wrapping_add(i32::from(digit & 0xf));
    }
    number
}
