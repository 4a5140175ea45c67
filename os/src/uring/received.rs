//! All that arrives at a socket.
//!
//! Idea        One operation receives again and again, each time into the buffer that is next in its
//!             group. It is begun anew when the system ends it: for want of buffers, once one is back.
//! States      under way ─ended─▶ idle ─▶ under way; idle ─no buffers─▶ starved ─there are more─▶ under way;
//!             ─a receive of nothing─▶ at the end
//! Invariants  I1 a buffer that a completion names belongs to who takes the completion; if nobody does
//!                any more, to the payload, which gives it back.
//!             I2 the operation owns the socket and the buffers, not the future.
//!             I3 `pool` is the operation's: it changes only while none is under way.
#![allow(unsafe_code)]

use std::any::Any;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use io_uring::opcode;
use selkie_core::coop;

use super::attached::Anew;
use super::buffers::{Buffer, Buffers};
use super::endpoint::Endpoint;
use super::line::{Line, Look};
use crate::driver::{Completion, Payload, Pool, Provided, outcome_error};

/// What the operation owns (I2).
struct Receiving {
    _socket: Arc<Endpoint>,
    pool: Arc<Pool>,
}

impl Payload for Receiving {
    fn carried(&self, told: Completion) -> Option<Box<dyn Any + Send>> {
        Some(Box::new(provided(&self.pool, told)))
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}

/// The buffers that `told` names.
fn provided(pool: &Arc<Pool>, told: Completion) -> Vec<Provided> {
    let bytes = usize::try_from(told.result).unwrap_or(0);
    let first = told.buffer();
    first.map_or_else(Vec::new, |first| pool.provided(first, bytes))
}

/// The bytes that arrive at a socket, buffer by buffer; made by [`Socket::receive`](super::Socket::receive).
///
/// Dropping it ends the operation. What had arrived and was not taken is lost.
#[derive(Debug)]
pub struct Received {
    line: Line,
    socket: Arc<Endpoint>,
    buffers: Buffers,
    /// Those that the last operation receives into (I3).
    pool: Option<Arc<Pool>>,
    /// Other buffers of the last completion.
    rest: VecDeque<Provided>,
    /// How many buffers had been given back when the operation was last begun, and how many lent.
    returned: u64,
    lent: u16,
    is_starved: bool,
    is_at_end: bool,
}

impl Received {
    pub(super) fn new(socket: Arc<Endpoint>, buffers: Buffers) -> Self {
        Self {
            line: Line::default(),
            socket,
            buffers,
            pool: None,
            rest: VecDeque::new(),
            returned: 0,
            lent: 0,
            is_starved: false,
            is_at_end: false,
        }
    }

    /// The next bytes; `None` once the other side has sent all it will.
    ///
    /// # Errors
    /// What the system says of the socket; that the runtime has shut down.
    ///
    /// # Cancel safety
    /// Nothing is lost: call it again.
    ///
    /// # Cost
    /// No system call of its own while the operation goes on. It waits for a buffer to be dropped
    /// if the program holds all of the group.
    pub async fn next(&mut self) -> Option<io::Result<Buffer>> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// The same, polled.
    ///
    /// # Errors
    /// As for [`next`](Self::next).
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Buffer>>> {
        let unit = ready!(coop::poll_proceed(cx));
        let next = ready!(self.poll_provided(cx));
        unit.made_progress();
        Poll::Ready(next.transpose().map(|next| {
            let provided = next?;
            Ok(Buffer { provided })
        }))
    }

    fn poll_provided(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Provided>>> {
        let mut anew = Anew::default();
        loop {
            if let Some(provided) = self.rest.pop_front() {
                return Poll::Ready(Ok(Some(provided)));
            }
            if self.is_at_end {
                return Poll::Ready(Ok(None));
            }
            match self.line.look(self.buffers.attached(), cx) {
                Look::Told(told) => {
                    self.take(told)?;
                    if Anew::suits(-told.result) {
                        ready!(anew.poll_once_more(cx));
                    }
                }
                Look::Pending => return Poll::Pending,
                Look::Ended(error) => return Poll::Ready(Err(error)),
                Look::Idle => {
                    let pool = self.buffers.pool()?;
                    let is_starved = self.is_starved_of(&pool) && !pool.grow(self.lent);
                    if is_starved && pool.wait(self.returned, cx.waker()) {
                        return Poll::Pending;
                    }
                    self.begin(pool)?;
                }
            }
        }
    }

    /// Whether `pool` had no buffer for the last operation.
    fn is_starved_of(&self, pool: &Arc<Pool>) -> bool {
        let last = self.pool.as_ref();
        self.is_starved && last.is_some_and(|last| Arc::ptr_eq(last, pool))
    }

    /// Takes in what the system says.
    fn take(&mut self, told: Completion) -> io::Result<()> {
        let pool = self.pool.as_ref();
        let mut provided = pool.map_or_else(Vec::new, |pool| provided(pool, told));
        match told.result {
            0 => self.is_at_end = true, // A buffer that came with it goes back.
            1.. => self.rest.extend(provided.drain(..)),
            _ => match -told.result {
                libc::ENOBUFS => self.is_starved = true,
                errno if Anew::suits(errno) => {}
                errno => return Err(outcome_error(errno)),
            },
        }
        Ok(())
    }

    fn begin(&mut self, pool: Arc<Pool>) -> io::Result<()> {
        debug_assert!(self.line.is_idle(), "one operation a socket");
        self.is_starved = false;
        self.lent = pool.lent();
        self.returned = pool.returned();
        let ring = Arc::clone(pool.ring());
        let (fd, named) = self.socket.name(&ring);
        let group = pool.group();
        let entry = if ring.abilities().bundles {
            opcode::RecvMultiBundle::new(fd, group).build()
        } else {
            opcode::RecvMulti::new(fd, group).build()
        };
        let payload = Receiving {
            _socket: Arc::clone(&self.socket),
            pool: Arc::clone(&pool),
        };
        self.pool = Some(pool); // I3
        // SAFETY: the descriptor and the buffers belong to the payload, and neither moves.
        unsafe {
            let attached = self.buffers.attached();
            self.line
                .begin(attached, ring, entry.flags(named), Box::new(payload))
        }
    }
}
