//! The pool of threads that run blocking closures, and workers.
//!
//! Idea        Idle threads form a stack: the thread that was idle last works next, and those at the bottom time out. A job
//!             goes straight to an idle thread, or to a new thread, or, at the limit, into the queue. While a thread is
//!             being started or woken for a job, further jobs are queued: once that thread runs, it gets one more thread
//!             for them, and any thread that is done takes the next job. So a burst of short jobs wakes few threads, and
//!             jobs that wait for each other still get a thread each.
//! States      open → closed (queued closures are cancelled, running ones finish) → empty
//! Invariants  I1 a thread is on the stack of idle threads or running, never both. It leaves the stack by being popped, or
//!                by removing itself under the lock. Whoever pops it gives it one job.
//!             I2 jobs are queued only while `threads`, without those that run workers, is at the limit, or after the
//!                system refused a thread, or while a thread is `arriving`. That thread runs no foreign code before it has
//!                looked at the queue. A thread that leaves is counted until its hook has run: it looks at the queue when it
//!                is taken off the count.
//!             I3 every notified task that enters the pool is run or cancelled, outside the lock: closures and what they
//!                own are foreign code, and so is the function that names threads.
//!             I4 `known` has each thread that `threads` counts, or, once the pool shuts down, has counted.
//! Rejected    One queue and one condition variable for all threads: every job goes through one lock, and idle threads wake
//!             in any order. Waking a thread for every job at once: a thousand short jobs would be a thousand system calls.
#![allow(unsafe_code)]

use std::collections::VecDeque;
use std::io;
use std::panic::Location;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use selkie_core::raw::task::{ClosingTasks, Notified, OwnedTasks, Schedule};
use selkie_core::raw::time::ClockGuard;
use selkie_core::task::{Id, JoinHandle};

use super::closure::{Blocking, Job, QueuedClosure};
use super::pool_thread::PoolThread;
use super::record::{BlockedClosure, BlockingKind};
use crate::config::Config;
use crate::observability::ProbesSlot;

/// What every thread of the runtime does around its work.
pub(crate) type ThreadScope = Box<dyn Fn(&mut dyn FnMut()) + Send + Sync>;

/// The pool of one runtime.
pub(crate) struct BlockingPool {
    pub(super) config: Config,
    pub(crate) probes: ProbesSlot,
    pub(super) scope: ThreadScope,
    /// Whether closures are taken; changes under the lock, and may be asked without it.
    open: AtomicBool,
    state: Mutex<State>,
    pub(super) emptied: Condvar,
}

pub(super) struct State {
    /// The runtime ends: threads without a job need not wait for one.
    pub(super) ending: bool,
    /// A thread was given a closure and has not come to the lock since (I2).
    pub(super) arriving: bool,
    pub(super) threads: usize,
    /// Threads that are kept for work that is no closure: workers; the limit does not count them.
    pub(super) kept: usize,
    pub(super) idle: Vec<Arc<PoolThread>>,
    pub(super) queue: VecDeque<QueuedClosure>,
    /// The threads to join at the end (I4).
    pub(super) known: Vec<Arc<PoolThread>>,
    /// The thread that has left last, as nobody had work for it.
    pub(super) left: Option<Arc<PoolThread>>,
    /// Slots of the closures; made at the first.
    pub(super) tasks: Option<OwnedTasks<BlockingPool>>,
    /// What `tasks` is once the pool is closed, until it is finished.
    closing: Option<ClosingTasks<BlockingPool>>,
}

// SAFETY: closures are `Send`.
unsafe impl Schedule for BlockingPool {
    fn may_drop_tasks_here(&self) -> bool {
        true
    }

    unsafe fn schedule(_this: NonNull<Self>, task: Notified) {
        // Closures are ready at their first poll, so nothing wakes them; a notified task that comes all the
        // same goes back.
        task.discard();
    }

    unsafe fn requeue(_this: NonNull<Self>, task: Notified) {
        task.discard();
    }

    fn finished(&self, _id: Id, _location: &'static Location<'static>, _panicked: bool) {}
}

impl State {
    /// Threads that are there for closures.
    pub(super) fn for_closures(&self) -> usize {
        // A worker's thread that could not be started is counted as kept for a moment longer.
        self.threads.saturating_sub(self.kept)
    }

    /// Lets go of the tasks if the pool is closed and no notified task is left.
    pub(super) fn finish_tasks(&mut self, is_open: bool) {
        if is_open || self.threads > 0 || !self.queue.is_empty() {
            return;
        }
        let closing = self.tasks.take().map(OwnedTasks::close);
        // Whoever cancels a queued closure comes here when it has.
        let closing = closing.or_else(|| self.closing.take());
        self.closing = closing.and_then(|tasks| tasks.finish().err());
    }
}

