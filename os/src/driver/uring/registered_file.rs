//! A file in the file table of a ring (a registered file, or fixed file, of io_uring).

use std::io;
use std::os::fd::RawFd;
use std::sync::{Arc, Weak};

use super::super::error::forked_error;
use super::ring::Ring;

/// A file in the file table of a ring, until this is dropped: by its owner, or with the last operation that
/// names it.
#[derive(Debug)]
pub(crate) struct RegisteredFile {
    /// Weak, since an operation of this ring may own this.
    ring: Weak<Ring>,
    index: u32,
}

impl RegisteredFile {
    /// Puts `fd` into the file table of `ring`.
    ///
    /// # Errors
    /// If the table is full, or the system makes none.
    #[inline]
    pub(crate) fn take(ring: &Arc<Ring>, fd: RawFd) -> io::Result<Self> {
        if !ring.is_same_process() {
            return Err(forked_error());
        }
        let index = ring.with_file_table(|table, kernel| table.insert(kernel, fd))?;
        let ring = Arc::downgrade(ring);
        Ok(Self { ring, index })
    }

    /// The index of the file in the table of `ring`, if it is in that one.
    #[inline]
    pub(crate) fn index_in(&self, ring: &Arc<Ring>) -> Option<u32> {
        let is_its = std::ptr::eq(self.ring.as_ptr(), Arc::as_ptr(ring));
        is_its.then_some(self.index)
    }
}

impl Drop for RegisteredFile {
    #[inline]
    fn drop(&mut self) {
        // In a process that was forked since, the table belongs to the parent.
        if let Some(ring) = self.ring.upgrade().filter(|ring| ring.is_same_process()) {
            ring.with_file_table(|table, kernel| table.remove(kernel, self.index));
        }
    }
}
