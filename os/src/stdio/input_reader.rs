//! How the input is read, and waited for.
//!
//! Idea        It stands behind a trait, and is made by `stdin` alone: a program that never calls that has none of it, neither
//!             the threads nor the source of readiness.
//! States      polled input: read ─nothing there→ wait ─something is there→ read

use std::fmt;
use std::io;
use std::task::{Context, Poll, ready};

use super::input_thread::{InputThread, ReadMode};
use super::polled_input::PolledInput;
use crate::driver::is_shutdown_error;

/// What reads the input for a [`Stdin`](super::Stdin).
pub(super) trait ReadInput: fmt::Debug + Send + Sync {
    /// Whether a read was begun.
    fn has_begun(&self) -> bool;

    /// Reads up to `wanted` bytes into `buf`, which is empty; if a read is in progress, what that one reads.
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut Vec<u8>,
        wanted: usize,
    ) -> Poll<io::Result<()>>;
}

/// Reads by a thread of its own.
#[derive(Debug)]
pub(super) struct InputReader {
    mode: InputMode,
    /// Started by the first read.
    thread: Option<InputThread>,
}

/// How input is waited for.
#[derive(Debug)]
enum InputMode {
    /// Found out at the first read, which has a runtime.
    Unknown,
    Polled {
        input: PolledInput,
        waits: bool,
    },
    Blocking,
}

impl InputReader {
    #[inline]
    pub(super) fn new() -> Self {
        Self {
            mode: InputMode::Unknown,
            thread: None,
        }
    }
}

impl ReadInput for InputReader {
    #[inline]
    fn has_begun(&self) -> bool {
        self.thread.is_some()
    }

    #[inline]
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut Vec<u8>,
        wanted: usize,
    ) -> Poll<io::Result<()>> {
        loop {
            let thread = match &mut self.thread {
                Some(thread) => thread,
                none => none.insert(InputThread::start()?),
            };
            if matches!(self.mode, InputMode::Unknown) {
                self.mode = match PolledInput::new() {
                    Some(input) => InputMode::Polled {
                        input,
                        waits: false,
                    },
                    None => InputMode::Blocking,
                };
            }
            let read_mode = match &mut self.mode {
                InputMode::Polled { input, waits } => {
                    if *waits && !thread.is_reading() {
                        let outcome = ready!(input.poll_input(cx));
                        if outcome.as_ref().is_err_and(is_shutdown_error) {
                            self.mode = InputMode::Unknown; // Another runtime may read on.
                        } else {
                            *waits = false;
                        }
                        outcome?;
                    }
                    ReadMode::IfReady
                }
                _ => ReadMode::Wait,
            };
            let memory = std::mem::take(buf);
            if let Some(read) = ready!(thread.poll_read(cx, memory, wanted, read_mode))? {
                *buf = read;
                return Poll::Ready(Ok(()));
            }
            if let InputMode::Polled { waits, .. } = &mut self.mode {
                *waits = true;
            }
        }
    }
}
