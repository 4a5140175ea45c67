//! The kinds of tasks that subscribers see.

/// The kind of a task.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(not(feature = "tracing"), allow(dead_code))]
pub(crate) enum Kind {
    /// Spawned onto a runtime.
    Task,
    /// Spawned onto one thread.
    Local,
    /// The future that a thread waits for.
    BlockOn,
}

#[cfg(feature = "tracing")]
impl Kind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Local => "local",
            Self::BlockOn => "block_on",
        }
    }

    /// Whether it is a part of what its caller does.
    pub(super) const fn is_of_caller(self) -> bool {
        matches!(self, Self::BlockOn)
    }
}
