//! The statistics of one task, as users see them.

use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use selkie_core::task::Id;

use super::record::{Record, RecordSnapshot, ViewedState};
use crate::sys::TickScale;

/// What a task does at the moment at which its statistics were taken.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use selkie::runtime::{Handle, TaskState};
///
/// let handle = Handle::current();
/// handle.track_tasks();
/// let queued = selkie::spawn(async {});
/// let state = |id| {
///     let all = handle.task_statistics();
///     all.iter().find(|task| task.id() == id).map(|task| task.state())
/// };
/// assert_eq!(state(queued.id()), Some(TaskState::Queued));
/// queued.await.unwrap();
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TaskState {
    /// A worker polls it.
    Running {
        /// The number of the worker.
        worker: usize,
    },
    /// A poll of it is in [`block_in_place`](crate::task::block_in_place): the worker went on without it.
    Blocking,
    /// It was woken, or has just been spawned, and waits for a worker.
    Queued,
    /// It waits to be woken.
    Idle,
}

/// The statistics of one living task; from
/// [`Handle::task_statistics`](crate::runtime::Handle::task_statistics).
///
/// The time since the task was spawned is divided into busy, queued and idle time: the three add up to
/// [`age`](Self::age). The state in which the task was when its statistics were taken is included.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use selkie::runtime::{Handle, TaskStatistics};
///
/// /// A line for a log.
/// fn line(task: &TaskStatistics) -> String {
///     format!("{}: {} polls, {} wakes", task.name().unwrap_or("?"), task.poll_count(), task.wake_count())
/// }
///
/// let handle = Handle::current();
/// handle.track_tasks();
/// let task = selkie::task::Builder::new().name("patient").spawn(std::future::pending::<()>()).unwrap();
/// selkie::task::yield_now().await;
/// assert_eq!(line(&handle.task_statistics()[0]), "patient: 1 polls, 0 wakes");
/// task.abort();
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct TaskStatistics {
    pub(super) id: Id,
    pub(super) name: Option<Arc<str>>,
    pub(super) spawned_at: &'static Location<'static>,
    pub(super) state: TaskState,
    pub(super) state_duration: Duration,
    pub(super) age: Duration,
    pub(super) from_spawn: bool,
    pub(super) polls: u64,
    pub(super) wakes: u64,
    pub(super) busy: Duration,
    pub(super) queued: Duration,
    pub(super) longest_poll: Duration,
    pub(super) longest_queued: Duration,
}

impl TaskStatistics {
    /// The task `id` at `now`; if it runs, worker `worker` polls it.
    #[inline]
    pub(super) fn new(
        id: Id,
        record: &Record,
        view: &RecordSnapshot,
        worker: usize,
        now: u64,
        scale: TickScale,
    ) -> Self {
        let usage = view.usage;
        Self {
            id,
            name: None,
            spawned_at: record.location,
            state: match view.state {
                ViewedState::Idle => TaskState::Idle,
                ViewedState::Queued => TaskState::Queued,
                ViewedState::Running => TaskState::Running { worker },
                ViewedState::Blocking => TaskState::Blocking,
            },
            state_duration: scale.duration(now.saturating_sub(view.since)),
            age: scale.duration(now.saturating_sub(record.first_seen)),
            from_spawn: record.from_spawn,
            polls: usage.polls,
            wakes: usage.wakes,
            busy: scale.duration(usage.busy),
            queued: scale.duration(usage.queued),
            longest_poll: scale.duration(usage.longest_poll),
            longest_queued: scale.duration(usage.longest_wait),
        }
    }

    /// The task's id.
    #[inline]
    pub fn id(&self) -> Id {
        self.id
    }

    /// The task's name, if its [`task::Builder`](crate::task::Builder) gave one.
    #[inline]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Where the task was spawned.
    #[inline]
    pub fn spawned_at(&self) -> &'static Location<'static> {
        self.spawned_at
    }

    /// What the task does.
    #[inline]
    pub fn state(&self) -> TaskState {
        self.state
    }

    /// How long the task has been in its present [`state`](Self::state).
    #[inline]
    pub fn state_duration(&self) -> Duration {
        self.state_duration
    }

    /// The time since the task was spawned. If it was spawned before the runtime tracked its tasks, the time since it was next
    /// woken; [`is_tracked_from_spawn`](Self::is_tracked_from_spawn) says which.
    #[inline]
    pub fn age(&self) -> Duration {
        self.age
    }

    /// Whether all figures begin with the spawn of the task; `false` if it was spawned before the runtime tracked its tasks.
    #[inline]
    pub fn is_tracked_from_spawn(&self) -> bool {
        self.from_spawn
    }

    /// How many polls of the task have ended.
    #[inline]
    pub fn poll_count(&self) -> u64 {
        self.polls
    }

    /// How often the task was queued because it was woken. A wake of a task that is queued already, or that runs and was woken
    /// in the same poll before, does not count.
    #[inline]
    pub fn wake_count(&self) -> u64 {
        self.wakes
    }

    /// The time in polls, a running one included.
    #[inline]
    pub fn busy_duration(&self) -> Duration {
        self.busy
    }

    /// The time in queues: between a wake and the poll that follows.
    #[inline]
    pub fn queued_duration(&self) -> Duration {
        self.queued
    }

    /// The time in which the task waited to be woken.
    #[inline]
    pub fn idle_duration(&self) -> Duration {
        self.age
            .saturating_sub(self.busy)
            .saturating_sub(self.queued)
    }

    /// The longest poll, a running one included.
    #[inline]
    pub fn longest_poll(&self) -> Duration {
        self.longest_poll
    }

    /// The longest time in a queue, also if it has not ended.
    #[inline]
    pub fn longest_queued(&self) -> Duration {
        self.longest_queued
    }
}
