//! The flight recorder of a runtime, by its handle.

use std::fmt;
#[cfg(feature = "trace-events")]
use std::path::PathBuf;

use super::builder::Builder;
use crate::context::{Handle, Id};
use crate::observability::{Observer, RecordingSnapshot};

/// Events that a ring keeps, unless the user says otherwise.
const EVENTS: usize = 16_384;
/// Events that a ring keeps at least, and at most.
const FEWEST_EVENTS: usize = 64;
const MOST_EVENTS: usize = 1 << 24;

/// How a runtime is recorded.
///
/// # Examples
/// ```
/// use selkie::runtime::RecordingConfig;
///
/// let mut config = RecordingConfig::new();
/// config.events_per_worker(4_096); // 128 KiB for each worker.
/// ```
#[derive(Debug, Clone)]
pub struct RecordingConfig {
    events_per_worker: usize,
    /// Where the recording is written when something panics.
    #[cfg(feature = "trace-events")]
    pub(super) panic_dir: Option<PathBuf>,
    /// Where the recording is written when the watchdog finds a long poll.
    #[cfg(feature = "trace-events")]
    pub(super) stall_dir: Option<PathBuf>,
}

impl Default for RecordingConfig {
    #[inline]
    fn default() -> Self {
        Self::new()
    }
}

impl RecordingConfig {
    /// 16,384 events for each worker.
    #[inline]
    pub fn new() -> Self {
        Self {
            events_per_worker: EVENTS,
            #[cfg(feature = "trace-events")]
            panic_dir: None,
            #[cfg(feature = "trace-events")]
            stall_dir: None,
        }
    }

    /// How many events each worker keeps, of 32 bytes each: the last ones. The number is rounded up to a power of two;
    /// at least 64 and at most 16,777,216. Four more rings of this size are for the threads that are no workers.
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::{Builder, RecordingConfig};
    ///
    /// let mut config = RecordingConfig::new();
    /// // For a small board: the last 64 events, which are 2 KiB.
    /// config.events_per_worker(64);
    /// let runtime = Builder::new_current_thread().record_events(config).build()?;
    /// for _ in 0..100 {
    ///     runtime.block_on(runtime.spawn(async {})).unwrap();
    /// }
    /// let snapshot = runtime.handle().recording().unwrap().snapshot();
    /// assert!(snapshot.overwritten_count() > 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn events_per_worker(&mut self, events: usize) -> &mut Self {
        let events = events.clamp(FEWEST_EVENTS, MOST_EVENTS);
        self.events_per_worker = events.next_power_of_two();
        self
    }
}

/// A runtime that is recorded; from [`Handle::start_recording`].
///
/// All clones, and whatever starts the recording again, are for the same recording. Dropping them does not stop it.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use selkie::runtime::{Handle, Recording, RecordingConfig};
///
/// let recording: Recording = Handle::current().start_recording(&RecordingConfig::new());
/// selkie::spawn(async {}).await.unwrap();
/// recording.stop();
/// // What was recorded stays, and nothing is added.
/// let events = recording.snapshot().event_count();
/// selkie::spawn(async {}).await.unwrap();
/// assert_eq!(recording.snapshot().event_count(), events);
/// # }
/// ```
#[derive(Clone)]
pub struct Recording {
    handle: Handle,
    /// How often the recording had been started when this was made.
    starts: u64,
}

impl fmt::Debug for Recording {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recording")
            .field("runtime", &self.handle.id())
            .field("is_running", &self.is_running())
            .finish()
    }
}

