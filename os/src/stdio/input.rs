//! The standard input of the process.
//!
//! Idea        A thread of its own reads, and no shutdown waits for it. It takes first what std has read ahead, and never
//!             more than was asked for. If the driver can wait for the input, the thread reads when something is there;
//!             other input, which is a file as a rule, is read at once.
//! Invariants  I1 bytes that were read and not handed out stay in the buffer, or in the answer of the thread. If a `Stdin` is
//!                dropped before it has handed them out, the process keeps them for the next one.
//! Rejected    The blocking pool: a runtime that shuts down waits for operations that have begun, and a file may be
//!             on a server that does not answer.

use std::io;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use selkie_core::coop;

use super::input_reader::{InputReader, ReadInput};
use super::unread_input::{put_back, take_unread};
use crate::async_io::{AsyncRead, ReadBuf};

/// The most bytes of one operation.
const MAX_BUF_SIZE: usize = 2 * 1024 * 1024;

/// Reads the process's input; made by [`stdin`].
///
/// It can be used by turns with [`std::io::Stdin`]: what std has read ahead comes first, and a read takes no more than it is
/// asked for. On Linux the rest stays in the input, so that a child process that inherits it reads on where this reader
/// has come to; on other systems, and where a sandbox allows a thread no descriptors of its own, std's reader has it. A
/// buffer around this thread, as of a `BufReader`, takes as much as it holds.
///
/// Reads are made by a thread of this value's own: no task waits while another thread has std's lock, and no shutdown
/// waits for the thread. On systems other than Linux what std has read ahead for others is seen once more input, or the
/// end, is there.
///
/// A terminal, a pipe or a socket is read when something is there: a read that is given up takes nothing, or it
/// is there for the next read. Its mode is left as it is, for it may be shared: if another process takes the
/// input just when it is read here, the thread waits for more.
///
/// A file is read as it comes, and so is everything on systems other than Unix, and in a runtime without I/O:
/// there a read that was begun goes on until input comes, also if it is given up; what it read is handed out
/// by the next read, which is that of the next `Stdin` if this one drops.
///
/// # Examples
/// ```no_run
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::io::{AsyncReadExt, Stdin, stdin};
///
/// let mut input: Stdin = stdin();
/// let mut all = Vec::new();
/// input.read_to_end(&mut all).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Stdin {
    /// What was read; the first `used` bytes have been handed out.
    buf: Vec<u8>,
    used: usize,
    reader: Box<dyn ReadInput>,
}

// What was read is handed out by plain copies: no panic comes between (I1).
impl UnwindSafe for Stdin {}
impl RefUnwindSafe for Stdin {}

/// The process's input.
///
/// Each call makes a reader with a buffer of its own: use one at a time. What one has read and not handed out when it
/// drops, as reads do that are given up, the next that is made hands out first; `std::io::stdin` does not.
///
/// # Cost
/// For each read that the buffer does not answer, a hop to a thread, and on Linux one to a second, both of which the first
/// read starts; two system calls beside the read.
///
/// # Examples
/// ```no_run
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::io::{AsyncBufReadExt, BufReader, stdin};
///
/// // Each line that is typed, until the end (Ctrl-D).
/// let mut lines = BufReader::new(stdin()).lines();
/// while let Some(line) = lines.next_line().await? {
///     println!("{} bytes", line.len());
/// }
/// # Ok(())
/// # }
/// ```
#[inline]
pub fn stdin() -> Stdin {
    Stdin {
        buf: Vec::new(),
        used: 0,
        reader: Box::new(InputReader::new()),
    }
}

impl Stdin {
    /// Reads what is there into the buffer, all of which has been handed out; for a target of `wanted` bytes.
    #[inline]
    fn poll_fill(&mut self, cx: &mut Context<'_>, wanted: usize) -> Poll<io::Result<()>> {
        if !self.reader.has_begun() {
            let unit = ready!(coop::poll_proceed(cx));
            let unread = take_unread();
            if !unread.is_empty() {
                (self.buf, self.used) = (unread, 0); // I1
                unit.made_progress();
                return Poll::Ready(Ok(()));
            }
        }
        self.buf.clear();
        self.used = 0;
        let wanted = wanted.min(MAX_BUF_SIZE);
        self.reader.poll_read(cx, &mut self.buf, wanted) // I1
    }
}

impl Drop for Stdin {
    #[inline]
    fn drop(&mut self) {
        put_back(&self.buf[self.used..]);
    }
}

impl AsyncRead for Stdin {
    #[inline]
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
