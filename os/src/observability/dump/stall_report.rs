//! What a report of the watchdog has of dumps.

use super::super::stalled_poll::StalledPoll;
use super::stack::ThreadStack;
use super::task::Dump;
use crate::sys::NoStack;

impl StalledPoll {
    /// The calls that the poll was in when it was reported: what keeps it from returning. With the feature `taskdump`.
    ///
    /// # Errors
    /// Why there is no stack: other systems than Linux, and other processors than x86-64 and 64-bit ARM have none.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use selkie::runtime::Builder;
    ///
    /// let (report, reports) = std::sync::mpsc::channel();
    /// let runtime = Builder::new_multi_thread()
    ///     .worker_threads(1)
    ///     .watchdog_with(Duration::from_millis(20), move |stalled| {
    ///         // A line for each call, outermost first, as a rule.
    ///         let text = match stalled.stack() {
    ///             Ok(stack) => stack.to_string(),
    ///             Err(why) => why.to_string(),
    ///         };
    ///         report.send(text).ok();
    ///     })
    ///     .build()?;
    /// let blocked = runtime.spawn(async move { reports.recv() });
    /// assert!(!runtime.block_on(blocked).unwrap().unwrap().is_empty());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn stack(&self) -> Result<ThreadStack, NoStack> {
        self.stack.clone().map(ThreadStack)
    }

    /// Makes a [dump](crate::runtime::Handle::dump) of the runtime: where all its tasks wait meanwhile. `None`: it has gone.
    /// With the feature `taskdump`.
    ///
    /// # Cost
    /// It blocks the calling thread, that of the watchdog as a rule, for about a second.
    pub fn dump(&self) -> Option<Dump> {
        self.dumper.as_ref().and_then(|dumper| dumper())
    }
}
