//! Standard input, read without reading ahead.
//!
//! Idea        std's reader of standard input fills a buffer of its own, and does not tell what is in it: asked when the
//!             buffer is empty, it reads, and waits. So it is asked by a thread for which descriptor 0 is at its end: that
//!             thread has a table of descriptors of its own, which Linux gives it, while std's buffer is the process's.
//!             Under std's lock it takes what is in the buffer first, and, if that is empty, reads from the real input
//!             what was asked for and nothing more. What is not read stays in the input, for std's reader, for other
//!             readers and for child processes.
//! Invariants  I1 a thread that has left the process's table of descriptors makes no call but on its own, and runs no code
//!                that is not ours or std's: no waker, which might write to a descriptor. It answers by a channel of std's.
//!             I2 its table has two descriptors, 0 and that of the real input: it keeps nobody else's open.
//! Rejected    `O_NONBLOCK`, or another file as descriptor 0 for a moment: all others who have the
//!             input would find it so. A signal that interrupts the read: the process's handlers are
//!             not ours.
#![allow(unsafe_code)]

use std::fs::File;
use std::io::{self, BufRead, Read};
use std::os::fd::{AsFd, FromRawFd};
use std::sync::mpsc;
use std::thread;

use crate::sys::unix::has_input;

/// What was read; `None` if nothing is there and nobody is to wait.
type Answer = io::Result<Option<Vec<u8>>>;

struct Request {
    buf: Vec<u8>,
    wanted: usize,
    waits: bool,
}

/// The thread's handle. The thread ends when this drops and its read has ended.
#[derive(Debug)]
pub(crate) struct ExactInput {
    requests: mpsc::SyncSender<Request>,
    answers: mpsc::Receiver<Answer>,
}

impl ExactInput {
    /// Starts the thread; `None` if the system gives it no descriptors of its own.
    pub(crate) fn start() -> Option<Self> {
        // One place each: nobody but who waits for the answer has a request.
        let (requests, incoming) = mpsc::sync_channel::<Request>(1);
        let (answer, answers) = mpsc::sync_channel(1);
        let run = move || {
            let Some(input) = leave_descriptors() else {
                return;
            };
            let mut outcome = Ok(None); // It has begun.
            while answer.send(outcome).is_ok() {
                let Ok(request) = incoming.recv() else {
                    return;
                };
                outcome = read(&input, request);
            }
        };
        let thread = thread::Builder::new().name("selkie-input".to_owned());
        thread.spawn(run).ok()?;
        let has_begun = answers.recv().is_ok();
        has_begun.then_some(Self { requests, answers })
    }

    /// Reads up to `wanted` bytes, in the memory of `buf`; `waits` says whether until something is there. Waits for std's
    /// lock in any case: call it where nobody is kept.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn read(&self, buf: Vec<u8>, wanted: usize, waits: bool) -> Answer {
        let request = Request { buf, wanted, waits };
        // A thread that is gone has no answer.
        let _sent = self.requests.send(request);
        let gone = |_| Err(io::Error::other("the input's reader is gone"));
        self.answers.recv().unwrap_or_else(gone)
    }
}

/// Reads once, in a thread that has left the process's descriptors.
fn read(mut real: &File, request: Request) -> Answer {
    let Request {
        mut buf,
        wanted,
        waits,
    } = request;
    buf.clear();
    let mut input = io::stdin().lock();
    // It finds the end of this thread's descriptor 0, if its buffer is empty.
    let ahead = input.fill_buf()?;
    let n = ahead.len().min(wanted);
    if n > 0 {
        buf.extend_from_slice(&ahead[..n]);
        input.consume(n);
        return Ok(Some(buf));
    }
    // Asked and read under the lock: no other thread takes it meanwhile. Who cannot say finds out by reading.
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

/// Leaves the process's descriptors: from here on descriptor 0 of this thread is at its end. Returns the real input.
fn leave_descriptors() -> Option<File> {
    let all = libc::c_uint::MAX;
    // SAFETY: the call takes numbers. Nothing that others use is closed: the table is this thread's first.
    let closed = unsafe { libc::syscall(libc::SYS_close_range, 1, all, CLOSE_RANGE_UNSHARE) };
    if closed != 0 {
        leave_by_unsharing()?; // Before Linux 5.9.
    }
    // Not one of the three numbers that all code knows.
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

/// Leaves the process's descriptors for copies, and closes all of them but 0 (I2).
fn leave_by_unsharing() -> Option<()> {
    // SAFETY: the call takes a number.
    if unsafe { libc::unshare(libc::CLONE_FILES) } != 0 {
        return None;
    }
    let entries = std::fs::read_dir("/proc/thread-self/fd").ok()?;
    let numbers = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    // First all, of which one is the list's own.
    let numbers: Vec<i32> = numbers.collect();
    for number in numbers.into_iter().filter(|&number| number > 0) {
        // SAFETY: the table is this thread's, and no code in it has a descriptor.
        unsafe { libc::close(number) };
    }
    Some(())
}
