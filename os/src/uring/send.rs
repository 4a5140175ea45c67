//! One send operation, which owns what it sends.
//!
//! Invariants  I1 what is sent is in an `OperationBuffer`, which the ring keeps until the last completion.
//!             I2 a send that is dropped in flight is cancelled.
#![allow(unsafe_code)]

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use io_uring::opcode;
use selkie_core::coop;

use super::endpoint::Endpoint;
use super::runtime_rings::{Restarts, RuntimeRings, submit_unless_own};
use crate::driver::{OperationBuffer, OperationKind, Payload, Ring, outcome_error};

/// The most bytes of one operation: the system counts them in 31 bits.
const MAX_BYTES: usize = 1 << 30;

/// How bytes are sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct SendOptions {
    /// Whether the operation waits until all bytes are sent, not only those that the socket has room for now.
    pub(super) waits_for_all: bool,
    /// Whether the system copies the bytes; otherwise the send is zero-copy.
    pub(super) copies: bool,
}

/// A send in flight, on the ring of the thread that submitted it.
struct SendFuture {
    ring: Arc<Ring>,
    slot: Option<usize>,
}

type SendBuffer<B> = OperationBuffer<B, Arc<Endpoint>>;

#[inline]
fn into_buffer<B: Send + 'static>(payload: Box<dyn Payload>) -> B {
    let held = payload.into_any().downcast::<SendBuffer<B>>();
    held.expect("a payload comes back as what it was").take()
}

/// Sends `buf`, from the byte `from` on.
#[inline]
pub(super) async fn send<B: AsRef<[u8]> + Send + 'static>(
    rings: &RuntimeRings,
    socket: &Arc<Endpoint>,
    mut buf: B,
    from: usize,
    options: SendOptions,
) -> (io::Result<usize>, B) {
    let mut restarts = Restarts::default();
    loop {
        let (result, back) = match queue(rings, socket, buf, from, options) {
            Ok(sending) => {
                let (result, payload) = sending.await;
                (result, into_buffer(payload))
            }
            Err((error, back)) => return (Err(error), back),
        };
        buf = back;
        match result {
            0.. => return (Ok(result as usize), buf),
            // Nothing was sent.
            _ if Restarts::is_restartable(-result) => poll_fn(|cx| restarts.poll_restart(cx)).await,
            _ => return (Err(outcome_error(-result)), buf),
        }
    }
}

/// Queues one send on the ring of this thread.
#[inline]
fn queue<B: AsRef<[u8]> + Send + 'static>(
    rings: &RuntimeRings,
    socket: &Arc<Endpoint>,
    buf: B,
    from: usize,
    options: SendOptions,
) -> Result<SendFuture, (io::Error, B)> {
    let ring = match rings.ring() {
        Ok(ring) => ring,
        Err(error) => return Err((error, buf)),
    };
    let mut held = Box::new(SendBuffer::new(buf, Arc::clone(socket)));
    // SAFETY: the system has no pointer to it yet.
    let buf: &B = unsafe { held.buf() };
    let bytes = buf.as_ref().get(from..).unwrap_or(&[]);
    let (fd, named) = socket.fd_and_flags(&ring);
    let len = bytes.len().min(MAX_BYTES) as u32;
    let mut flags = libc::MSG_NOSIGNAL;
    if options.waits_for_all {
        flags |= libc::MSG_WAITALL;
    }
    let (kind, entry) = if options.copies {
        let send = opcode::Send::new(fd, bytes.as_ptr(), len);
        (OperationKind::Socket, send.flags(flags).build())
    } else {
        let send = opcode::SendZc::new(fd, bytes.as_ptr(), len);
        (OperationKind::SocketZeroCopy, send.flags(flags).build())
    };
    // SAFETY: bytes and socket belong to the payload, and stay where they are (I1).
    match unsafe { ring.queue(entry.flags(named), held, kind) } {
        Ok(slot) => {
            submit_unless_own(&ring);
            let slot = Some(slot);
            Ok(SendFuture { ring, slot })
        }
        Err(payload) => Err((ring.refusal(), into_buffer(payload))),
    }
}

impl Future for SendFuture {
    type Output = (i32, Box<dyn Payload>);

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let unit = ready!(coop::poll_proceed(cx));
        let slot = self.slot.expect("polled after it was ready");
        let Some((completion, payload)) = self.ring.outcome(slot, cx.waker()) else {
            return Poll::Pending;
        };
        self.slot = None;
        unit.made_progress();
        Poll::Ready((completion.result, payload))
    }
}

impl Drop for SendFuture {
    #[inline]
    fn drop(&mut self) {
        if let Some(slot) = self.slot {
            self.ring.abandon(slot, true); // I2
            submit_unless_own(&self.ring);
        }
    }
}
