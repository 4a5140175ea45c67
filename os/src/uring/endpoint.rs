//! A socket, and how operations name it.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::{Arc, OnceLock};

use io_uring::{squeue, types};

use crate::driver::{RegisteredFile, Ring};

/// A socket, and its entry in the file table of a ring if it has one; each operation owns it.
#[derive(Debug)]
pub(super) struct Endpoint {
    /// Dropped before the descriptor is closed.
    registered_file: OnceLock<RegisteredFile>,
    pub(super) fd: OwnedFd,
}

impl Endpoint {
    #[inline]
    pub(super) fn new(fd: OwnedFd) -> Self {
        let registered_file = OnceLock::new();
        Self {
            registered_file,
            fd,
        }
    }

    /// Puts the socket into the file table of `ring`, unless it is in one.
    #[inline]
    pub(super) fn register(&self, ring: &Arc<Ring>) -> io::Result<()> {
        if self.registered_file.get().is_none() {
            let registered_file = RegisteredFile::take(ring, self.fd.as_raw_fd())?;
            // If another thread was faster, this entry is dropped again.
            let _ = self.registered_file.set(registered_file);
        }
        Ok(())
    }

    /// How an operation on `ring` names the socket: by its index in the file table, or by its descriptor; with
    /// the flags for that.
    #[inline]
    pub(super) fn fd_and_flags(&self, ring: &Arc<Ring>) -> (types::Fd, squeue::Flags) {
        let registered_file = self
            .registered_file
            .get()
            .and_then(|registered_file| registered_file.index_in(ring));
        match registered_file {
            Some(index) => (types::Fd(index as i32), squeue::Flags::FIXED_FILE),
            None => (types::Fd(self.fd.as_raw_fd()), squeue::Flags::empty()),
        }
    }
}
