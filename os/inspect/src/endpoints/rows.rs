//! The rows of `/tasks`: what stands in them, and their order.
//!
//! A program may have a hundred thousand tasks, and a page shows two hundred of them: statistics are filtered and sorted as they
//! are, and written for those that are shown, one after the other.

use std::cmp::Ordering;
use std::panic::Location;
use std::time::Duration;

use selkie::runtime::{SpawnPlaceStatistics, TaskState, TaskStatistics};
use serde_json::{Map, Value};

/// A row: its columns by name.
pub(super) type Row = Map<String, Value>;

/// Statistics that are listed in rows.
pub(super) trait RowSource {
    /// The columns, in the order of the text.
    const COLUMNS: &'static [&'static str];
    /// What the rows are called.
    const KIND: &'static str;

    /// Whether a text of the row has `filter` in it, which is in lower case.
    fn matches(&self, filter: &str) -> bool;

    /// The order of two rows by a column, the smaller first.
    fn order(&self, other: &Self, column: &str) -> Ordering;

    /// The values of the columns.
    fn values(&self) -> Vec<Value>;
}

/// Which rows are wanted.
#[derive(Debug, Clone)]
pub(super) struct RowFilter {
    /// In lower case.
    pub(super) text: Option<String>,
    pub(super) sort: String,
    pub(super) is_ascending: bool,
    pub(super) limit: usize,
}

/// The rows of an answer, in their order.
#[derive(Debug)]
pub(super) struct Rows<'a, S> {
    pub(super) rows: Vec<&'a S>,
    /// How many there are before the filter, and after it.
    pub(super) total: usize,
    pub(super) matching: usize,
}

impl<'a, S: RowSource> Rows<'a, S> {
    /// The rows of `all` that `filter` takes.
    pub(super) fn select(all: &'a [S], filter: &RowFilter) -> Self {
        let is_match = |row: &&S| filter.text.as_ref().is_none_or(|text| row.matches(text));
        let mut rows: Vec<&S> = all.iter().filter(is_match).collect();
        let matching = rows.len();
        rows.sort_by(|a, b| {
            let order = a.order(b, &filter.sort);
            if filter.is_ascending {
                order
            } else {
                order.reverse()
            }
        });
        rows.truncate(filter.limit);
        Self {
            rows,
            total: all.len(),
            matching,
        }
    }

    /// What stands in the rows, one after the other.
    pub(super) fn iter(&self) -> impl Iterator<Item = Row> + '_ {
        let names = || S::COLUMNS.iter().map(|name| (*name).to_owned());
        self.rows
            .iter()
            .map(move |row| names().zip(row.values()).collect())
    }
}

fn seconds(duration: Duration) -> Value {
    duration.as_secs_f64().into()
}

fn place<'a>(location: &'a Location<'_>) -> (&'a str, u32, u32) {
    (location.file(), location.line(), location.column())
}

fn state(task: &TaskStatistics) -> (&'static str, Option<usize>) {
    match task.state() {
        TaskState::Running { worker } => ("running", Some(worker)),
        TaskState::Blocking => ("blocking", None),
        TaskState::Queued => ("queued", None),
        TaskState::Idle => ("idle", None),
        _ => ("unknown", None),
    }
}

fn mean_poll(task: &TaskStatistics) -> Duration {
    let polls = u32::try_from(task.poll_count()).unwrap_or(u32::MAX);
    task.busy_duration().checked_div(polls).unwrap_or_default()
}

