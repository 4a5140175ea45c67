//! A real file system below the simulated one, of which programs may read, and which never changes.
//!
//! A path that is not on the disk is looked up below, unless it was removed from the disk. What a program writes to a file of the
//! lower layer stays on the disk, page by page, as with an overlay file system.

use std::fmt;

use crate::errno::Errno;

/// What a lower layer says of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LowerMetadata {
    /// Kind and permissions, as in `st_mode`.
    pub mode: u32,
    /// The owner.
    pub uid: u32,
    /// The owner's group.
    pub gid: u32,
    /// Bytes.
    pub size: u64,
    /// When it was read, in nanoseconds.
    pub accessed: u64,
    /// When its content was changed, in nanoseconds.
    pub modified: u64,
    /// When its content or attributes were changed, in nanoseconds.
    pub changed: u64,
}

/// A tree of files below a disk. All paths are absolute; their last name is not followed if it is a symbolic link.
pub trait Lower: fmt::Debug + Send {
    /// What is at `path`, as `lstat` says.
    ///
    /// # Errors
    /// `ENOENT` if nothing is there.
    fn metadata(&self, path: &[u8]) -> Result<LowerMetadata, Errno>;

    /// The target of the symbolic link at `path`.
    ///
    /// # Errors
    /// `EINVAL` if it is none.
    fn read_link(&self, path: &[u8]) -> Result<Vec<u8>, Errno>;

    /// Fills `buffer` from `offset` of the file at `path`; fewer bytes only at its end.
    ///
    /// # Errors
    /// What the system said.
    fn read(&self, path: &[u8], offset: u64, buffer: &mut [u8]) -> Result<usize, Errno>;

    /// The names in the directory at `path`, without `.` and `..`.
    ///
    /// # Errors
    /// `ENOTDIR` if it is none.
    fn read_dir(&self, path: &[u8]) -> Result<Vec<Vec<u8>>, Errno>;
}
