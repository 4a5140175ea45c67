//! Methods of the builder for observing tasks: hooks, histograms, the watchdog.

use std::sync::Arc;
use std::time::Duration;

use selkie_core::raw::time::AtEnd;

use super::builder::Builder;
use super::seed::RngSeed;
use super::start_watchdog::{start_watchdog, write_report};
use super::unhandled_panic::UnhandledPanic;
use crate::observability::{
    HistogramConfiguration, HistogramScale, StalledPoll, TaskMeta, WatchdogConfig,
};

impl Builder {
    /// Called in the caller of `spawn`, before the task is queued; blocking closures and the tasks
    /// of a local set are not told.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    /// use selkie::runtime::Builder;
    ///
    /// let spawned = Arc::new(AtomicUsize::new(0));
    /// let counted = spawned.clone();
    /// let runtime = Builder::new_current_thread()
    ///     .on_task_spawn(move |task| {
    ///         assert!(task.spawned_at().line() > 0);
    ///         counted.fetch_add(1, Ordering::Relaxed);
    ///     })
    ///     .build()?;
    /// runtime.spawn(async {});
    /// runtime.spawn(async {});
    /// assert_eq!(spawned.load(Ordering::Relaxed), 2);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn on_task_spawn<F>(&mut self, f: F) -> &mut Self
    where
        F: Fn(&TaskMeta<'_>) + Send + Sync + 'static,
    {
        self.probes.ask().hooks.on_spawn = Some(Arc::new(f));
        self
    }

    /// Called where a task ends: returned, panicked or cancelled. A panic in it is caught.
    ///
    /// # Examples
    /// ```
    /// use std::sync::{Arc, Mutex};
    /// use selkie::runtime::Builder;
    ///
    /// let ended = Arc::new(Mutex::new(Vec::new()));
    /// let noted = ended.clone();
    /// let runtime = Builder::new_current_thread()
    ///     .on_task_terminate(move |task| noted.lock().unwrap().push(task.id()))
    ///     .build()?;
    /// let task = runtime.spawn(async {});
    /// let id = task.id();
    /// runtime.block_on(task).unwrap();
    /// assert_eq!(*ended.lock().unwrap(), [id]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn on_task_terminate<F>(&mut self, f: F) -> &mut Self
    where
        F: Fn(&TaskMeta<'_>) + Send + Sync + 'static,
    {
        self.probes.ask().hooks.on_terminate = Some(Arc::new(f));
        self
    }

    /// Called by a worker before it polls a task. A panic in it is caught.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    /// use selkie::{runtime::Builder, task};
    ///
    /// let polls = Arc::new(AtomicUsize::new(0));
    /// let counted = polls.clone();
    /// let runtime = Builder::new_current_thread()
    ///     .on_before_task_poll(move |_task| {
    ///         counted.fetch_add(1, Ordering::Relaxed);
    ///     })
    ///     .build()?;
    /// runtime.block_on(runtime.spawn(async { task::yield_now().await })).unwrap();
    /// assert_eq!(polls.load(Ordering::Relaxed), 2);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn on_before_task_poll<F>(&mut self, f: F) -> &mut Self
    where
        F: Fn(&TaskMeta<'_>) + Send + Sync + 'static,
    {
        self.probes.ask().hooks.before_poll = Some(Arc::new(f));
        self
    }

    /// Called by a worker after it has polled a task. A panic in it is caught.
    ///
    /// # Examples
    /// ```
    /// use std::cell::Cell;
    /// use std::sync::atomic::{AtomicBool, Ordering};
    /// use std::time::{Duration, Instant};
    /// use selkie::runtime::Builder;
    ///
    /// thread_local! {
    ///     static BEGUN: Cell<Option<Instant>> = const { Cell::new(None) };
    /// }
    /// static HAS_BLOCKED: AtomicBool = AtomicBool::new(false);
    ///
    /// let runtime = Builder::new_current_thread()
    ///     .on_before_task_poll(|_task| BEGUN.set(Some(Instant::now())))
    ///     .on_after_task_poll(|_task| {
    ///         let lasted = BEGUN.take().unwrap().elapsed();
    ///         HAS_BLOCKED.fetch_or(lasted > Duration::from_millis(1), Ordering::Relaxed);
    ///     })
    ///     .build()?;
    /// let task = runtime.spawn(async { std::thread::sleep(Duration::from_millis(2)) });
    /// runtime.block_on(task).unwrap();
    /// assert!(HAS_BLOCKED.load(Ordering::Relaxed));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn on_after_task_poll<F>(&mut self, f: F) -> &mut Self
    where
        F: Fn(&TaskMeta<'_>) + Send + Sync + 'static,
    {
        self.probes.ask().hooks.after_poll = Some(Arc::new(f));
        self
    }

    /// Measures how long tasks are queued, for the hooks around polls; see
    /// [`TaskMeta::schedule_latency`].
    ///
    /// # Cost
    /// A clock read and a lock for each wake and each poll.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicBool, Ordering};
    /// use selkie::runtime::Builder;
    ///
    /// let is_known = Arc::new(AtomicBool::new(false));
    /// let seen = is_known.clone();
    /// let runtime = Builder::new_current_thread()
    ///     .track_task_schedule_latency()
    ///     .on_before_task_poll(move |task| {
    ///         seen.store(task.schedule_latency().is_some(), Ordering::Relaxed);
    ///     })
    ///     .build()?;
    /// runtime.block_on(runtime.spawn(async {})).unwrap();
    /// assert!(is_known.load(Ordering::Relaxed));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn track_task_schedule_latency(&mut self) -> &mut Self {
        self.probes.ask().hooks.track_latency = true;
        self
    }

    /// Keeps statistics of each task from the start; see [`Handle::track_tasks`](super::Handle::track_tasks), which does so from
    /// when it is called. Beyond Tokio.
    ///
    /// # Cost
    /// As there.
    ///
    /// # Examples
    /// ```
    /// let runtime = selkie::runtime::Builder::new_current_thread()
    ///     .track_tasks()
    ///     .build()?;
    /// runtime.block_on(async {
    ///     let task = selkie::spawn(async { selkie::task::yield_now().await });
    ///     let all = selkie::runtime::Handle::current().task_statistics();
    ///     assert!(all.iter().any(|one| one.id() == task.id()));
    /// });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn track_tasks(&mut self) -> &mut Self {
        self.probes.ask().hooks.track_tasks = true;
        self
    }

    /// What a task's panic does to the runtime; nothing by default.
    ///
    /// # Panics
    /// If a multi-thread runtime is asked to shut down.
    ///
    /// # Examples
    /// ```
    /// use std::panic::{AssertUnwindSafe, catch_unwind};
    /// use selkie::runtime::{Builder, UnhandledPanic};
    ///
    /// let runtime = Builder::new_current_thread()
    ///     .unhandled_panic(UnhandledPanic::ShutdownRuntime)
    ///     .build()?;
    /// runtime.spawn(async { panic!("nobody joins this task") });
    /// // The panic ends the program's main future, too.
    /// let end = catch_unwind(AssertUnwindSafe(|| runtime.block_on(std::future::pending::<()>())));
    /// assert!(end.is_err());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    #[inline]
    pub fn unhandled_panic(&mut self, behavior: UnhandledPanic) -> &mut Self {
        let ends = matches!(behavior, UnhandledPanic::ShutdownRuntime);
        assert!(
            !ends || self.is_current_thread(),
            "UnhandledPanic::ShutdownRuntime is only supported in current thread runtime"
        );
        self.config.ends_on_panic = ends;
        self
    }

    /// What the runtime's random choices follow from; by default they differ from run to run.
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::{Builder, RngSeed};
    ///
    /// /// Which branches a runtime chooses, of two that are always ready.
    /// fn choices(seed: &[u8]) -> std::io::Result<Vec<u8>> {
    ///     let runtime = Builder::new_current_thread().rng_seed(RngSeed::from_bytes(seed)).build()?;
    ///     Ok(runtime.block_on(async {
    ///         let mut chosen = Vec::new();
    ///         for _ in 0..64 {
    ///             chosen.push(selkie::select! {
    ///                 () = std::future::ready(()) => b'a',
    ///                 () = std::future::ready(()) => b'b',
    ///             });
    ///         }
    ///         chosen
    ///     }))
    /// }
    ///
    /// assert_eq!(choices(b"one seed")?, choices(b"one seed")?);
    /// assert_ne!(choices(b"one seed")?, choices(b"another")?);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn rng_seed(&mut self, seed: RngSeed) -> &mut Self {
        self.config.seed = seed.word();
        self.parts.seed = Some(seed.word());
        self
    }

    /// Counts how long polls take, in a histogram for each worker.
    ///
    /// # Cost
    /// Two clock reads for each poll.
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::Builder;
    ///
    /// let runtime = Builder::new_current_thread().enable_metrics_poll_time_histogram().build()?;
    /// runtime.block_on(runtime.spawn(async {})).unwrap();
    /// let metrics = runtime.metrics();
    /// let buckets = 0..metrics.poll_time_histogram_num_buckets();
    /// let polls: u64 = buckets.map(|bucket| metrics.poll_time_histogram_bucket_count(0, bucket)).sum();
    /// assert_eq!(polls, 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn enable_metrics_poll_time_histogram(&mut self) -> &mut Self {
        self.probes.ask().poll_times = true;
        self
    }

