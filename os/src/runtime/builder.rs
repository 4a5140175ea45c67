//! How a runtime is configured.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use selkie_core::raw::time::{AtEnd, ClockError};

use super::build::{self, Parts};
use super::build_hooks::call_build_hooks;
use super::local::{LocalOptions, LocalRuntime};
use super::requested_probes::RequestedProbes;
use super::resources::{StartResource, StartWatchdog, start_resources};
use super::runtime::Runtime;
use crate::config::Config;
use crate::sys::StackSignal;

/// Configures and builds a [`Runtime`].
///
/// # Examples
/// ```
/// let runtime = selkie::runtime::Builder::new_multi_thread()
///     .worker_threads(2)
///     .thread_name("server")
///     .enable_all()
///     .build()?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Builder {
    kind: Kind,
    pub(super) config: Config,
    worker_threads: Option<usize>,
    pub(super) parts: Parts,
    pub(super) probes: RequestedProbes,
    pub(super) watchdog: Option<StartWatchdog>,
    pub(super) resources: Vec<StartResource>,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    CurrentThread,
    #[cfg(feature = "rt-multi-thread")]
    MultiThread,
}

impl Builder {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            config: Config::default(),
            worker_threads: None,
            parts: Parts {
                io: false,
                ring: true,
                files_in_place: true,
                time: false,
                sleeps_at_end: AtEnd::Panic,
                start_paused: false,
                name: None,
                stack_signal: StackSignal::default(),
                events_per_turn: None,
                events_per_busy_turn: None,
                reactor_per_worker: None,
                seed: None,
            },
            probes: RequestedProbes::default(),
            watchdog: None,
            resources: Vec::new(),
        }
    }

    /// A builder of runtimes whose tasks run on the thread that calls `block_on`.
    pub fn new_current_thread() -> Self {
        Self::new(Kind::CurrentThread)
    }

    /// A builder of runtimes with worker threads.
    #[cfg(feature = "rt-multi-thread")]
    pub fn new_multi_thread() -> Self {
        Self::new(Kind::MultiThread)
    }

    /// Enables I/O and time.
    pub fn enable_all(&mut self) -> &mut Self {
        self.parts.io = true;
        self.parts.time = true;
        self
    }

    /// Enables sockets, signals, processes.
    pub fn enable_io(&mut self) -> &mut Self {
        self.parts.io = true;
        self
    }

    /// Enables timers.
    pub fn enable_time(&mut self) -> &mut Self {
        self.parts.time = true;
        self
    }

    /// How many workers there are; without effect on a current-thread runtime. By default the
    /// number in the environment variable `TOKIO_WORKER_THREADS`, else one per processor.
    ///
    /// # Panics
    /// If `val` is zero.
    #[track_caller]
    pub fn worker_threads(&mut self, val: usize) -> &mut Self {
        assert!(val > 0, "Worker threads cannot be set to 0");
        self.worker_threads = Some(val);
        self
    }

    /// How many threads the blocking pool may have beside the workers; 512 by default.
    ///
    /// # Panics
    /// If `val` is zero.
    #[track_caller]
    pub fn max_blocking_threads(&mut self, val: usize) -> &mut Self {
        assert!(val > 0, "Max blocking threads cannot be set to 0");
        self.config.max_blocking_threads = val;
        self
    }

    /// The name of the runtime's threads.
    pub fn thread_name(&mut self, val: impl Into<String>) -> &mut Self {
        let name = val.into();
        self.thread_name_fn(move || name.clone())
    }

    /// A function that names the runtime's threads, called once a thread. It must not wait for the
    /// runtime, whose thread is about to start; where it panics, the thread has the name by default.
    pub fn thread_name_fn<F>(&mut self, f: F) -> &mut Self
    where
        F: Fn() -> String + Send + Sync + 'static,
    {
        self.config.thread_name = Arc::new(f);
        self
    }

    /// The runtime's own name, for whoever looks at several.
    ///
    /// # Panics
    /// If the name is blank.
    #[track_caller]
    pub fn name(&mut self, val: impl Into<String>) -> &mut Self {
        let name = val.into();
        assert!(!name.trim().is_empty(), "runtime name shouldn't be empty");
        self.parts.name = Some(name);
        self
    }

    /// The stack size of the runtime's threads, in bytes.
    pub fn thread_stack_size(&mut self, val: usize) -> &mut Self {
        self.config.thread_stack_size = Some(val);
        self
    }

    /// How long a thread of the blocking pool waits for work before it ends; 10 s by default.
    pub fn thread_keep_alive(&mut self, duration: Duration) -> &mut Self {
        self.config.thread_keep_alive = duration;
        self
    }

    /// How many tasks a worker runs before it takes one that was queued from outside of the runtime.
    ///
    /// By default a current-thread runtime does so after 31 tasks. A worker of a multi-thread runtime starts with
    /// 61, and then goes by the mean length of its polls, so that such a task waits for some 200 µs: after 2 tasks
    /// at least, and 127 at most.
    ///
    /// # Panics
    /// If `val` is zero.
    #[track_caller]
    pub fn global_queue_interval(&mut self, val: u32) -> &mut Self {
        assert!(val > 0, "global_queue_interval must be greater than 0");
        self.config.global_queue_interval = Some(val);
        self
    }

    /// How many tasks a worker runs at most before it looks at the driver and the timers; 61 by default. A worker of a
    /// multi-thread runtime looks after 200 µs in any case.
    ///
    /// # Panics
    /// If `val` is zero.
    #[track_caller]
    pub fn event_interval(&mut self, val: u32) -> &mut Self {
        assert!(val > 0, "event_interval must be greater than 0");
        self.config.event_interval = val;
        self
    }

    /// How many events the driver takes at a time; 1,024 by default.
    ///
    /// # Panics
    /// If `capacity` is zero.
    #[track_caller]
    pub fn max_io_events_per_tick(&mut self, capacity: usize) -> &mut Self {
        assert!(capacity > 0, "max_io_events_per_tick must be non-zero");
        self.parts.events_per_turn = Some(capacity);
        self
    }

    /// How many events the driver takes when it is looked at between tasks, without sleeping; as
    /// many as [`max_io_events_per_tick`](Self::max_io_events_per_tick) by default.
    ///
    /// # Panics
    /// If `capacity` is zero.
    #[track_caller]
    pub fn max_io_events_per_busy_tick(&mut self, capacity: usize) -> &mut Self {
        assert!(capacity > 0, "max_io_events_per_busy_tick must be non-zero");
        self.parts.events_per_busy_turn = Some(capacity);
        self
    }

    /// Whether each worker waits for the sockets of its tasks in a reactor (an epoll, on Linux) of its own, or all
    /// workers share one. By default each has its own if there are three workers or more and the system reports
    /// edges, as Linux, the BSDs and macOS do and Windows does not; without effect on a current-thread runtime.
    ///
    /// With reactors of their own, workers that serve sockets do not get in each other's way, accepted connections
    /// spread over the workers, and events that wait for a worker that is in a long poll are taken by another after
    /// a millisecond or two. Each takes three descriptors once it has something to wait for; shared, a program has
    /// three in all.
    ///
    /// ```
    /// let runtime = selkie::runtime::Builder::new_multi_thread()
    ///     .worker_threads(4)
    ///     .reactor_per_worker(false) // A board with few descriptors.
    ///     .enable_all()
    ///     .build()?;
    /// # drop(runtime);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn reactor_per_worker(&mut self, yes: bool) -> &mut Self {
        self.parts.reactor_per_worker = Some(yes);
        self
    }

    /// Turns off the slot by which the task woken last runs next.
    pub fn disable_lifo_slot(&mut self) -> &mut Self {
        self.config.lifo_slot = false;
        self
    }

    /// Called by each thread of the runtime when it starts.
    pub fn on_thread_start<F>(&mut self, f: F) -> &mut Self
    where
        F: Fn() + Send + Sync + 'static,
    {
        self.config.after_start = Some(Arc::new(f));
        self
    }

    /// Called by each thread of the runtime when it ends.
    pub fn on_thread_stop<F>(&mut self, f: F) -> &mut Self
    where
        F: Fn() + Send + Sync + 'static,
    {
        self.config.before_stop = Some(Arc::new(f));
        self
    }

    /// Called by a worker before it sleeps; tasks it wakes keep the worker awake.
    pub fn on_thread_park<F>(&mut self, f: F) -> &mut Self
    where
        F: Fn() + Send + Sync + 'static,
    {
        self.config.before_park = Some(Arc::new(f));
        self
    }

    /// Called by a worker after it has slept.
    pub fn on_thread_unpark<F>(&mut self, f: F) -> &mut Self
    where
        F: Fn() + Send + Sync + 'static,
    {
        self.config.after_unpark = Some(Arc::new(f));
        self
    }

    /// Whether the clock is paused from the start; for current-thread runtimes. A runtime with several
    /// workers cannot be built with it.
    #[cfg(feature = "test-util")]
    pub fn start_paused(&mut self, start_paused: bool) -> &mut Self {
        self.parts.start_paused = start_paused;
        self
    }

    /// Builds the runtime.
    ///
    /// # Errors
    /// If the system gives no poller or no thread.
    ///
    /// # Panics
    /// If a runtime with several workers is to start with a paused clock.
    pub fn build(&mut self) -> io::Result<Runtime> {
        let handle = match self.kind {
            Kind::CurrentThread => build::current_thread(&self.configured(1)?, &self.parts, None)?,
            #[cfg(feature = "rt-multi-thread")]
            Kind::MultiThread => {
                assert!(!self.parts.start_paused, "{}", ClockError::NotPausable);
                let workers = self.worker_threads.unwrap_or_else(default_workers);
                build::multi_thread(&self.configured(workers)?, &self.parts)?
            }
        };
        start_resources(self.watchdog.as_ref(), &self.resources, &handle)?;
        call_build_hooks(&handle);
        Ok(Runtime::from_handle(handle))
    }
}

