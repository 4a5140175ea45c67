//! The pipes between a process and its child.
//!
//! Idea        A pipe that std made has no readiness, so each operation runs on the blocking pool, one at a time,
//!             with a buffer that travels there and back.
//! States      Idle(buffer) ─operation→ Busy(task that returns the buffer) ─done→ Idle
//! Invariants  I1 what was read and not handed out stays in the buffer; a write is accepted as a whole and written
//!                as a whole, and the next operation reports its failure.
//!             I2 the pipe is open as long as this end or an operation lives.
//! Rejected    The named pipes of mio: nothing promises that the pipes of std can be used that way.
#![allow(unsafe_code)]

use std::future::Future;
use std::io::{self, Read, Write};
use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, OwnedHandle, RawHandle};
use std::pin::Pin;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use selkie_core::coop;

use crate::async_io::{AsyncRead, AsyncWrite, ReadBuf};
use crate::blocking::BlockingKind;
use crate::task::{LibraryJob, spawn_blocking_for};

/// The most bytes of one operation.
const MAX_BUF_SIZE: usize = 2 * 1024 * 1024;

#[derive(Debug)]
enum State {
    Idle(Vec<u8>),
    Busy(LibraryJob<(io::Result<()>, Vec<u8>)>),
}

/// One end of a pipe of std's.
#[derive(Debug)]
struct Pipe<P> {
    pipe: Arc<Mutex<P>>,
    handle: RawHandle,
    state: State,
    used: usize,
}

// SAFETY: the raw handle is a number, of a pipe that is open as long as this lives (I2).
unsafe impl<P: Send> Send for Pipe<P> {}
// SAFETY: a shared reference gives access to the number alone.
unsafe impl<P: Send> Sync for Pipe<P> {}

impl<P: AsRawHandle + Send + 'static> Pipe<P> {
    fn new(pipe: P) -> Self {
        Self {
            handle: pipe.as_raw_handle(),
            pipe: Arc::new(Mutex::new(pipe)),
            state: State::Idle(Vec::new()),
            used: 0,
        }
    }

    /// Waits for the operation in progress; returns whether there was one.
    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let State::Busy(task) = &mut self.state else {
            return Poll::Ready(Ok(false));
        };
        let lost = |_| (Err(io::Error::other("background task failed")), Vec::new());
        let (outcome, buf) = ready!(Pin::new(task).poll(cx)).unwrap_or_else(lost);
        self.state = State::Idle(buf);
        Poll::Ready(outcome.map(|()| true))
    }

    fn take_buf(&mut self) -> Vec<u8> {
        match &mut self.state {
            State::Idle(buf) => std::mem::take(buf),
            State::Busy(_) => unreachable!("the pipe was made idle before"),
        }
    }

    fn begin(
        &mut self,
        mut buf: Vec<u8>,
        operation: impl FnOnce(&mut P, &mut Vec<u8>) -> io::Result<()> + Send + 'static,
    ) {
        let pipe = Arc::clone(&self.pipe);
        let work = move || {
            let mut pipe = pipe.lock().unwrap_or_else(PoisonError::into_inner);
            let outcome = operation(&mut pipe, &mut buf);
            (outcome, buf)
        };
        self.state = State::Busy(spawn_blocking_for(BlockingKind::StandardStream, work));
    }

    /// The pipe itself.
    fn into_inner(self) -> io::Result<P> {
        let under_way = |_| {
            let kind = io::ErrorKind::WouldBlock;
            io::Error::new(kind, "an operation on the pipe is in progress")
        };
        let pipe = Arc::try_unwrap(self.pipe).map_err(under_way)?;
        Ok(pipe.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    fn borrow(&self) -> BorrowedHandle<'_> {
        // SAFETY: open as long as this lives (I2).
        unsafe { BorrowedHandle::borrow_raw(self.handle) }
    }
}

impl<P: Read + AsRawHandle + Send + 'static> Pipe<P> {
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        target: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let unit = ready!(coop::poll_proceed(cx));
        loop {
            let was_read = ready!(self.poll_idle(cx))?;
            let mut buf = self.take_buf();
            let n = (buf.len() - self.used).min(target.remaining());
            if n > 0 || was_read || target.remaining() == 0 {
                unit.made_progress();
                target.put_slice(&buf[self.used..self.used + n]);
                self.used += n;
                self.state = State::Idle(buf);
                return Poll::Ready(Ok(()));
            }
            self.used = 0;
            buf.resize(target.remaining().min(MAX_BUF_SIZE), 0);
            self.begin(buf, |pipe, buf| {
                let outcome = read_once(pipe, buf);
                buf.truncate(*outcome.as_ref().unwrap_or(&0));
                outcome.map(drop)
            });
        }
    }
}

fn read_once(pipe: &mut impl Read, buf: &mut [u8]) -> io::Result<usize> {
    loop {
        match pipe.read(buf) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}

macro_rules! pipe_end {
    ($end:ident, $what:literal) => {
        #[doc = $what]
        ///
        /// # Cost
        /// Each operation is a hop to the blocking pool.
        #[derive(Debug)]
        pub struct $end {
            pipe: Pipe<std::process::$end>,
        }

        impl $end {
            /// Takes over a pipe of std's.
            ///
            /// # Errors
            /// None on this system.
            pub fn from_std(inner: std::process::$end) -> io::Result<Self> {
                Ok(Self {
                    pipe: Pipe::new(inner),
                })
            }

            /// A handle of the pipe, a duplicate.
            ///
            /// # Errors
            /// What the system reports.
            pub fn into_owned_handle(self) -> io::Result<OwnedHandle> {
                self.as_handle().try_clone_to_owned()
            }
        }

        impl TryInto<Stdio> for $end {
            type Error = io::Error;

            fn try_into(self) -> io::Result<Stdio> {
                self.pipe.into_inner().map(Stdio::from)
            }
        }

        impl AsRawHandle for $end {
            fn as_raw_handle(&self) -> RawHandle {
                self.pipe.handle
            }
        }

        impl AsHandle for $end {
            fn as_handle(&self) -> BorrowedHandle<'_> {
                self.pipe.borrow()
            }
        }
    };
}

pipe_end!(
    ChildStdin,
    "The child's input; the child sees the end when this drops and what was taken is written."
);
pipe_end!(ChildStdout, "The child's output.");
pipe_end!(ChildStderr, "The child's error output.");

macro_rules! read_end {
    ($end:ident) => {
        impl AsyncRead for $end {
            fn poll_read(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                self.pipe.poll_read(cx, buf)
            }
        }
    };
}

read_end!(ChildStdout);
read_end!(ChildStderr);

impl AsyncWrite for ChildStdin {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        source: &[u8],
    ) -> Poll<io::Result<usize>> {
        let unit = ready!(coop::poll_proceed(cx));
        let pipe = &mut self.pipe;
        ready!(pipe.poll_idle(cx))?;
        unit.made_progress();
        let mut buf = pipe.take_buf();
        let n = source.len().min(MAX_BUF_SIZE);
        buf.clear();
        buf.extend_from_slice(&source[..n]);
        pipe.begin(buf, |pipe, buf| pipe.write_all(buf));
        Poll::Ready(Ok(n))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.pipe.poll_idle(cx).map_ok(drop)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx) // It closes when it drops.
    }
}
