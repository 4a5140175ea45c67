//! A watchdog over the polls of a runtime.
//!
//! Idea        A thread of its own looks, a few times per threshold, at what each worker has counted and at the task that its
//!             thread polls. If a worker has counted nothing from one look to another, it was in the same poll all that
//!             time. So a poll costs nothing; the futures of `block_on`, which no worker counts, count their polls (`root_poll`).
//! States      of a worker: in no poll → in a poll, seen since … → overdue, reported once → in no poll, or in another one
//! Invariants  I1 a panic of the report does not end the watchdog.
//!             I2 whoever ends the runtime does not wait beyond the limit of the shutdown for a report that does not return, and does
//!                not wait for itself inside a report.
//! Rejected    Workers that look at each other: a runtime whose workers are all stuck is what a watchdog is for. Workers that
//!             note each poll, with its task and the time: a clock read and two locks for each poll.

use std::fmt;
use std::panic::Location;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use selkie_core::raw::collections::boxed_slice;
use selkie_core::raw::platform::{AtomicU64, contain_panic};
use selkie_core::raw::task::find_task;
use selkie_core::task::Id;

use super::dumps::DumpClosure;
use super::names::name_of;
use super::observed_thread::ObservedThread;
use super::root_poll::{RootGuard, RootPoll, Roots};
use super::stalled_poll::StalledPoll;
use crate::sys::{NoStack, RawStack, StackSignal, join_thread};
use crate::threads::start_library_thread;

/// What is called for each poll that lasts too long.
pub(crate) type Report = Arc<dyn Fn(&StalledPoll) + Send + Sync>;

/// What a watchdog is made with.
#[derive(Clone)]
pub(crate) struct WatchdogConfig {
    pub(crate) threshold: Duration,
    pub(crate) report: Report,
}

/// What is to be seen of a worker.
pub(crate) struct WorkerState {
    /// What it has counted so far: another number after each poll.
    pub(crate) count: u64,
    /// The thread that runs it.
    pub(crate) thread: Option<Arc<ObservedThread>>,
}

/// What a watchdog looks at.
pub(crate) struct WatchedRuntime {
    pub(crate) workers: usize,
    pub(crate) look: Box<dyn Fn(usize) -> WorkerState + Send + Sync>,
    pub(crate) signal: StackSignal,
    pub(crate) dumper: Option<DumpClosure>,
}

/// A poll that goes on.
#[derive(Debug, Clone, Copy)]
struct SeenPoll {
    /// What had been counted when it was first seen.
    count: u64,
    since: Instant,
    reported: bool,
}

/// What those who look and the thread share.
struct Shared {
    config: WatchdogConfig,
    runtime: WatchedRuntime,
    /// The poll of each worker (the same at two looks).
    seen: Box<[Mutex<Option<SeenPoll>>]>,
    roots: Arc<Roots>,
    stalled: AtomicU64,
    longest_nanos: AtomicU64,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    is_stopped: bool,
    /// The thread calls no more reports.
    is_over: bool,
}

/// A running watchdog.
pub(crate) struct Watchdog {
    shared: Arc<Shared>,
    thread: Mutex<Option<thread::JoinHandle<()>>>,
}

impl fmt::Debug for Watchdog {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watchdog")
            .field("threshold", &self.shared.config.threshold)
            .finish_non_exhaustive()
    }
}

#[inline]
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A running watchdog, for the rest of the runtime. It is a trait object, so that a program that asks for no watchdog does
/// not contain one.
pub(crate) trait Watch: fmt::Debug + Send + Sync {
    /// Watches the future of a `block_on` that was called at `called_at`, on this thread, until the guard drops.
    fn watch_root(&self, called_at: &'static Location<'static>) -> Option<RootGuard>;

    /// What worker `worker` polls now.
    fn poll_of(&self, worker: usize) -> Option<StalledPoll>;

    /// For how long worker `worker` is known to have been in the poll that it is in.
    #[cfg_attr(not(feature = "taskdump"), allow(dead_code))]
    fn poll_duration(&self, worker: usize) -> Option<Duration>;

    /// How many polls have been reported, and how long the longest of them has lasted.
    fn figures(&self) -> (u64, Duration);

    /// Ends the thread, and waits for it, at most until `deadline` (I2).
    fn stop(&self, deadline: Option<Instant>);
}

