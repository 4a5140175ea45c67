//! Statistics of each task, for a runtime that was asked to track its tasks.

mod record;

mod ended_tasks;

mod task;

mod spawn_place;

mod table;

pub use spawn_place::SpawnPlaceStatistics;
pub(crate) use table::TaskTable;
pub use task::{TaskState, TaskStatistics};
