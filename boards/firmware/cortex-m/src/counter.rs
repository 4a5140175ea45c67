//! A 32-bit counter, which wraps, made 64 bits wide.
//!
//! Invariants  I1 the counter is read at least once before it wraps: the alarm is never set further ahead than half of its
//!                range.

use core::cell::Cell;

use critical_section::Mutex;

/// Counts the laps of a counter.
pub struct WideCounter {
    /// The counter when it was last read, and its laps until then.
    read: Mutex<Cell<(u32, u32)>>,
}

impl WideCounter {
    /// One that stands at zero.
    pub const fn new() -> Self {
        Self {
            read: Mutex::new(Cell::new((0, 0))),
        }
    }

    /// The count, by `read`, which reads the counter.
    pub fn now(&self, read: impl FnOnce() -> u32) -> u64 {
        critical_section::with(|section| {
            let last = self.read.borrow(section);
            let (before, mut laps) = last.get();
            let counter = read();
            if counter < before {
                laps += 1;
            }
            last.set((counter, laps));
            u64::from(laps) << 32 | u64::from(counter)
        })
    }
}

impl Default for WideCounter {
    fn default() -> Self {
        Self::new()
    }
}
