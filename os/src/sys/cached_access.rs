//! What a system may be asked about an open file where a task runs.
//!
//! Idea        A call is made on a worker only if the system cannot wait in it. One trait says which calls those
//!             are. A system without such calls has the answers at the end of this file, which send everything to
//!             the pool.
//! Invariants  I1 what is found out about an open file is true for as long as it is open.
//!             I2 no call uses the position of the file, which has a lock that another handle may hold for long,
//!                and none takes a path, which may lead anywhere.

use std::fs::File;
use std::mem::MaybeUninit;

/// What is known of an open file (I1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum FileClass {
    /// The system has not been asked.
    Unknown,
    /// A regular file on a local disk: what is cached can be read without waiting.
    Disk,
    /// A regular file in memory (tmpfs), which may be swapped out like any other memory.
    Memory,
    /// A regular file, or a disk, of which nothing is certain to be cached: every call may wait, for example
    /// for a server.
    MayBlock,
    /// Neither: a pipe, a socket, a terminal. It cannot seek, and what was read cannot be read again.
    Unseekable,
    /// As `MayBlock`, on a file system that is known to ask a server for what it does, also when a file is
    /// closed.
    Remote,
}

impl FileClass {
    /// The value that `byte` was made from.
    pub(crate) const fn from_byte(byte: u8) -> Self {
        const ALL: [FileClass; 6] = [
            FileClass::Unknown,
            FileClass::Disk,
            FileClass::Memory,
            FileClass::MayBlock,
            FileClass::Unseekable,
            FileClass::Remote,
        ];
        ALL[byte as usize]
    }

    /// Whether size and times of the file are in memory.
    pub(crate) const fn is_local(self) -> bool {
        matches!(self, Self::Disk | Self::Memory)
    }
}

/// Why nothing was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotRead {
    /// It is not cached now.
    NotCached,
    /// No file of this file system can be read this way.
    Unsupported,
}

/// Access to what the system has in memory of an open file.
pub(crate) trait CachedAccess {
    /// Finds out what `file` is. Call it on the pool: the file system may wait.
    fn classify(file: &File) -> FileClass;

    /// The position of a file that was just opened, unless each write goes to its end.
    fn start(file: &File) -> Option<u64>;

    /// Reads what is cached at `offset` (I2).
    ///
    /// # Errors
    /// Nothing was read: ask the pool, which reports what is wrong. Zero bytes, without an error, may or may
    /// not be the end.
    fn read(
        file: &File,
        free: &mut [MaybeUninit<u8>],
        offset: u64,
        class: FileClass,
    ) -> Result<usize, NotRead>;
}

/// A system of which nothing is known.
#[cfg(not(target_os = "linux"))]
#[derive(Debug)]
pub(crate) struct PageCache;

#[cfg(not(target_os = "linux"))]
impl CachedAccess for PageCache {
    #[cfg(unix)]
    #[inline]
    fn classify(file: &File) -> FileClass {
        use std::os::unix::fs::FileTypeExt;

        let file_type = file.metadata().map(|metadata| metadata.file_type());
        match file_type {
            Ok(kind) if !kind.is_file() && !kind.is_block_device() => FileClass::Unseekable,
            _ => FileClass::MayBlock,
        }
    }

    #[cfg(not(unix))]
    #[inline]
    fn classify(_file: &File) -> FileClass {
        FileClass::MayBlock
    }

    #[inline]
    fn start(_file: &File) -> Option<u64> {
        None
    }

    #[inline]
    fn read(
        _file: &File,
        _free: &mut [MaybeUninit<u8>],
        _offset: u64,
        _learned: FileClass,
    ) -> Result<usize, NotRead> {
        Err(NotRead::Unsupported)
    }
}
