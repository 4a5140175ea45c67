//! The blocks of a channel: a chain from the oldest to the newest, or one that is used as a ring.
//!
//! Idea        A channel whose capacity fits into one block uses it as a ring: the permits ensure that no
//!             slot is used again before its value was received. Every other channel has a chain of
//!             blocks. There a sender first claims a position, and then looks for the block of that
//!             position, starting at a hint. The hint is moved, and blocks are added and freed, under a
//!             lock, which each side takes once per block.
//! Invariants  I1 the hint leaves a block only when all its slots are published. So a sender with
//!             an unpublished position finds its block at the hint or behind it.
//!             I2 a block is freed when the receiver is through with it, the hint has left it, and
//!             the value of every position that was claimed before the hint left it is received. A sender
//!             that claimed a position later sees the hint where it is now, since claims are
//!             read-modify-writes of the word that is read as the hint leaves.
//!             I3 the first block is made when somebody needs it.
//!             I4 the block of a ring has number 0, to which all positions belong, and is the only one: the
//!             hint never leaves it.
//! Rejected    Freeing a block when its last slot is read: a sender of a later position may still be
//!             looking at the block's header. Reference counts per block: one more read-modify-write per
//!             message.
#![allow(unsafe_code)]

use alloc::boxed::Box;
use core::ptr::{self, NonNull};

use super::super::permits::Permits;
use super::block::Block;
use crate::platform::{AtomicPtr, Lock, Ordering};

/// The chain of blocks.
pub(super) struct Blocks<T> {
    /// Slots of each block.
    slots: usize,
    /// What a place's block number is masked with: zero for a ring (I4).
    numbers: u64,
    hint: AtomicPtr<Block<T>>,
    /// The oldest block that is not freed; null before the first.
    oldest: Lock<*mut Block<T>>,
}

impl<T> Blocks<T> {
    /// Blocks for a channel that never has more than `limit` values, if that is known.
    pub(super) fn new(limit: Option<usize>) -> Self {
        let chained = Block::<T>::SLOTS as usize;
        let ring = limit.filter(|&limit| limit <= chained);
        Self {
            slots: ring.map_or(chained, usize::next_power_of_two),
            numbers: if ring.is_some() { 0 } else { u64::MAX },
            hint: AtomicPtr::new(ptr::null_mut()),
            oldest: Lock::new(ptr::null_mut()),
        }
    }

    /// Whether the one block is used again and again, so that its slots are to be reset.
    #[inline]
    pub(super) const fn is_ring<const COUNT_BITS: u32>(&self) -> bool {
        // Without permits to bound it a channel has a chain.
        COUNT_BITS > 0 && self.numbers == 0
    }

    #[inline]
    const fn number_of<const COUNT_BITS: u32>(&self, place: u64) -> u64 {
        let number = (place & Permits::<COUNT_BITS>::LAST_POSITION) / Block::<T>::SLOTS;
        if COUNT_BITS > 0 {
            number & self.numbers
        } else {
            number
        }
    }

    const fn next_number<const COUNT_BITS: u32>(&self, number: u64) -> u64 {
        self.number_of::<COUNT_BITS>(number.wrapping_add(1).wrapping_mul(Block::<T>::SLOTS))
    }

    /// Whether `place` lies in `block`.
    #[inline]
    pub(super) const fn is_in<const COUNT_BITS: u32>(&self, block: &Block<T>, place: u64) -> bool {
        block.number == self.number_of::<COUNT_BITS>(place)
    }

    /// The block of a place that the caller claimed and has not published.
    #[inline]
    pub(super) fn find<const COUNT_BITS: u32>(
        &self,
        permits: &Permits<COUNT_BITS>,
        place: u64,
    ) -> NonNull<Block<T>> {
        // Acquire: pairs with the Release in `grow` and `move_hint`.
        if let Some(block) = NonNull::new(self.hint.load(Ordering::Acquire)) {
            // SAFETY: not freed, since the caller's place is not received yet (I2).
            if self.is_in::<COUNT_BITS>(unsafe { block.as_ref() }, place) {
                return block;
            }
        }
        self.grow(permits, None, place)
    }

    /// The block of the place that the receiver is to receive next; it reads `reading` now. The
    /// hint may be past it already.
    pub(super) fn find_next<const COUNT_BITS: u32>(
        &self,
        permits: &Permits<COUNT_BITS>,
        reading: Option<NonNull<Block<T>>>,
        place: u64,
    ) -> NonNull<Block<T>> {
        self.grow(permits, Some(reading), place)
    }

