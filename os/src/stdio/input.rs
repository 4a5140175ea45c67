//! The process's input.
//!
//! Idea        Input that can be watched is read when something is there. The rest, files as a rule, is
//!             read by a thread that nobody waits for.
//! Invariants  I1 what was read and not handed out stays in the buffer.
//! Rejected    The blocking pool: a runtime that shuts down waits for what its threads have begun, and
//!             a file may be on a server that does not answer.

use std::io;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use selkie_core::coop;

use super::reader::Reader;
use super::watched::Watched;
use crate::driver::is_shutdown_error;
use crate::io::{AsyncRead, ReadBuf};

/// Bytes that one operation moves at most.
const MAX_BUF_SIZE: usize = 2 * 1024 * 1024;
/// Bytes that a read of watched input asks for at least: more than std's reader holds, so that
/// nothing is left in its buffer, which nobody watches.
const MIN_WATCHED_BUF_SIZE: usize = 16 * 1024;

/// Reads the process's input; made by [`stdin`].
///
/// A terminal, a pipe or a socket is read when something is there: a read that is given up leaves
/// nothing behind, and the runtime's shutdown waits for nobody. Its mode is left as it is, for it
/// may be shared: if another process takes the input just when it is read here, the thread waits
/// for more.
///
/// A file is read by a thread of this value's own, and so is everything on systems other than Unix, and
/// in a runtime without I/O: there a read that was begun goes on until input comes, also if it is given
/// up; what it read is not lost unless this drops. No shutdown waits for it, either.
///
/// What [`std::io::Stdin`] has read ahead is seen once more input, or the end, is there.
#[derive(Debug)]
pub struct Stdin {
    /// What was read; the first `used` bytes are handed out.
    buf: Vec<u8>,
    used: usize,
    way: Way,
}

// What was read is handed out by plain copies: no panic comes between (I1).
impl UnwindSafe for Stdin {}
impl RefUnwindSafe for Stdin {}

/// How input is waited for.
#[derive(Debug)]
enum Way {
    /// That is found out at the first read, which has a runtime.
    Unknown,
    Watched(Watched),
    Read(Reader),
}

/// The process's input.
///
/// Each call makes a reader with a buffer of its own: use one.
///
/// # Cost
/// For each read that the buffer does not answer, a question to the system beside the read; for
/// files a hop to the thread, which is started by the first.
pub fn stdin() -> Stdin {
    Stdin {
        buf: Vec::new(),
        used: 0,
        way: Way::Unknown,
    }
}

impl Stdin {
    /// How input is waited for from here on, which is found out now if it is not known.
    fn way(&mut self) -> io::Result<&mut Way> {
        if matches!(self.way, Way::Unknown) {
            self.way = match Watched::new() {
                Some(input) => Way::Watched(input),
                None => Way::Read(Reader::start()?),
            };
        }
        Ok(&mut self.way)
    }

    /// Reads what is there into the buffer, of which all is handed out; for a target of `wanted` bytes.
    fn poll_fill(&mut self, cx: &mut Context<'_>, wanted: usize) -> Poll<io::Result<()>> {
        let mut buf = std::mem::take(&mut self.buf);
        self.used = 0;
        match self.way()? {
            Way::Watched(input) => {
                buf.resize(wanted.clamp(MIN_WATCHED_BUF_SIZE, MAX_BUF_SIZE), 0);
                let outcome = input.poll_read(cx, &mut buf);
                buf.truncate(match &outcome {
                    Poll::Ready(Ok(n)) => *n,
                    _ => 0,
                });
                self.buf = buf;
                if matches!(&outcome, Poll::Ready(Err(error)) if is_shutdown_error(error)) {
                    self.way = Way::Unknown; // Another runtime may read on.
                }
                outcome.map_ok(drop)
            }
            Way::Read(reader) => {
                self.buf = ready!(reader.poll_read(cx, buf, wanted.min(MAX_BUF_SIZE)))?;
                Poll::Ready(Ok(()))
            }
            Way::Unknown => unreachable!("the way was just found out"),
        }
    }
}

impl AsyncRead for Stdin {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        target: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.used == self.buf.len() && target.remaining() > 0 {
            ready!(self.poll_fill(cx, target.remaining()))?;
        } else {
            ready!(coop::poll_proceed(cx)).made_progress();
        }
        let n = (self.buf.len() - self.used).min(target.remaining());
        target.put_slice(&self.buf[self.used..self.used + n]);
        self.used += n;
        Poll::Ready(Ok(()))
    }
}
