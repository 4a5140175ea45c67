//! How a runtime is configured.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use selkie_core::raw::time::AtEnd;

use super::build::Parts;
use super::build_hooks::call_build_hooks;
use super::current_thread::{CURRENT_THREAD, build_on};
use super::flavor::{Flavor, RuntimeFlavor};
use super::local::{LocalOptions, LocalRuntime};
#[cfg(feature = "rt-multi-thread")]
use super::multi_thread::MULTI_THREAD;
use super::requested_probes::RequestedProbes;
use super::resources::{StartResource, StartWatchdog, start_resources};
use super::runtime::Runtime;
use crate::config::Config;
use crate::context::Handle;
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
    flavor: &'static Flavor,
    pub(super) config: Config,
    worker_threads: Option<usize>,
    pub(super) parts: Parts,
    pub(super) probes: RequestedProbes,
    pub(super) watchdog: Option<StartWatchdog>,
    pub(super) resources: Vec<StartResource>,
}

impl Builder {
    fn new(flavor: &'static Flavor) -> Self {
        Self {
            flavor,
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
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::Builder;
    ///
    /// let runtime = Builder::new_current_thread().enable_all().build()?;
    /// let here = std::thread::current().id();
    /// // The tasks run on this thread, while it is in `block_on`.
    /// let task = runtime.spawn(async { std::thread::current().id() });
    /// assert_eq!(runtime.block_on(task).unwrap(), here);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn new_current_thread() -> Self {
        Self::new(&CURRENT_THREAD)
    }

    /// A builder of runtimes with worker threads.
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::Builder;
    ///
    /// let runtime = Builder::new_multi_thread().worker_threads(2).build()?;
    /// let task = runtime.spawn(async { std::thread::current().id() });
    /// // The tasks run on the workers, whatever this thread does.
    /// assert_ne!(runtime.block_on(task).unwrap(), std::thread::current().id());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[cfg(feature = "rt-multi-thread")]
    pub fn new_multi_thread() -> Self {
        Self::new(&MULTI_THREAD)
    }

    /// Enables I/O and time.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use selkie::{net::UdpSocket, runtime::Builder, time};
    ///
    /// let runtime = Builder::new_current_thread().enable_all().build()?;
    /// runtime.block_on(async {
    ///     UdpSocket::bind("127.0.0.1:0").await?;
    ///     time::sleep(Duration::from_millis(1)).await;
    ///     Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn enable_all(&mut self) -> &mut Self {
        self.parts.io = true;
        self.parts.time = true;
        self
    }