impl Handle {
    /// Records from now on what the runtime does, in rings that keep the last events of each worker: polls, wakes and who has
    /// woken, spawns and ends of tasks, thefts, sleeps, events of the driver, timers, closures on the blocking pool, lengths of
    /// queues. Beyond Tokio.
    ///
    /// The recording goes on until [`Recording::stop`], and is written out by
    /// `Recording::write_to`, which the feature `trace-events` brings. The first start decides on the size of the rings; a later
    /// one switches the same recording on again.
    ///
    /// # Cost
    /// Until this is called, nothing: polls look for it together with all other probes. From then on the rings, which are made by the
    /// first start and stay until the runtime is gone, and for each event five stores and a look at the processor's
    /// counter; a wake and the poll that follows are two events, and look three times.
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::{Handle, RecordingConfig};
    ///
    /// # let runtime = selkie::runtime::Builder::new_current_thread().enable_all().build()?;
    /// # runtime.block_on(async {
    /// let recording = Handle::current().start_recording(&RecordingConfig::new());
    /// selkie::spawn(async { selkie::task::yield_now().await }).await.unwrap();
    /// let snapshot = recording.snapshot();
    /// assert!(snapshot.event_count() > 0);
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn start_recording(&self, config: &RecordingConfig) -> Recording {
        let spawner = &self.inner.spawner;
        let probes = spawner.probes_slot().attach();
        self.inner.blocking.probes.share(probes);
        let workers = self.metrics().num_workers();
        let starts = probes.start_recording(workers, config.events_per_worker);
        #[cfg(feature = "trace-events")]
        config.install(self);
        Recording {
            handle: self.clone(),
            starts,
        }
    }

    /// The runtime's recording, if one was ever started. Beyond Tokio.
    #[inline]
    pub fn recording(&self) -> Option<Recording> {
        let probes = self.inner.spawner.probes()?;
        Some(Recording {
            handle: self.clone(),
            starts: probes.recorder_starts()?,
        })
    }
}

impl Builder {
    /// Records the runtime from the start, as [`Handle::start_recording`] does. Beyond Tokio.
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::{Builder, RecordingConfig};
    ///
    /// let runtime = Builder::new_current_thread()
    ///     .record_events(RecordingConfig::new())
    ///     .build()?;
    /// runtime.block_on(async { selkie::spawn(async {}).await.unwrap() });
    /// let recording = runtime.handle().recording().unwrap();
    /// assert!(recording.snapshot().event_count() > 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn record_events(&mut self, config: RecordingConfig) -> &mut Self {
        self.add_resource(move |handle| {
            let _runs = handle.start_recording(&config);
            Ok(Box::new(()))
        })
    }
}

impl Recording {
    #[inline]
    fn probes(&self) -> &dyn Observer {
        let probes = self.handle.inner.spawner.probes();
        probes.expect("a runtime that is recorded has probes")
    }

    /// Copies what the rings hold: the last events of each worker. The workers go on meanwhile.
    ///
    /// # Cost
    /// A copy of the rings. In the first millisecond after the first start it also waits for the rest of that millisecond, to
    /// measure the processor's counter.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::runtime::{Handle, RecordingConfig};
    ///
    /// let recording = Handle::current().start_recording(&RecordingConfig::new());
    /// let before = recording.snapshot().event_count();
    /// selkie::spawn(async {}).await.unwrap();
    /// assert!(recording.snapshot().event_count() > before);
    /// # }
    /// ```
    #[inline]
    pub fn snapshot(&self) -> RecordingSnapshot {
        let name = self.handle.name();
        let runtime = match name {
            Some(name) => format!("runtime {name}"),
            None => format!("runtime {}", self.handle.id()),
        };
        let recorded = self.probes().recording(runtime);
        recorded.expect("a recording has a recorder")
    }

    /// The number of the runtime.
    #[inline]
    pub fn runtime_id(&self) -> Id {
        self.handle.id()
    }

    /// Stops the recording. What the rings hold stays there.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::runtime::{Handle, RecordingConfig};
    ///
    /// let recording = Handle::current().start_recording(&RecordingConfig::new());
    /// assert!(recording.is_running());
    /// recording.stop();
    /// assert!(!recording.is_running());
    /// # }
    /// ```
    #[inline]
    pub fn stop(&self) {
        self.probes().stop_recording();
    }

    /// Stops the recording unless somebody has started it again since this was returned, who wants it to go on. Returns whether it
    /// is stopped.
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::{Builder, RecordingConfig};
    ///
    /// let runtime = Builder::new_current_thread().build()?;
    /// let first = runtime.handle().start_recording(&RecordingConfig::new());
    /// let second = runtime.handle().start_recording(&RecordingConfig::new());
    /// assert!(!first.stop_if_last() && second.is_running());
    /// assert!(second.stop_if_last() && !first.is_running());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn stop_if_last(&self) -> bool {
        self.probes().stop_recording_of(self.starts)
    }

    /// Whether events are recorded now.
    #[inline]
    pub fn is_running(&self) -> bool {
        self.probes().is_recording()
    }
}
