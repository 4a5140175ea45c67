//! A thread that reports polls that take too long.
//!
//! Idea        Each worker records which task it polls and since when. The watchdog's thread looks at the records four times
//!             per threshold, and reports each long poll once.
//! States      running → asked to stop → over → gone
//! Invariants  I1 the report is called outside every lock: it is foreign code.
//!             I2 whoever shuts the runtime down waits for a running report no longer than its limit.
//! Rejected    Reporting by the monitor: it runs only while some worker sleeps, and a runtime whose workers are all stuck is
//!             what a watchdog is for.

use std::fmt;
use std::panic::Location;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use selkie_core::raw::platform::contain_panic;
use selkie_core::task::Id;

use super::names::name_of;
use crate::sys::join_thread;

/// What is called for each poll that lasts too long.
pub(crate) type Report = Arc<dyn Fn(&StalledPoll) + Send + Sync>;

/// What a watchdog is made with.
#[derive(Clone)]
pub(crate) struct WatchdogConfig {
    pub(crate) threshold: Duration,
    pub(crate) report: Report,
}

/// A poll of a task that has not returned within the watchdog's threshold: the task blocks its
/// worker, or computes without giving way.
#[derive(Debug, Clone)]
pub struct StalledPoll {
    worker: usize,
    task: Id,
    name: Option<Arc<str>>,
    spawned_at: &'static Location<'static>,
    lasts: Duration,
}

impl StalledPoll {
    /// The number of the worker that polls the task.
    pub fn worker(&self) -> usize {
        self.worker
    }

    /// The task's id.
    pub fn task_id(&self) -> Id {
        self.task
    }

    /// The task's name, if its [`task::Builder`](crate::task::Builder) gave one.
    pub fn task_name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Where the task was spawned.
    pub fn spawned_at(&self) -> &'static Location<'static> {
        self.spawned_at
    }

    /// How long the poll has lasted so far.
    pub fn duration(&self) -> Duration {
        self.lasts
    }
}

impl fmt::Display for StalledPoll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "worker {} polls task {}", self.worker, self.task)?;
        if let Some(name) = &self.name {
            write!(f, " ({name})")?;
        }
        write!(
            f,
            ", spawned at {}, for {:?} so far",
            self.spawned_at, self.lasts
        )
    }
}

/// A poll that goes on.
#[derive(Debug)]
struct Poll {
    task: Id,
    spawned_at: &'static Location<'static>,
    since: Instant,
    reported: bool,
}

/// What workers and the thread share.
struct Shared {
    threshold: Duration,
    report: Report,
    polls: Box<[Mutex<Option<Poll>>]>,
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
pub(super) struct Watchdog {
    shared: Arc<Shared>,
    thread: Mutex<Option<thread::JoinHandle<()>>>,
}

impl fmt::Debug for Watchdog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watchdog")
            .field("threshold", &self.shared.threshold)
            .finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Watchdog {
    /// Starts a watchdog over `workers` workers.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(super) fn start(config: &WatchdogConfig, workers: usize) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            threshold: config.threshold,
            report: Arc::clone(&config.report),
            polls: (0..workers).map(|_| Mutex::new(None)).collect(),
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let watched = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("selkie-watchdog".to_owned())
            .spawn(move || {
                watched.watch();
                lock(&watched.state).is_over = true;
                watched.changed.notify_all();
            })?;
        Ok(Self {
            shared,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Worker `worker` begins to poll the task `task`.
    pub(super) fn begin(&self, worker: usize, task: Id, spawned_at: &'static Location<'static>) {
        *lock(&self.shared.polls[worker]) = Some(Poll {
            task,
            spawned_at,
            since: Instant::now(),
            reported: false,
        });
    }

    /// The poll of `task` has ended, or was given leave to block; `None`: whichever it is.
    pub(super) fn end(&self, worker: usize, task: Option<Id>) {
        let mut poll = lock(&self.shared.polls[worker]);
        // After `block_in_place` the worker may be at another task, on another thread.
        if task.is_none_or(|task| poll.as_ref().is_some_and(|poll| poll.task == task)) {
            *poll = None;
        }
    }

    /// What worker `worker` polls now.
    pub(super) fn poll_of(&self, worker: usize) -> Option<StalledPoll> {
        let poll = lock(&self.shared.polls[worker]);
        poll.as_ref().map(|poll| self.shared.describe(worker, poll))
    }

    /// Ends the thread, and waits for it, at most until `deadline` (I2).
    pub(super) fn stop(&self, deadline: Option<Instant>) {
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
    fn drop(&mut self) {
        self.stop(Some(Instant::now()));
    }
}

impl Shared {
    fn watch(&self) {
        let period = (self.threshold / 4).clamp(Duration::from_millis(1), Duration::from_secs(1));
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
            for worker in 0..self.polls.len() {
                if let Some(stalled) = self.look_at(worker) {
                    // A panic of the report must not end the watchdog (I1).
                    contain_panic(|| (self.report)(&stalled));
                }
            }
        }
    }

    /// Waits until no report is called any more, at most until `deadline`; whether that is so.
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

    /// The poll of `worker`, if it is overdue and was not reported before.
    fn look_at(&self, worker: usize) -> Option<StalledPoll> {
        let mut poll = lock(&self.polls[worker]);
        let poll = poll.as_mut().filter(|poll| !poll.reported)?;
        if poll.since.elapsed() < self.threshold {
            return None;
        }
        poll.reported = true;
        Some(self.describe(worker, poll))
    }

    fn describe(&self, worker: usize, poll: &Poll) -> StalledPoll {
        StalledPoll {
            worker,
            task: poll.task,
            name: name_of(poll.task),
            spawned_at: poll.spawned_at,
            lasts: poll.since.elapsed(),
        }
    }
}
