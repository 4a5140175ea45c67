//! What a file is doing, and who waits for it.
//!
//! States      Idle(buffer) ─begin→ Busy(task that returns the buffer) ─done→ Idle
//! Invariants  I1 a task that was dropped by its runtime counts as a failed write: the buffer is
//!                lost with it.
//!             I2 `unflushed` from the begin of a write until its outcome was seen; who drops the
//!                file in between is told in debug builds, unless the write is known to be done.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker, ready};

use selkie_core::platform::Lock;

use super::cached::Known;
use super::file_buf::FileBuf;
use super::offload::not_run;
use crate::blocking::BlockingKind;
use crate::task::{JoinHandle, spawn_blocking_for};

pub(super) struct Inner {
    pub(super) state: State,
    pub(super) write_error: Option<io::ErrorKind>,
    pub(super) position: u64,
    /// What makes reads and seeks possible without the pool.
    pub(super) known: Known,
    /// Whether a write is under way whose outcome nobody has seen (I2).
    pub(super) unflushed: bool,
}

pub(super) enum State {
    Idle(FileBuf),
    Busy(JoinHandle<(Outcome, FileBuf)>),
}

#[derive(Debug)]
pub(super) enum Outcome {
    Read(io::Result<()>),
    Write(io::Result<()>),
    Seek(io::Result<u64>),
}

/// Those who wait for one operation (I3).
#[derive(Default)]
pub(super) struct Crowd(pub(super) Lock<Vec<Waker>>);

impl Wake for Crowd {
    fn wake(self: Arc<Self>) {
        let all = std::mem::take(&mut *self.0.lock());
        all.into_iter().for_each(Waker::wake);
    }
}

impl Inner {
    /// What an idle file without history does.
    pub(super) fn new() -> Self {
        Self {
            state: State::Idle(FileBuf::default()),
            write_error: None,
            position: 0,
            known: Known::default(),
            unflushed: false,
        }
    }

    /// Begins `operation` on the pool; one of the kind `FileWrite` is done even if the runtime shuts
    /// down.
    pub(super) fn begin(
        &mut self,
        kind: BlockingKind,
        mut buf: FileBuf,
        operation: impl FnOnce(&mut FileBuf) -> Outcome + Send + 'static,
    ) {
        self.state = State::Busy(spawn_blocking_for(kind, move || (operation(&mut buf), buf)));
    }

    /// Waits for the operation under way and takes its buffer back; `None` if there is none.
    pub(super) fn poll_outcome(&mut self, cx: &mut Context<'_>) -> Poll<Option<Outcome>> {
        let State::Busy(task) = &mut self.state else {
            return Poll::Ready(None);
        };
        let (outcome, buf) = ready!(Pin::new(task).poll(cx))
            .unwrap_or_else(|_| (Outcome::Write(Err(not_run())), FileBuf::default()));
        self.state = State::Idle(buf);
        self.unflushed = false;
        Poll::Ready(Some(outcome))
    }

    /// Waits until the file is idle, and remembers what the operation left to tell.
    pub(super) fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match ready!(self.poll_outcome(cx)) {
            Some(Outcome::Write(Err(error))) => self.write_error = Some(error.kind()),
            Some(Outcome::Seek(Ok(position))) => self.position = position,
            _ => {}
        }
        Poll::Ready(())
    }

    /// The buffer of an idle file.
    pub(super) fn take_buf(&mut self) -> FileBuf {
        match &mut self.state {
            State::Idle(buf) => std::mem::take(buf),
            State::Busy(_) => unreachable!("the file was made idle before"),
        }
    }

    pub(super) fn put_buf(&mut self, buf: FileBuf) {
        self.state = State::Idle(buf);
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Its runtime may be gone by now, and the data with it; or the write fails unheard.
        if cfg!(debug_assertions) && self.unflushed && !std::thread::panicking() {
            let outcome = self.poll_outcome(&mut Context::from_waker(Waker::noop()));
            if !matches!(outcome, Poll::Ready(Some(Outcome::Write(Ok(()))))) {
                eprintln!(
                    "selkie: a file was dropped before what was written to it was flushed: \
                     whether it reached the file is not known"
                );
            }
        }
    }
}
