//! A 32-bit counter, which wraps, made 64 bits wide.
//!
//! Invariants  I1 the counter is read at least once a lap: the alarm is never set further ahead than
//!                half of one.

use selkie_core::platform::Lock;

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
        let mut before = self.read.lock();
        let counter = read();
        if counter < before.0 {
            before.1 += 1;
        }
        before.0 = counter;
        u64::from(before.1) << 32 | u64::from(counter)
    }
}

impl Default for WideCounter {
    fn default() -> Self {
        Self::new()
    }
}
