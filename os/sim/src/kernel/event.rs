//! What happens at a time of its own.

use std::cmp::Ordering;

use crate::ids::ThreadId;
use crate::network::Delivery;

/// What happens at a time that was set before.
#[derive(Debug)]
pub(crate) enum Event {
    /// A thread has waited as long as it wanted to, if it still waits for the same thing.
    Timeout { thread: ThreadId, wait: u64 },
    /// Something arrives over the network.
    Delivery(Delivery),
}

/// An event with its time, and the order in which events of one time were set.
#[derive(Debug)]
pub(crate) struct TimedEvent {
    pub(crate) at: u64,
    pub(crate) number: u64,
    pub(crate) event: Event,
}

impl PartialEq for TimedEvent {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for TimedEvent {}

impl PartialOrd for TimedEvent {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for TimedEvent {
    /// The earliest is the greatest, which a heap gives first.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}
