//! The pool of threads that run blocking closures, and workers.
//!
//! Idea        Idle threads form a stack: the thread that was idle last works next, and those at the bottom time out. A job
//!             goes straight to an idle thread, or to a new thread, or, at the limit, into the queue. While a thread is
//!             being started or woken for a job, further jobs are queued: once that thread runs, it gets one more thread
//!             for them, and any thread that is done takes the next job. So a burst of short jobs wakes few threads, and
//!             jobs that wait for each other still get a thread each.
//! States      open → closed (queued closures are cancelled, running ones finish) → empty
//! Invariants  I1 a thread is on the stack of idle threads or running, never both. It leaves the stack by being popped, or
//!                by removing itself under the lock. Whoever pops it puts one job into its mailbox.
//!             I2 jobs are queued only while `threads`, without those that run workers, is at the limit, or after the
//!                system refused a thread, or while a thread is `arriving`. That thread runs no foreign code before it has
//!                looked at the queue.
//!             I3 every notified task that enters the pool is run or cancelled, outside the lock: closures and what they
//!                own are foreign code, and so is the function that names threads.
//!             I4 `handles` has a handle of each thread that `threads` counts, or, once the pool shuts down, has counted.
//! Rejected    One queue and one condition variable for all threads: every job goes through one lock, and idle threads wake
//!             in any order. Waking a thread for every job at once: a thousand short jobs would be a thousand system calls.
#![allow(unsafe_code)]

use std::collections::VecDeque;
use std::io;
use std::panic::Location;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use selkie_core::raw::task::{ClosingTasks, Notified, OwnedTasks, Schedule};
use selkie_core::raw::time::ClockGuard;
use selkie_core::task::{Id, JoinHandle};

use super::closure::{Blocking, Job};
use super::mailbox::Mailbox;
use super::record::{BlockedClosure, BlockingKind, Records};
use crate::config::Config;
use crate::observability::ProbesSlot;
use crate::sys::join_thread;

/// Why a closure could not be taken.
#[derive(Debug)]
pub(crate) enum SpawnError {
    /// The pool is closed: the handle reports a cancelled task.
    Closed,
    /// No thread could be started, and none is there.
    NoThread(io::Error),
}

/// What every thread of the runtime does around its work; the assembly installs it.
pub(crate) type ThreadScope = Box<dyn Fn(&mut dyn FnMut()) + Send + Sync>;

/// The pool of one runtime.
pub(crate) struct BlockingPool {
    pub(super) config: Config,
    pub(crate) probes: ProbesSlot,
    pub(super) scope: std::sync::OnceLock<ThreadScope>,
    /// Whether closures are taken; changes under the lock, and may be asked without it.
    open: AtomicBool,
    state: Mutex<State>,
    pub(super) emptied: Condvar,
    /// What each thread is at.
    pub(super) records: Records,
}

pub(super) struct State {
    /// The runtime ends: threads without a job need not wait for one.
    pub(super) ending: bool,
    /// A thread was given a closure and has not come to the lock since (I2).
    pub(super) arriving: bool,
    pub(super) threads: usize,
    /// Threads that are kept for work that is no closure: workers; the limit does not count them.
    pub(super) kept: usize,
    pub(super) idle: Vec<Arc<Mailbox<Job>>>,
    pub(super) queue: VecDeque<Job>,
    /// What to wait for until a thread is really gone, with what its thread-locals drop.
    pub(super) handles: Vec<thread::JoinHandle<()>>,
    /// The thread that has left last, as nobody had work for it.
    pub(super) left: Option<thread::JoinHandle<()>>,
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
}

impl State {
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
    pub(crate) fn new(config: Config) -> Arc<Self> {
        Arc::new(Self {
            probes: ProbesSlot::new(config.probes.as_ref()),
            config,
            scope: std::sync::OnceLock::new(),
            open: AtomicBool::new(true),
            state: Mutex::new(State {
                ending: false,
                arriving: false,
                threads: 0,
                kept: 0,
                idle: Vec::new(),
                queue: VecDeque::new(),
                handles: Vec::new(),
                left: None,
                tasks: None,
                closing: None,
            }),
            emptied: Condvar::new(),
            records: Records::default(),
        })
    }

    /// Sets what each thread does around its work; called once, before any work.
    pub(crate) fn install(&self, scope: ThreadScope) {
        let _only_once = self.scope.set(scope);
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `closure` on a thread of the pool.
    #[track_caller]
    pub(crate) fn spawn<F, R>(
        self: &Arc<Self>,
        closure: F,
        kind: BlockingKind,
        hold: Option<ClockGuard>,
        id: Id,
        location: &'static Location<'static>,
    ) -> (JoinHandle<R>, Result<(), SpawnError>)
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        let task = Blocking(Some(closure));
        let mut state = self.lock();
        if !self.is_open() {
            drop(state);
            return (
                self.spawn_cancelled(task, id, location),
                Err(SpawnError::Closed),
            );
        }
        let tasks = state
            .tasks
            .get_or_insert_with(|| OwnedTasks::new(Arc::clone(self)));
        // SAFETY: closure and output are `Send` and `'static`.
        let (task, handle) = unsafe { tasks.spawn(id, location, task) };
        let started = self.give(state, Job::Closure(task, kind, hold));
        (handle, started)
    }

    /// A task of a pool that is closed: cancelled from the start.
    fn spawn_cancelled<F, R>(
        self: &Arc<Self>,
        task: Blocking<F>,
        id: Id,
        location: &'static Location<'static>,
    ) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        let tasks = OwnedTasks::new(Arc::clone(self));
        // SAFETY: closure and output are `Send` and `'static`.
        let (task, handle) = unsafe { tasks.spawn(id, location, task) };
        task.cancel();
        tasks.close().finish_soon();
        handle
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
        let (closures, rest) = state.queue.drain(..).partition::<VecDeque<_>, _>(
            |job| matches!(job, Job::Closure(_, kind, _) if !kind.is_promised()),
        );
        state.queue = rest;
        let idle = std::mem::take(&mut state.idle);
        drop(state);
        for mailbox in idle {
            mailbox.put(Job::Thread(Box::new(|| {})));
        }
        for job in closures {
            if let Job::Closure(task, ..) = job {
                task.cancel();
            }
        }
        self.lock().finish_tasks(self.is_open());
    }

    /// Waits until every thread has ended, with what its thread-locals drop, at most until `deadline`.
    /// `false`: some are still there.
    pub(crate) fn wait(&self, deadline: Option<Instant>) -> bool {
        let mut state = self.lock();
        while state.threads > 0 {
            state = match deadline {
                None => self
                    .emptied
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return false;
                    }
                    let waited = self.emptied.wait_timeout(state, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        let left = state.left.take();
        let handles = std::mem::take(&mut state.handles);
        drop(state);
        handles
            .into_iter()
            .chain(left)
            .all(|handle| join_thread(handle, deadline))
    }

    /// The closures that run now.
    pub(crate) fn running(&self) -> Vec<BlockedClosure> {
        self.records.running()
    }

    /// Threads now, threads that wait for a job, and jobs that wait for a thread.
    pub(crate) fn depths(&self) -> (usize, usize, usize) {
        let state = self.lock();
        (state.threads, state.idle.len(), state.queue.len())
    }
}
