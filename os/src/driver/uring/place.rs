//! The place of a file in a ring's table.

use std::io;
use std::os::fd::RawFd;
use std::sync::{Arc, Weak};

use super::super::error::forked_error;
use super::ring::Ring;

/// The place of a file in the table of a ring, until it is dropped: by who owns it, or with the last
/// operation that names it.
#[derive(Debug)]
pub(crate) struct Place {
    /// What an operation of this ring owns may own the place.
    ring: Weak<Ring>,
    index: u32,
}

impl Place {
    /// Puts `fd` into the table of `ring`.
    ///
    /// # Errors
    /// If the table is full, or the system makes none.
    pub(crate) fn take(ring: &Arc<Ring>, fd: RawFd) -> io::Result<Self> {
        if !ring.is_same_process() {
            return Err(forked_error());
        }
        let index = ring.with_table(|table, kernel| table.put(kernel, fd))?;
        let ring = Arc::downgrade(ring);
        Ok(Self { ring, index })
    }

    /// Where in the table of `ring` the file stands, if it does.
    pub(crate) fn in_table_of(&self, ring: &Arc<Ring>) -> Option<u32> {
        let is_its = std::ptr::eq(self.ring.as_ptr(), Arc::as_ptr(ring));
        is_its.then_some(self.index)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // The table is the parent's in a process that was forked since.
        if let Some(ring) = self.ring.upgrade().filter(|ring| ring.is_same_process()) {
            ring.with_table(|table, kernel| table.clear(kernel, self.index));
        }
    }
}
