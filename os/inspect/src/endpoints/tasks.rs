//! `/tasks`: the tasks that live, or the places that spawn them, with what they have used.
//!
//! The first request switches the statistics of tasks on, unless they are: until then nobody pays for them.

use http::StatusCode;
use selkie::runtime::{Handle, SpawnPlaceStatistics, TaskStatistics};
use serde_json::json;

use super::parameters::{Format, Parameters};
use super::rows::{RowFilter, RowSource, Rows};
use crate::reply::{Reply, json as reply, problem, text};
use crate::runtimes::InspectedRuntime;
use crate::table::table;

/// Rows of an answer, if it does not say how many it wants, and at most.
const ROWS: usize = 1_000;
const MOST_ROWS: usize = 65_536;

/// The tasks of `runtime`. The parameters are `by` (`task` or `place`), `sort`, `order` (`asc` or `desc`), `filter`, `limit`.
pub(super) async fn tasks(
    runtime: InspectedRuntime,
    parameters: &Parameters,
    format: Format,
) -> Reply {
    let select = match selection(parameters) {
        Ok(select) => select,
        Err(why) => return problem(StatusCode::BAD_REQUEST, why),
    };
    // Where there are many tasks, other requests need not wait.
    let written = selkie::task::spawn_blocking(move || {
        let InspectedRuntime { handle, label, .. } = runtime;
        handle.track_tasks();
        write(&select(&handle), &label, format)
    });
    let failed = |error| problem(StatusCode::INTERNAL_SERVER_ERROR, error);
    written.await.unwrap_or_else(failed)
}

/// What makes the rows that are asked for.
type Select = Box<dyn FnOnce(&Handle) -> Rows + Send>;

fn selection(parameters: &Parameters) -> Result<Select, String> {
    match parameters.get("by") {
        None | Some("task") => {
            let filter = row_filter::<TaskStatistics>(parameters)?;
            Ok(Box::new(move |handle| {
                Rows::select(&handle.task_statistics(), &filter)
            }))
        }
        Some("place") => {
            let filter = row_filter::<SpawnPlaceStatistics>(parameters)?;
            Ok(Box::new(move |handle| {
                Rows::select(&handle.spawn_place_statistics(), &filter)
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

fn write(rows: &Rows, runtime: &str, format: Format) -> Reply {
    let omitted = rows.matching - rows.rows.len();
    if format == Format::Text {
        let mut lines = table(rows.columns, &rows.rows);
        if omitted > 0 {
            lines += &format!("{omitted} more; ask with limit={}\n", rows.matching);
        }
        return text(lines);
    }
    reply(&json!({
        "runtime": runtime,
        "total": rows.total,
        "matching": rows.matching,
        "omitted": omitted,
        rows.kind: rows.rows,
    }))
}
