//! What a thread of the pool is working on, for the report of a shutdown that takes too long.
//!
//! Invariants  I1 only the thread writes its record; it writes `spawned_at` last when a closure begins, and that is null
//!                while no closure runs.

use std::fmt;
use std::panic::Location;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, AtomicU8, Ordering};
use std::time::{Duration, Instant};

use selkie_core::raw::platform::AtomicU64;

/// Which kind of call a closure on the blocking pool serves.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use selkie::runtime::{BlockingKind, Builder};
///
/// let (begun, has_begun) = std::sync::mpsc::channel();
/// let (stop, stopped) = std::sync::mpsc::channel::<()>();
/// let runtime = Builder::new_current_thread().build()?;
/// runtime.spawn_blocking(move || {
///     begun.send(()).unwrap();
///     stopped.recv().ok();
/// });
/// has_begun.recv().unwrap();
/// let report = runtime.shutdown_with_report(Duration::from_millis(1));
/// assert!(matches!(report.blocking()[0].kind(), BlockingKind::Closure));
/// drop(stop);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BlockingKind {
    /// A closure of the user's.
    Closure,
    /// An operation of [`fs`](crate::fs).
    File,
    /// A read of standard input, or a flush of standard output or error.
    StandardStream,
    /// A look-up of a host's name.
    NameLookup,
    /// A write to a [`File`](crate::fs::File) that has been taken: a runtime that shuts down does it
    /// first.
    FileWrite,
    /// A write to standard output or error that has been taken: a runtime that shuts down does it
    /// first.
    StandardWrite,
    /// The close of a [`File`](crate::fs::File) whose server may keep whoever closes it waiting: a runtime that
    /// shuts down does it first.
    FileClose,
}

const KINDS: [BlockingKind; 7] = [
    BlockingKind::Closure,
    BlockingKind::File,
    BlockingKind::StandardStream,
    BlockingKind::NameLookup,
    BlockingKind::FileWrite,
    BlockingKind::StandardWrite,
    BlockingKind::FileClose,
];

impl BlockingKind {
    /// Whether its caller counts on it, and does not wait: it is done, even if the runtime shuts down.
    pub(super) fn is_promised(self) -> bool {
        matches!(
            self,
            Self::FileWrite | Self::StandardWrite | Self::FileClose
        )
    }
}

impl fmt::Display for BlockingKind {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closure => "a blocking closure",
            Self::File => "a file operation",
            Self::StandardStream => "a read or write of a standard stream",
            Self::FileWrite => "a write to a file",
            Self::NameLookup => "a look-up of a host's name",
            Self::StandardWrite => "a write to a standard stream",
            Self::FileClose => "the close of a file",
        })
    }
}

/// A closure on the blocking pool that has not returned.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use selkie::runtime::{BlockedClosure, Builder};
///
/// let (begun, has_begun) = std::sync::mpsc::channel();
/// let (stop, stopped) = std::sync::mpsc::channel::<()>();
/// let runtime = Builder::new_current_thread().build()?;
/// runtime.spawn_blocking(move || {
///     begun.send(()).unwrap();
///     stopped.recv().ok();
/// });
/// has_begun.recv().unwrap();
/// let report = runtime.shutdown_with_report(Duration::from_millis(1));
/// let closure: &BlockedClosure = &report.blocking()[0];
/// println!("still blocks: {closure:?}");
/// assert_eq!(report.blocking().len(), 1);
/// drop(stop);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct BlockedClosure {
    kind: BlockingKind,
    spawned_at: &'static Location<'static>,
    runs_for: Duration,
}

impl BlockedClosure {
    /// Which kind of call it serves.
    pub fn kind(&self) -> BlockingKind {
        self.kind
    }

    /// Where it was spawned; inside this crate, if it serves one of its calls.
    pub fn spawned_at(&self) -> &'static Location<'static> {
        self.spawned_at
    }

    /// How long it has been running.
    pub fn runs_for(&self) -> Duration {
        self.runs_for
    }
}

impl fmt::Display for BlockedClosure {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}, spawned at {}, for {:?} so far",
            self.kind, self.spawned_at, self.runs_for
        )
    }
}

/// The record of one thread.
#[derive(Debug)]
pub(super) struct Record {
    spawned_at: AtomicPtr<Location<'static>>,
    kind: AtomicU8,
    /// When it began, see [`now_nanos`].
    since_nanos: AtomicU64,
}

/// Nanoseconds since the first time this was asked for: a pool whose threads ran nothing has not read a clock, which some
/// targets have not.
fn now_nanos() -> u64 {
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    let since = ORIGIN.get_or_init(Instant::now).elapsed();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

impl Record {
    pub(super) fn new() -> Self {
        Self {
            spawned_at: AtomicPtr::new(std::ptr::null_mut()),
            kind: AtomicU8::new(0),
            since_nanos: AtomicU64::new(0),
        }
    }

    /// The thread begins a closure.
    pub(super) fn begin(&self, kind: BlockingKind, spawned_at: &'static Location<'static>) {
        // Relaxed: published by the store below.
        self.kind.store(kind as u8, Ordering::Relaxed);
        self.since_nanos.store(now_nanos(), Ordering::Relaxed);
        let spawned_at = std::ptr::from_ref(spawned_at).cast_mut();
        // Release: pairs with the Acquire in `read` (I1).
        self.spawned_at.store(spawned_at, Ordering::Release);
    }

    /// The closure has returned.
    pub(super) fn end(&self) {
        // Release: pairs with the Acquire in `read`.
        self.spawned_at
            .store(std::ptr::null_mut(), Ordering::Release);
    }

    /// The closure that runs, if one does. One that ends meanwhile may lend the next its figures.
    #[allow(unsafe_code)]
    pub(super) fn read(&self) -> Option<BlockedClosure> {
        // Acquire: pairs with the Release in `begin` (I1).
        let spawned_at = self.spawned_at.load(Ordering::Acquire);
        // SAFETY: null, or made of a `&'static Location` (I1).
        let spawned_at = unsafe { spawned_at.as_ref() }?;
        let since = self.since_nanos.load(Ordering::Relaxed);
        Some(BlockedClosure {
            kind: KINDS[usize::from(self.kind.load(Ordering::Relaxed))],
            spawned_at,
            runs_for: Duration::from_nanos(now_nanos().saturating_sub(since)),
        })
    }
}
