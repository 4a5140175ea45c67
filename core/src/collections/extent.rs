//! Memory for some blocks of slots, taken at once.
//!
//! Idea        Under glibc an aligned allocation of a single block wastes a quarter of its memory. One
//!             allocation of many blocks wastes almost nothing, and its pages take no memory until they
//!             are touched.
//! Invariants  I1 the `blocks` blocks from `next` on are allocated, aligned to their size, and belong to nobody.
#![allow(unsafe_code)]

use alloc::alloc::{Layout, alloc, handle_alloc_error};
use core::ptr::{NonNull, null_mut};

use crate::platform::{SLOT_CHUNK_BYTES, SLOT_EXTENT_BLOCKS};

const LAYOUT: Layout =
    match Layout::from_size_align(SLOT_CHUNK_BYTES * SLOT_EXTENT_BLOCKS, SLOT_CHUNK_BYTES) {
        Ok(layout) => layout,
        Err(_) => panic!("a block's size is a power of two"),
    };

/// What is left of the extent taken last; never given back.
pub(super) struct Extent {
    next: *mut u8,
    blocks: usize,
}

impl Extent {
    /// Nothing, for a start.
    pub(super) const fn new() -> Self {
        Self {
            next: null_mut(),
            blocks: 0,
        }
    }

    /// Memory for one block, aligned to its size.
    pub(super) fn take(&mut self) -> NonNull<u8> {
        if self.blocks == 0 {
            // SAFETY: the layout's size is not zero.
            self.next = unsafe { alloc(LAYOUT) };
            self.blocks = SLOT_EXTENT_BLOCKS;
        }
        let Some(block) = NonNull::new(self.next) else {
            self.blocks = 0;
            handle_alloc_error(LAYOUT);
        };
        self.blocks -= 1;
        // SAFETY: within the extent, or one past its end (I1).
        self.next = unsafe { self.next.add(SLOT_CHUNK_BYTES) };
        block
    }
}