impl std::fmt::Debug for BlockingPool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BlockingPool").finish_non_exhaustive()
    }
}

impl BlockingPool {
    pub(crate) fn new(config: Config, scope: ThreadScope) -> Arc<Self> {
        Arc::new(Self {
            probes: ProbesSlot::new(config.probes.as_ref()),
            config,
            scope,
            open: AtomicBool::new(true),
            state: Mutex::new(State {
                ending: false,
                arriving: false,
                threads: 0,
                kept: 0,
                idle: Vec::new(),
                queue: VecDeque::new(),
                known: Vec::new(),
                left: None,
                tasks: None,
                closing: None,
            }),
            emptied: Condvar::new(),
        })
    }

    #[inline(never)]
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `closure` on a thread of the pool. If the pool is closed, or no thread can be started and none is there, the
    /// task is cancelled; the latter is an error.
    #[track_caller]
    pub(crate) fn spawn<F, R>(
        self: &Arc<Self>,
        closure: F,
        kind: BlockingKind,
        hold: Option<ClockGuard>,
        id: Id,
        location: &'static Location<'static>,
    ) -> (JoinHandle<R>, io::Result<()>)
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        let (state, refused) = self.lock_tasks();
        let tasks = refused.as_ref().or(state.tasks.as_ref());
        let tasks = tasks.expect("one of them is there");
        // SAFETY: closure and output are `Send` and `'static`.
        let (task, handle) = unsafe { tasks.spawn(id, location, Blocking(Some(closure))) };
        let closure = QueuedClosure { task, kind, hold };
        (handle, self.give(state, refused, closure))
    }

    /// The state, with tasks to spawn with; if the pool is closed, tasks beside it, for one that is cancelled from the
    /// start.
    fn lock_tasks(self: &Arc<Self>) -> (MutexGuard<'_, State>, Option<OwnedTasks<Self>>) {
        let mut state = self.lock();
        let is_open = self.is_open();
        if is_open && state.tasks.is_some() {
            return (state, None);
        }
        let tasks = Some(OwnedTasks::new(Arc::clone(self)));
        if !is_open {
            return (state, tasks);
        }
        state.tasks = tasks;
        (state, None)
    }

    /// The runtime ends soon: a thread that becomes idle from now on exits, and does not wait until it is
    /// notified. Closures are still run.
    pub(crate) fn begin_end(&self) {
        self.lock().ending = true;
    }

    /// Whether closures are still taken.
    pub(crate) fn is_open(&self) -> bool {
        // Relaxed: as in `close`.
        self.open.load(Ordering::Relaxed)
    }

    /// Refuses further closures and cancels the queued ones, but for writes that a file has taken and
    /// reported; threads end when their job does.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        // Relaxed: the lock orders it for the pool, and for others it is a hint.
        self.open.store(false, Ordering::Relaxed);
        let mut cancelled = VecDeque::new();
        for _ in 0..state.queue.len() {
            let Some(closure) = state.queue.pop_front() else {
                break;
            };
            let is_promised = closure.kind.is_promised();
            let to = if is_promised {
                &mut state.queue
            } else {
                &mut cancelled
            };
            to.push_back(closure);
        }
        let mut idle = std::mem::take(&mut state.idle);
        drop(state);
        while let Some(thread) = idle.pop() {
            thread.give(Job::Leave);
        }
        while let Some(closure) = cancelled.pop_front() {
            closure.task.cancel();
        }
        self.lock().finish_tasks(self.is_open());
    }

    /// Waits until every thread has ended, with what its thread-locals drop, at most until `deadline`.
    /// `false`: some are still there.
    pub(crate) fn wait(&self, deadline: Option<Instant>) -> bool {
        let mut state = self.lock();
        while state.threads > 0 {
            let left = deadline.map_or(Duration::MAX, |deadline| {
                deadline.saturating_duration_since(Instant::now())
            });
            if left.is_zero() {
                return false;
            }
            let waited = self.emptied.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        let mut threads = std::mem::take(&mut state.known);
        if let Some(left) = state.left.take() {
            threads.push(left);
        }
        drop(state);
        while let Some(thread) = threads.pop() {
            if !thread.join(deadline) {
                return false;
            }
        }
        true
    }

    /// The closures that run now.
    pub(crate) fn running(&self) -> Vec<BlockedClosure> {
        let state = self.lock();
        let mut running = Vec::new();
        for thread in &state.known {
            if let Some(closure) = thread.record.read() {
                running.push(closure);
            }
        }
        running
    }

    /// Threads now, threads that wait for a job, and jobs that wait for a thread.
    pub(crate) fn depths(&self) -> (usize, usize, usize) {
        let state = self.lock();
        (state.threads, state.idle.len(), state.queue.len())
    }
}
