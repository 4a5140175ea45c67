//! A request for a task dump, which every worker of a runtime answers.
//!
//! Idea        Workers check a flag when they look at their driver, and when they wake (`dumps`). Each worker then wakes all
//!             of its tasks and polls them with tracing switched on, and so it polls what was in its queues. A task that
//!             was in flight between workers is asked for again in another round.
//! States      requested → answered by all, after [`ROUNDS`] rounds at most | out of time
//! Invariants  I1 a worker answers once per round.
//! Rejected    Stopping all workers at a barrier: one that is stuck would stop the others, too.

use std::collections::{HashMap, HashSet};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use selkie_core::raw::task::Notified;
use selkie_core::task::Id;

use super::trace::{Trace, at_root};

/// Rounds at most.
const ROUNDS: u32 = 3;
/// Tasks of a dump at most; the others go on untraced.
const MOST_TASKS: usize = 65_536;
/// How long workers that are in the poll of a task are waited for.
const PATIENCE: Duration = Duration::from_millis(250);

/// Where the tasks of a runtime wait.
#[derive(Debug)]
pub struct Dump {
    tasks: Tasks,
    missing: Vec<usize>,
}

/// The tasks of a dump.
#[derive(Debug)]
pub struct Tasks {
    tasks: Vec<Task>,
}

/// A task of a dump.
#[derive(Debug)]
pub struct Task {
    id: Id,
    trace: Trace,
}

impl Dump {
    /// The tasks.
    pub fn tasks(&self) -> &Tasks {
        &self.tasks
    }

    /// The numbers of the workers that have not answered in time, since they are in a long poll:
    /// tasks of theirs may be missing. Beyond Tokio.
    pub fn missing_workers(&self) -> &[usize] {
        &self.missing
    }
}

impl Tasks {
    /// Each task, in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = &Task> {
        self.tasks.iter()
    }
}

impl Task {
    /// The task's id.
    pub fn id(&self) -> Id {
        self.id
    }

    /// Where the task waits.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }
}

/// One dump that is asked for.
#[derive(Debug)]
pub(crate) struct Request {
    state: Mutex<State>,
    progress: Condvar,
}

#[derive(Debug)]
struct State {
    round: u32,
    /// Workers that have not answered this round.
    waited_for: Vec<bool>,
    traces: HashMap<Id, Trace>,
    /// Tasks seen alive and not traced.
    missed: HashSet<Id>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Request {
    /// Asks for a dump of `workers` workers.
    pub(crate) fn new(workers: usize) -> Self {
        Self {
            state: Mutex::new(State {
                round: 1,
                waited_for: vec![true; workers],
                traces: HashMap::new(),
                missed: HashSet::new(),
            }),
            progress: Condvar::new(),
        }
    }

    /// Whether `worker` has not answered this round.
    pub(crate) fn is_waiting_for(&self, worker: usize) -> bool {
        lock(&self.state).waited_for[worker]
    }

    /// Runs `task` by `run`, traced unless it was before.
    pub(crate) fn run(&self, task: Notified, run: impl FnOnce(Notified)) {
        let id = task.id();
        let is_known = {
            let state = lock(&self.state);
            state.traces.len() >= MOST_TASKS || state.traces.contains_key(&id)
        };
        if is_known {
            return run(task);
        }
        let handle = task.abort_handle();
        let call = |(task, run): (Notified, _)| {
            let run: Box<dyn FnOnce(Notified) + '_> = run;
            run(task);
        };
        let run: Box<dyn FnOnce(Notified) + '_> = Box::new(run);
        let ((), trace) = Trace::capture(|| at_root((task, run), call));
        if !handle.is_finished() {
            lock(&self.state).traces.insert(id, trace);
        }
    }

    /// Worker `worker` has run all tasks it has; `missed` it could not get hold of. `true`: all have
    /// answered, and another round has begun.
    pub(crate) fn answer(&self, worker: usize, missed: Vec<Id>) -> bool {
        let mut state = lock(&self.state);
        let state = &mut *state;
        state.waited_for[worker] = false;
        state.missed.extend(missed);
        if state.waited_for.contains(&true) {
            return false;
        }
        let traces = &state.traces;
        state.missed.retain(|id| !traces.contains_key(id));
        if state.missed.is_empty() || state.round == ROUNDS {
            self.progress.notify_all();
            return false;
        }
        state.round += 1;
        state.missed.clear();
        state.waited_for.fill(true);
        true
    }

    /// Blocks until all have answered, or for [`PATIENCE`].
    pub(crate) fn wait(&self) {
        let state = lock(&self.state);
        let _state = self
            .progress
            .wait_timeout_while(state, PATIENCE, |state| state.waited_for.contains(&true));
    }

    /// What came together.
    pub(crate) fn finish(&self) -> Dump {
        let mut state = lock(&self.state);
        let traces = std::mem::take(&mut state.traces);
        let mut tasks: Vec<_> = traces
            .into_iter()
            .map(|(id, trace)| Task { id, trace })
            .collect();
        tasks.sort_unstable_by_key(|task| task.id);
        let waited_for = state.waited_for.iter().enumerate();
        Dump {
            tasks: Tasks { tasks },
            missing: waited_for
                .filter(|(_, waits)| **waits)
                .map(|(worker, _)| worker)
                .collect(),
        }
    }
}
