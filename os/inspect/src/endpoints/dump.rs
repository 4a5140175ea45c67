//! `/dump`: where each task waits.
//!
//! The dump itself is made by the runtime's workers, which poll each task once more than it needs. What is slow, to look
//! up the names of functions, is done on a thread of the inspector's own.

use std::time::Duration;

use http::StatusCode;
use selkie::runtime::Dump;
use selkie::runtime::dump::{BacktraceSymbol, Task, ThreadStack};
use selkie::time::timeout;
use serde_json::{Value, json};

use super::calls::{calls, frames, operation};
use super::parameters::{Format, Parameters};
use crate::reply::{Reply, json as reply, problem, text};
use crate::runtimes::InspectedRuntime;

/// Tasks of an answer, if it does not say how many it wants, and at most.
const TASKS: usize = 1_000;
const MOST_TASKS: usize = 65_536;
/// How long the runtime may take; it takes a quarter of a second if a worker is stuck.
const PATIENCE: Duration = Duration::from_secs(10);

/// Which tasks of a dump are wanted.
struct TaskFilter {
    filter: Option<String>,
    id: Option<String>,
    limit: usize,
}

impl TaskFilter {
    fn is_all(&self) -> bool {
        self.filter.is_none() && self.id.is_none()
    }

    fn has(&self, task: &Task) -> bool {
        let is_id = self
            .id
            .as_ref()
            .is_none_or(|id| task.id().to_string() == *id);
        let is_named = self.filter.as_ref().is_none_or(|filter| {
            let place = task.spawned_at().to_string();
            place.contains(&**filter) || task.name().is_some_and(|name| name.contains(&**filter))
        });
        is_id && is_named
    }
}

/// A dump of `runtime`. The parameters are `filter`, `id` and `limit`.
pub(super) async fn dump(
    runtime: InspectedRuntime,
    parameters: &Parameters,
    format: Format,
) -> Reply {
    let limit = match parameters.number("limit", TASKS, MOST_TASKS) {
        Ok(limit) => limit,
        Err(why) => return problem(StatusCode::BAD_REQUEST, why),
    };
    let selection = TaskFilter {
        filter: parameters.get("filter").map(str::to_owned),
        id: parameters.get("id").map(str::to_owned),
        limit,
    };
    let Ok(dump) = timeout(PATIENCE, runtime.handle.dump()).await else {
        let why = format!("the runtime has made no dump within {PATIENCE:?}");
        return problem(StatusCode::GATEWAY_TIMEOUT, why);
    };
    let label = runtime.label;
    let written = selkie::task::spawn_blocking(move || match format {
        Format::Json => reply(&value(&label, &dump, &selection)),
        Format::Text => text(lines(&dump, &selection)),
    });
    match written.await {
        Ok(reply) => reply,
        Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, error),
    }
}

fn tasks<'a>(dump: &'a Dump, selection: &'a TaskFilter) -> impl Iterator<Item = &'a Task> {
    let all = dump.tasks().iter().chain(dump.untraced().iter());
    all.filter(|task| selection.has(task))
}

/// How many tasks there are beyond the limit.
fn omitted(dump: &Dump, selection: &TaskFilter) -> usize {
    let count = tasks(dump, selection).count();
    count.saturating_sub(selection.limit)
}

fn lines(dump: &Dump, selection: &TaskFilter) -> String {
    let count = tasks(dump, selection).count();
    let mut lines = format!("{count} tasks\n");
    if count == 0 && selection.is_all() {
        lines += "What `block_on` runs, the body of `main` as a rule, is no task.\n";
    }
    if !dump.missing_workers().is_empty() {
        lines += &format!("in long polls: workers {:?}\n", dump.missing_workers());
    }
    for task in tasks(dump, selection).take(selection.limit) {
        lines += &format!("\n{task}");
    }
    let omitted = omitted(dump, selection);
    if omitted > 0 {
        lines += &format!("\n{omitted} more; ask with limit={count}\n");
    }
    lines
}

fn value(label: &str, dump: &Dump, selection: &TaskFilter) -> Value {
    let shown = tasks(dump, selection).take(selection.limit);
    json!({
        "runtime": label,
        "stuck_workers": dump.missing_workers(),
        "omitted": omitted(dump, selection),
        "tasks": shown.map(of_task).collect::<Vec<_>>(),
    })
}

fn of_task(task: &Task) -> Value {
    let (state, backtraces) = if task.is_polled() {
        let stack = task.stack().map(ThreadStack::resolve_backtrace);
        ("running", stack.into_iter().collect())
    } else if task.is_traced() {
        ("waiting", task.trace().resolve_backtraces())
    } else {
        ("untraced", Vec::new())
    };
    let traces = backtraces.iter().map(|backtrace| {
        let symbols = backtrace.frames().flat_map(|frame| frame.symbols());
        calls(symbols.collect())
    });
    let traces: Vec<Vec<&BacktraceSymbol>> = traces.collect();
    let operations = traces.iter().filter_map(|trace| operation(trace));
    let mut waits_for: Vec<String> = operations.filter(|_| state == "waiting").collect();
    waits_for.dedup();
    json!({
        "id": task.id().to_string().parse::<u64>().unwrap_or_default(),
        "name": task.name(),
        "spawned_at": task.spawned_at().to_string(),
        "state": state,
        "poll_seconds": task.poll_duration().map(|lasts| lasts.as_secs_f64()),
        "waits_for": waits_for,
        "traces": traces.iter().map(|trace| frames(trace)).collect::<Vec<_>>(),
    })
}
