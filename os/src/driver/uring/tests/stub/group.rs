//! Groups of provided buffers.
#![allow(unsafe_code)]

use std::sync::atomic::{AtomicU16, Ordering};

/// A group of provided buffers.
pub(super) struct Group {
    pub(super) start: u64,
    pub(super) count: u16,
    pub(super) head: u16,
}

impl Group {
    pub(super) fn tail(&self) -> u16 {
        // The tail stands at the queue's byte 14.
        let at = (self.start + 14) as *mut u16;
        // SAFETY: the queue is there until the group is removed, and its tail is shared as an atomic.
        let tail = unsafe { AtomicU16::from_ptr(at) };
        // Acquire: pairs with the Release of who puts a buffer there.
        tail.load(Ordering::Acquire)
    }

    /// The address, the length and the number of the buffer at `place` of the queue.
    pub(super) fn at(&self, place: u16) -> (u64, u32, u16) {
        let place = usize::from(place & (self.count - 1));
        let start = self.start as *const u8;
        // SAFETY: within the queue, of 16 bytes an entry.
        let entry = unsafe { start.add(place * 16) };
        // SAFETY: as above; the entry before the tail is not written.
        let bytes: [u8; 14] = unsafe { entry.cast::<[u8; 14]>().read() };
        let address = u64::from_ne_bytes(bytes[..8].try_into().unwrap());
        let len = u32::from_ne_bytes(bytes[8..12].try_into().unwrap());
        (
            address,
            len,
            u16::from_ne_bytes(bytes[12..14].try_into().unwrap()),
        )
    }

    pub(super) fn provided(&self) -> usize {
        let count = self.tail().wrapping_sub(self.head);
        let mut numbers: Vec<u16> = (0..count)
            .map(|n| self.at(self.head.wrapping_add(n)).2)
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(
            numbers.len(),
            usize::from(count),
            "a buffer lies there twice"
        );
        numbers.len()
    }

    pub(super) fn take(&mut self) -> Option<(u64, u32, u16)> {
        let next = (self.head != self.tail()).then(|| self.at(self.head))?;
        self.head = self.head.wrapping_add(1);
        Some(next)
    }
}
