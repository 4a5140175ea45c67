//! The file table of a ring (registered files): operations name a file in it by its index, without a look-up in
//! the descriptors of the process.
//!
//! Idea        The table is made when the first file is registered, and holds a reference of its own: the
//!             descriptor stays open beside it.
//! States      a slot: free ─insert→ taken ─remove→ free, or ─the system refuses for now→ stale ─a later call→ free
//! Invariants  I1 a slot belongs to one file at a time, until after the last operation that names it.
//!             I2 a stale slot holds a file that nobody names any more, and so keeps it open: each later call first
//!                removes those.
//! Rejected    Connections that are accepted into the table and have no descriptor: the system closes one that is
//!             too many for the table, and a program could not do with it what it does by descriptor.

use std::io;
use std::os::fd::RawFd;

use super::kernel::Kernel;

/// Slots in a table, unless the process may have fewer descriptors: the system accepts no more.
const MAX_SLOTS: u32 = 16_384;
/// The smallest table that is worth it.
const MIN_SLOTS: u32 = 64;

/// Which slots are taken.
#[derive(Debug, Default)]
pub(super) struct FileTable {
    /// 0 until the table is made.
    slots: u32,
    /// The slots from here on were never taken.
    fresh: u32,
    free: Vec<u32>,
    /// I2.
    stale: Vec<u32>,
}

/// Makes the table as large as possible; returns how many slots it has.
#[inline]
fn make(kernel: &impl Kernel) -> io::Result<u32> {
    let mut slots = MAX_SLOTS;
    loop {
        match kernel.register_file_table(slots) {
            Ok(()) => return Ok(slots),
            Err(error) if error.raw_os_error() != Some(libc::EMFILE) => return Err(error),
            Err(error) if slots == MIN_SLOTS => return Err(error),
            Err(_) => slots /= 2,
        }
    }
}

impl FileTable {
    /// Puts `fd` into the table of the ring that `kernel` belongs to.
    #[inline]
    pub(super) fn insert(&mut self, kernel: &impl Kernel, fd: RawFd) -> io::Result<u32> {
        if self.slots == 0 {
            self.slots = make(kernel)?;
        }
        self.remove_stale(kernel);
        let fresh = (self.fresh < self.slots).then_some(self.fresh);
        let Some(index) = self.free.pop().or(fresh) else {
            let slots = self.slots;
            return Err(io::Error::other(format!(
                "io_uring: {slots} of {slots} places for files in use"
            )));
        };
        match kernel.update_file(index, fd) {
            Ok(()) => {
                self.fresh = self.fresh.max(index + 1);
                Ok(index)
            }
            Err(error) => {
                if index < self.fresh {
                    self.free.push(index);
                }
                Err(error)
            }
        }
    }

    /// Removes the file at `index`.
    #[inline]
    pub(super) fn remove(&mut self, kernel: &impl Kernel, index: u32) {
        self.stale.push(index);
        self.remove_stale(kernel);
    }

    /// Removes the files of stale slots, until the system refuses.
    #[inline]
    fn remove_stale(&mut self, kernel: &impl Kernel) {
        while let Some(&index) = self.stale.last() {
            if kernel.update_file(index, -1).is_err() {
                return;
            }
            self.stale.pop();
            self.free.push(index);
        }
    }
}
