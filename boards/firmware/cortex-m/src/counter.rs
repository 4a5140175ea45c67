//! A 32-bit counter, which wraps, made 64 bits wide.
//!
//! Invariants  I1 the counter is read at least once before it wraps: the alarm is never set further ahead than half of its
//!                range.

use selkie_core::raw::platform::Lock;

/// Counts the laps of a counter.
pub struct WideCounter {
    /// The counter when it was last read, and its laps until then.
    read: Lock<(u32, u32)>,
}

impl WideCounter {
    /// One that stands at zero.
    pub const fn new() -> Self {
        Self {
            read: Lock::new((0, 0)),
        }
    }

    /// The count, by `read`, which reads the counter.
    pub fn now(&self, read: impl FnOnce() -> u32) -> u64 {
        self.read.with(|(before, laps)| {
            let counter = read();
            if counter < *before {
                *laps += 1;
            }
            *before = counter;
            u64::from(*laps) << 32 | u64::from(counter)
        })
    }
}

impl Default for WideCounter {
    fn default() -> Self {
        Self::new()
    }
}
