//! The stack of a thread that is in a poll which does not end.

use std::fmt;
use std::sync::Arc;

use super::backtrace::{Backtrace, BacktraceFrame};
use super::tree;
use crate::sys::RawStack;

/// The calls that a thread was in, as [`StalledPoll::stack`](crate::runtime::StalledPoll::stack) and
/// [`Task::stack`](super::Task::stack) give them.
///
/// Its `Display` is a line for each call, outermost first, from the poll on.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use selkie::runtime::{Builder, dump::ThreadStack};
///
/// /// The innermost call whose function has a name.
/// fn innermost(stack: &ThreadStack) -> Option<String> {
///     let backtrace = stack.resolve_backtrace();
///     let symbols = backtrace.frames().flat_map(|frame| frame.symbols());
///     symbols.filter_map(|symbol| symbol.name_demangled()).next().map(str::to_owned)
/// }
///
/// let (report, reports) = std::sync::mpsc::channel();
/// let runtime = Builder::new_multi_thread()
///     .worker_threads(1)
///     .watchdog_with(Duration::from_millis(20), move |stalled| {
///         report.send(stalled.stack().map(|stack| innermost(&stack))).ok();
///     })
///     .build()?;
/// // Blocks its worker until the watchdog has noticed.
/// let blocked = runtime.spawn(async move { reports.recv() });
/// match runtime.block_on(blocked).unwrap().unwrap() {
///     Ok(innermost) => assert!(innermost.is_some()),
///     Err(why) => println!("no stacks on this system: {why}"),
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct ThreadStack(pub(super) Arc<RawStack>);

impl ThreadStack {
    /// The calls, innermost first, with names, files and lines.
    ///
    /// # Cost
    /// Milliseconds: the process's debug information is read.
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
    ///         report.send(stalled.stack().map(|stack| stack.resolve_backtrace())).ok();
    ///     })
    ///     .build()?;
    /// let blocked = runtime.spawn(async move { reports.recv() });
    /// if let Ok(backtrace) = runtime.block_on(blocked).unwrap().unwrap() {
    ///     assert!(backtrace.frames().count() > 0);
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn resolve_backtrace(&self) -> Backtrace {
        let frames = self.0.addresses.iter();
        Backtrace::new(frames.map(|address| BacktraceFrame::resolve(*address, 0)))
    }

    /// Whether the stack is there from its outermost call. It ends before if a function has no information for unwinding, or
    /// if the stack is larger than 512 KiB.
    pub fn is_whole(&self) -> bool {
        self.0.is_whole
    }
}

impl fmt::Display for ThreadStack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        tree::write(&[self.resolve_backtrace()], f)
    }
}
