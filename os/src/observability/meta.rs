//! What a hook gets to know about a task.

use std::panic::Location;
use std::time::Duration;

use selkie_core::task::Id;

/// A task, as the runtime's task hooks see it.
///
/// # Examples
/// ```
/// use std::sync::{Arc, Mutex};
/// use selkie::runtime::{Builder, TaskMeta};
///
/// fn describe(task: &TaskMeta<'_>) -> String {
///     format!("{} at line {}", task.name().unwrap_or("?"), task.spawned_at().line())
/// }
///
/// let log = Arc::new(Mutex::new(Vec::new()));
/// let written = log.clone();
/// let runtime = Builder::new_current_thread()
///     .on_task_spawn(move |task| written.lock().unwrap().push(describe(task)))
///     .build()?;
/// selkie::task::Builder::new().name("first").spawn_on(async {}, runtime.handle())?;
/// assert!(log.lock().unwrap()[0].starts_with("first at line "));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct TaskMeta<'a> {
    id: Id,
    spawned_at: &'static Location<'static>,
    schedule_latency: Option<Duration>,
    name: Option<&'a str>,
}

impl<'a> TaskMeta<'a> {
    #[inline]
    pub(super) fn new(
        id: Id,
        name: Option<&'a str>,
        spawned_at: &'static Location<'static>,
    ) -> Self {
        Self {
            id,
            spawned_at,
            schedule_latency: None,
            name,
        }
    }

    #[inline]
    pub(super) fn with_latency(mut self, latency: Option<Duration>) -> Self {
        self.schedule_latency = latency;
        self
    }

    /// The task's id.
    #[inline]
    pub fn id(&self) -> Id {
        self.id
    }

    /// The task's name, if its [`task::Builder`](crate::task::Builder) gave one. Beyond Tokio.
    #[inline]
    pub fn name(&self) -> Option<&'a str> {
        self.name
    }

    /// Where the task was spawned.
    #[inline]
    pub fn spawned_at(&self) -> &'static Location<'static> {
        self.spawned_at
    }

    /// How long the task was queued before this poll; told to the hooks around a poll, if the
    /// builder was asked for
    /// [`track_task_schedule_latency`](crate::runtime::Builder::track_task_schedule_latency).
    #[inline]
    pub fn schedule_latency(&self) -> Option<Duration> {
        self.schedule_latency
    }
}
