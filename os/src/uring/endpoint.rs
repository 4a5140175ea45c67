//! A socket as operations name it.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::{Arc, OnceLock};

use io_uring::{squeue, types};

use crate::driver::{Place, Ring};

/// A socket, and its place in the table of a ring if it has one; each operation owns it.
#[derive(Debug)]
pub(super) struct Endpoint {
    /// Given up before the descriptor is closed.
    place: OnceLock<Place>,
    pub(super) fd: OwnedFd,
}

impl Endpoint {
    pub(super) fn new(fd: OwnedFd) -> Self {
        let place = OnceLock::new();
        Self { place, fd }
    }

    /// Puts the socket into the table of `ring`, unless it stands in one.
    pub(super) fn register(&self, ring: &Arc<Ring>) -> io::Result<()> {
        if self.place.get().is_none() {
            let place = Place::take(ring, self.fd.as_raw_fd())?;
            // Should another thread have been faster, this place is free again.
            let _ = self.place.set(place);
        }
        Ok(())
    }

    /// How an operation on `ring` names the socket: with these flags.
    pub(super) fn name(&self, ring: &Arc<Ring>) -> (types::Fd, squeue::Flags) {
        let place = self.place.get().and_then(|place| place.in_table_of(ring));
        match place {
            Some(index) => (types::Fd(index as i32), squeue::Flags::FIXED_FILE),
            None => (types::Fd(self.fd.as_raw_fd()), squeue::Flags::empty()),
        }
    }
}
