//! What is known of one task, in ticks.
//!
//! Idea        The time since the task was first seen is divided into busy, queued and idle time. A record changes when the task
//!             is queued and when a poll is over, which brings along when it has begun; which tasks run, the workers
//!             know. Idle time is what is left.
//! States      idle → queued (or running, if a worker says so) → idle, or queued again at once; → blocking, without its worker → idle
//! Invariants  I1 the record is changed under the lock of its shard.
//!             I2 the end of a poll may come late, when the task was queued again already, or another worker polls it, or has polled
//!                it. The poll was over when the task was queued: times do not overlap. Of several that are late, one is remembered;
//!                the others count as polls without time.

use std::panic::Location;

/// What a task does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Idle,
    /// Queued, or running.
    Queued,
    /// In a poll that goes on without its worker.
    Blocking,
}

/// What a task, or all tasks of one spawn place, have used so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Usage {
    pub(super) polls: u64,
    pub(super) wakes: u64,
    pub(super) busy: u64,
    pub(super) queued: u64,
    pub(super) longest_poll: u64,
    pub(super) longest_wait: u64,
}

impl Usage {
    /// One more poll, of `ticks`.
    #[inline]
    pub(super) fn add_poll(&mut self, ticks: u64) {
        self.polls += 1;
        self.add_busy(ticks);
    }

    #[inline]
    fn add_busy(&mut self, ticks: u64) {
        self.busy += ticks;
        self.longest_poll = self.longest_poll.max(ticks);
    }

    #[inline]
    fn add_wait(&mut self, ticks: u64) {
        self.queued += ticks;
        self.longest_wait = self.longest_wait.max(ticks);
    }

    /// Adds what others have used.
    #[inline]
    pub(super) fn add(&mut self, other: &Self) {
        self.polls += other.polls;
        self.wakes += other.wakes;
        self.busy += other.busy;
        self.queued += other.queued;
        self.longest_poll = self.longest_poll.max(other.longest_poll);
        self.longest_wait = self.longest_wait.max(other.longest_wait);
    }
}

/// One living task.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record {
    pub(super) location: &'static Location<'static>,
    pub(super) first_seen: u64,
    /// When the stage began.
    since: u64,
    stage: Stage,
    /// Whether the task was seen from its spawn on.
    pub(super) from_spawn: bool,
    /// A poll whose end has not come yet although the task was queued again since (I2).
    late: Option<LatePoll>,
    usage: Usage,
}

/// A poll whose end comes late.
#[derive(Debug, Clone, Copy)]
struct LatePoll {
    /// When the task was queued for it; if the poll has lost its worker since, when it began.
    queued: u64,
    /// When the task was queued again, and so the poll was over.
    over: u64,
}

/// A task at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct RecordSnapshot {
    pub(super) state: ViewedState,
    /// When the state began.
    pub(super) since: u64,
    pub(super) usage: Usage,
}

/// What a task does, with what the workers know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ViewedState {
    Idle,
    Queued,
    Running,
    Blocking,
}

impl Record {
    #[inline]
    pub(super) fn new(location: &'static Location<'static>, now: u64, from_spawn: bool) -> Self {
        Self {
            location,
            first_seen: now,
            since: now,
            stage: Stage::Idle,
            from_spawn,
            late: None,
            usage: Usage::default(),
        }
    }

    /// The task is about to be queued. The first time after its spawn is no wake.
    #[inline]
    pub(super) fn queue(&mut self, now: u64) {
        let is_spawn = self.from_spawn && self.usage.polls == 0 && self.stage == Stage::Idle;
        self.usage.wakes += u64::from(!is_spawn);
        if self.stage != Stage::Idle {
            let queued = self.since;
            self.late = Some(LatePoll { queued, over: now });
        }
        self.stage = Stage::Queued;
        self.since = now;
    }

    /// The poll that began at `begun` goes on without its worker.
    #[inline]
    pub(super) fn hand_off(&mut self, begun: u64) {
        if self.since <= begun {
            self.add_wait_until(begun);
            self.stage = Stage::Blocking;
            self.since = begun;
        }
    }

    /// The poll for which the task is queued, if it is, has begun.
    #[inline]
    fn add_wait_until(&mut self, begun: u64) {
        if self.stage == Stage::Queued {
            self.usage.add_wait(begun - self.since);
        }
    }

    /// The poll that began at `begun` is over.
    #[inline]
    pub(super) fn end(&mut self, begun: u64, now: u64) {
        if self.since <= begun {
            self.add_wait_until(begun);
            self.usage.add_poll(now.saturating_sub(begun));
            self.stage = Stage::Idle;
            self.since = now.max(begun);
            return;
        }
        // I2; and the task may have been seen for the first time during the poll.
        let is_it = |late: &LatePoll| late.queued <= begun && begun <= late.over;
        let Some(late) = self.late.filter(is_it) else {
            self.usage.add_poll(0);
            return;
        };
        self.late = None;
        self.usage.add_wait(begun - late.queued);
        self.usage
            .add_poll(now.min(late.over).saturating_sub(begun));
    }

