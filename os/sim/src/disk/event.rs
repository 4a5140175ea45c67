//! What happened to a disk, for a trace that people read.

use std::fmt;

use super::operation::Operation;
use crate::errno::Errno;

/// A fault that was taken, or a crash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiskEvent {
    /// An operation failed.
    Failed {
        /// What was asked.
        operation: Operation,
        /// Of which path.
        path: Vec<u8>,
        /// What the caller got.
        errno: Errno,
        /// Whether a test asked for it.
        by_hand: bool,
    },
    /// A sync failed, and the pages that it did not write are no longer known to be unwritten.
    SyncFailed {
        /// Of which file.
        path: Vec<u8>,
        /// Pages that are on the device all the same.
        written: u64,
        /// Pages that are not, and that no later sync writes.
        lost: u64,
    },
    /// A write found the disk full.
    Full {
        /// Of which file.
        path: Vec<u8>,
        /// Bytes that were to be written.
        asked: u64,
        /// Bytes that fitted.
        written: u64,
    },
    /// An operation stalled.
    Stalled {
        /// What was asked.
        operation: Operation,
        /// Of which path.
        path: Vec<u8>,
        /// How long it takes in all.
        nanoseconds: u64,
    },
    /// A page has, after a crash, some of its old and some of its new sectors.
    Torn {
        /// Of which file; empty if no path leads to it.
        path: Vec<u8>,
        /// The page, counted from 0.
        page: u64,
        /// A bit for each of the eight sectors: set if it is new.
        sectors: u8,
    },
    /// The disk crashed.
    Crashed {
        /// Changes of directories, sizes and attributes that were not synced and are there.
        changes_kept: u64,
        /// Those that are not.
        changes_lost: u64,
        /// Pages that were not synced and are there, the torn ones among them.
        pages_kept: u64,
        /// Those that are not.
        pages_lost: u64,
    },
}

impl fmt::Display for DiskEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed {
                operation,
                path,
                errno,
                by_hand,
            } => {
                let how = if *by_hand { "by hand" } else { "by chance" };
                let path = path.escape_ascii();
                write!(f, "disk: {operation} of {path} fails {how}: {errno}")
            }
            Self::SyncFailed {
                path,
                written,
                lost,
            } => {
                let path = path.escape_ascii();
                write!(
                    f,
                    "disk: sync of {path} wrote {written} pages and forgot {lost}"
                )
            }
            Self::Full {
                path,
                asked,
                written,
            } => {
                let path = path.escape_ascii();
                write!(
                    f,
                    "disk: full: {written} of {asked} bytes of {path} written"
                )
            }
            Self::Stalled {
                operation,
                path,
                nanoseconds,
            } => {
                let (path, ms) = (path.escape_ascii(), nanoseconds / 1_000_000);
                write!(f, "disk: {operation} of {path} stalls for {ms} ms")
            }
            Self::Torn {
                path,
                page,
                sectors,
            } => {
                let path = path.escape_ascii();
                write!(
                    f,
                    "disk: page {page} of {path} is torn: new sectors {sectors:08b}"
                )
            }
            Self::Crashed {
                changes_kept,
                changes_lost,
                pages_kept,
                pages_lost,
            } => write!(
                f,
                "disk: crash: of what was not synced, {changes_kept} changes and {pages_kept} pages are kept, {changes_lost} changes \
                 and {pages_lost} pages lost"
            ),
        }
    }
}