    /// Enables sockets, signals, processes.
    ///
    /// # Examples
    /// ```
    /// use selkie::{net::UdpSocket, runtime::Builder};
    ///
    /// let runtime = Builder::new_current_thread().enable_io().build()?;
    /// let socket = runtime.block_on(UdpSocket::bind("127.0.0.1:0"))?;
    /// assert!(socket.local_addr()?.port() > 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn enable_io(&mut self) -> &mut Self {
        self.parts.io = true;
        self
    }

    /// Enables timers.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use selkie::{runtime::Builder, time};
    ///
    /// let runtime = Builder::new_current_thread().enable_time().build()?;
    /// let late = async { time::timeout(Duration::from_millis(1), std::future::pending::<()>()).await };
    /// assert!(runtime.block_on(late).is_err());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn enable_time(&mut self) -> &mut Self {
        self.parts.time = true;
        self
    }

    /// How many workers there are; without effect on a current-thread runtime. By default the
    /// number in the environment variable `TOKIO_WORKER_THREADS`, else one per processor.
    ///
    /// # Panics
    /// If `val` is zero.
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::Builder;
    ///
    /// let runtime = Builder::new_multi_thread().worker_threads(3).build()?;
    /// assert_eq!(runtime.metrics().num_workers(), 3);
    /// # Ok::<(), std::io::Error>(())
    /// ```
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
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::Builder;
    ///
    /// let runtime = Builder::new_current_thread().max_blocking_threads(1).build()?;
    /// // One closure after the other.
    /// let both = runtime.block_on(async {
    ///     let one = selkie::task::spawn_blocking(|| std::thread::current().id());
    ///     let two = selkie::task::spawn_blocking(|| std::thread::current().id());
    ///     (one.await.unwrap(), two.await.unwrap())
    /// });
    /// assert_eq!(both.0, both.1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn max_blocking_threads(&mut self, val: usize) -> &mut Self {
        assert!(val > 0, "Max blocking threads cannot be set to 0");
        self.config.max_blocking_threads = val;
        self
    }

    /// The name of the runtime's threads.
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::Builder;
    ///
    /// let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("server").build()?;
    /// let name = runtime.spawn(async { std::thread::current().name().map(str::to_owned) });
    /// assert_eq!(runtime.block_on(name).unwrap().as_deref(), Some("server"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn thread_name(&mut self, val: impl Into<String>) -> &mut Self {
        let name = val.into();
        self.thread_name_fn(move || name.clone())
    }

    /// A function that names the runtime's threads, called once a thread. It must not wait for the
    /// runtime, whose thread is about to start; where it panics, the thread has the name by default.
    ///
    /// # Examples
    /// ```
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    /// use selkie::runtime::Builder;
    ///
    /// static STARTED: AtomicUsize = AtomicUsize::new(0);
    ///
    /// let runtime = Builder::new_multi_thread()
    ///     .worker_threads(1)
    ///     .thread_name_fn(|| format!("thread {}", STARTED.fetch_add(1, Ordering::Relaxed)))
    ///     .build()?;
    /// let name = runtime.spawn(async { std::thread::current().name().map(str::to_owned) });
    /// assert!(runtime.block_on(name).unwrap().unwrap().starts_with("thread "));
    /// # Ok::<(), std::io::Error>(())
    /// ```
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
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::Builder;
    ///
    /// let runtime = Builder::new_current_thread().name("background").build()?;
    /// assert_eq!(runtime.handle().name(), Some("background"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn name(&mut self, val: impl Into<String>) -> &mut Self {
        let name = val.into();
        assert!(!name.trim().is_empty(), "runtime name shouldn't be empty");
        self.parts.name = Some(name);
        self
    }

    /// The stack size of the runtime's threads, in bytes.
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::Builder;
    ///
    /// fn depth(left: u32) -> u32 {
    ///     let frame = std::hint::black_box([left; 256]);
    ///     if left == 0 { 0 } else { 1 + depth(left - 1) + frame[0] * 0 }
    /// }
    ///
    /// let runtime = Builder::new_multi_thread()
    ///     .worker_threads(1)
    ///     .thread_stack_size(16 * 1024 * 1024)
    ///     .build()?;
    /// // Would be too deep for the 2 MiB that a thread has by default.
    /// let deep = runtime.spawn(async { depth(2_500) });
    /// assert_eq!(runtime.block_on(deep).unwrap(), 2_500);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn thread_stack_size(&mut self, val: usize) -> &mut Self {
        self.config.thread_stack_size = Some(val);
        self
    }

    /// How long a thread of the blocking pool waits for work before it ends; 10 s by default.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use selkie::runtime::Builder;
    ///
    /// let runtime = Builder::new_current_thread()
    ///     .thread_keep_alive(Duration::from_millis(1))
    ///     .build()?;
    /// runtime.block_on(runtime.spawn_blocking(|| ())).unwrap();
    /// while runtime.metrics().num_blocking_threads() > 0 {
    ///     std::thread::yield_now();
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
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
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::Builder;
    ///
    /// // Tasks from outside shall not wait for more than ten others.
    /// let runtime = Builder::new_multi_thread().worker_threads(1).global_queue_interval(10).build()?;
    /// assert_eq!(runtime.block_on(runtime.spawn(async { 1 })).unwrap(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
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
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::Builder;
    ///
    /// // Sockets and timers come after ten tasks, at the latest.
    /// let runtime = Builder::new_current_thread().event_interval(10).enable_all().build()?;
    /// assert_eq!(runtime.block_on(async { 1 }), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
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
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::Builder;
    ///
    /// // A small board, with few sockets.
    /// let runtime = Builder::new_current_thread().enable_io().max_io_events_per_tick(16).build()?;
    /// assert_eq!(runtime.block_on(async { 1 }), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
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
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::Builder;
    ///
    /// // Between tasks, a short look; asleep, all there is.
    /// let runtime = Builder::new_current_thread()
    ///     .enable_io()
    ///     .max_io_events_per_busy_tick(64)
    ///     .build()?;
    /// assert_eq!(runtime.block_on(async { 1 }), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
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
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::Builder;
    ///
    /// // For tasks that wake each other for ever and should not go before the others.
    /// let runtime = Builder::new_multi_thread().worker_threads(1).disable_lifo_slot().build()?;
    /// assert_eq!(runtime.block_on(runtime.spawn(async { 1 })).unwrap(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn disable_lifo_slot(&mut self) -> &mut Self {
        self.config.lifo_slot = false;
        self
    }

    /// Called by each thread of the runtime when it starts.
    ///
    /// # Examples
    /// ```
    /// use std::cell::Cell;
    /// use selkie::runtime::Builder;
    ///
    /// thread_local! {
    ///     static IS_PREPARED: Cell<bool> = const { Cell::new(false) };
    /// }
    ///
    /// let runtime = Builder::new_multi_thread()
    ///     .worker_threads(2)
    ///     .on_thread_start(|| IS_PREPARED.set(true))
    ///     .build()?;
    /// assert!(runtime.block_on(runtime.spawn(async { IS_PREPARED.get() })).unwrap());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn on_thread_start<F>(&mut self, f: F) -> &mut Self
    where
        F: Fn() + Send + Sync + 'static,
    {
        self.config.after_start = Some(Arc::new(f));
        self
    }

    /// Called by each thread of the runtime when it ends.
    ///
    /// # Examples
    /// ```
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    /// use selkie::runtime::Builder;
    ///
    /// static STOPPED: AtomicUsize = AtomicUsize::new(0);
    ///
    /// let runtime = Builder::new_multi_thread()
    ///     .worker_threads(2)
    ///     .on_thread_stop(|| {
    ///         STOPPED.fetch_add(1, Ordering::Relaxed);
    ///     })
    ///     .build()?;
    /// drop(runtime);
    /// assert_eq!(STOPPED.load(Ordering::Relaxed), 2);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn on_thread_stop<F>(&mut self, f: F) -> &mut Self
    where
        F: Fn() + Send + Sync + 'static,
    {
        self.config.before_stop = Some(Arc::new(f));
        self
    }

    /// Called by a worker before it sleeps; tasks it wakes keep the worker awake.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicBool, Ordering};
    /// use std::time::Duration;
    /// use selkie::{runtime::Builder, time};
    ///
    /// let has_slept = Arc::new(AtomicBool::new(false));
    /// let seen = has_slept.clone();
    /// let runtime = Builder::new_current_thread()
    ///     .enable_time()
    ///     .on_thread_park(move || seen.store(true, Ordering::Relaxed))
    ///     .build()?;
    /// runtime.block_on(async { time::sleep(Duration::from_millis(2)).await });
    /// assert!(has_slept.load(Ordering::Relaxed));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn on_thread_park<F>(&mut self, f: F) -> &mut Self
    where
        F: Fn() + Send + Sync + 'static,
    {
        self.config.before_park = Some(Arc::new(f));
        self
    }

    /// Called by a worker after it has slept.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    /// use std::time::Duration;
    /// use selkie::{runtime::Builder, time};
    ///
    /// let wakes = Arc::new(AtomicUsize::new(0));
    /// let counted = wakes.clone();
    /// let runtime = Builder::new_current_thread()
    ///     .enable_time()
    ///     .on_thread_unpark(move || {
    ///         counted.fetch_add(1, Ordering::Relaxed);
    ///     })
    ///     .build()?;
    /// runtime.block_on(async { time::sleep(Duration::from_millis(2)).await });
    /// assert!(wakes.load(Ordering::Relaxed) > 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn on_thread_unpark<F>(&mut self, f: F) -> &mut Self
    where
        F: Fn() + Send + Sync + 'static,
    {
        self.config.after_unpark = Some(Arc::new(f));
        self
    }

    /// Whether the clock is paused from the start; for current-thread runtimes. A runtime with several
    /// workers cannot be built with it.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use selkie::{runtime::Builder, time};
    ///
    /// let runtime = Builder::new_current_thread().enable_time().start_paused(true).build()?;
    /// let passed = runtime.block_on(async {
    ///     let start = time::Instant::now();
    ///     time::sleep(Duration::from_secs(86_400)).await;
    ///     start.elapsed()
    /// });
    /// assert_eq!(passed, Duration::from_secs(86_400));
    /// # Ok::<(), std::io::Error>(())
    /// ```
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
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::Builder;
    ///
    /// let mut builder = Builder::new_current_thread();
    /// // One builder may build several.
    /// let (one, two) = (builder.build()?, builder.build()?);
    /// assert_ne!(one.handle().id(), two.handle().id());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn build(&mut self) -> io::Result<Runtime> {
        let workers = (self.flavor.worker_threads)(self.worker_threads);
        let config = self.configured(workers)?;
        self.start((self.flavor.build)(&config, &self.parts)?)
    }
}

