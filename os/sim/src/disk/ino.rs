//! The numbers of inodes.

/// The number of an inode. A disk uses each number once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ino(pub u64);
