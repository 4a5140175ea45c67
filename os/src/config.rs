//! Limits and switches that a runtime is built with.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use selkie_core::raw::platform::contain_panic;

use crate::observability::Observer;

/// A hook that a thread calls.
pub(crate) type Callback = Arc<dyn Fn() + Send + Sync>;

/// Names for threads.
pub(crate) type ThreadName = Arc<dyn Fn() -> String + Send + Sync>;

/// Tasks that run between two looks at the driver.
pub(crate) const EVENT_INTERVAL: u32 = 61;
/// Threads of the blocking pool.
pub(crate) const MAX_BLOCKING_THREADS: usize = 512;
/// How long an idle thread of the blocking pool stays.
pub(crate) const THREAD_KEEP_ALIVE: Duration = Duration::from_secs(10);

/// What schedulers and the blocking pool need to know.
#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) worker_threads: usize,
    pub(crate) max_blocking_threads: usize,
    pub(crate) thread_name: ThreadName,
    pub(crate) thread_stack_size: Option<usize>,
    pub(crate) thread_keep_alive: Duration,
    pub(crate) event_interval: u32,
    /// Tasks between two looks at the queue for tasks from outside; `None` leaves it to the scheduler.
    pub(crate) global_queue_interval: Option<u32>,
    pub(crate) lifo_slot: bool,
    pub(crate) seed: u64,
    /// Whether a task's panic ends the runtime; for current-thread runtimes.
    pub(crate) ends_on_panic: bool,
    /// What looks at the tasks, if anything does.
    pub(crate) probes: Option<Arc<dyn Observer>>,
    pub(crate) after_start: Option<Callback>,
    pub(crate) before_stop: Option<Callback>,
    pub(crate) before_park: Option<Callback>,
    pub(crate) after_unpark: Option<Callback>,
}

impl Default for Config {
    /// One worker, and what builders begin with.
    fn default() -> Self {
        Self {
            worker_threads: 1,
            max_blocking_threads: MAX_BLOCKING_THREADS,
            thread_name: Arc::new(|| "tokio-rt-worker".to_owned()),
            thread_stack_size: None,
            thread_keep_alive: THREAD_KEEP_ALIVE,
            event_interval: EVENT_INTERVAL,
            global_queue_interval: None,
            lifo_slot: true,
            seed: 0x5e1_71e,
            ends_on_panic: false,
            probes: None,
            after_start: None,
            before_stop: None,
            before_park: None,
            after_unpark: None,
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("worker_threads", &self.worker_threads)
            .field("max_blocking_threads", &self.max_blocking_threads)
            .field("thread_stack_size", &self.thread_stack_size)
            .field("thread_keep_alive", &self.thread_keep_alive)
            .field("event_interval", &self.event_interval)
            .field("global_queue_interval", &self.global_queue_interval)
            .field("lifo_slot", &self.lifo_slot)
            .finish_non_exhaustive()
    }
}

/// Calls a hook, if there is one. Its panic has been reported, and goes no further: nobody waits for
/// the result of a hook.
pub(crate) fn call(hook: Option<&Callback>) {
    if let Some(hook) = hook {
        contain_panic(|| hook());
    }
}