    /// Walks to the block of `place`, adding blocks, and moves the hint. A sender starts at the
    /// hint (`None`), the receiver at what it reads, if anything, or else at the first block.
    #[cold]
    fn grow<const COUNT_BITS: u32>(
        &self,
        permits: &Permits<COUNT_BITS>,
        receiver: Option<Option<NonNull<Block<T>>>>,
        place: u64,
    ) -> NonNull<Block<T>> {
        let wanted = self.number_of::<COUNT_BITS>(place);
        let mut oldest = self.oldest.lock();
        if oldest.is_null() {
            let first = Box::into_raw(Block::new(0, self.slots));
            *oldest = first;
            // Release: pairs with the Acquire in `find`.
            self.hint.store(first, Ordering::Release);
        }
        let mut block = match receiver {
            // Relaxed: moved under the lock only.
            None => self.hint.load(Ordering::Relaxed),
            Some(Some(reading)) => reading.as_ptr(),
            Some(None) => *oldest,
        };
        loop {
            // SAFETY: the hint's block, the receiver's, and those behind them are not freed while
            // we hold the lock.
            let current = unsafe { &*block };
            if current.number == wanted {
                break;
            }
            let ahead = wanted
                .wrapping_sub(current.number)
                .wrapping_mul(Block::<T>::SLOTS)
                & Permits::<COUNT_BITS>::LAST_POSITION;
            assert!(
                ahead <= Permits::<COUNT_BITS>::LAST_POSITION / 2,
                "walked past a block (I1)"
            );
            // Relaxed: links are written under the lock only.
            let next = current.next.load(Ordering::Relaxed);
            block = if next.is_null() {
                let next = Box::into_raw(Block::new(
                    self.next_number::<COUNT_BITS>(current.number),
                    self.slots,
                ));
                // Release: pairs with the Acquire in `after`.
                current.next.store(next, Ordering::Release);
                next
            } else {
                next
            };
        }
        self.move_hint(permits, block);
        // SAFETY: walked from a live block along links.
        unsafe { NonNull::new_unchecked(block) }
    }

    /// Moves the hint towards `until`, past complete blocks. The caller holds the lock.
    fn move_hint<const COUNT_BITS: u32>(
        &self,
        permits: &Permits<COUNT_BITS>,
        until: *mut Block<T>,
    ) {
        // Relaxed: moved under the lock only.
        let mut hint = self.hint.load(Ordering::Relaxed);
        while hint != until {
            // SAFETY: blocks from the hint on are alive under the lock.
            let block = unsafe { &*hint };
            // Relaxed: links are written under the lock only.
            let next = block.next.load(Ordering::Relaxed);
            if next.is_null() || !block.is_complete() {
                return;
            }
            // Release: pairs with the Acquire in `find`.
            self.hint.store(next, Ordering::Release);
            let tail = permits.snapshot_latest().tail();
            block.left_at.with_mut(|left_at| {
                // SAFETY: the field is guarded by the lock.
                unsafe { *left_at = tail }
            });
            hint = next;
        }
    }

    /// The block behind `block`, if there is one.
    #[inline]
    pub(super) fn after(block: &Block<T>) -> Option<NonNull<Block<T>>> {
        // Acquire: pairs with the Release in `grow`.
        NonNull::new(block.next.load(Ordering::Acquire))
    }

    /// The first block, if there is one: where the receiver begins.
    pub(super) fn first(&self) -> Option<NonNull<Block<T>>> {
        NonNull::new(*self.oldest.lock())
    }

    /// Frees what nobody needs: blocks before `reading` that the hint left before `head`. Returns
    /// whether some are left that could not be freed yet.
    ///
    /// # Safety
    /// The caller is the receiver, `reading` the block it goes on with, and `head` its next place.
    pub(super) unsafe fn reclaim<const COUNT_BITS: u32>(
        &self,
        permits: &Permits<COUNT_BITS>,
        reading: NonNull<Block<T>>,
        head: u64,
    ) -> bool {
        let mut oldest = self.oldest.lock();
        self.move_hint(permits, reading.as_ptr());
        // Relaxed: moved under the lock only.
        let hint = self.hint.load(Ordering::Relaxed);
        while *oldest != reading.as_ptr() && *oldest != hint {
            // SAFETY: not freed yet.
            let block = unsafe { &**oldest };
            let left_at = block.left_at.with(|left_at| {
                // SAFETY: the field is guarded by the lock.
                unsafe { *left_at }
            });
            let received = head.wrapping_sub(left_at) & Permits::<COUNT_BITS>::LAST_POSITION;
            if received > Permits::<COUNT_BITS>::LAST_POSITION / 2 {
                return true;
            }
            // Relaxed: links are written under the lock only.
            let next = block.next.load(Ordering::Relaxed);
            // SAFETY: nobody reaches the block any more (I2).
            drop(unsafe { Box::from_raw(*oldest) });
            *oldest = next;
        }
        *oldest != reading.as_ptr()
    }
}

impl<T> Drop for Blocks<T> {
    fn drop(&mut self) {
        let mut block = *self.oldest.lock();
        while !block.is_null() {
            // SAFETY: the channel is gone, so nobody else reaches its blocks.
            let owned = unsafe { Box::from_raw(block) };
            // Relaxed: nobody else is left.
            block = owned.next.load(Ordering::Relaxed);
        }
    }
}
