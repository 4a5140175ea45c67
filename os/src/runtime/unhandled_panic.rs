//! What the panic of a task does to its runtime.

/// What happens when a task panics.
///
/// # Examples
/// ```
/// use selkie::runtime::{Builder, UnhandledPanic};
///
/// // The default: a panic is its task's own affair.
/// let runtime = Builder::new_current_thread().unhandled_panic(UnhandledPanic::Ignore).build()?;
/// let failed = runtime.spawn(async { panic!("contained") });
/// let other = runtime.spawn(async { "goes on" });
/// assert_eq!(runtime.block_on(other).unwrap(), "goes on");
/// assert!(runtime.block_on(failed).is_err());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum UnhandledPanic {
    /// The task ends, its join handle says so, and the other tasks go on. The default.
    Ignore,
    /// The runtime, or local set, drops all its tasks, and whoever is in `block_on`, or polls the
    /// set, panics. For current-thread runtimes and local sets.
    ShutdownRuntime,
}