    /// The task now; a worker has said that it polls it since `polled_since`.
    #[inline]
    pub(super) fn view(&self, now: u64, polled_since: Option<u64>) -> RecordSnapshot {
        let mut usage = self.usage;
        // What the worker says may be over by now.
        let is_new = |begun: &u64| self.stage == Stage::Queued && self.since <= *begun;
        let (state, since) = match (self.stage, polled_since.filter(is_new)) {
            (_, Some(begun)) => {
                usage.add_wait(begun - self.since);
                usage.add_busy(now.saturating_sub(begun));
                (ViewedState::Running, begun)
            }
            (Stage::Blocking, None) => {
                usage.add_busy(now.saturating_sub(self.since));
                (ViewedState::Blocking, self.since)
            }
            (Stage::Queued, None) => {
                usage.add_wait(now.saturating_sub(self.since));
                (ViewedState::Queued, self.since)
            }
            (Stage::Idle, None) => (ViewedState::Idle, self.since),
        };
        RecordSnapshot {
            state,
            since,
            usage,
        }
    }

    /// What the task has used, which has just ended: in the poll that began at `polled_since`, if it is in one.
    #[inline]
    pub(super) fn finish(&mut self, now: u64, polled_since: Option<u64>) -> Usage {
        match (self.stage, polled_since) {
            (_, Some(begun)) => self.end(begun, now),
            (Stage::Blocking, None) => self.end(self.since, now),
            (Stage::Idle | Stage::Queued, None) => {}
        }
        self.usage
    }
}

#[cfg(test)]
mod tests {
    use std::panic::Location;

    use super::{Record, ViewedState};

    #[test]
    fn time_is_busy_queued_or_idle() {
        let mut record = Record::new(Location::caller(), 100, true);
        record.queue(100);
        record.end(130, 150);
        record.queue(250);
        record.end(251, 256);
        let view = record.view(300, None);
        assert_eq!((view.usage.polls, view.usage.wakes), (2, 1));
        assert_eq!((view.usage.busy, view.usage.queued), (25, 31));
        assert_eq!((view.usage.longest_poll, view.usage.longest_wait), (20, 30));
        assert_eq!((view.state, view.since), (ViewedState::Idle, 256));
    }

    #[test]
    fn a_late_end_leaves_the_next_poll_alone() {
        let mut record = Record::new(Location::caller(), 0, false);
        record.queue(5);
        record.queue(15);
        record.end(10, 30);
        assert_eq!(record.view(30, Some(20)).state, ViewedState::Running);
        record.end(20, 40);
        let usage = record.view(40, None).usage;
        assert_eq!((usage.polls, usage.busy, usage.queued), (2, 25, 10));
        assert_eq!(record.view(40, Some(20)).state, ViewedState::Idle);
    }

    #[test]
    fn an_end_that_comes_after_the_next_one_counts_no_time_twice() {
        let mut record = Record::new(Location::caller(), 0, true);
        record.queue(0);
        record.queue(15); // The poll that began at 10 is over.
        record.end(20, 40);
        record.end(10, 100);
        let usage = record.view(100, None).usage;
        assert_eq!((usage.polls, usage.busy, usage.queued), (2, 25, 15));
        assert_eq!(record.view(100, None).state, ViewedState::Idle);
        assert_eq!(record.view(100, None).since, 40);
    }

    #[test]
    fn of_several_late_ends_the_last_is_known() {
        let mut record = Record::new(Location::caller(), 0, true);
        record.queue(0);
        record.queue(15); // The poll that began at 10 is over,
        record.queue(30); // and that which began at 20.
        record.hand_off(35);
        record.end(10, 100);
        record.end(20, 100);
        assert_eq!(record.view(100, None).state, ViewedState::Blocking);
        record.end(35, 110);
        let usage = record.view(110, None).usage;
        assert_eq!((usage.polls, usage.busy, usage.queued), (3, 85, 10));
    }

    #[test]
    fn the_present_state_counts() {
        let mut record = Record::new(Location::caller(), 0, true);
        record.queue(0);
        assert_eq!(record.view(7, None).usage.queued, 7);
        let view = record.view(50, Some(10));
        let usage = view.usage;
        assert_eq!((usage.busy, usage.longest_poll, usage.polls), (40, 40, 0));
        assert_eq!((usage.queued, view.since), (10, 10));
        assert_eq!(record.finish(60, Some(10)).polls, 1);
    }

    #[test]
    fn a_poll_from_before_the_record_counts_no_time() {
        let mut record = Record::new(Location::caller(), 20, false);
        record.queue(20); // By the poll that began at 10.
        record.end(10, 30);
        let view = record.view(50, None);
        assert_eq!((view.usage.polls, view.usage.busy), (1, 0));
        assert_eq!((view.state, view.usage.queued), (ViewedState::Queued, 30));
    }

    #[test]
    fn a_poll_goes_on_without_its_worker() {
        let mut record = Record::new(Location::caller(), 0, true);
        record.queue(0);
        record.hand_off(10);
        let view = record.view(30, None);
        assert_eq!((view.state, view.since), (ViewedState::Blocking, 10));
        assert_eq!((view.usage.busy, view.usage.queued), (20, 10));
        record.end(10, 40);
        let view = record.view(50, None);
        assert_eq!(
            (view.usage.busy, view.usage.queued, view.usage.polls),
            (30, 10, 1)
        );
    }
}