impl Watchdog {
    /// Starts a watchdog over `runtime`.
    ///
    /// # Errors
    /// If the system gives no thread.
    #[inline]
    pub(crate) fn start(config: WatchdogConfig, runtime: WatchedRuntime) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            seen: boxed_slice(runtime.workers, |_| Mutex::new(None)),
            config,
            runtime,
            roots: Arc::default(),
            stalled: AtomicU64::new(0),
            longest_nanos: AtomicU64::new(0),
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let watched = Arc::clone(&shared);
        let watch = move || {
            watched.watch();
            lock(&watched.state).is_over = true;
            watched.changed.notify_all();
        };
        let thread = start_library_thread("selkie-watchdog", Box::new(watch))?;
        Ok(Self {
            shared,
            thread: Mutex::new(Some(thread)),
        })
    }
}

impl Watch for Watchdog {
    #[inline]
    fn watch_root(&self, called_at: &'static Location<'static>) -> Option<RootGuard> {
        let root = RootPoll::here(called_at)?;
        let roots = Arc::clone(&self.shared.roots);
        lock(&roots).push(Arc::clone(&root));
        Some(RootGuard { root, roots })
    }

    #[inline]
    fn poll_of(&self, worker: usize) -> Option<StalledPoll> {
        let task = (self.shared.runtime.look)(worker).thread?.current_task()?;
        let lasts = self.poll_duration(worker).unwrap_or_default();
        let no_stack = Err(NoStack::Disabled);
        self.shared.describe(Some(worker), task, lasts, no_stack)
    }

    #[inline]
    fn poll_duration(&self, worker: usize) -> Option<Duration> {
        let count = (self.shared.runtime.look)(worker).count;
        let seen = lock(&self.shared.seen[worker]).filter(|seen| seen.count == count);
        seen.map(|seen| seen.since.elapsed())
    }

    #[inline]
    fn figures(&self) -> (u64, Duration) {
        // Relaxed: figures for readers.
        let stalled = self.shared.stalled.load(Ordering::Relaxed);
        let longest = self.shared.longest_nanos.load(Ordering::Relaxed);
        (stalled, Duration::from_nanos(longest))
    }

    #[inline]
    fn stop(&self, deadline: Option<Instant>) {
        lock(&self.shared.state).is_stopped = true;
        self.shared.changed.notify_all();
        let thread = lock(&self.thread).take();
        let other =
            |thread: &thread::JoinHandle<()>| thread.thread().id() != thread::current().id();
        if let Some(thread) = thread.filter(other) {
            if self.shared.wait_over(deadline) {
                join_thread(thread, deadline);
            }
        }
    }
}

impl Drop for Watchdog {
    #[inline]
    fn drop(&mut self) {
        self.stop(Some(Instant::now()));
    }
}

impl Shared {
    #[inline]
    fn watch(&self) {
        let threshold = self.config.threshold;
        let period = (threshold / 4).clamp(Duration::from_millis(1), Duration::from_secs(1));
        // The polls of `block_on`s that were seen at the last look.
        let mut seen_roots: Vec<(Arc<RootPoll>, SeenPoll)> = Vec::new();
        loop {
            let state = lock(&self.state);
            let (state, _) = self
                .changed
                .wait_timeout_while(state, period, |state| !state.is_stopped)
                .unwrap_or_else(PoisonError::into_inner);
            if state.is_stopped {
                return;
            }
            drop(state);
            self.look_at_roots(&mut seen_roots);
            for worker in 0..self.seen.len() {
                // What a `block_on` polls on a worker's thread is not the worker's.
                self.look_at(worker, &seen_roots);
            }
        }
    }

    /// Looks at worker `worker`, and reports its poll if that is overdue and was not reported before.
    #[inline]
    fn look_at(&self, worker: usize, roots: &[(Arc<RootPoll>, SeenPoll)]) {
        let WorkerState { count, thread } = (self.runtime.look)(worker);
        let is_root = |thread: &Arc<ObservedThread>| {
            let mut threads = roots.iter().map(|(root, _)| &root.thread);
            threads.any(|other| Arc::ptr_eq(other, thread))
        };
        let thread = thread.filter(|thread| !is_root(thread));
        let polled = thread.and_then(|thread| thread.current_task().map(|task| (thread, task)));
        let Some((thread, task)) = polled else {
            *lock(&self.seen[worker]) = None;
            return;
        };
        let seen = {
            let mut seen = lock(&self.seen[worker]);
            let poll = next_look(*seen, count);
            *seen.insert(poll)
        };
        if let Some(lasts) = self.is_due(&seen) {
            let goes_on = || (self.runtime.look)(worker).count == count;
            let stack = self.stack_of(&thread, goes_on);
            if let Some(stalled) = self.describe(Some(worker), task, lasts, stack) {
                self.report(&stalled);
            }
            // Also if the task has ended, and its thread drops what it has returned.
            if let Some(seen) = lock(&self.seen[worker]).as_mut() {
                seen.reported = true;
            }
        }
    }