impl RowSource for TaskStatistics {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "name",
        "spawned_at",
        "state",
        "worker",
        "state_seconds",
        "age_seconds",
        "from_spawn",
        "polls",
        "wakes",
        "busy_seconds",
        "queued_seconds",
        "idle_seconds",
        "longest_poll_seconds",
        "longest_queued_seconds",
        "mean_poll_seconds",
    ];
    const KIND: &'static str = "tasks";

    fn matches(&self, filter: &str) -> bool {
        let has = |text: &str| text.to_lowercase().contains(filter);
        self.name().is_some_and(has)
            || state(self).0.contains(filter)
            || has(&self.spawned_at().to_string())
    }

    fn order(&self, other: &Self, column: &str) -> Ordering {
        match column {
            "name" => self.name().cmp(&other.name()),
            "spawned_at" => place(self.spawned_at()).cmp(&place(other.spawned_at())),
            "state" | "worker" => state(self).cmp(&state(other)),
            "state_seconds" => self.state_duration().cmp(&other.state_duration()),
            "age_seconds" => self.age().cmp(&other.age()),
            "from_spawn" => self
                .is_tracked_from_spawn()
                .cmp(&other.is_tracked_from_spawn()),
            "polls" => self.poll_count().cmp(&other.poll_count()),
            "wakes" => self.wake_count().cmp(&other.wake_count()),
            "busy_seconds" => self.busy_duration().cmp(&other.busy_duration()),
            "queued_seconds" => self.queued_duration().cmp(&other.queued_duration()),
            "idle_seconds" => self.idle_duration().cmp(&other.idle_duration()),
            "longest_poll_seconds" => self.longest_poll().cmp(&other.longest_poll()),
            "longest_queued_seconds" => self.longest_queued().cmp(&other.longest_queued()),
            "mean_poll_seconds" => mean_poll(self).cmp(&mean_poll(other)),
            _ => self.id().cmp(&other.id()),
        }
    }

    fn values(&self) -> Vec<Value> {
        let (state, worker) = state(self);
        let id = self.id().to_string();
        vec![
            id.parse::<u64>().unwrap_or_default().into(),
            self.name().into(),
            self.spawned_at().to_string().into(),
            state.into(),
            worker.into(),
            seconds(self.state_duration()),
            seconds(self.age()),
            self.is_tracked_from_spawn().into(),
            self.poll_count().into(),
            self.wake_count().into(),
            seconds(self.busy_duration()),
            seconds(self.queued_duration()),
            seconds(self.idle_duration()),
            seconds(self.longest_poll()),
            seconds(self.longest_queued()),
            seconds(mean_poll(self)),
        ]
    }
}

impl RowSource for SpawnPlaceStatistics {
    const COLUMNS: &'static [&'static str] = &[
        "spawned_at",
        "live",
        "spawned",
        "ended",
        "polls",
        "wakes",
        "busy_seconds",
        "queued_seconds",
        "longest_poll_seconds",
        "longest_queued_seconds",
    ];
    const KIND: &'static str = "places";

    fn matches(&self, filter: &str) -> bool {
        let location = self.location().map(ToString::to_string);
        location.is_some_and(|place| place.to_lowercase().contains(filter))
    }

    fn order(&self, other: &Self, column: &str) -> Ordering {
        match column {
            "live" => self.live_count().cmp(&other.live_count()),
            "spawned" => self.spawned_count().cmp(&other.spawned_count()),
            "ended" => self.ended_count().cmp(&other.ended_count()),
            "polls" => self.poll_count().cmp(&other.poll_count()),
            "wakes" => self.wake_count().cmp(&other.wake_count()),
            "busy_seconds" => self.busy_duration().cmp(&other.busy_duration()),
            "queued_seconds" => self.queued_duration().cmp(&other.queued_duration()),
            "longest_poll_seconds" => self.longest_poll().cmp(&other.longest_poll()),
            "longest_queued_seconds" => self.longest_queued().cmp(&other.longest_queued()),
            _ => self.location().map(place).cmp(&other.location().map(place)),
        }
    }

    fn values(&self) -> Vec<Value> {
        let location = self.location().map(ToString::to_string);
        vec![
            location.unwrap_or_else(|| "other places".to_owned()).into(),
            self.live_count().into(),
            self.spawned_count().into(),
            self.ended_count().into(),
            self.poll_count().into(),
            self.wake_count().into(),
            seconds(self.busy_duration()),
            seconds(self.queued_duration()),
            seconds(self.longest_poll()),
            seconds(self.longest_queued()),
        ]
    }
}
