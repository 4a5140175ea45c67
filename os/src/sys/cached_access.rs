//! What a system may be asked of an open file where a task runs.
//!
//! Idea        A call is made on a worker only if the system cannot wait in it. Which calls those are is said in
//!             one trait; a system without such calls has the answers below, which send all to the pool.
//! Invariants  I1 what is class of an open file is true for as long as it is open.
//!             I2 no call uses the file's position, which has a lock that another handle may hold for long,
//!                and none takes a path, which may lead anywhere.

use std::fs::File;
use std::mem::MaybeUninit;

/// What is known of an open file (I1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum FileClass {
    /// It has not been asked.
    Unknown,
    /// A regular file on a local disk: what is cached can be read without waiting.
    Disk,
    /// A regular file that is memory, which may be swapped out as any other may.
    Memory,
    /// A regular file or a disk of which nothing is at hand for certain: every call may wait, for a server for one.
    MayBlock,
    /// Neither: a pipe, a socket, a terminal. It has no places, and what was read of it is there once.
    Unseekable,
    /// As `MayBlock`, on a file system that is known to ask a server for what it does, also when a file is closed.
    Remote,
}

impl FileClass {
    /// The value that was made into `byte`.
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
    /// It is not at hand now.
    NotCached,
    /// No file of its file system can be read so.
    Unsupported,
}

/// What a system answers of an open file.
pub(crate) trait CachedAccess {
    /// What `file` is. Call it on the pool: the file system may wait.
    fn classify(file: &File) -> FileClass;

    /// Where a file stands that was just opened, if each write goes there; else each goes to the end.
    fn start(file: &File) -> Option<u64>;

    /// Reads what is at hand at `offset` (I2).
    ///
    /// # Errors
    /// Nothing was read: the pool is to be asked, and tells what is wrong. Nothing at all, without an error,
    /// may or may not be the end.
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
    fn classify(file: &File) -> FileClass {
        use std::os::unix::fs::FileTypeExt;

        let file_type = file.metadata().map(|metadata| metadata.file_type());
        match file_type {
            Ok(kind) if !kind.is_file() && !kind.is_block_device() => FileClass::Unseekable,
            _ => FileClass::MayBlock,
        }
    }

    #[cfg(not(unix))]
    fn classify(_file: &File) -> FileClass {
        FileClass::MayBlock
    }

    fn start(_file: &File) -> Option<u64> {
        None
    }

    fn read(
        _file: &File,
        _free: &mut [MaybeUninit<u8>],
        _offset: u64,
        _learned: FileClass,
    ) -> Result<usize, NotRead> {
        Err(NotRead::Unsupported)
    }
}
