//! What a file is doing, and who waits for it.
//!
//! States      Idle(buffer) ─begin→ Busy(task that returns the buffer) ─done→ Idle
//! Invariants  I1 if the runtime drops an operation, that counts as a failure of the operation; the buffer is lost.
//!             I2 `unflushed` is set when a write begins, until its outcome was seen. If the file is dropped
//!                in between, a debug build prints a warning, unless the write is known to be done.
//!             I3 no read begins while there is `saved_input`: that is handed out first.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker, ready};

use selkie_core::raw::coop::{Budget, with_budget};

use super::detached::HasDetached;
use super::file_buf::FileBuf;
use super::offload::{no_thread, not_run};
use super::open_file::OpenFile;
use super::position::FilePosition;
use super::stored_error::StoredError;
use crate::blocking::BlockingKind;
use crate::context::Handle;
use crate::sync::Notify;
use crate::sys::{FileClass, report_line};
use crate::task::LibraryJob;

pub(super) struct FileState {
    pub(super) state: State,
    pub(super) write_error: Option<Box<StoredError>>,
    pub(super) sought: u64,
    /// What was read of a file that cannot seek, a pipe or a socket, and not handed out before another
    /// operation began.
    pub(super) saved_input: Option<Box<FileBuf>>,
    /// The position of the file.
    pub(super) position: FilePosition,
    /// Whether a write is in progress, or done with an outcome that nobody has seen (I2).
    pub(super) unflushed: bool,
}

pub(super) enum State {
    Idle(FileBuf),
    Busy(FileOperation, Task),
}

/// An operation on the pool.
pub(super) struct Task {
    job: LibraryJob<(Outcome, FileBuf, FilePosition)>,
    /// Why there is no thread to run it, if there is none.
    refused: Option<io::Error>,
}

/// Which operation is in progress.
#[derive(Debug, Clone, Copy)]
pub(super) enum FileOperation {
    Read,
    Write,
    Seek,
}

impl FileOperation {
    /// Its kind on the pool: a `FileWrite` is done even if the runtime shuts down.
    #[inline]
    fn kind(self) -> BlockingKind {
        match self {
            Self::Write => BlockingKind::FileWrite,
            Self::Read | Self::Seek => BlockingKind::File,
        }
    }

    #[inline]
    fn failed(self, error: io::Error) -> Outcome {
        match self {
            Self::Read => Outcome::Read(Err(error)),
            Self::Write => Outcome::Write(Err(error)),
            Self::Seek => Outcome::Seek(Err(error)),
        }
    }
}

#[derive(Debug)]
pub(super) enum Outcome {
    Read(io::Result<()>),
    Write(io::Result<()>),
    Seek(io::Result<u64>),
}

/// The tasks that wait for the end of one operation (I3 of `file`).
#[derive(Default)]
pub(super) struct IdleNotify(pub(super) Notify);

impl Wake for IdleNotify {
    #[inline]
    fn wake(self: Arc<Self>) {
        self.0.notify_waiters();
    }
}

/// What the pool does with a file.
type Operation = Box<dyn FnOnce(&OpenFile, &mut FileBuf, &mut FilePosition) -> Outcome + Send>;

impl FileState {
    /// The state of an idle file without history, at `position`.
    #[inline]
    pub(super) fn new(position: FilePosition) -> Self {
        Self {
            state: State::Idle(FileBuf::default()),
            write_error: None,
            sought: 0,
            saved_input: None,
            position,
            unflushed: false,
        }
    }

    /// Begins `operation` on the pool. It gets a copy of the position, and returns the new one.
    #[inline]
    pub(super) fn begin(
        &mut self,
        std: &Arc<OpenFile>,
        doing: FileOperation,
        buf: FileBuf,
        operation: impl FnOnce(&OpenFile, &mut FileBuf, &mut FilePosition) -> Outcome + Send + 'static,
    ) {
        // One type of task for all operations; boxing one that captures nothing allocates nothing.
        self.begin_boxed(std, doing, buf, Box::new(operation));
    }

    #[inline]
    fn begin_boxed(
        &mut self,
        std: &Arc<OpenFile>,
        doing: FileOperation,
        mut buf: FileBuf,
        operation: Operation,
    ) {
        self.position.defer_seek(std);
        let (std, mut position) = (Arc::clone(std), self.position);
        let operation = move || {
            std.classify();
            let outcome = operation(&std, &mut buf, &mut position);
            (outcome, buf, position)
        };
        let (job, started) = LibraryJob::begin(&Handle::current(), doing.kind(), operation);
        let refused = started.err();
        self.state = State::Busy(doing, Task { job, refused });
    }

