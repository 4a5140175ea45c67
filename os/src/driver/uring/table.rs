//! The ring's table of files: what stands in it, operations name by its place, without a look at the
//! process's descriptors.
//!
//! Idea        The table is made when the first file comes, and holds a reference of its own: the
//!             descriptor stays open beside it.
//! States      a place: free ─put→ taken ─clear→ free, or ─refused for now→ stale ─a later call→ free
//! Invariants  I1 a place belongs to one file at a time, until after the last operation that names it.
//!             I2 a stale place holds a file that nobody names any more, so that it is open: each later call
//!                begins with those.
//! Rejected    Connections that are accepted into the table and have no descriptor: one too many for the
//!             table is closed by the system, and what a program does by descriptor it could not do.

use std::io;
use std::os::fd::RawFd;

use super::kernel::Kernel;

/// Places in a table, unless the process may have fewer descriptors: the system wants no more.
const MAX_PLACES: u32 = 16_384;
/// Places in a table that is worth it.
const MIN_PLACES: u32 = 64;

/// Which places are taken.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// None until the table is made.
    places: u32,
    /// Those from here on were never taken.
    fresh: u32,
    free: Vec<u32>,
    /// I2.
    stale: Vec<u32>,
}

/// Makes the table, as large as may be; how many places it has.
fn make(kernel: &impl Kernel) -> io::Result<u32> {
    let mut places = MAX_PLACES;
    loop {
        match kernel.make_table(places) {
            Ok(()) => return Ok(places),
            Err(error) if error.raw_os_error() != Some(libc::EMFILE) => return Err(error),
            Err(error) if places == MIN_PLACES => return Err(error),
            Err(_) => places /= 2,
        }
    }
}

impl Table {
    /// Puts `fd` into the table of the ring that `kernel` is of.
    pub(super) fn put(&mut self, kernel: &impl Kernel, fd: RawFd) -> io::Result<u32> {
        if self.places == 0 {
            self.places = make(kernel)?;
        }
        self.clear_stale(kernel);
        let fresh = (self.fresh < self.places).then_some(self.fresh);
        let Some(place) = self.free.pop().or(fresh) else {
            let places = self.places;
            return Err(io::Error::other(format!(
                "io_uring: {places} of {places} places for files in use"
            )));
        };
        match kernel.set_place(place, fd) {
            Ok(()) => {
                self.fresh = self.fresh.max(place + 1);
                Ok(place)
            }
            Err(error) => {
                if place < self.fresh {
                    self.free.push(place);
                }
                Err(error)
            }
        }
    }

    /// Empties `place`.
    pub(super) fn clear(&mut self, kernel: &impl Kernel, place: u32) {
        self.stale.push(place);
        self.clear_stale(kernel);
    }

    /// Empties what the system keeps, until it refuses.
    fn clear_stale(&mut self, kernel: &impl Kernel) {
        while let Some(&place) = self.stale.last() {
            if kernel.set_place(place, -1).is_err() {
                return;
            }
            self.stale.pop();
            self.free.push(place);
        }
    }
}
