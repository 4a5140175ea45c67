//! The simulated threads and whether they can run.

use std::sync::Arc;

use super::channel::Channel;
use super::event::EventTime;
use crate::ids::HostId;
use crate::sys::WaitWord;

/// Whether a thread can run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It runs, or will when it gets the turn.
    Ready,
    /// It waits for one of these.
    Waiting(Vec<Channel>),
    /// It never runs again: its host has crashed, or the simulation is over.
    Frozen,
    /// It has ended.
    Ended,
}

/// A thread of the simulated world, which a real thread plays.
#[derive(Debug)]
pub(crate) struct Thread {
    pub(crate) host: HostId,
    /// The host whose signal handler it runs: calls are that host's, and yet the thread does not end with it.
    pub(crate) acts_for: Option<HostId>,
    pub(crate) phase: Phase,
    /// Where its real thread sleeps while it has not the turn.
    pub(crate) word: Arc<WaitWord>,
    /// When its wait ends by time.
    pub(crate) timeout: Option<EventTime>,
    /// Whether its last wait ended by time.
    pub(crate) timed_out: bool,
    /// Whether somebody has waited for its end, or nobody will.
    pub(crate) handle: Option<u64>,
}

impl Thread {
    pub(crate) fn new(host: HostId) -> Self {
        Self {
            host,
            acts_for: None,
            phase: Phase::Ready,
            word: Arc::default(),
            timeout: None,
            timed_out: false,
            handle: None,
        }
    }
}