impl Builder {
    pub(super) fn is_current_thread(&self) -> bool {
        self.flavor.name == RuntimeFlavor::CurrentThread
    }

    /// The runtime of `handle`, with what lives beside it.
    fn start(&self, handle: Handle) -> io::Result<Runtime> {
        let runtime = Runtime::built(handle, self.flavor);
        let handle = runtime.handle();
        if let Err(error) = start_resources(self.watchdog.as_ref(), &self.resources, handle) {
            runtime.abandon();
            return Err(error);
        }
        call_build_hooks(handle);
        Ok(runtime)
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
    ///
    /// # Examples
    /// ```
    /// use std::cell::Cell;
    /// use std::rc::Rc;
    /// use selkie::runtime::{Builder, LocalOptions};
    ///
    /// let runtime = Builder::new_current_thread().build_local(LocalOptions::default())?;
    /// let count = Rc::new(Cell::new(0));
    /// let theirs = count.clone();
    /// runtime.spawn_local(async move { theirs.set(5) });
    /// runtime.block_on(selkie::task::yield_now());
    /// assert_eq!(count.get(), 5);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn build_local(&mut self, _options: LocalOptions) -> io::Result<LocalRuntime> {
        assert!(
            self.is_current_thread(),
            "Only current_thread is supported when building a local runtime"
        );
        let owner = Some(std::thread::current().id());
        let handle = build_on(&self.configured(1)?, &self.parts, owner)?;
        self.start(handle).map(LocalRuntime::from_runtime)
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("kind", &self.flavor.name)
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
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::Runtime;
    ///
    /// // What `#[selkie::main]` makes.
    /// let runtime = Runtime::new()?;
    /// assert_eq!(runtime.block_on(async { "hello" }), "hello");
    /// # Ok::<(), std::io::Error>(())
    /// ```
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
    ///
    /// # Examples
    /// ```
    /// use std::rc::Rc;
    /// use selkie::runtime::LocalRuntime;
    ///
    /// let runtime = LocalRuntime::new()?;
    /// let task = runtime.spawn_local(async { Rc::new("local") });
    /// assert_eq!(*runtime.block_on(task).unwrap(), "local");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn new() -> io::Result<Self> {
        Builder::new_current_thread()
            .enable_all()
            .build_local(LocalOptions::default())
    }
}
