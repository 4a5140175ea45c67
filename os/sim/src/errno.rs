//! The error numbers of the system's calls, as what simulated calls return.

use std::fmt;
use std::io;

/// An error number of the system (`ENOENT`, `EIO`, …), as `errno` has it after a failed call.
///
/// # Examples
/// ```
/// use selkie_sim::errno::Errno;
///
/// assert_eq!(Errno(libc::ENOENT).to_string(), "No such file or directory (os error 2)");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Errno(pub i32);

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        io::Error::from_raw_os_error(self.0).fmt(f)
    }
}

impl fmt::Debug for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Errno({}: {self})", self.0)
    }
}

impl std::error::Error for Errno {}

impl From<Errno> for io::Error {
    fn from(errno: Errno) -> Self {
        Self::from_raw_os_error(errno.0)
    }
}
