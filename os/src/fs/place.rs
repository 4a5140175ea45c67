//! Where a file stands.
//!
//! Idea        A file that nobody else has ever seen moves by this handle alone. So its place is known here, and what is
//!             read at a place need not move the system's own position, whose lock a call could wait for; the system's
//!             is brought along by the next operation on the pool that goes by it.
//! States      tracked(at, the system's lags or not) ─shown→ the system's own, for good;
//!             tracked ─a write to the end, a write that failed→ unknown ─a seek, a read by the pool→ tracked
//! Invariants  I1 while the system's position lags, `at` is known, and no operation goes by the system's.
//!             I2 whoever else may have the open file has had its position brought along before.
//!             I3 an operation works on a copy; what it makes of it counts when it ends. If it never ran, nothing
//!                has moved.
//!             I4 while an operation goes by the system's position it does not lag: the file may be shown meanwhile.
//! Rejected    Calls in place that go by the system's position: its lock is held by a clone's read for as long as that
//!             takes.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};

use super::open_file::OpenFile;
use crate::sys::{AtHand, System};

/// Where a file stands: at the end of what was read ahead, if something was.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Whether nobody else has the open file.
    is_ours: bool,
    /// Whether each write goes to the end.
    appends: bool,
    /// The system's position is another (I1).
    lags: bool,
    /// Where the file stands, if that is known and the file is ours; else `UNKNOWN`.
    at: u64,
}

/// No place in a file: they end before.
const UNKNOWN: u64 = u64::MAX;

impl Default for Place {
    fn default() -> Self {
        Self {
            is_ours: false,
            appends: false,
            lags: false,
            at: UNKNOWN,
        }
    }
}

impl Place {
    /// Of a file that was just opened, and that nobody else has.
    pub(super) fn of_new(file: &File) -> Self {
        let at = System::start(file);
        Self {
            is_ours: true,
            appends: at.is_none(),
            lags: false,
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
    pub(super) fn pass(&mut self, n: usize) {
        debug_assert_ne!(self.at, UNKNOWN);
        self.at += n as u64;
        self.lags |= n > 0;
    }

    /// Somebody else sees the open file from now on. The system's position is brought along, which waits for nobody:
    /// nobody else has it so far.
    pub(super) fn show(&mut self, file: &OpenFile) -> io::Result<()> {
        let brought = self.bring(file);
        *self = Self::default();
        brought
    }

    /// As [`show`](Self::show), while an operation is under way, or done and not looked at (I4).
    pub(super) fn show_busy(&mut self) {
        *self = Self::default();
    }

    /// What became of the copy that an operation had (I3).
    pub(super) fn adopt(&mut self, after: Self) {
        if self.is_ours {
            *self = after;
        }
    }

    /// An operation by the system's position is about to begin: it is brought along (I4). Nobody else has the file, so
    /// that this waits for nobody; what fails is told by the operation, which tries again.
    pub(super) fn prepare(&mut self, file: &OpenFile) {
        if self.lags {
            let _brought = self.bring(file);
        }
    }

    /// Brings the system's position along.
    pub(super) fn bring(&mut self, file: &OpenFile) -> io::Result<()> {
        if let (true, Some(at)) = (self.lags, self.known()) {
            let mut file: &File = file;
            file.seek(SeekFrom::Start(at))?;
        }
        self.lags = false;
        file.go_back()
    }

    /// Goes back by what was read ahead: at once, if the place is known here, else with the next operation by the
    /// system's position.
    pub(super) fn retreat(&mut self, file: &OpenFile, unread: usize) {
        if unread == 0 {
            return;
        }
        match self.known() {
            Some(at) => {
                self.at = at.saturating_sub(unread as u64);
                self.lags = true;
            }
            None => file.owe(unread),
        }
    }

    /// `n` bytes were read by the system's position.
    pub(super) fn has_read(&mut self, file: &File, n: usize) {
        let mut file = file;
        if self.at != UNKNOWN {
            self.at += n as u64;
        } else if self.is_ours {
            self.at = file.stream_position().unwrap_or(UNKNOWN);
        }
    }

    /// `n` bytes were written by the system's position, or fewer, if it failed.
    pub(super) fn has_written(&mut self, n: Option<usize>) {
        self.at = match (self.known(), n) {
            (Some(at), Some(n)) if !self.appends => at + n as u64,
            _ => UNKNOWN,
        };
    }

    /// The file was sought.
    pub(super) fn stands(&mut self, at: u64) {
        self.lags = false;
        self.at = if self.is_ours { at } else { UNKNOWN };
    }
}
