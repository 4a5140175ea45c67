//! What is known of a stack, or why nothing is.

use std::fmt;

/// The calls that a thread was in.
#[derive(Debug, Clone)]
pub(crate) struct RawStack {
    /// Where each call goes on, innermost first.
    pub(crate) addresses: Vec<usize>,
    /// Whether the outermost call was reached.
    pub(crate) is_whole: bool,
}

/// Which signal a thread is sent that is to show its stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum StackSignal {
    /// `SIGURG`.
    #[default]
    Default,
    /// This one.
    Number(i32),
    /// None: no stacks are taken.
    Never,
}

/// Why there is no stack of a thread.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use selkie::runtime::{Builder, dump::NoStack};
///
/// let (report, reports) = std::sync::mpsc::channel::<Option<NoStack>>();
/// let runtime = Builder::new_multi_thread()
///     .worker_threads(1)
///     .watchdog_with(Duration::from_millis(20), move |stalled| {
///         report.send(stalled.stack().err()).ok();
///     })
///     .build()?;
/// let blocked = runtime.spawn(async move { reports.recv() });
/// if let Some(why) = runtime.block_on(blocked).unwrap().unwrap() {
///     // On a system that has no stacks of other threads, the reason is a sentence.
///     assert!(!why.to_string().is_empty());
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoStack {
    /// The builder was asked for none.
    Disabled,
    /// Not on this system, this processor, or without the feature `taskdump`.
    Unsupported,
    /// The thread has not answered the signal in time: it blocks the signal, or another handler was installed for it.
    NoAnswer,
    /// The thread, or the poll, had ended when the stack was to be taken.
    Ended,
    /// The system refused the signal, with this error code.
    Refused(i32),
}

impl fmt::Display for NoStack {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disabled => f.write_str("stacks are disabled"),
            Self::Unsupported => f.write_str("stacks of threads are not supported here"),
            Self::NoAnswer => f.write_str("the thread has not answered the signal"),
            Self::Ended => f.write_str("the poll had ended"),
            Self::Refused(code) => {
                let error = std::io::Error::from_raw_os_error(*code);
                write!(f, "the signal was refused: {error}")
            }
        }
    }
}

impl std::error::Error for NoStack {}
