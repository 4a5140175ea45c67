//! The process of a child.
//!
//! Idea        It stands behind a trait, and commands alone make it: a program without them has none of what listens for the
//!             exit of a child and reaps it.
//! States      running ─its exit is seen→ ended(status)
//! Invariants  I1 a child whose exit was seen is not asked, waited for or killed again: its number may belong to
//!                another process.
//!             I2 a running child whose handle is dropped is killed if that was asked for, and is left to be reaped
//!                in either case.
//!             I3 after a fork the forked process does neither: the child belongs to its parent.

use std::fmt;
use std::io;
use std::mem;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::process::ExitStatus;
use std::task::{Context, Poll, ready};

use super::exit::{ExitListener, try_wait};
use super::orphan::{adopt, reap};
use super::stdio::{ChildStderr, ChildStdin, ChildStdout};
use crate::context;
use crate::driver::{self, is_shutdown_error};
use crate::sys::OwningProcess;

/// The process of a child, which is reaped also if this is dropped before.
pub(super) trait ChildProcess:
    fmt::Debug + Send + Sync + UnwindSafe + RefUnwindSafe
{
    /// The process, unless its exit was seen.
    fn running(&self) -> Option<&std::process::Child>;

    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<ExitStatus>>;

    fn try_wait(&mut self) -> io::Result<Option<ExitStatus>>;

    fn kill(&mut self) -> io::Result<()>;
}

/// A process that is listened to.
#[derive(Debug)]
struct Process {
    state: ProcessState,
    kill_on_drop: bool,
    /// The process whose child it is (I3).
    owner: OwningProcess,
}

#[derive(Debug)]
enum ProcessState {
    Running(std::process::Child, ExitListener),
    Ended(ExitStatus),
    /// Only while a running child is taken out in `drop`.
    Gone,
}

impl Process {
    #[inline]
    fn ended(&self) -> io::Result<ExitStatus> {
        match self.state {
            ProcessState::Ended(status) => Ok(status),
            _ => unreachable!("a child is gone only while it drops"),
        }
    }
}

impl ChildProcess for Process {
    #[inline]
    fn running(&self) -> Option<&std::process::Child> {
        match &self.state {
            ProcessState::Running(child, _) => Some(child),
            _ => None,
        }
    }

    #[inline]
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<ExitStatus>> {
        let ProcessState::Running(child, listener) = &mut self.state else {
            return Poll::Ready(self.ended());
        };
        let mut end = listener.poll_end(cx, child);
        if matches!(&end, Poll::Ready(Err(error)) if is_shutdown_error(error)) {
            // The runtime that made the child is gone; this one may go on waiting.
            if let Ok(Some(driver)) = context::with_current(|inner| inner.driver.clone()) {
                *listener = ExitListener::new(child.id(), driver)?;
                end = listener.poll_end(cx, child);
            }
        }
        let status = ready!(end)?;
        self.state = ProcessState::Ended(status);
        Poll::Ready(Ok(status))
    }

    #[inline]
    fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        if let ProcessState::Running(child, _) = &mut self.state {
            let Some(status) = try_wait(child)? else {
                return Ok(None);
            };
            self.state = ProcessState::Ended(status);
        }
        self.ended().map(Some)
    }

    #[inline]
    fn kill(&mut self) -> io::Result<()> {
        match &mut self.state {
            ProcessState::Running(child, _) => child.kill(),
            _ => Ok(()), // I1
        }
    }
}

impl Drop for Process {
    #[inline]
    fn drop(&mut self) {
        let state = mem::replace(&mut self.state, ProcessState::Gone);
        if let ProcessState::Running(mut child, listener) = state {
            if !self.owner.is_current() {
                return; // I3
            }
            if self.kill_on_drop {
                // It fails only if the child has ended, which is what was asked for.
                let _ = child.kill();
            }
            adopt(child, listener); // I2
        }
    }
}

/// The ends of a child's pipes that are here: of its input, its output and its error output.
pub(super) type ChildPipes = (Option<ChildStdin>, Option<ChildStdout>, Option<ChildStderr>);

/// How a child that was just made is listened to; the second argument says whether it is killed when it is dropped.
pub(super) type ListenFunction = fn(
    std::process::Child,
    bool,
    driver::Handle,
) -> io::Result<(Box<dyn ChildProcess>, ChildPipes)>;

/// Listens to a child that was just made, as a [`ListenFunction`].
#[inline]
pub(super) fn listen(
    mut child: std::process::Child,
    kill_on_drop: bool,
    driver: driver::Handle,
) -> io::Result<(Box<dyn ChildProcess>, ChildPipes)> {
    let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let started = ExitListener::new(child.id(), driver).and_then(|listener| {
        let stdin = pipes.0.map(ChildStdin::from_std).transpose()?;
        let stdout = pipes.1.map(ChildStdout::from_std).transpose()?;
        let stderr = pipes.2.map(ChildStderr::from_std).transpose()?;
        Ok((listener, (stdin, stdout, stderr)))
    });
    match started {
        Ok((listener, pipes)) => {
            let process = Process {
                state: ProcessState::Running(child, listener),
                kill_on_drop,
                owner: OwningProcess::current(),
            };
            Ok((Box::new(process), pipes))
        }
        Err(error) => {
            // Nobody would know of it.
            let _ = child.kill();
            reap(child);
            Err(error)
        }
    }
}
