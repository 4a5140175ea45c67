//! The events of a snapshot in the order of time, over all rings.
//!
//! Idea        Each poll becomes two steps. A worker takes the end of a poll for the beginning of the next, if it has only taken a
//!             task between; another thread may have queued that task meanwhile, so a poll begins no earlier than that wake.
//! Invariants  I1 a task that is woken in its poll is queued by the thread that polls it, so that wake is in the poll's ring.
//!             I2 what a worker's driver wakes goes to that worker's queue, so that no other begins a poll of it without a look at the
//!                clock. Such wakes have the moment at which their batch began, which may be within a poll that was over when they came.

use std::collections::HashMap;

use super::super::thread_role::WakeCause;
use super::event::{Event, EventKind, cause_of};
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

/// When, and in which row, each task was queued by a caller, in the order of time.
struct TaskWakes(HashMap<u64, Vec<(u64, usize)>>);

impl TaskWakes {
    #[inline]
    fn of(tracks: &[Track]) -> Self {
        let mut wakes: HashMap<_, Vec<_>> = HashMap::new();
        for (row, track) in tracks.iter().enumerate() {
            let all = track.events.iter();
            let has_own_moment = |event: &&Event| {
                event.kind == EventKind::Wake && cause_of(event.detail) == WakeCause::Caller // I2
            };
            for event in all.filter(has_own_moment) {
                wakes.entry(event.task).or_default().push((event.tick, row));
            }
        }
        wakes.values_mut().for_each(|wakes| wakes.sort_unstable());
        Self(wakes)
    }

    /// When the poll has begun that `event` of row `row` is of.
    #[inline]
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
    #[inline]
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
    use super::super::super::thread_role::WakeCause;
    use super::super::event::{Event, EventKind};
    use super::super::snapshot::Track;
    use super::TaskWakes;

    #[inline]
    fn track(worker: Option<usize>, events: Vec<Event>) -> Track {
        Track {
            worker,
            events,
            overwritten: 0,
        }
    }

    #[inline]
    fn wake(tick: u64, cause: WakeCause) -> Event {
        Event::new(EventKind::Wake, tick, 7).with_detail(cause as u8)
    }

    #[inline]
    fn poll(begun: u64, ended: u64) -> Event {
        Event::new(EventKind::Poll, ended, 7).with_number(ended - begun)
    }

    #[test]
    fn a_poll_begins_after_the_wake_from_elsewhere() {
        let wake = |tick| wake(tick, WakeCause::Caller);
        let own = vec![wake(15), poll(10, 20), poll(30, 40), wake(50), poll(50, 60)];
        let tracks = [track(Some(0), own), track(None, vec![wake(5), wake(32)])];
        let wakes = TaskWakes::of(&tracks);
        let begins = |poll: Event| wakes.begin_of(0, &poll);
        assert_eq!(begins(poll(10, 20)), 10); // The wake at 15 is its own.
        assert_eq!(begins(poll(30, 40)), 32);
        assert_eq!(begins(poll(50, 60)), 50);
    }

    #[test]
    fn the_moment_of_a_batch_lies_in_no_poll() {
        // The batch of another worker began at 12; its wake came when the poll was over.
        let others = vec![wake(12, WakeCause::Readiness)];
        let tracks = [
            track(Some(0), vec![poll(10, 20), poll(30, 40)]),
            track(Some(1), others),
        ];
        let wakes = TaskWakes::of(&tracks);
        assert_eq!(wakes.begin_of(0, &poll(10, 20)), 10);
    }
}
