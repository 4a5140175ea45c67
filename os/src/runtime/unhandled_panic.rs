//! What the panic of a task does to its runtime.

/// What happens when a task panics.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum UnhandledPanic {
    /// The task ends, its join handle says so, and the other tasks go on. The default.
    Ignore,
    /// The runtime, or local set, drops all its tasks, and whoever is in `block_on`, or polls the
    /// set, panics. For current-thread runtimes and local sets.
    ShutdownRuntime,
}
