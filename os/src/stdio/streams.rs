//! The standard streams of the process.
//!
//! Idea        Input that can be watched is read when something is there. Files, and all output,
//!             are read and written on the blocking pool, one operation at a time, with a buffer
//!             that travels there and back.
//! States      Idle(buffer) ─operation→ Busy(task that returns the buffer) ─done→ Idle
//! Invariants  I1 what was read and not handed out stays in the buffer; a write is taken whole and
//!                written whole, and its failure is told by the next operation.
//! Rejected    Making the descriptors non-blocking: that changes them for every process that
//!             shares the terminal.

use std::future::Future;
use std::io::{self, IoSlice, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use selkie_core::coop;

use super::input::Input;
use crate::blocking::BlockingKind;
use crate::driver::is_shutdown_error;
use crate::io::{AsyncRead, AsyncWrite, ReadBuf};
use crate::task::{JoinHandle, spawn_blocking_for};

/// Bytes that one operation moves at most.
const MAX_BUF_SIZE: usize = 2 * 1024 * 1024;
/// Bytes that a read of watched input asks for at least: more than std's reader holds, so that
/// nothing is left in its buffer, which nobody watches.
const MIN_WATCHED_BUF_SIZE: usize = 16 * 1024;

#[derive(Debug)]
enum State {
    Idle(Vec<u8>),
    Busy(JoinHandle<(io::Result<usize>, Vec<u8>)>),
}

impl State {
    /// Waits for the operation under way, if there is one, and says what became of it.
    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<usize>>> {
        let Self::Busy(task) = self else {
            return Poll::Ready(Ok(None));
        };
        let (outcome, buf) = ready!(Pin::new(task).poll(cx))
            .unwrap_or_else(|_| (Err(io::Error::other("background task failed")), Vec::new()));
        *self = Self::Idle(buf);
        Poll::Ready(outcome.map(Some))
    }

    fn take_buf(&mut self) -> Vec<u8> {
        match self {
            Self::Idle(buf) => std::mem::take(buf),
            Self::Busy(_) => unreachable!("the stream was made idle before"),
        }
    }

    fn begin(
        &mut self,
        mut buf: Vec<u8>,
        operation: impl FnOnce(&mut Vec<u8>) -> io::Result<usize> + Send + 'static,
    ) {
        *self = Self::Busy(spawn_blocking_for(
            BlockingKind::StandardStream,
            move || (operation(&mut buf), buf),
        ));
    }
}

/// Reads the process's input; made by [`stdin`].
///
/// A terminal, a pipe or a socket is read when something is there: a read that is given up leaves
/// nothing behind, and the runtime's shutdown waits for nobody. Its mode is left as it is, for it
/// may be shared: if another process takes the input just when it is read here, the thread waits
/// for more.
///
/// A file is read on the blocking pool, and so is everything on systems other than Unix, and in a
/// runtime without I/O: there a read that was begun goes on until input comes, and the runtime's
/// shutdown waits for it as for other blocking work. What it read is not lost.
///
/// What [`std::io::Stdin`] has read ahead is seen once more input, or the end, is there.
#[derive(Debug)]
pub struct Stdin {
    state: State,
    used: usize,
    way: Way,
}

/// How input is waited for.
#[derive(Debug)]
enum Way {
    /// That is found out at the first read, which has a runtime.
    Unknown,
    Watched(Input),
    Pool,
}

/// The process's input.
///
/// Each call makes a reader with a buffer of its own: use one.
///
/// # Cost
/// For each read that the buffer does not answer, a question to the system beside the read; for
/// files a hop to the blocking pool.
pub fn stdin() -> Stdin {
    Stdin {
        state: State::Idle(Vec::new()),
        used: 0,
        way: Way::Unknown,
    }
}

impl Stdin {
    /// Reads what is there into the buffer, if that is empty, and hands it out.
    fn poll_watched(
        &mut self,
        cx: &mut Context<'_>,
        target: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let (Way::Watched(input), State::Idle(buf)) = (&self.way, &mut self.state) else {
            unreachable!("watched input is never read on the pool");
        };
        if self.used == buf.len() && target.remaining() > 0 {
            self.used = 0;
            buf.resize(
                target.remaining().clamp(MIN_WATCHED_BUF_SIZE, MAX_BUF_SIZE),
                0,
            );
            let outcome = input.poll_read(cx, buf);
            buf.truncate(match &outcome {
                Poll::Ready(Ok(n)) => *n,
                _ => 0,
            });
            if matches!(&outcome, Poll::Ready(Err(error)) if is_shutdown_error(error)) {
                self.way = Way::Unknown; // Another runtime may read on.
            }
            ready!(outcome)?;
        } else {
            ready!(coop::poll_proceed(cx)).made_progress();
        }
        let n = (buf.len() - self.used).min(target.remaining());
        target.put_slice(&buf[self.used..self.used + n]);
        self.used += n;
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Stdin {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        target: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let me = &mut *self;
        if matches!(me.way, Way::Unknown) {
            me.way = Input::new().map_or(Way::Pool, Way::Watched);
        }
        if matches!(me.way, Way::Watched(_)) {
            return me.poll_watched(cx, target);
        }
        let unit = ready!(coop::poll_proceed(cx));
        loop {
            let read = ready!(me.state.poll_idle(cx))?;
            let mut buf = me.state.take_buf();
            let n = (buf.len() - me.used).min(target.remaining());
            if n > 0 || read.is_some() || target.remaining() == 0 {
                unit.made_progress();
                target.put_slice(&buf[me.used..me.used + n]);
                me.used += n;
                me.state = State::Idle(buf);
                return Poll::Ready(Ok(()));
            }
            me.used = 0;
            let limit = target.remaining().min(MAX_BUF_SIZE);
            buf.resize(limit, 0);
            me.state.begin(buf, |buf| {
                let outcome = read_once(buf);
                buf.truncate(*outcome.as_ref().unwrap_or(&0));
                outcome
            });
        }
    }
}

fn read_once(buf: &mut [u8]) -> io::Result<usize> {
    loop {
        match io::stdin().read(buf) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}

macro_rules! output {
    ($stream:ident, $make:ident, $what:literal) => {
        #[doc = concat!("Writes the process's ", $what, "; made by [`", stringify!($make), "`].")]
        ///
        /// Writes are taken at once and done in the background: flush it before the runtime ends,
        /// or they may be lost. Writes of one call are not divided by writes of others, up to 2 MiB.
        #[derive(Debug)]
        pub struct $stream {
            state: State,
        }

        #[doc = concat!("The process's ", $what, ".")]
        ///
        /// # Cost
        /// A hop to the blocking pool for each write.
        pub fn $make() -> $stream {
            $stream {
                state: State::Idle(Vec::new()),
            }
        }

        impl AsyncWrite for $stream {
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                source: &[u8],
            ) -> Poll<io::Result<usize>> {
                self.poll_write_vectored(cx, &[IoSlice::new(source)])
            }

            fn poll_write_vectored(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                sources: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                let unit = ready!(coop::poll_proceed(cx));
                ready!(self.state.poll_idle(cx))?;
                unit.made_progress();
                if sources.iter().all(|source| source.is_empty()) {
                    return Poll::Ready(Ok(0)); // An empty buffer would mean that all is flushed.
                }
                let mut buf = self.state.take_buf();
                buf.clear();
                for source in sources {
                    let n = source.len().min(MAX_BUF_SIZE - buf.len());
                    buf.extend_from_slice(&source[..n]);
                }
                let n = buf.len();
                self.state
                    .begin(buf, |buf| io::$make().write_all(buf).map(|()| buf.len()));
                Poll::Ready(Ok(n))
            }

            fn is_write_vectored(&self) -> bool {
                true
            }

            fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                let unit = ready!(coop::poll_proceed(cx));
                loop {
                    match ready!(self.state.poll_idle(cx)) {
                        // A flush leaves the buffer empty, a write does not.
                        Ok(done) => {
                            let mut buf = self.state.take_buf();
                            if done == Some(0) || (done.is_none() && buf.is_empty()) {
                                unit.made_progress();
                                self.state = State::Idle(buf);
                                return Poll::Ready(Ok(()));
                            }
                            buf.clear();
                            self.state.begin(buf, |_| io::$make().flush().map(|()| 0));
                        }
                        Err(error) => {
                            unit.made_progress();
                            return Poll::Ready(Err(error));
                        }
                    }
                }
            }

            fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.poll_flush(cx)
            }
        }
    };
}

output!(Stdout, stdout, "output");
output!(Stderr, stderr, "error output");
