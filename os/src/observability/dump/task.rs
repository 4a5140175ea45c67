//! What a dump says: of each task where it waits, or why that is not known.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use selkie_core::task::Id;

use super::super::names::{PrintedName, name_of};
use super::stack::ThreadStack;
use super::trace::Trace;
use crate::sys::RawStack;

/// Where the tasks of a runtime wait.
///
/// Its `Display` is the whole dump as text, with a paragraph for each task.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use std::time::Duration;
/// use selkie::runtime::{Handle, dump::Dump};
/// use selkie::time::sleep;
///
/// let builder = selkie::task::Builder::new().name("sleeper");
/// let sleeper = builder.spawn(async { sleep(Duration::from_secs(60)).await }).unwrap();
/// let dump: Dump = Handle::current().dump().await;
/// assert!(dump.to_string().contains("(sleeper), spawned at"));
/// sleeper.abort();
/// # }
/// ```
#[derive(Debug)]
pub struct Dump {
    pub(super) tasks: Tasks,
    pub(super) untraced: Tasks,
    pub(super) missing: Vec<usize>,
    pub(super) stacks: Vec<(usize, ThreadStack)>,
}

/// The tasks of a dump.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use std::time::Duration;
/// use selkie::runtime::{Handle, dump::Tasks};
/// use selkie::time::sleep;
///
/// fn names(tasks: &Tasks) -> Vec<&str> {
///     tasks.iter().filter_map(|task| task.name()).collect()
/// }
///
/// for name in ["one", "two"] {
///     let builder = selkie::task::Builder::new().name(name);
///     builder.spawn(async { sleep(Duration::from_secs(60)).await }).unwrap();
/// }
/// let dump = Handle::current().dump().await;
/// assert_eq!(names(dump.tasks()), ["one", "two"]);
/// # }
/// ```
#[derive(Debug)]
pub struct Tasks {
    pub(super) tasks: Vec<Task>,
}

/// A task of a dump.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use std::time::Duration;
/// use selkie::runtime::{Handle, dump::Task};
/// use selkie::time::sleep;
///
/// fn line(task: &Task) -> String {
///     format!("{} of line {}", task.name().unwrap_or("?"), task.spawned_at().line())
/// }
///
/// let builder = selkie::task::Builder::new().name("sleeper");
/// builder.spawn(async { sleep(Duration::from_secs(60)).await }).unwrap();
/// let dump = Handle::current().dump().await;
/// let task = dump.tasks().iter().next().unwrap();
/// assert!(line(task).starts_with("sleeper of line"));
/// // It was polled for the dump, and waits for something.
/// assert!(task.is_traced() && !task.trace().resolve_backtraces().is_empty());
/// # }
/// ```
#[derive(Debug)]
pub struct Task {
    pub(super) id: Id,
    pub(super) name: Option<Arc<str>>,
    pub(super) spawned_at: &'static Location<'static>,
    pub(super) state: TaskState,
}

/// What a dump knows of a task.
#[derive(Debug)]
pub(super) enum TaskState {
    Traced(Trace),
    /// Its worker, or every worker that could poll it, is in the poll of another task.
    Untraced(Trace),
    /// It is in a poll that keeps it from being traced, for about so long, and in these calls, if that is known.
    Polled(Trace, Option<Duration>, Option<ThreadStack>),
}

impl TaskState {
    pub(super) fn polled(lasts: Option<Duration>, stack: Option<RawStack>) -> Self {
        let stack = stack.map(|stack| ThreadStack(Arc::new(stack)));
        Self::Polled(Trace::default(), lasts, stack)
    }
}

impl Dump {
    /// The tasks that were polled for this dump, each with its trace.
    pub fn tasks(&self) -> &Tasks {
        &self.tasks
    }

    /// The tasks that could not be polled: those that a thread is [in the poll of](Task::is_polled), and those for
    /// which no worker is free. Beyond Tokio.
    pub fn untraced(&self) -> &Tasks {
        &self.untraced
    }

    /// The numbers of the workers that have not answered in time, since they are in a long poll. Beyond Tokio.
    ///
    /// What they poll is [listed](Task::is_polled), as are all their other tasks.
    pub fn missing_workers(&self) -> &[usize] {
        &self.missing
    }

    /// The calls of workers that have not answered in time, and that poll no task of this dump: they are in the future of
    /// a `block_on`, in a hook, or in a task of another runtime. On Linux, as [`Task::stack`]. Beyond Tokio.
    pub fn worker_stacks(&self) -> impl Iterator<Item = (usize, &ThreadStack)> {
        self.stacks.iter().map(|(worker, stack)| (*worker, stack))
    }
}

