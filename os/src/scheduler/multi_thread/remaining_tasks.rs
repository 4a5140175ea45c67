//! Tasks of a scheduler that shuts down and that could not be dropped yet.
//!
//! Idea        When the scheduler shuts down, each worker drops its own tasks: their slots belong to it, so nobody else may.
//!             It also consumes the notified tasks that it finds in any queue. A task that another thread is polling at
//!             that time is cancelled there as soon as the poll returns. Until then the owner of those tasks is kept
//!             here, so that the worker's thread need not wait. The last worker to end waits for all that is kept here.
//! States      workers run → some have ended → all have ended → every task is dropped
//! Invariants  I1 `owners` holds what workers that have ended could not drop; the last worker takes it.
//!             I2 `ended` is set once, when every owner is finished.
//!             I3 a thread that waits registers itself in `waiting` before it checks, so that whoever changes
//!                something after that check unparks it.
//! Rejected    One worker that drops all tasks once every worker has stopped: a worker that is stuck in a poll would
//!             keep the tasks of all workers alive, with their sockets and ports.

use std::time::{Duration, Instant};

use selkie_core::raw::platform::{Lock, Thread, current_thread, park_thread, park_thread_for};
use selkie_core::raw::task::{ClosingTasks, Schedule};
use selkie_core::raw::time::TimersOwner;

/// How long the last worker first waits for a poll that goes on, and how long it waits at most before
/// it looks again.
const FIRST_WAIT: Duration = Duration::from_micros(20);
const LONGEST_WAIT: Duration = Duration::from_millis(10);

/// The end of a scheduler `S`.
#[derive(Debug)]
pub(super) struct RemainingTasks<S: Schedule>(Lock<State<S>>);

#[derive(Debug)]
struct State<S: Schedule> {
    owners: Vec<ClosingTasks<S>>,
    /// The timers of workers that have ended, which tasks that others still poll may wait for.
    timers: Vec<TimersOwner>,
    /// The workers that have not ended.
    running: Vec<bool>,
    ended: bool,
    /// Threads that wait for a change (I3).
    waiting: Vec<Thread>,
}

/// What is left when all workers have ended.
pub(super) struct Remainder<S: Schedule> {
    pub(super) owners: Vec<ClosingTasks<S>>,
    pub(super) timers: Vec<TimersOwner>,
}

impl<S: Schedule> State<S> {
    /// The calling thread waits for a change from here on (I3).
    fn wait_here(&mut self) {
        let here = current_thread();
        if !self.waiting.iter().any(|thread| thread.id() == here.id()) {
            self.waiting.push(here);
        }
    }

    /// Whom to unpark after a change, once the lock is free.
    fn changed(&mut self) -> Vec<Thread> {
        std::mem::take(&mut self.waiting)
    }
}

impl<S: Schedule> RemainingTasks<S> {
    pub(super) fn new(workers: usize) -> Self {
        Self(Lock::new(State {
            owners: Vec::new(),
            timers: Vec::new(),
            running: vec![true; workers],
            ended: false,
            waiting: Vec::new(),
        }))
    }

    /// Keeps `tasks`, whose tasks were cancelled, until they are finished (I1). If everything counts as
    /// dropped already, nobody finishes them: they are dropped here, which loses what is being polled.
    pub(super) fn keep(&self, tasks: ClosingTasks<S>) {
        let Err(unfinished) = tasks.finish() else {
            return;
        };
        let mut state = self.0.lock();
        if state.ended {
            drop(state);
            drop(unfinished);
        } else {
            state.owners.push(unfinished);
        }
    }

    /// Worker `index`, with these timers, has ended. The last one gets what is left.
    pub(super) fn worker_ended(
        &self,
        index: usize,
        timers: Option<TimersOwner>,
    ) -> Option<Remainder<S>> {
        let mut state = self.0.lock();
        state.running[index] = false;
        state.timers.extend(timers);
        let is_last = !state.running.contains(&true);
        is_last.then(|| Remainder {
            owners: std::mem::take(&mut state.owners),
            timers: std::mem::take(&mut state.timers),
        })
    }

    /// Waits until everything in `owners`, and what else is kept, is finished; `drain` consumes notified tasks.
    fn finish_all(&self, mut owners: Vec<ClosingTasks<S>>, drain: impl Fn()) {
        let mut wait = FIRST_WAIT;
        loop {
            self.0.lock().wait_here();
            owners.iter().for_each(ClosingTasks::cancel_all);
            drain();
            owners.append(&mut self.0.lock().owners);
            ClosingTasks::finish_each(&mut owners);
            if owners.is_empty() {
                return;
            }
            // A poll that goes on in a thread that has no worker, or a waker that is about to give its
            // notified task back: both end by themselves, and the first says so.
            park_thread_for(wait);
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    /// A thread without a worker has ended its poll.
    pub(super) fn poll_ended(&self) {
        let waiting = self.0.lock().changed();
        waiting.iter().for_each(Thread::unpark);
    }

    /// Everything is dropped (I2), unless somebody has kept more meanwhile, which is returned.
    fn set_ended(&self) -> Vec<ClosingTasks<S>> {
        let mut state = self.0.lock();
        if !state.owners.is_empty() {
            return std::mem::take(&mut state.owners);
        }
        state.ended = true;
        let waiting = state.changed();
        drop(state);
        waiting.iter().for_each(Thread::unpark);
        Vec::new()
    }

    /// As the last worker: finishes `owners`, and what is kept meanwhile, then says that all is dropped.
    pub(super) fn end(&self, mut owners: Vec<ClosingTasks<S>>, drain: impl Fn()) {
        loop {
            self.finish_all(owners, &drain);
            owners = self.set_ended();
            if owners.is_empty() {
                return;
            }
        }
    }

    /// Waits until everything is dropped, at most until `deadline`.
    pub(super) fn wait(&self, deadline: Option<Instant>) -> bool {
        loop {
            {
                let mut state = self.0.lock();
                if state.ended {
                    return true;
                }
                state.wait_here();
            }
            let Some(deadline) = deadline else {
                park_thread();
                continue;
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            park_thread_for(left);
        }
    }

    /// The workers that have been told to end and have not.
    pub(super) fn unended(&self) -> Vec<usize> {
        let state = self.0.lock();
        (0..state.running.len())
            .filter(|index| state.running[*index])
            .collect()
    }
}
