//! Where a file stands.
//!
//! Idea        A file that nobody else has been shown moves by this handle alone. So its place is known here: reads at a
//!             place and seeks need not move the system's own position. The lock of that position is held by whoever reads
//!             by the same open file, for as long as that takes, and a forked process may do so without anybody being
//!             told. So no seek of the system's is made where a task runs: it is deferred to the next operation on the
//!             pool that goes by the system's position.
//! States      tracked(at, the system's is_behind or not) ─shown→ the system's own, for good;
//!             tracked ─a write to the end, a write that failed→ unknown ─a seek, a read by the pool→ tracked
//! Invariants  I1 while the system's position is_behind, `at` is known, and a seek there is deferred before an operation begins
//!                that goes by the system's.
//!             I2 before somebody else is shown the open file, its position is brought along, or the seek is deferred.
//!             I3 an operation works on a copy; what it makes of it counts when it ends. If it never ran, nothing
//!                has moved.
//!             I4 while an operation goes by the system's position it does not lag: the file may be shown meanwhile.
//! Rejected    Calls in place that go by the system's position, also of a file that was opened here: whether a forked
//!             process has it cannot be asked.

use std::fs::File;
use std::io::Seek;

use super::open_file::OpenFile;
use crate::sys::{CachedAccess, PageCache};

/// Where a file stands: at the end of what was read ahead, if something was.
#[derive(Debug, Clone, Copy)]
pub(super) struct FilePosition {
    /// Whether nobody else has the open file.
    is_exclusive: bool,
    /// Whether each write goes to the end.
    appends: bool,
    /// The system's position is another (I1).
    is_behind: bool,
    /// Where the file stands, if that is known and the file is ours; else `UNKNOWN`.
    at: u64,
}

/// No place in a file: they end before.
const UNKNOWN: u64 = u64::MAX;

impl Default for FilePosition {
    fn default() -> Self {
        Self {
            is_exclusive: false,
            appends: false,
            is_behind: false,
            at: UNKNOWN,
        }
    }
}

impl FilePosition {
    /// Of a file that was just opened, and that nobody else has.
    pub(super) fn of_new_file(file: &File) -> Self {
        let at = PageCache::start(file);
        Self {
            is_exclusive: true,
            appends: at.is_none(),
            is_behind: false,
            at: at.unwrap_or(UNKNOWN),
        }
    }

    /// Where the file stands, if it moves by this handle alone.
    #[inline]
    pub(super) fn known(&self) -> Option<u64> {
        (self.at != UNKNOWN).then_some(self.at)
    }

    /// `n` bytes were read in place: the system's position stays behind.
    #[inline]
    pub(super) fn advance(&mut self, n: usize) {
        debug_assert_ne!(self.at, UNKNOWN);
        self.at += n as u64;
        self.is_behind |= n > 0;
    }

    /// The file was sought without asking the system, to a place where every file can stand.
    pub(super) fn set(&mut self, at: u64) {
        self.is_behind |= self.at != at;
        self.at = at;
    }

    /// Somebody else sees the open file from now on, once the deferred seek is made (I2).
    pub(super) fn share(&mut self, file: &OpenFile) {
        self.defer_seek(file);
        *self = Self::default();
    }

    /// What became of the copy that an operation had (I3).
    pub(super) fn adopt(&mut self, after: Self) {
        if self.is_exclusive {
            *self = after;
        }
    }

    /// An operation by the system's position is about to begin, and makes the seek that is deferred here (I4).
    pub(super) fn defer_seek(&mut self, file: &OpenFile) {
        if self.is_behind {
            file.defer_seek_to(self.at);
            self.is_behind = false;
        }
    }

    /// Goes back by what was read ahead: at once, if the place is known here, else with the next operation by the
    /// system's position.
    pub(super) fn go_back(&mut self, file: &OpenFile, unread: usize) {
        if unread == 0 {
            return;
        }
        match self.known() {
            Some(at) => {
                self.at = at.saturating_sub(unread as u64);
                self.is_behind = true;
            }
            None => file.defer_seek_back(unread),
        }
    }

    /// `n` bytes were read by the system's position.
    pub(super) fn record_read(&mut self, file: &File, n: usize) {
        let mut file = file;
        if self.at != UNKNOWN {
            self.at += n as u64;
        } else if self.is_exclusive {
            self.at = file.stream_position().unwrap_or(UNKNOWN);
        }
    }

    /// `n` bytes were written by the system's position, or fewer, if it failed.
    pub(super) fn record_write(&mut self, n: Option<usize>) {
        self.at = match (self.known(), n) {
            (Some(at), Some(n)) if !self.appends => at + n as u64,
            _ => UNKNOWN,
        };
    }

    /// The file was sought.
    pub(super) fn record_seek(&mut self, at: u64) {
        self.is_behind = false;
        self.at = if self.is_exclusive { at } else { UNKNOWN };
    }
}
