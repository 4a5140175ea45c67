//! One look at a program, and what has changed since the one before.

use std::collections::HashMap;
use std::time::Instant;

use serde_json::Value;

use crate::client::Client;
use crate::figures::number;

/// Tasks of a look at most.
const MOST_TASKS: &str = "1000";

/// What was seen.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) at: Instant,
    pub(super) stats: Value,
    pub(super) tasks: Vec<Value>,
    /// How many there are, with those that are not listed.
    pub(super) matching: usize,
    /// The busy time of each task before.
    busy_before: HashMap<u64, f64>,
    /// The look before: when, and its stats.
    before: Option<(Instant, Value)>,
}

impl Sample {
    /// Looks at the program.
    ///
    /// # Errors
    /// Why there is no answer.
    pub(super) fn take(
        client: &Client,
        by_place: bool,
        filter: &str,
        before: Option<&Self>,
    ) -> Result<Self, String> {
        let stats = client.json("/api/stats", &[])?;
        let at = Instant::now();
        let by = if by_place { "place" } else { "task" };
        let mut parameters = vec![("by", by), ("limit", MOST_TASKS)];
        if !filter.is_empty() {
            parameters.push(("filter", filter));
        }
        let mut answer = client.json("/tasks.json", &parameters)?;
        let key = if by_place { "places" } else { "tasks" };
        let tasks = match answer[key].take() {
            Value::Array(tasks) => tasks,
            _ => Vec::new(),
        };
        let of = |task: &Value| (number(task, "/id") as u64, number(task, "/busy_seconds"));
        let busy_before = before
            .as_ref()
            .map(|sample| sample.tasks.iter().map(of).collect());
        Ok(Self {
            at,
            stats,
            tasks,
            matching: number(&answer, "/matching") as usize,
            busy_before: busy_before.unwrap_or_default(),
            before: before.map(|sample| (sample.at, sample.stats.clone())),
        })
    }

    fn seconds(&self) -> Option<f64> {
        let (before, _) = self.before.as_ref()?;
        let seconds = self.at.duration_since(*before).as_secs_f64();
        (seconds > 0.0).then_some(seconds)
    }

    /// How much the figure at `path` has grown per second; `None` at the first look.
    pub(super) fn rate(&self, path: &str) -> Option<f64> {
        let (_, before) = self.before.as_ref()?;
        let grown = number(&self.stats, path) - number(before, path);
        Some(grown.max(0.0) / self.seconds()?)
    }

    pub(super) fn workers(&self) -> usize {
        self.stats["workers"].as_array().map_or(0, Vec::len)
    }

    /// The sum over all workers of how much a figure has grown per second.
    pub(super) fn workers_rate(&self, figure: &str) -> Option<f64> {
        let workers = 0..self.workers();
        workers
            .map(|worker| self.rate(&format!("/workers/{worker}/{figure}")))
            .sum()
    }

    /// The share of the time since the look before for which a worker was awake. It says so when it goes to sleep, so one
    /// that does not sleep at all was busy all the time.
    pub(super) fn worker_share(&self, worker: usize) -> Option<f64> {
        let (_, before) = self.before.as_ref()?;
        let of =
            |stats: &Value, figure: &str| number(stats, &format!("/workers/{worker}/{figure}"));
        let is_awake = |stats| of(stats, "sleeping") == 0.0;
        let has_parked = of(&self.stats, "parks_total") > of(before, "parks_total");
        if is_awake(&self.stats) && is_awake(before) && !has_parked {
            return Some(1.0);
        }
        let share = self.rate(&format!("/workers/{worker}/busy_seconds_total"))?;
        Some(share.min(1.0))
    }

    /// The share of the time since the look before for which `task` was polled.
    pub(super) fn busy_share(&self, task: &Value) -> Option<f64> {
        let before = self.busy_before.get(&(number(task, "/id") as u64))?;
        Some((number(task, "/busy_seconds") - before).max(0.0) / self.seconds()?)
    }
}
