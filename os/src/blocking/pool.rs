//! The pool: closures that block run here, and workers live here.
//!
//! Idea        Idle threads wait on a stack, last in, first out, so that the warm one works and the
//!             cold ones time out. A job goes straight to an idle thread, else to a new thread,
//!             else, at the limit, into the queue.
//! States      open → closing (queued closures are cancelled, running ones finish) → empty
//! Invariants  I1 a thread is on the idle stack or running, never both; it leaves the stack by
//!                being popped, or by taking itself off under the lock.
//!             I2 jobs wait in the queue only while `threads`, less those that are workers, is at the
//!                limit.
//!             I3 every token that enters the pool is run or cancelled, outside the lock: closures
//!                and what they own are foreign code.
//! Rejected    One queue and one condition variable for all: every job wakes through the same
//!             lock, and idle threads wake in any order.
//! Length      one state machine, and the scheduler that its tokens need.
#![allow(unsafe_code)]

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};

use selkie_core::coop;
use selkie_core::task::{Id, JoinHandle, Notified, OwnedTasks, Schedule};
use selkie_core::time::ClockHold;

use super::record::{BlockedClosure, BlockingKind, Records};
use super::thread::Mailbox;
use crate::config::{Config, call};

/// What a pool thread runs.
enum Job {
    /// A closure with a join handle, and what keeps a paused clock from moving until the closure's
    /// task is complete.
    Closure(Notified, BlockingKind, Option<ClockHold>),
    /// A worker of the scheduler, or another thread's worth of work that must run.
    Thread(Box<dyn FnOnce() + Send>),
}

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
    config: Config,
    scope: std::sync::OnceLock<ThreadScope>,
    /// What `closed` says, to be asked without the lock.
    open: AtomicBool,
    state: Mutex<State>,
    emptied: Condvar,
    /// What each thread is at.
    records: Records,
}

struct State {
    closed: bool,
    /// The runtime ends: threads without a job need not wait for one.
    ending: bool,
    threads: usize,
    /// Threads that are kept for work that is no closure: workers; the limit does not count them.
    kept: usize,
    spawned_threads: usize,
    idle: Vec<Arc<Mailbox<Job>>>,
    queue: VecDeque<Job>,
    /// Slots of the closures; made at the first.
    tasks: Option<OwnedTasks>,
}

/// A closure as a future that is ready at its first poll.
struct Blocking<F>(Option<F>);

impl<F> Unpin for Blocking<F> {}

impl<F: FnOnce() -> R, R> Future for Blocking<F> {
    type Output = R;

    fn poll(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<R> {
        let closure = self.0.take().expect("a closure runs once");
        // The closure owns its thread: operations in it count against no task's budget.
        let _budget = coop::stop();
        Poll::Ready(closure())
    }
}

// SAFETY: the pool outlives its tokens: a token is in the pool's queue, in a mailbox of its
// threads, or run by a thread, which holds the pool.
unsafe impl Schedule for BlockingPool {
    unsafe fn schedule(_this: NonNull<Self>, token: Notified) {
        // Closures are ready at their first poll, so nothing wakes them; a token that comes all the
        // same goes back.
        token.discard();
    }

    unsafe fn requeue(_this: NonNull<Self>, token: Notified) {
        token.discard();
    }

    fn finished(&self, _id: Id, _location: &'static Location<'static>, _panicked: bool) {}
}

impl std::fmt::Debug for BlockingPool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BlockingPool").finish_non_exhaustive()
    }
}

impl BlockingPool {
    pub(crate) fn new(config: Config) -> Arc<Self> {
        Arc::new(Self {
            config,
            scope: std::sync::OnceLock::new(),
            open: AtomicBool::new(true),
            state: Mutex::new(State {
                closed: false,
                ending: false,
                threads: 0,
                kept: 0,
                spawned_threads: 0,
                idle: Vec::new(),
                queue: VecDeque::new(),
                tasks: None,
            }),
            emptied: Condvar::new(),
            records: Records::default(),
        })
    }

    /// Sets what each thread does around its work; called once, before any work.
    pub(crate) fn install(&self, scope: ThreadScope) {
        let _only_once = self.scope.set(scope);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `closure` on a thread of the pool.
    #[track_caller]
    pub(crate) fn spawn<F, R>(
        self: &Arc<Self>,
        closure: F,
        kind: BlockingKind,
        hold: Option<ClockHold>,
        location: &'static Location<'static>,
    ) -> (JoinHandle<R>, Result<(), SpawnError>)
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        let mut state = self.lock();
        let tasks = state
            .tasks
            .get_or_insert_with(|| OwnedTasks::new(Arc::as_ptr(self)));
        // SAFETY: the pool is the owner's scheduler; closure and output are `Send` and `'static`.
        let (token, handle) =
            unsafe { tasks.spawn::<_, Self>(Id::next(), location, Blocking(Some(closure))) };
        if state.closed {
            drop(state);
            token.cancel();
            return (handle, Err(SpawnError::Closed));
        }
        let started = self.give(state, Job::Closure(token, kind, hold));
        (handle, started.map_err(SpawnError::NoThread))
    }

