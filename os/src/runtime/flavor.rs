//! What differs between the flavors of runtimes.
//!
//! Idea        A builder is made with a flavor, and names none of the others. So a program has the code of the flavors that it builds.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::time::{Duration, Instant};

use super::build::Parts;
use super::root_future::Root;
use super::shutdown_report::StuckWorker;
use crate::config::Config;
use crate::context::Handle;

/// Which scheduler a runtime has.
///
/// # Examples
/// ```
/// use selkie::runtime::{Builder, RuntimeFlavor};
///
/// let runtime = Builder::new_multi_thread().worker_threads(1).build()?;
/// assert_eq!(runtime.handle().runtime_flavor(), RuntimeFlavor::MultiThread);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RuntimeFlavor {
    /// Tasks run on the thread that calls `block_on`.
    CurrentThread,
    /// Tasks run on worker threads.
    MultiThread,
}

/// Waits for a future on the calling thread, in the context of a runtime.
pub(super) type BlockOn = fn(&Handle, Pin<&mut dyn Root>);

/// A flavor of runtimes.
pub(super) struct Flavor {
    pub(super) name: RuntimeFlavor,
    /// How many workers a runtime has for which that was said, or not.
    pub(super) worker_threads: fn(Option<usize>) -> usize,
    /// Builds a runtime, and starts it.
    pub(super) build: fn(&Config, &Parts) -> io::Result<Handle>,
    /// See [`Runtime::block_on`](super::Runtime::block_on).
    pub(super) block_on: BlockOn,
    /// Drops all tasks within the limit given, which ends at the instant given; says whether that is done.
    pub(super) end_tasks: fn(&Handle, Option<Duration>, Option<Instant>) -> bool,
    /// The workers that have not ended.
    pub(super) stuck_workers: fn(&Handle) -> Vec<StuckWorker>,
}

impl fmt::Debug for Flavor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)
    }
}
