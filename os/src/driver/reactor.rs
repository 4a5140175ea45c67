//! The driver itself: sleeps in the poller and hands out what it tells.
//!
//! Idea        One call of the poller a park; each event finds its slot by its token.
//! Invariants  I1 the tokens of the waker and of the signals are no slot's.
//! Rejected    A clock read before and after, to wait anew when the poller returns early: the
//!             scheduler computes its next deadline anyway.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use mio::{Events, Poll, Token};
use selkie_core::park::Park;

use super::handle::{Handle, Shared, Unparker};
use super::poller::told;
use super::slots::Key;

/// The waker's token (I1: above every key, whose generation has fewer bits than are left).
const WAKER: Token = Token(usize::MAX);
/// Events taken in one turn, unless configured.
const EVENTS_PER_TURN: usize = 1024;

/// What a driver is built with.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// Events that one turn takes at most; others wait in the kernel for the next.
    pub(crate) events_per_turn: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            events_per_turn: EVENTS_PER_TURN,
        }
    }
}

/// The poller and its events.
#[derive(Debug)]
pub(crate) struct Driver {
    poll: Poll,
    events: Events,
    handle: Handle,
}

/// A driver and the handle to register with it.
///
/// # Errors
/// If the system gives no poller or no waker: it is out of descriptors, as a rule.
pub(crate) fn build(config: &Config) -> io::Result<(Driver, Handle)> {
    let poll = Poll::new()?;
    let waker = mio::Waker::new(poll.registry(), WAKER)?;
    let registry = poll.registry().try_clone()?;
    let handle = Handle::new(Arc::new(Shared::new(registry, waker)));
    let events = Events::with_capacity(config.events_per_turn.max(1));
    Ok((
        Driver {
            poll,
            events,
            handle: handle.clone(),
        },
        handle,
    ))
}

impl Driver {
    /// Takes what the poller has, waiting for it at most `timeout`.
    fn turn(&mut self, timeout: Option<Duration>) {
        match self.poll.poll(&mut self.events, timeout) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return,
            Err(error) => panic!("the reactor's poller failed: {error}"),
        }
        let shared = &self.handle.shared;
        let mut dispatched = 0;
        for event in &self.events {
            match event.token() {
                WAKER => {}
                super::signal::TOKEN => super::signal::dispatch(),
                Token(key) => {
                    if let Some((slot, generation)) = shared.slots.find(Key(key)) {
                        slot.publish(generation, told(event));
                        dispatched += 1;
                    }
                }
            }
        }
        shared.count_events(dispatched);
    }
}

impl Park for Driver {
    type Unpark = Unparker;

    fn unpark_handle(&self) -> Unparker {
        self.handle.unparker()
    }

    fn park(&mut self, timeout: Option<Duration>) {
        if timeout == Some(Duration::ZERO) {
            return self.turn(timeout);
        }
        if self.handle.shared.fall_asleep() {
            self.turn(timeout);
            self.handle.shared.wake_up();
        } else {
            self.turn(Some(Duration::ZERO));
        }
    }

    fn shutdown(&mut self) {
        self.handle.shared.slots.shut_down();
    }
}
