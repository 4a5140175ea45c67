//! The standard output and error output of the process.
//!
//! Idea        What is written goes to the blocking pool, one operation at a time, with a buffer that travels there
//!             and back.
//! States      Idle(buffer) ─operation→ Busy(task that returns the buffer) ─done→ Idle
//! Invariants  I1 a write is accepted as a whole and written as a whole, and the next operation reports its
//!                failure; one that is refused is not accepted.
//!             I2 an idle buffer that is not empty was written and not flushed.
//! Rejected    To make the descriptors non-blocking: that changes them for every process that shares the terminal.

use std::fmt;
use std::future::Future;
use std::io::{self, IoSlice, Write};
use std::panic::RefUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use selkie_core::coop;
use selkie_core::raw::coop::{Budget, with_budget};

use crate::async_io::AsyncWrite;
use crate::blocking::BlockingKind;
use crate::driver::shutdown_error;
use crate::task::{LibraryJob, spawn_blocking_for};

/// The most bytes of one operation.
const MAX_BUF_SIZE: usize = 2 * 1024 * 1024;

/// What the pool does with a stream and a buffer; returns how many bytes it wrote.
type Operation = fn(&mut Vec<u8>) -> io::Result<usize>;

#[derive(Debug)]
enum State {
    Idle(Vec<u8>),
    Busy(LibraryJob<(io::Result<usize>, Vec<u8>)>),
}

impl State {
    /// Waits for the operation in progress, if there is one, and returns its outcome.
    #[inline]
    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<usize>>> {
        let Self::Busy(task) = self else {
            return Poll::Ready(Ok(None));
        };
        let (outcome, buf) = ready!(Pin::new(task).poll(cx)).unwrap_or_else(|error| {
            let error = if error.is_cancelled() {
                shutdown_error()
            } else {
                io::Error::other("background task failed")
            };
            (Err(error), Vec::new())
        });
        *self = Self::Idle(buf);
        Poll::Ready(outcome.map(Some))
    }

    /// Whether the operation is over already: as a rule because the pool has shut down and refused it.
    #[inline]
    fn is_over(&self) -> bool {
        matches!(self, Self::Busy(task) if task.is_finished())
    }

    #[inline]
    fn take_buf(&mut self) -> Vec<u8> {
        match self {
            Self::Idle(buf) => std::mem::take(buf),
            Self::Busy(_) => unreachable!("the stream was made idle before"),
        }
    }

    #[inline]
    fn begin(&mut self, kind: BlockingKind, mut buf: Vec<u8>, operation: Operation) {
        *self = Self::Busy(spawn_blocking_for(kind, move || (operation(&mut buf), buf)));
    }

    /// Accepts `sources`, which `write` writes.
    #[inline]
    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        sources: &[IoSlice<'_>],
        write: Operation,
    ) -> Poll<io::Result<usize>> {
        let unit = ready!(coop::poll_proceed(cx));
        ready!(self.poll_idle(cx))?;
        unit.made_progress();
        if sources.iter().all(|source| source.is_empty()) {
            return Poll::Ready(Ok(0)); // I2: the buffer stays as it is.
        }
        let mut buf = self.take_buf();
        buf.clear();
        for source in sources {
            let n = source.len().min(MAX_BUF_SIZE - buf.len());
            buf.extend_from_slice(&source[..n]);
        }
        let n = buf.len();
        self.begin(BlockingKind::StandardWrite, buf, write);
        if self.is_over() {
            // What was refused is not reported as accepted, and what was accepted is, whatever is left
            // of the budget.
            let check = || self.poll_idle(cx);
            ready!(with_budget(Budget::unlimited(), check))?;
        }
        Poll::Ready(Ok(n))
    }

