//! What happens at a time of its own.

use std::collections::BTreeMap;

use crate::ids::ThreadId;
use crate::network::Delivery;

/// What happens at a time that was set before.
#[derive(Debug)]
pub(crate) enum Event {
    /// A thread has waited as long as it wanted to.
    Timeout { thread: ThreadId },
    /// Something arrives over the network.
    Delivery(Delivery),
}

/// When an event happens; of those of one time, in which order they were set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct EventTime {
    pub(crate) at: u64,
    number: u64,
}

/// What will happen, in order.
#[derive(Debug, Default)]
pub(crate) struct Events {
    all: BTreeMap<EventTime, Event>,
    set: u64,
}

impl Events {
    pub(crate) fn add(&mut self, at: u64, event: Event) -> EventTime {
        self.set += 1;
        let time = EventTime {
            at,
            number: self.set,
        };
        self.all.insert(time, event);
        time
    }

    /// It does not happen.
    pub(crate) fn cancel(&mut self, time: EventTime) {
        self.all.remove(&time);
    }

    /// The time of the next.
    pub(crate) fn next(&self) -> Option<u64> {
        self.all.keys().next().map(|time| time.at)
    }

    /// The next, if its time has come.
    pub(crate) fn due(&mut self, now: u64) -> Option<Event> {
        let first = self.all.first_entry()?;
        (first.key().at <= now).then(|| first.remove())
    }
}