    /// The same for the futures of `block_on`.
    #[inline]
    fn look_at_roots(&self, seen: &mut Vec<(Arc<RootPoll>, SeenPoll)>) {
        let roots = lock(&self.roots).clone();
        let before = std::mem::take(seen);
        for root in roots {
            let Some(count) = root.current() else {
                continue;
            };
            let was_seen = before.iter().find(|(other, _)| Arc::ptr_eq(other, &root));
            let mut poll = next_look(was_seen.map(|(_, seen)| *seen), count as u64);
            if let Some(lasts) = self.is_due(&poll) {
                let stack = self.stack_of(&root.thread, || root.current() == Some(count));
                let task = root.inner_task();
                let inner = task.and_then(|task| self.describe(None, task, lasts, stack.clone()));
                let stalled = inner.unwrap_or_else(|| StalledPoll {
                    worker: None,
                    task: None,
                    name: None,
                    spawned_at: root.called_at,
                    lasts,
                    stack,
                    dumper: self.runtime.dumper.clone(),
                });
                self.report(&stalled);
                poll.reported = true;
            }
            seen.push((root, poll));
        }
    }

    /// How long the poll lasts, if it has to be reported; keeps the figures of those that were.
    #[inline]
    fn is_due(&self, seen: &SeenPoll) -> Option<Duration> {
        let lasts = seen.since.elapsed();
        if lasts < self.config.threshold {
            return None;
        }
        let nanos = u64::try_from(lasts.as_nanos()).unwrap_or(u64::MAX);
        // Relaxed: a figure for readers.
        self.longest_nanos.fetch_max(nanos, Ordering::Relaxed);
        (!seen.reported).then_some(lasts)
    }

    /// The stack of `thread`, if the poll `goes_on` when it has been taken.
    #[inline]
    fn stack_of(
        &self,
        thread: &ObservedThread,
        goes_on: impl FnOnce() -> bool,
    ) -> Result<Arc<RawStack>, NoStack> {
        let stack = thread.stack(self.runtime.signal).map(Arc::new)?;
        if goes_on() {
            Ok(stack)
        } else {
            Err(NoStack::Ended)
        }
    }

    #[inline]
    fn report(&self, stalled: &StalledPoll) {
        // Relaxed: a figure for readers.
        self.stalled.fetch_add(1, Ordering::Relaxed);
        contain_panic(|| (self.config.report)(stalled)); // I1
    }

    /// What is known of a poll of `task`; `None` if the task has ended.
    #[inline]
    fn describe(
        &self,
        worker: Option<usize>,
        task: Id,
        lasts: Duration,
        stack: Result<Arc<RawStack>, NoStack>,
    ) -> Option<StalledPoll> {
        let found = find_task(task)?;
        Some(StalledPoll {
            worker,
            task: Some(task),
            name: name_of(task),
            spawned_at: found.location,
            lasts,
            stack,
            dumper: self.runtime.dumper.clone(),
        })
    }

    /// Waits until no report is called any more, at most until `deadline`; whether that is so.
    #[inline]
    fn wait_over(&self, deadline: Option<Instant>) -> bool {
        let mut state = lock(&self.state);
        while !state.is_over {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            state = match left {
                None => self
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => return false,
                Some(left) => {
                    let waited = self.changed.wait_timeout(state, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        true
    }
}

/// The poll at a look that finds `count`, after one that found `before`.
#[inline]
fn next_look(before: Option<SeenPoll>, count: u64) -> SeenPoll {
    let same = before.filter(|before| before.count == count);
    same.unwrap_or_else(|| SeenPoll {
        count,
        since: Instant::now(),
        reported: false,
    })
}