impl Tasks {
    /// Each task, in the order of their ids.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::time::Duration;
    /// use selkie::{runtime::Handle, time::sleep};
    ///
    /// let sleeper = selkie::spawn(async { sleep(Duration::from_secs(60)).await });
    /// let dump = Handle::current().dump().await;
    /// let ids: Vec<_> = dump.tasks().iter().map(|task| task.id()).collect();
    /// assert_eq!(ids, [sleeper.id()]);
    /// # }
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = &Task> {
        self.tasks.iter()
    }
}

impl Task {
    /// The task `id`, so far without a trace.
    pub(super) fn untraced(id: Id, spawned_at: &'static Location<'static>) -> Self {
        Self {
            id,
            name: name_of(id),
            spawned_at,
            state: TaskState::Untraced(Trace::default()),
        }
    }

    /// The task's id.
    pub fn id(&self) -> Id {
        self.id
    }

    /// The task's name, if its [`task::Builder`](crate::task::Builder) gave one. Beyond Tokio.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Where the task was spawned. Beyond Tokio.
    pub fn spawned_at(&self) -> &'static Location<'static> {
        self.spawned_at
    }

    /// Where the task waits; empty if it [was not polled](Self::is_traced) for this dump, or waits for nothing of this
    /// crate's.
    pub fn trace(&self) -> &Trace {
        match &self.state {
            TaskState::Traced(trace)
            | TaskState::Untraced(trace)
            | TaskState::Polled(trace, ..) => trace,
        }
    }

    /// Whether the task was polled for this dump: not if a worker is in a long poll, of this task or of another one
    /// while no other worker is free. Beyond Tokio.
    pub fn is_traced(&self) -> bool {
        matches!(self.state, TaskState::Traced(_))
    }

    /// Whether a thread was in a poll of this task while the dump was made: a worker that it keeps busy, or a thread that
    /// is in [`block_in_place`](crate::task::block_in_place). Beyond Tokio.
    pub fn is_polled(&self) -> bool {
        matches!(self.state, TaskState::Polled(..))
    }

    /// If a worker was in a poll of this task all the time while the dump was made: for about how long so far. Beyond
    /// Tokio.
    ///
    /// It is the time since the worker last read the clock, a few polls before as a rule; of a current-thread runtime,
    /// the time since the dump was asked for, which may be much less. With a
    /// [watchdog](crate::runtime::Builder::watchdog) that has noticed the poll, it is what that says.
    pub fn poll_duration(&self) -> Option<Duration> {
        match self.state {
            TaskState::Polled(_, lasts, _) => lasts,
            TaskState::Traced(_) | TaskState::Untraced(_) => None,
        }
    }

    /// The calls that a poll of this task is in which keeps its worker busy: on Linux, with x86-64 and 64-bit ARM, unless
    /// `Builder::stack_signal` asked for none. Beyond Tokio.
    pub fn stack(&self) -> Option<&ThreadStack> {
        match &self.state {
            TaskState::Polled(_, _, stack) => stack.as_ref(),
            TaskState::Traced(_) | TaskState::Untraced(_) => None,
        }
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {}", self.id)?;
        if let Some(name) = &self.name {
            write!(f, " ({})", PrintedName(name))?;
        }
        writeln!(f, ", spawned at {}", self.spawned_at)?;
        match &self.state {
            TaskState::Traced(trace) if trace.is_empty() => {
                writeln!(f, "waits for nothing of this runtime's")
            }
            TaskState::Traced(trace) => trace.fmt(f),
            TaskState::Untraced(_) => writeln!(f, "not traced: no worker is free to poll it"),
            TaskState::Polled(_, lasts, stack) => {
                f.write_str("in a poll")?;
                if let Some(lasts) = lasts {
                    write!(f, ", for about {lasts:.1?}")?;
                }
                match stack {
                    Some(stack) => write!(f, ", in\n{stack}"),
                    None => writeln!(f),
                }
            }
        }
    }
}

impl fmt::Display for Dump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.tasks.tasks.len() + self.untraced.tasks.len();
        writeln!(f, "{count} tasks")?;
        if !self.missing.is_empty() {
            writeln!(f, "in long polls: workers {:?}", self.missing)?;
        }
        for (worker, stack) in &self.stacks {
            write!(
                f,
                "\nworker {worker} polls none of these tasks, and is in\n{stack}"
            )?;
        }
        for task in self.tasks.iter().chain(self.untraced.iter()) {
            write!(f, "\n{task}")?;
        }
        Ok(())
    }
}
