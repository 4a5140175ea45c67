//! The events of a snapshot in the order of time, over all rings.
//!
//! Idea        Each poll becomes two steps. A worker takes the end of a poll for the beginning of the next, if it has only taken a
//!             task between; another thread may have queued that task meanwhile, so a poll begins no earlier than that wake.
//! Invariants  I1 a task that is woken in its poll is queued by the thread that polls it, so that wake is in the poll's ring.

use std::collections::HashMap;

use super::event::{Event, EventKind};
use super::snapshot::{RecordingSnapshot, Track};

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

/// When, and in which row, each task was queued, in the order of time.
struct TaskWakes(HashMap<u64, Vec<(u64, usize)>>);

impl TaskWakes {
    fn of(tracks: &[Track]) -> Self {
        let mut wakes: HashMap<_, Vec<_>> = HashMap::new();
        for (row, track) in tracks.iter().enumerate() {
            let all = track.events.iter();
            for event in all.filter(|event| event.kind == EventKind::Wake) {
                wakes.entry(event.task).or_default().push((event.tick, row));
            }
        }
        wakes.values_mut().for_each(|wakes| wakes.sort_unstable());
        Self(wakes)
    }

    /// When the poll has begun that `event` of row `row` is of.
    fn begin_of(&self, row: usize, event: &Event) -> u64 {
        let begun = event.tick.saturating_sub(event.number);
        let wakes = self.0.get(&event.task).map_or(&[][..], Vec::as_slice);
        let later = &wakes[wakes.partition_point(|(tick, _)| *tick <= begun)..];
        let mut within = later.iter().take_while(|(tick, _)| *tick < event.tick);
        let before = within.find(|(_, woken_by)| *woken_by != row); // I1
        before.map_or(begun, |(tick, _)| *tick)
    }
}

impl RecordingSnapshot {
    /// All events in the order of time, each poll as two.
    pub(super) fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::with_capacity(2 * self.event_count());
        let wakes = TaskWakes::of(&self.tracks);
        for (row, track) in self.tracks.iter().enumerate() {
            for event in &track.events {
                let step = |kind, tick| Step {
                    row,
                    kind,
                    tick,
                    event: *event,
                };
                if event.kind == EventKind::Poll {
                    let begun = wakes.begin_of(row, event);
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

#[cfg(test)]
mod tests {
    use super::super::event::{Event, EventKind};
    use super::super::snapshot::Track;
    use super::TaskWakes;

    fn track(worker: Option<usize>, events: Vec<Event>) -> Track {
        Track {
            worker,
            events,
            overwritten: 0,
        }
    }

    #[test]
    fn a_poll_begins_after_the_wake_from_elsewhere() {
        let wake = |tick| Event::new(EventKind::Wake, tick, 7);
        let poll =
            |begun, ended: u64| Event::new(EventKind::Poll, ended, 7).with_number(ended - begun);
        let own = vec![wake(15), poll(10, 20), poll(30, 40), wake(50), poll(50, 60)];
        let tracks = [track(Some(0), own), track(None, vec![wake(5), wake(32)])];
        let wakes = TaskWakes::of(&tracks);
        let begins = |poll: Event| wakes.begin_of(0, &poll);
        assert_eq!(begins(poll(10, 20)), 10); // The wake at 15 is its own.
        assert_eq!(begins(poll(30, 40)), 32);
        assert_eq!(begins(poll(50, 60)), 50);
    }
}