    /// Waits until what was accepted is written, and `flush` has been called.
    #[inline]
    fn poll_flush(&mut self, cx: &mut Context<'_>, flush: Operation) -> Poll<io::Result<()>> {
        let unit = ready!(coop::poll_proceed(cx));
        loop {
            match ready!(self.poll_idle(cx)) {
                // A flush leaves the buffer empty, a write does not.
                Ok(done) => {
                    let mut buf = self.take_buf();
                    if done == Some(0) || (done.is_none() && buf.is_empty()) {
                        unit.made_progress();
                        *self = Self::Idle(buf);
                        return Poll::Ready(Ok(()));
                    }
                    buf.clear();
                    self.begin(BlockingKind::StandardStream, buf, flush);
                }
                Err(error) => {
                    unit.made_progress();
                    return Poll::Ready(Err(error));
                }
            }
        }
    }
}

/// What is done with one of the streams.
#[derive(Debug)]
struct Operations {
    write: Operation,
    flush: Operation,
}

/// One of the streams, as a writer.
///
/// A value gets it where it is made, so that a program which makes none has none of it.
trait OutputStream: fmt::Debug + Sync + RefUnwindSafe {
    fn poll_write(
        &self,
        state: &mut State,
        cx: &mut Context<'_>,
        sources: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>>;

    fn poll_flush(&self, state: &mut State, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
}

impl OutputStream for Operations {
    #[inline]
    fn poll_write(
        &self,
        state: &mut State,
        cx: &mut Context<'_>,
        sources: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        state.poll_write(cx, sources, self.write)
    }

    #[inline]
    fn poll_flush(&self, state: &mut State, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        state.poll_flush(cx, self.flush)
    }
}

macro_rules! output {
    ($stream:ident, $make:ident, $what:literal) => {
        #[doc = concat!("Writes the process's ", $what, "; made by [`", stringify!($make), "`].")]
        ///
        /// Writes are accepted at once and done in the background; a runtime that shuts down first completes what was
        /// accepted. What std's own buffer holds without a newline needs a flush. Writes of one call are not divided by writes of others, up to 2 MiB.
        ///
        /// # Examples
        /// ```no_run
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        #[doc = concat!("use selkie::io::{AsyncWriteExt, BufWriter, ", stringify!($make), "};")]
        ///
        /// // Many small writes become one hop to the blocking pool.
        #[doc = concat!("let mut output = BufWriter::new(", stringify!($make), "());")]
        /// for number in 1..=100 {
        ///     output.write_all(format!("{number}\n").as_bytes()).await?;
        /// }
        /// output.flush().await?;
        /// # Ok(())
        /// # }
        /// ```
        #[derive(Debug)]
        pub struct $stream {
            state: State,
            stream: &'static dyn OutputStream,
        }

        #[doc = concat!("The process's ", $what, ".")]
        ///
        /// # Cost
        /// A hop to the blocking pool for each write.
        ///
        /// # Examples
        /// ```no_run
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        #[doc = concat!("use selkie::io::{AsyncWriteExt, ", stringify!($make), "};")]
        ///
        #[doc = concat!("let mut output = ", stringify!($make), "();")]
        /// output.write_all(b"listening\n").await?;
        /// // Waits until the system has it.
        /// output.flush().await?;
        /// # Ok(())
        /// # }
        /// ```
        #[inline]
        pub fn $make() -> $stream {
            $stream {
                state: State::Idle(Vec::new()),
                stream: &Operations {
                    write: |buf| io::$make().write_all(buf).map(|()| buf.len()),
                    flush: |_| io::$make().flush().map(|()| 0),
                },
            }
        }

        impl AsyncWrite for $stream {
            #[inline]
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                source: &[u8],
            ) -> Poll<io::Result<usize>> {
                self.poll_write_vectored(cx, &[IoSlice::new(source)])
            }

            #[inline]
            fn poll_write_vectored(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                sources: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                let me = &mut *self;
                me.stream.poll_write(&mut me.state, cx, sources)
            }

            #[inline]
            fn is_write_vectored(&self) -> bool {
                true
            }

            #[inline]
            fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                let me = &mut *self;
                me.stream.poll_flush(&mut me.state, cx)
            }

            #[inline]
            fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.poll_flush(cx)
            }
        }
    };
}

output!(Stdout, stdout, "output");
output!(Stderr, stderr, "error output");