    /// The buckets of the histogram of polls; ten of 100 µs by default.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use selkie::runtime::{Builder, HistogramConfiguration};
    ///
    /// let buckets = HistogramConfiguration::linear(Duration::from_micros(10), 100);
    /// let runtime = Builder::new_current_thread()
    ///     .enable_metrics_poll_time_histogram()
    ///     .metrics_poll_time_histogram_configuration(buckets)
    ///     .build()?;
    /// assert_eq!(runtime.metrics().poll_time_histogram_num_buckets(), 100);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn metrics_poll_time_histogram_configuration(
        &mut self,
        configuration: HistogramConfiguration,
    ) -> &mut Self {
        self.probes.poll_times_shape = Some(configuration);
        self
    }

    /// Counts how long tasks are queued, in a histogram for each worker.
    ///
    /// # Cost
    /// A clock read and a lock for each wake and each poll.
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::Builder;
    ///
    /// let runtime = Builder::new_current_thread()
    ///     .enable_metrics_schedule_latency_histogram()
    ///     .build()?;
    /// runtime.block_on(runtime.spawn(async {})).unwrap();
    /// let metrics = runtime.metrics();
    /// let buckets = 0..metrics.schedule_latency_histogram_num_buckets();
    /// let count = |bucket| metrics.schedule_latency_histogram_bucket_count(0, bucket);
    /// assert_eq!(buckets.map(count).sum::<u64>(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn enable_metrics_schedule_latency_histogram(&mut self) -> &mut Self {
        self.probes.ask().latencies = true;
        self
    }

    /// The buckets of the histogram of queued times; ten of 100 µs by default.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use selkie::runtime::{Builder, HistogramConfiguration, LogHistogram};
    ///
    /// let wide = LogHistogram::builder().min_value(Duration::from_micros(1)).max_error(0.5).build();
    /// let runtime = Builder::new_current_thread()
    ///     .enable_metrics_schedule_latency_histogram()
    ///     .metrics_schedule_latency_histogram_configuration(HistogramConfiguration::log(wide))
    ///     .build()?;
    /// let first = runtime.metrics().schedule_latency_histogram_bucket_range(0);
    /// assert!(first.contains(&Duration::from_nanos(500)));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn metrics_schedule_latency_histogram_configuration(
        &mut self,
        configuration: HistogramConfiguration,
    ) -> &mut Self {
        self.probes.latencies_shape = Some(configuration);
        self
    }

    /// How the buckets of the histogram of polls grow.
    #[deprecated(note = "use `metrics_poll_time_histogram_configuration`")]
    #[inline]
    pub fn metrics_poll_count_histogram_scale(
        &mut self,
        histogram_scale: HistogramScale,
    ) -> &mut Self {
        self.probes.scale = histogram_scale;
        self
    }

    /// How wide the first bucket of the histogram of polls is.
    ///
    /// # Panics
    /// If `resolution` is zero, or more than a second.
    #[deprecated(note = "use `metrics_poll_time_histogram_configuration`")]
    #[track_caller]
    #[inline]
    pub fn metrics_poll_count_histogram_resolution(&mut self, resolution: Duration) -> &mut Self {
        assert!(
            resolution > Duration::ZERO,
            "the resolution must be above zero"
        );
        assert!(
            resolution <= Duration::from_secs(1),
            "the resolution must be 1 s at most"
        );
        self.probes.resolution_nanos = u64::try_from(resolution.as_nanos()).unwrap_or(u64::MAX);
        self
    }

    /// How many buckets the histogram of polls has.
    ///
    /// # Panics
    /// If `buckets` is zero.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use selkie::runtime::{Builder, HistogramScale};
    ///
    /// # #[expect(deprecated)]
    /// let runtime = Builder::new_current_thread()
    ///     .enable_metrics_poll_time_histogram()
    ///     .metrics_poll_count_histogram_scale(HistogramScale::Linear)
    ///     .metrics_poll_count_histogram_resolution(Duration::from_millis(1))
    ///     .metrics_poll_count_histogram_buckets(5)
    ///     .build()?;
    /// assert_eq!(runtime.metrics().poll_time_histogram_num_buckets(), 5);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[deprecated(note = "use `metrics_poll_time_histogram_configuration`")]
    #[track_caller]
    #[inline]
    pub fn metrics_poll_count_histogram_buckets(&mut self, buckets: usize) -> &mut Self {
        assert!(buckets > 0, "there must be a bucket");
        self.probes.buckets = buckets;
        self
    }

    /// Reports every poll that lasts `threshold` or longer, once, on standard error: it blocks its worker. With the
    /// feature `taskdump`, on Linux, the calls that it is in are reported as well. Beyond Tokio.
    ///
    /// Watched are the tasks of the runtime, those of a [`LocalSet`](crate::task::LocalSet) inside it, and the futures
    /// that its `block_on` is given; not blocking closures, and not what runs in
    /// [`block_in_place`](crate::task::block_in_place). A poll that is a little longer than `threshold` may be
    /// missed. Each report is also an event of `tracing` (feature `tracing`), of level `WARN` and target `selkie::watchdog`,
    /// and is counted in the [metrics](crate::runtime::RuntimeMetrics::stalled_poll_count).
    ///
    /// For its calls, a thread is sent a signal, `SIGURG` unless
    /// `stack_signal` (on Unix) says otherwise, whose handler copies the thread's stack. As with any
    /// signal, a call of the system that waits may return `EINTR` then.
    ///
    /// # Errors
    /// [`build`](Self::build) fails if the system gives no thread.
    ///
    /// # Panics
    /// If `threshold` is zero.
    ///
    /// # Cost
    /// A thread, which looks at each worker four times a threshold; nothing for a poll of a task. For a report a look at
    /// each task of the process, and some milliseconds for the calls.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// let runtime = selkie::runtime::Builder::new_multi_thread()
    ///     .enable_all()
    ///     .watchdog(Duration::from_millis(100))
    ///     .build()?;
    /// # drop(runtime);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    #[inline]
    pub fn watchdog(&mut self, threshold: Duration) -> &mut Self {
        self.watchdog_with(threshold, write_report)
    }

    /// As [`watchdog`](Self::watchdog), with `report` called for each poll, on the watchdog's
    /// thread. A panic in it is caught.
    ///
    /// # Panics
    /// If `threshold` is zero.
    ///
    /// # Examples
    /// A dump with it, of what all the other tasks wait for:
    /// ```
    /// use std::time::Duration;
    ///
    /// let runtime = selkie::runtime::Builder::new_multi_thread()
    ///     .enable_all()
    ///     .watchdog_with(Duration::from_secs(1), |stalled| {
    ///         eprintln!("{stalled}");
    ///         # #[cfg(feature = "taskdump")]
    ///         match stalled.stack() {
    ///             Ok(stack) => eprintln!("{stack}"),
    ///             Err(why) => eprintln!("{why}"),
    ///         }
    ///         # #[cfg(feature = "taskdump")]
    ///         if let Some(dump) = stalled.dump() {
    ///             eprintln!("{dump}");
    ///         }
    ///     })
    ///     .build()?;
    /// # drop(runtime);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    #[inline]
    pub fn watchdog_with<F>(&mut self, threshold: Duration, report: F) -> &mut Self
    where
        F: Fn(&StalledPoll) + Send + Sync + 'static,
    {
        assert!(
            threshold > Duration::ZERO,
            "the watchdog's threshold must be above zero"
        );
        let config = WatchdogConfig {
            threshold,
            report: Arc::new(report),
        };
        // Named here alone: a program that does not ask for a watchdog has none.
        self.watchdog = Some(Box::new(move |handle| start_watchdog(&config, handle)));
        self
    }

    /// For a runtime with a wheel of timers for each worker. Selkie's always has one: what changes
    /// is that a sleep which is polled after its runtime has ended is over, where it panics otherwise.
    #[inline]
    pub fn enable_alt_timer(&mut self) -> &mut Self {
        self.parts.sleeps_at_end = AtEnd::Fire;
        self.enable_time()
    }

    /// For a driver that goes to another worker before its worker runs tasks. Selkie's idle workers
    /// take the driver over when its worker is stuck: nothing changes.
    #[inline]
    pub fn enable_eager_driver_handoff(&mut self) -> &mut Self {
        self
    }

    /// For a blocking pool with several queues. Selkie's hands a closure to an idle thread without
    /// a queue: nothing changes.
    #[inline]
    pub fn enable_sharded_blocking_queue(&mut self) -> &mut Self {
        self
    }

    /// Enables I/O, with io_uring: for sockets by it ([`uring`](crate::uring)), and operations on files
    /// that own their buffers ([`File::read_at`](crate::fs::File::read_at) and its kin).
    ///
    /// A runtime with I/O has it unless [`disable_io_uring`](Self::disable_io_uring) was called, on
    /// 64-bit Linux, with the feature `io-uring`; elsewhere this enables I/O alone. Each worker makes a ring at its first such operation, and all other threads share
    /// one. Where the system refuses one (an old kernel, a filter, no locked memory) files' work is done
    /// by the blocking pool, and nothing else changes.
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::Builder;
    ///
    /// # if cfg!(target_os = "linux") {
    /// let runtime = Builder::new_current_thread().enable_io_uring().build()?;
    /// // Where the system refuses a ring, the blocking pool reads.
    /// let text = runtime.block_on(selkie::fs::read_to_string("/proc/self/comm"))?;
    /// assert!(text.ends_with('\n'));
    /// # }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn enable_io_uring(&mut self) -> &mut Self {
        self.parts.io = true;
        self.parts.ring = true;
        self
    }

    /// Has all work on files done by the blocking pool, also reads that the page cache answers.
    ///
    /// For systems on which somebody must permit each read of an open file: a scanner that listens with
    /// `FAN_ACCESS_PERM` or before contents are read (fanotify(7)) keeps the reader waiting, on a worker if that reads.
    /// Most scanners ask for an event before a file is opened. That never keeps a worker waiting: files
    /// are opened by the pool in any case.
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::Builder;
    ///
    /// let runtime = Builder::new_current_thread().disable_files_in_place().build()?;
    /// let me = std::env::current_exe()?;
    /// assert!(runtime.block_on(selkie::fs::metadata(me))?.len() > 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn disable_files_in_place(&mut self) -> &mut Self {
        self.parts.files_in_place = false;
        self
    }

    /// Has the runtime never ask the system for a ring: the blocking pool does what it would do.
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::Builder;
    ///
    /// let runtime = Builder::new_current_thread().enable_all().disable_io_uring().build()?;
    /// runtime.block_on(runtime.spawn(async {})).unwrap();
    /// assert_eq!(runtime.metrics().worker_ring_in_flight(0), None);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn disable_io_uring(&mut self) -> &mut Self {
        self.parts.ring = false;
        self
    }
}
