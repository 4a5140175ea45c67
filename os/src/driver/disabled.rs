//! The driver of a build without a reactor: a type without values, since none can be made.

use std::io;
use std::task::Waker;
use std::time::{Duration, Instant};

use selkie_core::park::{Park, Unpark};

use super::config::Config;

/// A driver; there is none.
#[derive(Debug)]
pub(crate) enum Driver {}

/// A driver's handle; there is none.
#[derive(Debug, Clone)]
pub(crate) enum Handle {}

/// Ends a driver's sleep; there is none.
#[derive(Debug, Clone)]
pub(crate) enum Unparker {}

impl Park for Driver {
    type Unpark = Unparker;

    fn unpark_handle(&self) -> Unparker {
        match *self {}
    }

    fn park(&mut self, _timeout: Option<Duration>) {
        match *self {}
    }

    fn shutdown(&mut self) {
        match *self {}
    }
}

impl Unpark for Unparker {
    fn unpark(&self) {
        match *self {}
    }
}

impl Handle {
    /// Tells all waiters that the driver has shut down.
    pub(crate) fn shut_down(&self) {
        match *self {}
    }

    /// Sets how a worker is woken.
    pub(crate) fn set_worker(&self, _index: usize, _worker: Waker) {
        match *self {}
    }

    /// Sets the deadline of the shutdown.
    pub(crate) fn set_shutdown_deadline(&self, _deadline: Instant) {
        match *self {}
    }

    /// Events dispatched so far.
    pub(crate) fn events(&self) -> u64 {
        match *self {}
    }

    /// Sources that are registered with the reactor of `worker`, and the events that it has dispatched.
    pub(crate) fn reactor_counts(&self, _worker: usize) -> (usize, u64) {
        match *self {}
    }

    /// Operations in flight in the ring of `worker`; `None` if it has none.
    pub(crate) fn ring_in_flight(&self, _worker: usize) -> Option<usize> {
        match *self {}
    }

    /// Sources registered so far.
    pub(crate) fn registered(&self) -> u64 {
        match *self {}
    }

    /// Sources deregistered so far.
    pub(crate) fn deregistered(&self) -> u64 {
        match *self {}
    }
}

/// Fails: this build has no reactor.
pub(crate) fn build(_config: &Config) -> io::Result<(Vec<Driver>, Handle)> {
    Err(io::ErrorKind::Unsupported.into())
}
