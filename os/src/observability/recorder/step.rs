//! The events of a snapshot in the order of time, over all rings.

use super::event::{Event, EventKind};
use super::snapshot::RecordingSnapshot;

/// What a row does at a moment.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) row: usize,
    pub(super) kind: StepKind,
    pub(super) tick: u64,
    pub(super) event: Event,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StepKind {
    /// The event happens.
    Event,
    /// The poll begins that the event is of.
    PollBegin,
    /// It is over.
    PollEnd,
}

impl RecordingSnapshot {
    /// All events in the order of time, each poll as two.
    pub(super) fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::with_capacity(2 * self.event_count());
        for (row, track) in self.tracks.iter().enumerate() {
            for event in &track.events {
                let step = |kind, tick| Step {
                    row,
                    kind,
                    tick,
                    event: *event,
                };
                if event.kind == EventKind::Poll {
                    let begun = event.tick.saturating_sub(event.number);
                    steps.push(step(StepKind::PollBegin, begun));
                    steps.push(step(StepKind::PollEnd, event.tick));
                } else {
                    steps.push(step(StepKind::Event, event.tick));
                }
            }
            let poll = self
                .polls
                .iter()
                .find(|poll| Some(poll.worker) == track.worker);
            let mut of_polls = track.events.iter().rev();
            let last = of_polls.find(|event| event.kind == EventKind::Poll);
            // One that is in the ring already is over.
            let is_new = |since| last.is_none_or(|last| last.tick <= since) && since <= self.now;
            if let Some(poll) = poll.filter(|poll| is_new(poll.since)) {
                let mut event = Event::new(EventKind::Poll, self.now, poll.task);
                event.location = poll.location;
                let (kind, tick) = (StepKind::PollBegin, poll.since);
                steps.push(Step {
                    row,
                    kind,
                    tick,
                    event,
                });
            }
        }
        // Stable: what one ring has at the same tick keeps its order.
        steps.sort_by_key(|step| step.tick);
        steps
    }
}
