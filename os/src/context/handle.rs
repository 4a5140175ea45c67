//! The handle of a runtime, by which its tasks and threads reach all of its parts.

use std::fmt;
use std::future::Future;
use std::io;
use std::num::NonZeroU64;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use selkie_core::raw::platform::{AtomicU64, Lock, PlainU64};
use selkie_core::raw::task::next_id;
use selkie_core::raw::time::{ClockGuard, Current};
use selkie_core::task::JoinHandle;
use selkie_core::time::TimersHandle;

use crate::blocking::{BlockingKind, BlockingPool};
use crate::driver;
use crate::observability::Watch;
use crate::scheduler::Spawner;
use crate::sys::{OwningProcess, StackSignal};
use crate::trace::{self, Kind};

/// A handle of a runtime: spawns onto it and enters its context, from any thread.
///
/// A handle does not keep its runtime running: what it spawns after the runtime has shut down is
/// cancelled at once.
///
/// # Cost
/// A clone is one atomic operation.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use selkie::runtime::Handle;
///
/// /// Something that is called from threads, and works in the background.
/// struct Log {
///     runtime: Handle,
/// }
///
/// impl Log {
///     fn write(&self, line: String) -> selkie::task::JoinHandle<usize> {
///         self.runtime.spawn(async move { line.len() })
///     }
/// }
///
/// let log = Log { runtime: Handle::current() };
/// let written = std::thread::spawn(move || log.write("started".into())).join().unwrap();
/// assert_eq!(written.await.unwrap(), 7);
/// # }
/// ```
#[derive(Clone)]
pub struct Handle {
    pub(crate) inner: Arc<Inner>,
}

// A panic in a task is caught by its scheduler: none shows a runtime that is half changed.
impl UnwindSafe for Handle {}
impl RefUnwindSafe for Handle {}

/// The number of a runtime: no two runtimes of a process have the same.
///
/// # Examples
/// ```
/// use selkie::runtime::Builder;
///
/// let (one, two) = (Builder::new_current_thread().build()?, Builder::new_current_thread().build()?);
/// assert_ne!(one.handle().id(), two.handle().id());
/// assert_eq!(one.handle().id(), one.handle().clone().id());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Id(NonZeroU64);

impl Id {
    /// A number that no other runtime has.
    pub(crate) fn next() -> Self {
        static NEXT: PlainU64 = PlainU64::new(1);
        // Relaxed: only the sum matters.
        Self(NonZeroU64::new(NEXT.fetch_add(1, Ordering::Relaxed)).unwrap_or(NonZeroU64::MAX))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A number of the calling thread, for choices that should stay the same on one thread.
fn thread_number() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        // Relaxed: any spread will do.
        static NUMBER: usize = NEXT.fetch_add(1, Ordering::Relaxed);
    }
    NUMBER.try_with(|number| *number).unwrap_or(0)
}

/// The timers of a runtime, for threads that are none of its workers.
#[derive(Debug)]
pub(crate) enum RuntimeTimers {
    Disabled,
    /// One shard per worker.
    Shards(Box<[TimersHandle]>),
}

/// What all handles of a runtime share.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) id: Id,
    /// The process that has the runtime's threads.
    pub(crate) process: OwningProcess,
    pub(crate) name: Option<String>,
    pub(crate) spawner: Spawner,
    pub(crate) driver: Option<driver::Handle>,
    pub(crate) timers: RuntimeTimers,
    pub(crate) blocking: Arc<BlockingPool>,
    /// Whether what the system has in memory of files is asked where tasks run.
    pub(crate) files_in_place: bool,
    /// Where threads that drive the runtime get their random numbers from, if it was seeded.
    pub(crate) seeds: Option<Seeds>,
    pub(crate) forced_yields: AtomicU64,
    /// Which signal a thread is sent for its stack.
    pub(crate) stack_signal: StackSignal,
    /// The watchdog, if the builder was asked for one.
    pub(crate) watchdog: OnceLock<Box<dyn Watch>>,
    /// What lives beside the runtime, and is dropped when that shuts down.
    pub(crate) resources: Lock<Vec<Resource>>,
}

