//! A thread that reads the process's input, what std has read ahead first.
//!
//! Idea        One thread for each reader, started with it. It belongs to no runtime, so that no
//!             shutdown waits for it; when its reader drops it ends after the read that it is at. Only such threads wait
//!             for std's lock, which a thread in `read_line` holds until a line has come. On Linux a further thread reads,
//!             since it can do so without reading ahead and cannot call wakers; elsewhere std's reader is used.
//! States      idle ─poll_read→ reading ─done→ idle
//! Invariants  I1 one request is under way at most: its buffer comes back with its answer.
//!             I2 what std has read ahead is read first: all is read under std's lock, and from its buffer as long as
//!                something is there.
//!             I3 no more is taken than was asked for; what std's reader has read beyond that stays in its buffer, where
//!                std finds it.

use std::future::Future;
use std::io::{self, BufRead, Read};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::task::{Context, Poll, ready};

use selkie_core::sync::oneshot;

use super::watched::input_is_there;
use crate::sys::ExactInput;

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
                let exact = ExactInput::start();
                for request in incoming {
                    let (buf, wanted, patience) = (request.buf, request.wanted, request.patience);
                    let outcome = match (&exact, patience) {
                        (Some(exact), _) => exact.read(buf, wanted, patience == Patience::Waits),
                        (None, Patience::Waits) => read(buf, wanted).map(Some),
                        (None, Patience::Watches) => read_what_is_there(buf, wanted),
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

/// Bytes that a read of ours has left in std's buffer, as far as nobody has taken them since (I3).
static LEFT_WITH_STD: AtomicUsize = AtomicUsize::new(0);

/// One read of up to `wanted` bytes by std's reader, in the memory of `buf`.
fn read(mut buf: Vec<u8>, wanted: usize) -> io::Result<Vec<u8>> {
    buf.resize(wanted, 0);
    let mut input = io::stdin();
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

/// The same, if something is there, or was left in std's buffer.
fn read_what_is_there(mut buf: Vec<u8>, wanted: usize) -> Answer {
    let mut input = io::stdin().lock();
    // Relaxed, here and below: changed under std's lock. Asked under it, too: no other thread takes the input meanwhile.
    if LEFT_WITH_STD.load(Ordering::Relaxed) == 0 && !input_is_there() {
        return Ok(None);
    }
    let there = loop {
        match input.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => break outcome?,
        }
    };
    let n = there.len().min(wanted);
    LEFT_WITH_STD.store(there.len() - n, Ordering::Relaxed);
    buf.clear();
    buf.extend_from_slice(&there[..n]);
    input.consume(n);
    Ok(Some(buf))
}
