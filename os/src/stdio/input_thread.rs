//! The thread that reads standard input, what std has read ahead first.
//!
//! Idea        One thread per reader, started by its first read. It belongs to no runtime, so that no shutdown
//!             waits for it; when its reader is dropped it ends after the read that it is making. Only such threads
//!             wait for the lock of std, which a thread in `read_line` holds until a line has come. On Linux
//!             another thread makes the read, since it can do so without reading ahead, but cannot call wakers;
//!             elsewhere the reader of std is used.
//! States      idle ─poll_read→ reading ─done→ idle
//! Invariants  I1 at most one request is in progress: its buffer comes back with its answer.
//!             I2 what std has read ahead is read first: every read is made under the lock of std, and from its
//!                buffer as long as that holds something.
//!             I3 no more is taken than was asked for. What the reader of std has read beyond that stays in its
//!                buffer, where std finds it.
//!             I4 what is read for a reader that is dropped meanwhile is put back before another thread reads: each has the
//!                turn from before its read until the answer is there. Its reader is woken behind that: a waker is foreign code.

use std::future::Future;
use std::io::{self, BufRead, Read};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use selkie_core::sync::oneshot;

use super::polled_input::has_input_now;
use super::unread_input::{put_back, take_unread};
use crate::sys::ExactInput;
use crate::threads::{ThreadSender, start_library_thread, thread_channel};

/// What was read; `None` if nothing is there and the driver can wait for the input.
type ReadResult = io::Result<Option<Vec<u8>>>;

/// Whether a read waits for input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadMode {
    Wait,
    IfReady,
}

/// What a request comes to.
#[derive(Debug)]
enum Answer {
    Awaited,
    Given(ReadResult),
    /// Nobody waits for it, or it was taken.
    Abandoned,
}

#[derive(Debug)]
struct Request {
    buf: Vec<u8>,
    wanted: usize,
    mode: ReadMode,
    answer: Arc<Mutex<Answer>>,
    answered: oneshot::Sender<()>,
}

/// A request that the thread has.
#[derive(Debug)]
struct PendingRequest {
    answer: Arc<Mutex<Answer>>,
    answered: oneshot::Receiver<()>,
}

#[inline]
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Of the thread that reads (I4).
static TURN: Mutex<()> = Mutex::new(());

impl Request {
    /// Reads, unless nobody waits for it any more.
    #[inline]
    fn answer_by(self, exact: Option<&ExactInput>) {
        let turn = lock(&TURN);
        if matches!(*lock(&self.answer), Answer::Abandoned) {
            return;
        }
        let unread = take_unread();
        let outcome = match (exact, self.mode) {
            _ if !unread.is_empty() => Ok(Some(unread)),
            (Some(exact), mode) => exact.read(self.buf, self.wanted, mode == ReadMode::Wait),
            (None, ReadMode::Wait) => read(self.buf, self.wanted).map(Some),
            (None, ReadMode::IfReady) => read_if_ready(self.buf, self.wanted),
        };
        let mut answer = lock(&self.answer);
        match (&*answer, outcome) {
            (Answer::Abandoned, Ok(Some(read))) => put_back(&read), // I4
            (Answer::Abandoned, _) => {}
            (_, outcome) => *answer = Answer::Given(outcome),
        }
        drop(answer);
        drop(turn);
        // The reader may be gone by now: then it has put the answer back.
        let _ = self.answered.send(());
    }
}

/// The handle of the thread.
#[derive(Debug)]
pub(super) struct InputThread {
    requests: ThreadSender<Request>,
    reading: Option<PendingRequest>,
}

impl InputThread {
    /// Starts the thread.
    ///
    /// # Errors
    /// If the system has no thread.
    #[inline]
    pub(super) fn start() -> io::Result<Self> {
        // Room for one is enough: a request never waits for the thread (I1).
        let (requests, incoming) = thread_channel::<Request>();
        let run = move || {
            let exact = ExactInput::start();
            while let Some(request) = incoming.recv() {
                request.answer_by(exact.as_ref());
            }
        };
        start_library_thread("selkie-stdin", Box::new(run))?;
        Ok(Self {
            requests,
            reading: None,
        })
    }

    /// Whether a read is in progress.
    #[inline]
    pub(super) fn is_reading(&self) -> bool {
        self.reading.is_some()
    }

    /// Reads up to `wanted` bytes, into the memory of `buf`; if a read is in progress, returns what that one
    /// reads.
    ///
    /// # Errors
    /// What the system reports.
    #[inline]
    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buf: Vec<u8>,
        wanted: usize,
        mode: ReadMode,
    ) -> Poll<ReadResult> {
        let reading = match &mut self.reading {
            Some(reading) => reading,
            none => {
                let (answered, woken) = oneshot::channel();
                let answer = Arc::new(Mutex::new(Answer::Awaited));
                let request = Request {
                    buf,
                    wanted,
                    mode,
                    answer: Arc::clone(&answer),
                    answered,
                };
                // A thread that has ended drops the request, which is noticed below.
                let _ = self.requests.try_send(request);
                none.insert(PendingRequest {
                    answer,
                    answered: woken,
                })
            }
        };
        let _answered = ready!(Pin::new(&mut reading.answered).poll(cx));
        let answer = reading.take();
        self.reading = None;
        Poll::Ready(match answer {
            Answer::Given(outcome) => outcome,
            Answer::Awaited | Answer::Abandoned => {
                Err(io::Error::other("the input's reader is gone"))
            }
        })
    }
}

impl PendingRequest {
    /// Takes the answer, if it was given; what is read from now on, the thread puts back.
    #[inline]
    fn take(&self) -> Answer {
        std::mem::replace(&mut *lock(&self.answer), Answer::Abandoned)
    }
}

impl Drop for InputThread {
    #[inline]
    fn drop(&mut self) {
        if let Some(reading) = &self.reading {
            if let Answer::Given(Ok(Some(read))) = reading.take() {
                put_back(&read);
            }
        }
    }
}

/// Bytes that one of our reads has left in the buffer of std, unless others have taken them since (I3).
static LEFT_IN_STD_BUFFER: AtomicUsize = AtomicUsize::new(0);

/// One read of up to `wanted` bytes through the reader of std, into the memory of `buf`.
#[inline]
fn read(mut buf: Vec<u8>, wanted: usize) -> io::Result<Vec<u8>> {
    buf.resize(wanted, 0);
    let mut input = io::stdin();
    loop {
        match input.read(&mut buf) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => {
                buf.truncate(outcome?);
                return Ok(buf);
            }
        }
    }
}

/// The same, if something is there, or was left in the buffer of std.
#[inline]
fn read_if_ready(mut buf: Vec<u8>, wanted: usize) -> ReadResult {
    let mut input = io::stdin().lock();
    // Relaxed, here and below: changed under the lock of std. Checked under it, too, so that no other thread
    // takes the input in between.
    if LEFT_IN_STD_BUFFER.load(Ordering::Relaxed) == 0 && !has_input_now() {
        return Ok(None);
    }
    let there = loop {
        match input.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => break outcome?,
        }
    };
    let n = there.len().min(wanted);
    LEFT_IN_STD_BUFFER.store(there.len() - n, Ordering::Relaxed);
    buf.clear();
    buf.extend_from_slice(&there[..n]);
    input.consume(n);
    Ok(Some(buf))
}
