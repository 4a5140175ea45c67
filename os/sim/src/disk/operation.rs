//! What a disk is asked to do, for faults, times and events.

use std::fmt;

/// What a disk is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Opening a file.
    Open,
    /// Reading of a file.
    Read,
    /// Writing to a file, cutting it, or giving it space.
    Write,
    /// `fsync`, `fdatasync`, and `sync` of a directory.
    Sync,
    /// Changing a directory or attributes: `rename`, `unlink`, `mkdir`, `chmod`.
    Change,
    /// Listing a directory.
    List,
    /// `stat`. It fails by hand only.
    Stat,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "open",
            Self::Read => "read",
            Self::Write => "write",
            Self::Sync => "sync",
            Self::Change => "change",
            Self::List => "list",
            Self::Stat => "stat",
        })
    }
}
