//! A thread that reads input which nobody can watch.
//!
//! Idea        One thread for each reader, started with it. It belongs to no runtime, so that no
//!             shutdown waits for it; when its reader drops it ends after the read that it is at.
//! States      idle ─poll_read→ reading ─done→ idle
//! Invariants  I1 one request is under way at most: its buffer comes back with its answer.

use std::future::Future;
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::mpsc;
use std::task::{Context, Poll, ready};

use selkie_core::sync::oneshot;

type Answer = io::Result<Vec<u8>>;

#[derive(Debug)]
struct Request {
    buf: Vec<u8>,
    wanted: usize,
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
                for mut request in incoming {
                    let outcome = read_once(&mut request.buf, request.wanted);
                    // Nobody may want it any more.
                    let _ = request.answer.send(outcome.map(|()| request.buf));
                }
            })?;
        Ok(Self {
            requests,
            reading: None,
        })
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
    ) -> Poll<Answer> {
        let reading = match &mut self.reading {
            Some(reading) => reading,
            place => {
                let (answer, reading) = oneshot::channel();
                let request = Request {
                    buf,
                    wanted,
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

/// Fills `buf` by one read of up to `wanted` bytes.
fn read_once(buf: &mut Vec<u8>, wanted: usize) -> io::Result<()> {
    buf.resize(wanted, 0);
    loop {
        match io::stdin().read(buf) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => return outcome.map(|n| buf.truncate(n)),
        }
    }
}
