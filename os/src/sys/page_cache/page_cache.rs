//! The page cache of Linux.

use std::fs::File;
use std::mem::MaybeUninit;

use super::{file_system, reads};
use crate::sys::cached_access::{CachedAccess, FileClass, NotRead};

/// The page cache of Linux.
#[derive(Debug)]
pub(crate) struct PageCache;

impl CachedAccess for PageCache {
    #[inline]
    fn classify(file: &File) -> FileClass {
        file_system::classify(file)
    }

    #[inline]
    fn start(file: &File) -> Option<u64> {
        (!file_system::appends(file)).then_some(0)
    }

    #[inline]
    fn read(
        file: &File,
        free: &mut [MaybeUninit<u8>],
        offset: u64,
        class: FileClass,
    ) -> Result<usize, NotRead> {
        reads::read(file, free, offset, class)
    }
}
