//! Linux.

use std::fs::File;
use std::mem::MaybeUninit;

use super::{file_system, reads};
use crate::sys::at_hand::{AtHand, Learned, Refused};

/// Linux, with its page cache.
#[derive(Debug)]
pub(crate) struct System;

impl AtHand for System {
    fn learn(file: &File) -> Learned {
        file_system::learn(file)
    }

    fn start(file: &File) -> Option<u64> {
        (!file_system::appends(file)).then_some(0)
    }

    #[inline]
    fn read(
        file: &File,
        free: &mut [MaybeUninit<u8>],
        offset: u64,
        learned: Learned,
    ) -> Result<usize, Refused> {
        reads::read(file, free, offset, learned)
    }
}
