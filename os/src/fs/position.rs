//! The position of a file, as far as it is known without asking the system.
//!
//! Idea        The position of a file that is shared with nobody changes through this handle only. So it is tracked
//!             here, and reads at an offset and seeks need not change the position that the system keeps. The
//!             system protects its position by a lock, which is held for as long as a read through the same open
//!             file takes, and a forked process may make such a read without anybody noticing. So no seek of the
//!             system is made where a task runs: it is deferred to the next operation on the pool that uses the
//!             position of the system.
//! States      tracked(at, whether the system is behind) ─shared→ that of the system, for good;
//!             tracked ─an append, a write that failed→ unknown ─a seek, a read by the pool→ tracked
//! Invariants  I1 while the position of the system is behind, `at` is known, and a seek to it is deferred before an
//!                operation begins that uses the position of the system.
//!             I2 before the open file is shared, the position of the system is corrected, or the seek is deferred.
//!             I3 an operation works on a copy, whose result counts when the operation ends. If it never ran,
//!                nothing has moved.
//!             I4 the position of the system is not behind while an operation uses it, because the file may be shared
//!                meanwhile.
//! Rejected    Calls in place that use the position of the system, even of a file that was opened here: whether a
//!             forked process has the file cannot be found out.

use std::fs::File;
use std::io::Seek;

use super::open_file::OpenFile;
use crate::sys::{CachedAccess, PageCache};

/// The position of a file: after what was read ahead, if something was.
#[derive(Debug, Clone, Copy)]
pub(super) struct FilePosition {
    /// Whether the open file is shared with nobody.
    is_exclusive: bool,
    /// Whether each write goes to the end of the file.
    appends: bool,
    /// Whether the position of the system is another (I1).
    is_behind: bool,
    /// The position, if it is known and the file is shared with nobody; else `UNKNOWN`.
    at: u64,
}

/// Not the position of any file: all files end before.
const UNKNOWN: u64 = u64::MAX;

impl Default for FilePosition {
    #[inline]
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
    /// The position of a file that was just opened, and is shared with nobody.
    #[inline]
    pub(super) fn of_new_file(file: &File) -> Self {
        let at = PageCache::start(file);
        Self {
            is_exclusive: true,
            appends: at.is_none(),
            is_behind: false,
            at: at.unwrap_or(UNKNOWN),
        }
    }

    /// The position, if it changes through this handle only.
    #[inline]
    pub(super) fn known(&self) -> Option<u64> {
        (self.at != UNKNOWN).then_some(self.at)
    }

    /// `n` bytes were read in place: the position of the system stays behind.
    #[inline]
    pub(super) fn advance(&mut self, n: usize) {
        debug_assert_ne!(self.at, UNKNOWN);
        self.at += n as u64;
        self.is_behind |= n > 0;
    }

    /// Sets the position without a seek of the system, to an offset that every file allows.
    #[inline]
    pub(super) fn set(&mut self, at: u64) {
        self.is_behind |= self.at != at;
        self.at = at;
    }

    /// The open file is shared from now on, once the deferred seek is made (I2).
    #[inline]
    pub(super) fn share(&mut self, file: &OpenFile) {
        self.defer_seek(file);
        *self = Self::default();
    }

    /// Takes over the copy that an operation worked on (I3).
    #[inline]
    pub(super) fn adopt(&mut self, after: Self) {
        if self.is_exclusive {
            *self = after;
        }
    }

    /// Called before an operation that uses the position of the system, and that makes the seek which is
    /// deferred here (I4).
    #[inline]
    pub(super) fn defer_seek(&mut self, file: &OpenFile) {
        if self.is_behind {
            file.defer_seek_to(self.at);
            self.is_behind = false;
        }
    }

    /// Goes back by what was read ahead: at once if the position is known, else with the next operation that
    /// uses the position of the system.
    #[inline]
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

    /// `n` bytes were read at the position of the system.
    #[inline]
    pub(super) fn record_read(&mut self, file: &File, n: usize) {
        let mut file = file;
        if self.at != UNKNOWN {
            self.at += n as u64;
        } else if self.is_exclusive {
            self.at = file.stream_position().unwrap_or(UNKNOWN);
        }
    }

    /// `n` bytes were written at the position of the system, or the write failed.
    #[inline]
    pub(super) fn record_write(&mut self, n: Option<usize>) {
        self.at = match (self.known(), n) {
            (Some(at), Some(n)) if !self.appends => at + n as u64,
            _ => UNKNOWN,
        };
    }

    /// The system has made a seek to `at`.
    #[inline]
    pub(super) fn record_seek(&mut self, at: u64) {
        self.is_behind = false;
        self.at = if self.is_exclusive { at } else { UNKNOWN };
    }
}
