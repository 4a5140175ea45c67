//! What is known of one task, in ticks.
//!
//! Idea        The time since the task was first seen is divided into busy, queued and idle time: whoever changes the state adds
//!             the time of the one that ends. Idle time is what is left.
//! States      idle → queued → running → idle, or queued again at once
//! Invariants  I1 the record is changed under the lock of its shard.
//!             I2 a poll is counted once: when its worker says that it is over, or before, if the task is queued again, since
//!                only a poll that has returned lets the task be queued. By then another worker may poll it.

use std::panic::Location;

/// What a task does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Idle,
    Queued,
    Running { worker: u32 },
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
    pub(super) fn add_poll(&mut self, ticks: u64) {
        self.polls += 1;
        self.busy += ticks;
        self.longest_poll = self.longest_poll.max(ticks);
    }

    /// One more time in the queue, of `ticks`.
    pub(super) fn add_wait(&mut self, ticks: u64) {
        self.queued += ticks;
        self.longest_wait = self.longest_wait.max(ticks);
    }

    /// Adds what others have used.
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
    pub(super) since: u64,
    pub(super) stage: Stage,
    /// Whether the task was seen from its spawn on.
    pub(super) from_spawn: bool,
    pub(super) usage: Usage,
}

impl Record {
    pub(super) fn new(location: &'static Location<'static>, now: u64, from_spawn: bool) -> Self {
        Self {
            location,
            first_seen: now,
            since: now,
            stage: Stage::Idle,
            from_spawn,
            usage: Usage::default(),
        }
    }

    /// The task is about to be queued. The first time after its spawn is no wake.
    pub(super) fn queue(&mut self, now: u64) {
        self.end_running(now);
        let is_spawn = self.from_spawn && self.usage.polls == 0;
        self.usage.wakes += u64::from(!is_spawn);
        self.stage = Stage::Queued;
        self.since = now;
    }

    /// A worker is about to poll the task.
    pub(super) fn begin(&mut self, worker: u32, now: u64) {
        if self.stage == Stage::Queued {
            self.usage.add_wait(now.saturating_sub(self.since));
        }
        self.stage = Stage::Running { worker };
        self.since = now;
    }

    /// The poll that began at `begun` is over.
    pub(super) fn end(&mut self, begun: u64, now: u64) {
        if self.since == begun {
            self.end_running(now);
        }
    }

    /// If the task runs, its poll is over (I2).
    fn end_running(&mut self, now: u64) {
        if self.is_running() {
            self.usage.add_poll(now.saturating_sub(self.since));
            self.stage = Stage::Idle;
            self.since = now;
        }
    }

    pub(super) fn is_running(&self) -> bool {
        matches!(self.stage, Stage::Running { .. })
    }

    /// What the task has used, its present stage included.
    pub(super) fn usage_at(&self, now: u64) -> Usage {
        let (mut usage, lasts) = (self.usage, now.saturating_sub(self.since));
        match self.stage {
            Stage::Idle => {}
            Stage::Queued => usage.add_wait(lasts),
            Stage::Running { .. } => {
                usage.busy += lasts;
                usage.longest_poll = usage.longest_poll.max(lasts);
            }
        }
        usage
    }

    /// What the task has used, which has just ended: in a poll, if it is in one.
    pub(super) fn usage_at_end(&mut self, now: u64) -> Usage {
        self.end_running(now);
        self.usage
    }
}

#[cfg(test)]
mod tests {
    use std::panic::Location;

    use super::{Record, Stage};

    #[test]
    fn time_is_busy_queued_or_idle() {
        let mut record = Record::new(Location::caller(), 100, true);
        record.queue(100);
        record.begin(3, 130);
        assert_eq!(record.stage, Stage::Running { worker: 3 });
        record.end(130, 150);
        record.queue(250);
        record.begin(0, 251);
        record.end(251, 256);
        let usage = record.usage_at(300);
        assert_eq!((usage.polls, usage.wakes), (2, 1));
        assert_eq!((usage.busy, usage.queued), (25, 31));
        assert_eq!((usage.longest_poll, usage.longest_wait), (20, 30));
        assert_eq!((record.stage, record.since), (Stage::Idle, 256));
    }

    #[test]
    fn a_late_end_leaves_the_next_poll_alone() {
        let mut record = Record::new(Location::caller(), 0, false);
        record.begin(0, 10);
        record.queue(15);
        record.begin(1, 20);
        record.end(10, 30);
        assert_eq!(
            (record.stage, record.since),
            (Stage::Running { worker: 1 }, 20)
        );
        record.end(20, 40);
        assert_eq!((record.usage.polls, record.usage.busy), (2, 25));
        assert_eq!(record.stage, Stage::Idle);
    }

    #[test]
    fn the_present_stage_counts() {
        let mut record = Record::new(Location::caller(), 0, true);
        record.queue(0);
        assert_eq!(record.usage_at(7).queued, 7);
        record.begin(0, 10);
        let usage = record.usage_at(50);
        assert_eq!((usage.busy, usage.longest_poll, usage.polls), (40, 40, 0));
        assert_eq!(record.usage_at_end(60).polls, 1);
    }
}
