//! A thread that reads the process's input through std's reader.
//!
//! Idea        One thread for each reader, started with it. It belongs to no runtime, so that no
//!             shutdown waits for it; when its reader drops it ends after the read that it is at. It
//!             alone waits for std's lock, which a thread in `read_line` holds until a line has come.
//! States      idle ─poll_read→ reading ─done→ idle
//! Invariants  I1 one request is under way at most: its buffer comes back with its answer.
//!             I2 what std has read ahead is read first, since all is read by std's reader.

use std::future::Future;
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::mpsc;
use std::task::{Context, Poll, ready};

use selkie_core::sync::oneshot;

use super::watched::{input_is_there, take_read_ahead};

/// What was read; `None` if nothing is there and the input is watched.
type Answer = io::Result<Option<Vec<u8>>>;

/// Whether a read waits for input that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    Waits,
    Watches,
}

#[derive(Debug)]
struct Request {
    buf: Vec<u8>,
    wanted: usize,
    patience: Patience,
    answer: oneshot::Sender<Answer>,
}

/// The thread's handle.
#[derive(Debug)]
pub(super) struct Reader {
    requests: mpsc::SyncSender<Request>,
    reading: Option<oneshot::Receiver<Answer>>,
}

impl Reader {
    /// Starts the thread.
    ///
    /// # Errors
    /// If the system has no thread.
    pub(super) fn start() -> io::Result<Self> {
        // One place: a request never waits for the thread (I1).
        let (requests, incoming) = mpsc::sync_channel::<Request>(1);
        std::thread::Builder::new()
            .name("selkie-stdin".to_owned())
            .spawn(move || {
                for request in incoming {
                    let outcome = match request.patience {
                        Patience::Waits => read(request.buf, request.wanted).map(Some),
                        Patience::Watches => read_what_is_there(request.buf, request.wanted),
                    };
                    // Nobody may want it any more.
                    let _ = request.answer.send(outcome);
                }
            })?;
        Ok(Self {
            requests,
            reading: None,
        })
    }

    /// Whether a read is under way.
    pub(super) fn is_reading(&self) -> bool {
        self.reading.is_some()
    }

    /// Up to `wanted` bytes, in the memory of `buf`; if a read is under way, what that one reads.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buf: Vec<u8>,
        wanted: usize,
        patience: Patience,
    ) -> Poll<Answer> {
        let reading = match &mut self.reading {
            Some(reading) => reading,
            place => {
                let (answer, reading) = oneshot::channel();
                let request = Request {
                    buf,
                    wanted,
                    patience,
                    answer,
                };
                // A thread that is gone drops the request, which is told below.
                let _ = self.requests.try_send(request);
                place.insert(reading)
            }
        };
        let answer = ready!(Pin::new(reading).poll(cx));
        self.reading = None;
        Poll::Ready(answer.unwrap_or_else(|_| Err(io::Error::other("the input's reader is gone"))))
    }
}

/// One read of up to `wanted` bytes, in the memory of `buf`.
fn read_from(mut input: impl Read, mut buf: Vec<u8>, wanted: usize) -> io::Result<Vec<u8>> {
    buf.resize(wanted, 0);
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

fn read(buf: Vec<u8>, wanted: usize) -> io::Result<Vec<u8>> {
    read_from(io::stdin(), buf, wanted)
}

/// The same, if something is there, in std's buffer or behind it.
fn read_what_is_there(mut buf: Vec<u8>, wanted: usize) -> Answer {
    let input = io::stdin().lock();
    // Asked under the lock: no other thread takes it meanwhile.
    if input_is_there() {
        return read_from(input, buf, wanted).map(Some);
    }
    drop(input);
    buf.clear();
    take_read_ahead(&mut buf)?;
    Ok(Some(buf).filter(|buf| !buf.is_empty()))
}
