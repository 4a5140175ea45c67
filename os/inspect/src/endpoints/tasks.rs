//! `/tasks`: the tasks that live, or the places that spawn them, with what they have used.
//!
//! The first request switches the statistics of tasks on, unless they are: until then nobody pays for them.

use http::StatusCode;
use selkie::runtime::{SpawnPlaceStatistics, TaskStatistics};
use serde_json::{Value, json};

use super::parameters::{Format, Parameters};
use super::rows::{RowFilter, RowSource, Rows};
use crate::reply::{JSON, Reply, problem, reply, text};
use crate::runtimes::InspectedRuntime;
use crate::table::table;

/// Rows of an answer, if it does not say how many it wants, and at most.
const ROWS: usize = 1_000;
const MOST_ROWS: usize = 16_384;

/// The tasks of `runtime`. The parameters are `by` (`task` or `place`), `sort`, `order` (`asc` or `desc`), `filter`, `limit`.
pub(super) async fn tasks(
    runtime: InspectedRuntime,
    parameters: &Parameters,
    format: Format,
) -> Reply {
    let list = match list(parameters, format) {
        Ok(list) => list,
        Err(why) => return problem(StatusCode::BAD_REQUEST, why),
    };
    // Where there are many tasks, other requests need not wait.
    let written = selkie::task::spawn_blocking(move || {
        runtime.handle.track_tasks();
        list(&runtime)
    });
    let failed = |error| problem(StatusCode::INTERNAL_SERVER_ERROR, error);
    written.await.unwrap_or_else(failed)
}

/// What makes the list that is asked for.
type List = Box<dyn FnOnce(&InspectedRuntime) -> Reply + Send>;

fn list(parameters: &Parameters, format: Format) -> Result<List, String> {
    match parameters.get("by") {
        None | Some("task") => {
            let filter = row_filter::<TaskStatistics>(parameters)?;
            Ok(Box::new(move |runtime| {
                let all = runtime.handle.task_statistics();
                write(&Rows::select(&all, &filter), &runtime.label, format)
            }))
        }
        Some("place") => {
            let filter = row_filter::<SpawnPlaceStatistics>(parameters)?;
            Ok(Box::new(move |runtime| {
                let all = runtime.handle.spawn_place_statistics();
                write(&Rows::select(&all, &filter), &runtime.label, format)
            }))
        }
        Some(other) => Err(format!("by must be task or place, not {other:?}")),
    }
}

fn row_filter<S: RowSource>(parameters: &Parameters) -> Result<RowFilter, String> {
    let sort = parameters.get("sort").unwrap_or("busy_seconds");
    if !S::COLUMNS.contains(&sort) {
        let columns = S::COLUMNS.join(", ");
        return Err(format!("sort must be one of {columns}, not {sort:?}"));
    }
    Ok(RowFilter {
        text: parameters.get("filter").map(str::to_lowercase),
        sort: sort.to_owned(),
        is_ascending: match parameters.get("order") {
            None | Some("desc") => false,
            Some("asc") => true,
            Some(other) => return Err(format!("order must be asc or desc, not {other:?}")),
        },
        limit: parameters.number("limit", ROWS, MOST_ROWS)?,
    })
}

fn write<S: RowSource>(rows: &Rows<'_, S>, runtime: &str, format: Format) -> Reply {
    let omitted = rows.matching - rows.rows.len();
    if format == Format::Text {
        let mut lines = table(S::COLUMNS, rows.iter());
        if omitted > 0 {
            let limit = rows.matching.min(MOST_ROWS);
            lines += &format!("{omitted} more; ask with limit={limit}\n");
        }
        return text(lines);
    }
    let mut head = json!({
        "runtime": runtime,
        "total": rows.total,
        "matching": rows.matching,
        "omitted": omitted,
    })
    .to_string();
    head.pop(); // The brace.
    let mut content = head.into_bytes();
    let mut separator = format!(",\"{}\":[", S::KIND);
    for row in rows.iter() {
        content.extend_from_slice(separator.as_bytes());
        ",".clone_into(&mut separator);
        content.extend_from_slice(Value::Object(row).to_string().as_bytes());
    }
    if rows.rows.is_empty() {
        content.extend_from_slice(separator.as_bytes());
    }
    content.extend_from_slice(b"]}\n");
    reply(StatusCode::OK, JSON, content)
}
