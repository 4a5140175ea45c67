//! One send, which owns what it sends.
//!
//! Invariants  I1 what is sent lies in a `Held`, which the ring keeps until the last completion.
//!             I2 a send that is dropped under way is cancelled.
#![allow(unsafe_code)]

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use io_uring::opcode;
use selkie_core::coop;

use super::attached::{Anew, Attached, submit};
use super::endpoint::Endpoint;
use crate::driver::{Held, Kind, Payload, Ring, outcome_error};

/// Bytes in one operation at most: the system counts them in 31 bits.
const MAX_BYTES: usize = 1 << 30;

/// How bytes are sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    /// All that fits into the operation, not just what has room in the socket now.
    pub(super) waits_for_all: bool,
    /// From the memory itself.
    pub(super) copies: bool,
}

/// An operation under way on a ring: the one of the thread that began it.
struct Sending {
    ring: Arc<Ring>,
    slot: Option<usize>,
}

type HeldHere<B> = Held<B, Arc<Endpoint>>;

fn taken<B: Send + 'static>(payload: Box<dyn Payload>) -> B {
    let held = payload.into_any().downcast::<HeldHere<B>>();
    held.expect("a payload comes back as what it was").take()
}

/// Sends `buf` from its byte `from` on.
pub(super) async fn send<B: AsRef<[u8]> + Send + 'static>(
    attached: &Attached,
    socket: &Arc<Endpoint>,
    mut buf: B,
    from: usize,
    manner: Manner,
) -> (io::Result<usize>, B) {
    let mut anew = Anew::default();
    loop {
        let (result, back) = match queue(attached, socket, buf, from, manner) {
            Ok(sending) => {
                let (result, payload) = sending.await;
                (result, taken(payload))
            }
            Err((error, back)) => return (Err(error), back),
        };
        buf = back;
        match result {
            0.. => return (Ok(result as usize), buf),
            // With nothing sent.
            _ if Anew::suits(-result) => poll_fn(|cx| anew.poll_once_more(cx)).await,
            _ => return (Err(outcome_error(-result)), buf),
        }
    }
}

/// Puts one operation into the line of this thread's ring.
fn queue<B: AsRef<[u8]> + Send + 'static>(
    attached: &Attached,
    socket: &Arc<Endpoint>,
    buf: B,
    from: usize,
    manner: Manner,
) -> Result<Sending, (io::Error, B)> {
    let ring = match attached.ring() {
        Ok(ring) => ring,
        Err(error) => return Err((error, buf)),
    };
    let mut held = Box::new(HeldHere::new(buf, Arc::clone(socket)));
    // SAFETY: the system has no pointer to it yet.
    let buf: &B = unsafe { held.buf() };
    let bytes = buf.as_ref().get(from..).unwrap_or(&[]);
    let (fd, named) = socket.name(&ring);
    let len = bytes.len().min(MAX_BYTES) as u32;
    let mut flags = libc::MSG_NOSIGNAL;
    if manner.waits_for_all {
        flags |= libc::MSG_WAITALL;
    }
    let (kind, entry) = if manner.copies {
        let send = opcode::Send::new(fd, bytes.as_ptr(), len);
        (Kind::Socket, send.flags(flags).build())
    } else {
        let send = opcode::SendZc::new(fd, bytes.as_ptr(), len);
        (Kind::SocketNotified, send.flags(flags).build())
    };
    // SAFETY: bytes and socket belong to the payload, and stay where they are (I1).
    match unsafe { ring.queue(entry.flags(named), held, kind) } {
        Ok(slot) => {
            submit(&ring);
            let slot = Some(slot);
            Ok(Sending { ring, slot })
        }
        Err(payload) => Err((ring.refusal(), taken(payload))),
    }
}

impl Future for Sending {
    type Output = (i32, Box<dyn Payload>);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let unit = ready!(coop::poll_proceed(cx));
        let slot = self.slot.expect("polled after it was ready");
        let Some((told, payload)) = self.ring.outcome(slot, cx.waker()) else {
            return Poll::Pending;
        };
        self.slot = None;
        unit.made_progress();
        Poll::Ready((told.result, payload))
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        if let Some(slot) = self.slot {
            self.ring.abandon(slot, true); // I2
            submit(&self.ring);
        }
    }
}