    /// Waits for the operation in progress, and takes its buffer back; `None` if there is none.
    #[inline]
    pub(super) fn poll_outcome(&mut self, cx: &mut Context<'_>) -> Poll<Option<Outcome>> {
        let State::Busy(doing, task) = &mut self.state else {
            return Poll::Ready(None);
        };
        let doing = *doing;
        let ended = ready!(Pin::new(&mut task.job).poll(cx));
        let (outcome, buf) = match ended {
            Ok((outcome, buf, position)) => {
                self.position.adopt(position);
                (outcome, buf)
            }
            Err(_) => {
                let error = task.refused.take().map_or_else(not_run, no_thread);
                (doing.failed(error), FileBuf::default()) // I1
            }
        };
        self.state = State::Idle(buf);
        self.unflushed = false;
        Poll::Ready(Some(outcome))
    }

    /// Waits until the file is idle, and records the outcome of the operation.
    #[inline]
    pub(super) fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(outcome) = ready!(self.poll_outcome(cx)) {
            self.record(&outcome);
        }
        Poll::Ready(())
    }

    /// Records what later calls have to report of an operation.
    #[inline]
    pub(super) fn record(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Write(written) => {
                self.write_error = written.as_ref().err().map(StoredError::boxed);
            }
            Outcome::Seek(Ok(position)) => self.sought = *position,
            _ => {}
        }
    }

    /// Begins to write the contents of `buf`.
    #[inline]
    pub(super) fn begin_write(&mut self, std: &Arc<OpenFile>, buf: FileBuf) {
        self.unflushed = true;
        self.begin(std, FileOperation::Write, buf, move |std, buf, position| {
            let outcome = match std.run_deferred_seek() {
                Ok(()) => {
                    let outcome = buf.drain(&**std);
                    position.record_write(outcome.as_ref().ok().copied());
                    outcome.map(drop)
                }
                Err(error) => {
                    buf.discard(); // A retry would write at another position.
                    Err(error)
                }
            };
            Outcome::Write(outcome)
        });
    }

    /// Undoes reading ahead, if no operation is in progress. What cannot be read again is saved for the next
    /// reads.
    #[inline]
    pub(super) fn undo_read_ahead(&mut self, std: &OpenFile) {
        let State::Idle(buf) = &mut self.state else {
            return;
        };
        if buf.unread() == 0 {
            return;
        }
        if std.class() == FileClass::Unseekable {
            debug_assert!(self.saved_input.is_none(), "a read took more before"); // I3
            self.saved_input = Some(Box::new(std::mem::take(buf)));
        } else {
            let unread = buf.discard();
            self.position.go_back(std, unread);
        }
    }

    /// Fails if a write has failed.
    #[inline]
    pub(super) fn failed(&self) -> io::Result<()> {
        self.write_error
            .as_ref()
            .map_or(Ok(()), |error| Err(error.to_error()))
    }

    /// Whether the rest of a failed write is here, to be tried again.
    #[inline]
    pub(super) fn has_unwritten(&self) -> bool {
        matches!(&self.state, State::Idle(buf) if buf.is_unwritten())
    }

    /// Waits for the operation in progress; if there is none, tries the rest of a failed write again and waits
    /// for that. `write_error` then says whether everything is written.
    #[inline]
    pub(super) fn poll_written(&mut self, cx: &mut Context<'_>, std: &Arc<OpenFile>) -> Poll<()> {
        ready!(std.detached().poll_empty(cx));
        if self.has_unwritten() {
            let buf = self.take_buf();
            self.begin_write(std, buf);
        }
        self.poll_idle(cx)
    }

    /// The buffer of an idle file.
    #[inline]
    pub(super) fn buf(&mut self) -> &mut FileBuf {
        match &mut self.state {
            State::Idle(buf) => buf,
            State::Busy(..) => unreachable!("the file was made idle before"),
        }
    }

    /// Takes the buffer, to give it to an operation.
    #[inline]
    pub(super) fn take_buf(&mut self) -> FileBuf {
        std::mem::take(self.buf())
    }
}

impl Drop for FileState {
    #[inline]
    fn drop(&mut self) {
        // The runtime may be gone by now, and the data with it; or the write failed and nobody has seen that.
        if cfg!(debug_assertions) && self.unflushed && !std::thread::panicking() {
            // Without a limit: the poll that drops the file may have used its budget up.
            let outcome = with_budget(Budget::unlimited(), || {
                self.poll_outcome(&mut Context::from_waker(Waker::noop()))
            });
            if !matches!(outcome, Poll::Ready(Some(Outcome::Write(Ok(()))))) {
                report_line(format_args!(
                    "selkie: a file was dropped before what was written to it was flushed: \
                     whether it reached the file is not known"
                ));
            }
        }
    }
}