/// Something that lives beside a runtime until that shuts down.
pub(crate) type Resource = Box<dyn fmt::Debug + Send>;

/// The seeds that follow from one, for the threads that drive a runtime.
#[derive(Debug)]
pub(crate) struct Seeds(AtomicU64);

impl Seeds {
    pub(crate) fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// The next seed; never zero.
    pub(crate) fn next(&self) -> u64 {
        // Relaxed: each caller gets another sum. An odd step visits every word.
        let sum = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        let mixed = (sum ^ (sum >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed ^ (mixed >> 31)) | 1
    }
}

impl Inner {
    /// A paused clock stands still while blocking work goes on: its end is something to wait for.
    fn hold_clock(&self) -> Option<ClockGuard> {
        match &self.timers {
            RuntimeTimers::Shards(shards) => Some(shards[0].hold_clock()),
            RuntimeTimers::Disabled => None,
        }
    }

    /// What timers made on this thread belong to.
    pub(crate) fn current_time(&self) -> Current {
        match &self.timers {
            RuntimeTimers::Disabled => Current::Disabled,
            RuntimeTimers::Shards(shards) => match &**shards {
                [timers] => Current::Timers(*timers),
                shards => Current::Timers(shards[thread_number() % shards.len()]),
            },
        }
    }
}

impl Handle {
    /// Spawns `future` onto the runtime; it begins to run whether or not the join handle is
    /// awaited.
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::Builder;
    ///
    /// let runtime = Builder::new_multi_thread().worker_threads(1).build()?;
    /// let handle = runtime.handle().clone();
    /// let task = std::thread::spawn(move || handle.spawn(async { "from a thread" })).join().unwrap();
    /// assert_eq!(runtime.block_on(task).unwrap(), "from a thread");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (id, location) = (next_id(), Location::caller());
        let future = trace::task(future, Kind::Task, None, id, location);
        self.inner.spawner.spawn(future, id, location)
    }

    /// Runs `func`, which may block, on a thread of the runtime's blocking pool.
    ///
    /// # Panics
    /// If no thread can be started and none is there to run it.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::runtime::Handle;
    ///
    /// let parsed = Handle::current().spawn_blocking(|| "17".parse::<u32>());
    /// assert_eq!(parsed.await.unwrap(), Ok(17));
    /// # }
    /// ```
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, func: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        match self.try_spawn_blocking(BlockingKind::Closure, None, func) {
            Ok(handle) => handle,
            Err(error) => panic!("OS can't spawn worker thread: {error}"),
        }
    }

    /// As [`spawn_blocking`](Self::spawn_blocking), with the error instead of the panic.
    #[track_caller]
    pub(crate) fn try_spawn_blocking<F, R>(
        &self,
        kind: BlockingKind,
        name: Option<&str>,
        func: F,
    ) -> io::Result<JoinHandle<R>>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        let (handle, started) = self.spawn_blocking_or_cancel(kind, name, func);
        started.map(|()| handle)
    }

    /// As [`spawn_blocking`](Self::spawn_blocking), but where no thread can be started the task is
    /// cancelled, and the error is returned.
    #[track_caller]
    pub(crate) fn spawn_blocking_or_cancel<F, R>(
        &self,
        kind: BlockingKind,
        name: Option<&str>,
        func: F,
    ) -> (JoinHandle<R>, io::Result<()>)
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        let hold = self.inner.hold_clock();
        let (id, location) = (next_id(), Location::caller());
        let func = trace::trace_blocking(func, name, id, location);
        self.inner.blocking.spawn(func, kind, hold, id, location)
    }

    /// The runtime's number.
    pub fn id(&self) -> Id {
        self.inner.id
    }

    /// The runtime's name, if its builder gave one.
    pub fn name(&self) -> Option<&str> {
        self.inner.name.as_deref()
    }

    /// Whether the runtime has been shut down: its tasks are gone, or go with the polls in which they are stuck. Beyond Tokio.
    pub fn is_shut_down(&self) -> bool {
        !self.inner.blocking.is_open()
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("id", &self.inner.id)
            .finish_non_exhaustive()
    }
}
