//! `/tasks`: the tasks that live, or the places that spawn them, with what they have used.
//!
//! The first request switches the statistics of tasks on, unless they are: until then nobody pays for them.

use std::cmp::Ordering;
use std::time::Duration;

use http::StatusCode;
use selkie::runtime::{Handle, SpawnPlaceStatistics, TaskState, TaskStatistics};
use serde_json::{Map, Value, json};

use super::parameters::{Format, Parameters};
use crate::reply::{Reply, json as reply, problem, text};
use crate::runtimes::InspectedRuntime;
use crate::table::table;

/// Rows of an answer, if it does not say how many it wants, and at most.
const ROWS: usize = 1_000;
const MOST_ROWS: usize = 65_536;

/// The columns of a task, in the order of the text.
const TASK_COLUMNS: [&str; 16] = [
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

/// The columns of a place.
const PLACE_COLUMNS: [&str; 10] = [
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

type Row = Map<String, Value>;

/// The tasks of `runtime`. The parameters are `by` (`task` or `place`), `sort`, `order` (`asc` or `desc`), `filter`, `limit`.
pub(super) fn tasks(runtime: &InspectedRuntime, parameters: &Parameters, format: Format) -> Reply {
    match rows(&runtime.handle, parameters) {
        Ok(rows) => rows.write(&runtime.label, format),
        Err(why) => problem(StatusCode::BAD_REQUEST, why),
    }
}

/// The rows of an answer.
struct Rows {
    kind: &'static str,
    columns: &'static [&'static str],
    rows: Vec<Row>,
    /// How many there are before the filter, and after it.
    total: usize,
    matching: usize,
}

fn rows(handle: &Handle, parameters: &Parameters) -> Result<Rows, String> {
    let limit = parameters.number("limit", ROWS, MOST_ROWS)?;
    let (kind, columns): (_, &[&str]) = match parameters.get("by") {
        None | Some("task") => ("tasks", &TASK_COLUMNS),
        Some("place") => ("places", &PLACE_COLUMNS),
        Some(other) => return Err(format!("by must be task or place, not {other:?}")),
    };
    let sort = parameters.get("sort").unwrap_or("busy_seconds");
    if !columns.contains(&sort) {
        return Err(format!(
            "sort must be one of {}, not {sort:?}",
            columns.join(", ")
        ));
    }
    let is_ascending = match parameters.get("order") {
        None | Some("desc") => false,
        Some("asc") => true,
        Some(other) => return Err(format!("order must be asc or desc, not {other:?}")),
    };
    handle.track_tasks();
    let mut rows: Vec<Row> = match kind {
        "tasks" => handle.task_statistics().iter().map(of_task).collect(),
        _ => handle
            .spawn_place_statistics()
            .iter()
            .map(of_place)
            .collect(),
    };
    let total = rows.len();
    if let Some(filter) = parameters.get("filter") {
        let filter = filter.to_lowercase();
        rows.retain(|row| is_match(row, &filter));
    }
    let matching = rows.len();
    let order = |a: &Row, b: &Row| {
        let order = compare(&a[sort], &b[sort]);
        if is_ascending { order } else { order.reverse() }
    };
    rows.sort_by(order);
    rows.truncate(limit);
    Ok(Rows {
        kind,
        columns,
        rows,
        total,
        matching,
    })
}

impl Rows {
    fn write(self, runtime: &str, format: Format) -> Reply {
        let Self {
            kind,
            columns,
            rows,
            total,
            matching,
        } = self;
        if format == Format::Text {
            let mut lines = table(columns, &rows);
            if rows.len() < matching {
                lines += &format!(
                    "{} more; ask with limit={matching}\n",
                    matching - rows.len()
                );
            }
            return text(lines);
        }
        reply(&json!({
            "runtime": runtime,
            "total": total,
            "matching": matching,
            "omitted": matching - rows.len(),
            kind: rows,
        }))
    }
}

fn seconds(duration: Duration) -> Value {
    duration.as_secs_f64().into()
}

fn row(columns: &[&str], values: impl IntoIterator<Item = Value>) -> Row {
    let names = columns.iter().map(|name| (*name).to_owned());
    names.zip(values).collect()
}

fn of_task(task: &TaskStatistics) -> Row {
    let (state, worker) = match task.state() {
        TaskState::Running { worker } => ("running", Some(worker)),
        TaskState::Queued => ("queued", None),
        TaskState::Idle => ("idle", None),
        _ => ("unknown", None),
    };
    let polls = u32::try_from(task.poll_count()).unwrap_or(u32::MAX);
    let mean = task.busy_duration().checked_div(polls).unwrap_or_default();
    let id = task.id().to_string();
    let values = [
        id.parse::<u64>().unwrap_or_default().into(),
        task.name().into(),
        task.spawned_at().to_string().into(),
        state.into(),
        worker.into(),
        seconds(task.state_duration()),
        seconds(task.age()),
        task.is_tracked_from_spawn().into(),
        task.poll_count().into(),
        task.wake_count().into(),
        seconds(task.busy_duration()),
        seconds(task.queued_duration()),
        seconds(task.idle_duration()),
        seconds(task.longest_poll()),
        seconds(task.longest_queued()),
        seconds(mean),
    ];
    row(&TASK_COLUMNS, values)
}

fn of_place(place: &SpawnPlaceStatistics) -> Row {
    let location = place.location().map(ToString::to_string);
    let values = [
        location.unwrap_or_else(|| "other places".to_owned()).into(),
        place.live_count().into(),
        place.spawned_count().into(),
        place.ended_count().into(),
        place.poll_count().into(),
        place.wake_count().into(),
        seconds(place.busy_duration()),
        seconds(place.queued_duration()),
        seconds(place.longest_poll()),
        seconds(place.longest_queued()),
    ];
    row(&PLACE_COLUMNS, values)
}

fn is_match(row: &Row, filter: &str) -> bool {
    let texts = ["name", "spawned_at", "state"].into_iter();
    let mut texts = texts.filter_map(|key| row.get(key)?.as_str());
    texts.any(|text| text.to_lowercase().contains(filter))
}

/// Numbers by size, texts by letters, what is missing before both.
fn compare(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64(), b.as_f64());
            a.partial_cmp(&b).unwrap_or(Ordering::Equal)
        }
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (a, b) => b.is_null().cmp(&a.is_null()),
    }
}
