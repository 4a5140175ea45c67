//! How the server reads and writes.

/// How the server reads and writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ServerMode {
    /// Every read and write is asked of it.
    Direct,
    /// The system reads ahead and remembers.
    Cached,
    /// As `Direct`, and each time half of what was asked.
    Short,
}