    /// Runs `work` on a thread of its own, also when the limit is reached.
    pub(crate) fn spawn_thread(self: &Arc<Self>, work: Box<dyn FnOnce() + Send>) -> io::Result<()> {
        let kept = Kept(Arc::clone(self));
        let work: Box<dyn FnOnce() + Send> = Box::new(move || {
            let _kept = kept;
            work();
        });
        let mut state = self.lock();
        state.kept += 1;
        if let Some(mailbox) = state.idle.pop() {
            drop(state);
            mailbox.put(Job::Thread(work));
            return Ok(());
        }
        self.start_thread(&mut state, Job::Thread(work))
            .map_err(|(error, work)| {
                drop(state); // `Kept` takes the lock.
                drop(work);
                error
            })
    }

    /// Hands `job` to a thread, or queues it.
    fn give(self: &Arc<Self>, mut state: MutexGuard<'_, State>, job: Job) -> io::Result<()> {
        if let Some(mailbox) = state.idle.pop() {
            drop(state);
            mailbox.put(job);
            return Ok(());
        }
        if state.threads - state.kept >= self.config.max_blocking_threads {
            state.queue.push_back(job);
            return Ok(());
        }
        // The new thread begins with this very job, so that a shutdown right after finds it begun.
        match self.start_thread(&mut state, job) {
            Ok(()) => Ok(()),
            // The threads that are there will come to the job.
            Err((_, job)) if state.threads > 0 => {
                state.queue.push_back(job);
                Ok(())
            }
            Err((error, job)) => {
                drop(state);
                if let Job::Closure(token, ..) = job {
                    token.cancel();
                }
                Err(error)
            }
        }
    }

    /// Starts a thread that runs `first` and then stays.
    ///
    /// # Errors
    /// If the system has no thread for us; the job comes back.
    fn start_thread(
        self: &Arc<Self>,
        state: &mut State,
        first: Job,
    ) -> Result<(), (io::Error, Job)> {
        let mut builder = thread::Builder::new().name((self.config.thread_name)());
        if let Some(bytes) = self.config.thread_stack_size {
            builder = builder.stack_size(bytes);
        }
        let pool = Arc::clone(self);
        let first = Arc::new(Mutex::new(Some(first)));
        let theirs = Arc::clone(&first);
        let take = |first: &Mutex<Option<Job>>| {
            first.lock().unwrap_or_else(PoisonError::into_inner).take()
        };
        if let Err(error) = builder.spawn(move || pool.thread_main(take(&theirs))) {
            let job = take(&first).expect("no thread has taken it");
            return Err((error, job));
        }
        state.threads += 1;
        state.spawned_threads += 1;
        Ok(())
    }

    fn thread_main(self: Arc<Self>, first: Option<Job>) {
        let _gone = Gone(&self);
        let mut first = first;
        let mut work = || {
            call(self.config.after_start.as_ref());
            self.run_jobs(first.take());
            call(self.config.before_stop.as_ref());
        };
        match self.scope.get() {
            Some(scope) => scope(&mut work),
            None => work(),
        }
    }

    fn run_jobs(&self, first: Option<Job>) {
        let mut next = first;
        let mailbox = Arc::new(Mailbox::new());
        let record = self.records.add();
        loop {
            if let Some(job) = next.take() {
                match job {
                    Job::Closure(token, kind, hold) => {
                        record.begin(kind, token.location());
                        token.run();
                        record.end();
                        drop(hold);
                    }
                    Job::Thread(work) => work(),
                }
            }
            let mut state = self.lock();
            if let Some(job) = state.queue.pop_front() {
                next = Some(job);
                continue;
            }
            if state.closed || state.ending {
                return;
            }
            state.idle.push(Arc::clone(&mailbox));
            drop(state);
            next = mailbox.take(self.config.thread_keep_alive);
            if next.is_some() {
                continue;
            }
            let mut state = self.lock();
            let place = state
                .idle
                .iter()
                .position(|idle| Arc::ptr_eq(idle, &mailbox));
            match place {
                // Nobody popped us (I1): leave.
                Some(place) => {
                    state.idle.remove(place);
                    return;
                }
                None => {
                    drop(state);
                    // Popped just now: the job is on its way, unless the pool closed.
                    next = mailbox
                        .take_now()
                        .or_else(|| mailbox.take(Duration::from_secs(1)));
                }
            }
        }
    }

    /// The runtime ends soon: threads that become idle from here on go, instead of waiting to be
    /// told. Closures are still run.
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
        // Relaxed: a hint for others than the pool, which asks under its lock.
        self.open.store(false, Ordering::Relaxed);
        let mut state = self.lock();
        state.closed = true;
        let (closures, rest) = state.queue.drain(..).partition::<VecDeque<_>, _>(
            |job| matches!(job, Job::Closure(_, kind, _) if *kind != BlockingKind::FileWrite),
        );
        state.queue = rest;
        let idle = std::mem::take(&mut state.idle);
        drop(state);
        for mailbox in idle {
            mailbox.put(Job::Thread(Box::new(|| {})));
        }
        for job in closures {
            if let Job::Closure(token, ..) = job {
                token.cancel();
            }
        }
    }

    /// Waits until every thread has ended, at most `limit`. `false`: some are still there.
    pub(crate) fn wait(&self, limit: Option<Duration>) -> bool {
        let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
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
        true
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

/// Counts a thread among those for closures again when its work ends, also by a panic.
struct Kept(Arc<BlockingPool>);

impl Drop for Kept {
    fn drop(&mut self) {
        self.0.lock().kept -= 1;
    }
}

/// Takes a thread off the count when it ends, also by a panic in a hook.
struct Gone<'a>(&'a BlockingPool);

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.threads -= 1;
        if state.threads == 0 {
            self.0.emptied.notify_all();
        }
    }
}
