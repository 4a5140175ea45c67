//! A request for a task dump, which every worker of a runtime answers.
//!
//! Idea        Workers check a flag when they look at their driver, and when they wake (`dumps`). Each worker then wakes all
//!             of its tasks and polls them with tracing switched on, and so it polls what was in its queues. A task that
//!             was in flight between workers is asked for again in another round. For a worker that is in a long poll
//!             nobody waits: in one more round, one of the others wakes its tasks as well, and polls them. What no worker was
//!             free to poll is listed as its slot tells, without a trace.
//! States      requested → answered by all, after [`ROUNDS`] rounds at most → done
//!             requested → some are stuck → the others are asked again → done
//! Invariants  I1 a worker answers once per round.
//!             I2 a request holds no task: who wants the dump may forget about it, and the runtime may end.
//! Rejected    Stopping all workers at a barrier: one that is stuck would stop the others, too. Tasks of a stuck worker that
//!             are woken and kept until a worker answers: they would not go on before whoever wants the dump has polled its
//!             future again, and a shutdown would wait for them.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use selkie_core::raw::task::{ListedState, ListedTask, Notified};
use selkie_core::task::Id;

use super::stack::ThreadStack;
use super::task::{Dump, Task, TaskState, Tasks};
use super::trace::{Trace, at_root};
use crate::sys::RawStack;

/// Rounds at most.
const ROUNDS: u32 = 3;
/// Tasks of a dump at most; the others go on untraced.
const MOST_TASKS: usize = 65_536;
/// How long workers that are in the poll of a task are waited for.
const PATIENCE: Duration = Duration::from_millis(250);

/// What is known of a poll that keeps a worker from answering.
#[derive(Debug)]
pub(crate) struct StuckPoll {
    pub(crate) worker: usize,
    /// The innermost task that its thread polls.
    pub(crate) task: Option<Id>,
    pub(crate) lasts: Duration,
    pub(crate) stack: Option<RawStack>,
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
    /// Workers that are in a long poll: nobody waits for them any more.
    stuck: Vec<bool>,
    /// Tasks that were traced, or for which there is no worker.
    tasks: HashMap<Id, Task>,
    /// Tasks seen alive and not traced, in this round and in the last one that is over.
    missed: HashSet<Id>,
    missed_at_last: HashSet<Id>,
    /// Stuck workers whose tasks nobody has taken in this round.
    untaken: Vec<usize>,
    /// The calls of stuck workers that poll no task of this dump.
    stacks: Vec<(usize, ThreadStack)>,
}

impl State {
    /// Asks all workers that are not stuck once more.
    fn begin_round(&mut self) {
        self.round += 1;
        self.missed.clear();
        for (waited_for, stuck) in self.waited_for.iter_mut().zip(&self.stuck) {
            *waited_for = !stuck;
        }
        self.untaken = self.stuck_workers();
    }

    fn stuck_workers(&self) -> Vec<usize> {
        let workers = self.stuck.iter().enumerate();
        let stuck = workers.filter(|(_, stuck)| **stuck);
        stuck.map(|(worker, _)| worker).collect()
    }

    fn is_traced(&self, id: Id) -> bool {
        self.tasks.get(&id).is_some_and(Task::is_traced)
    }
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
                stuck: vec![false; workers],
                tasks: HashMap::new(),
                missed: HashSet::new(),
                missed_at_last: HashSet::new(),
                untaken: Vec::new(),
                stacks: Vec::new(),
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
            state.tasks.len() >= MOST_TASKS || state.is_traced(id)
        };
        if is_known {
            return run(task);
        }
        let handle = task.abort_handle();
        // Before the poll, in which it may end.
        let mut dumped = Task::untraced(id, task.location());
        let call = |(task, run): (Notified, _)| {
            let run: Box<dyn FnOnce(Notified) + '_> = run;
            run(task);
        };
        let run: Box<dyn FnOnce(Notified) + '_> = Box::new(run);
        let ((), trace) = Trace::capture(|| at_root((task, run), call));
        if !handle.is_finished() {
            dumped.state = TaskState::Traced(trace);
            lock(&self.state).tasks.insert(id, dumped);
        } else {
            lock(&self.state).tasks.remove(&id);
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
        state.missed_at_last = std::mem::take(&mut state.missed);
        let is_missed = state.missed_at_last.iter().any(|id| !state.is_traced(*id));
        if !is_missed || state.round >= ROUNDS {
            self.progress.notify_all();
            return false;
        }
        state.begin_round();
        true
    }

    /// Blocks until all have answered that are not stuck, or for [`PATIENCE`].
    pub(crate) fn wait(&self) {
        let state = lock(&self.state);
        let _state = self
            .progress
            .wait_timeout_while(state, PATIENCE, |state| state.waited_for.contains(&true));
    }

    /// The workers that have not answered; from here on nobody waits for them.
    pub(crate) fn give_up_waiting(&self) -> Vec<usize> {
        let mut state = lock(&self.state);
        let state = &mut *state;
        for (waited_for, stuck) in state.waited_for.iter_mut().zip(&mut state.stuck) {
            *stuck |= std::mem::take(waited_for);
        }
        state.stuck_workers()
    }

    /// The workers that are stuck, and whose tasks nobody has taken in this round: the caller does.
    pub(crate) fn take_stuck(&self) -> Vec<usize> {
        std::mem::take(&mut lock(&self.state).untaken)
    }

    /// Asks the workers that answer once more; the caller wakes them.
    pub(crate) fn ask_again(&self) {
        lock(&self.state).begin_round();
    }

    /// Adds what `listed` tells of tasks that no worker has polled for this dump; `polls` keep workers from answering.
    pub(crate) fn add_listed(&self, listed: Vec<ListedTask>, mut polls: Vec<StuckPoll>) {
        let mut state = lock(&self.state);
        let state = &mut *state;
        let all_answered = !state.stuck.contains(&true);
        for task in listed {
            // If all workers have answered, a task that was not there when they did is none that waits.
            let is_new = all_answered && !state.missed_at_last.contains(&task.id);
            if is_new || state.tasks.contains_key(&task.id) || state.tasks.len() >= MOST_TASKS {
                continue;
            }
            let mut dumped = Task::untraced(task.id, task.location);
            if task.state == ListedState::Polled {
                let poll = polls.iter().position(|poll| poll.task == Some(task.id));
                let poll = poll.map(|index| polls.swap_remove(index));
                let lasts = poll.as_ref().map(|poll| poll.lasts);
                let stack = poll.and_then(|poll| poll.stack);
                dumped.state = TaskState::polled(lasts, stack);
            }
            state.tasks.insert(task.id, dumped);
        }
        let others = polls.into_iter().filter_map(|poll| {
            let stack = ThreadStack(Arc::new(poll.stack?));
            Some((poll.worker, stack))
        });
        state.stacks.extend(others);
    }

    /// What came together.
    pub(crate) fn finish(&self) -> Dump {
        let missing = self.give_up_waiting();
        let tasks = std::mem::take(&mut lock(&self.state).tasks);
        let mut tasks: Vec<_> = tasks.into_values().collect();
        tasks.sort_unstable_by_key(|task| task.id);
        let (tasks, untraced) = tasks.into_iter().partition(Task::is_traced);
        Dump {
            tasks: Tasks { tasks },
            untraced: Tasks { tasks: untraced },
            missing,
            stacks: std::mem::take(&mut lock(&self.state).stacks),
        }
    }
}