impl Builder {
    pub(super) fn is_current_thread(&self) -> bool {
        matches!(self.kind, Kind::CurrentThread)
    }

    /// The configuration of a runtime with `workers` workers.
    fn configured(&self, worker_threads: usize) -> io::Result<Config> {
        Ok(Config {
            worker_threads,
            probes: self.probes.make_table(worker_threads)?,
            ..self.config.clone()
        })
    }

    /// Builds a runtime whose tasks need not be `Send`: it stays on the thread that calls this.
    ///
    /// # Errors
    /// If the system gives no poller.
    ///
    /// # Panics
    /// If the builder is not one of a current-thread runtime.
    #[track_caller]
    pub fn build_local(&mut self, _options: LocalOptions) -> io::Result<LocalRuntime> {
        assert!(
            self.is_current_thread(),
            "Only current_thread is supported when building a local runtime"
        );
        let owner = Some(std::thread::current().id());
        let handle = build::current_thread(&self.configured(1)?, &self.parts, owner)?;
        start_resources(self.watchdog.as_ref(), &self.resources, &handle)?;
        call_build_hooks(&handle);
        Ok(LocalRuntime::from_runtime(Runtime::from_handle(handle)))
    }
}

/// As many workers as the environment says, else one per processor.
#[cfg(feature = "rt-multi-thread")]
fn default_workers() -> usize {
    const VARIABLE: &str = "TOKIO_WORKER_THREADS";
    match std::env::var(VARIABLE) {
        Ok(text) => match text.parse() {
            Ok(threads) if threads > 0 => threads,
            Ok(_) => panic!("\"{VARIABLE}\" cannot be set to 0"),
            Err(error) => panic!("\"{VARIABLE}\" must be usize, error: {error}, value: {text}"),
        },
        Err(std::env::VarError::NotUnicode(text)) => {
            panic!("\"{VARIABLE}\" must be valid unicode, error: not unicode, value: {text:?}")
        }
        Err(std::env::VarError::NotPresent) => {
            std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
        }
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("kind", &self.kind)
            .field("worker_threads", &self.worker_threads)
            .field("config", &self.config)
            .field("parts", &self.parts)
            .finish()
    }
}

impl Runtime {
    /// A multi-thread runtime with everything enabled and a worker for each processor.
    ///
    /// # Errors
    /// If the system gives no poller or no thread.
    #[cfg(feature = "rt-multi-thread")]
    pub fn new() -> io::Result<Self> {
        Builder::new_multi_thread().enable_all().build()
    }
}

impl LocalRuntime {
    /// A local runtime with everything enabled.
    ///
    /// # Errors
    /// If the system gives no poller.
    pub fn new() -> io::Result<Self> {
        Builder::new_current_thread()
            .enable_all()
            .build_local(LocalOptions::default())
    }
}
