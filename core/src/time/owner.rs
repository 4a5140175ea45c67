//! Shards for hosted runtimes, from a process-wide pool that never frees.
//!
//! Idea        Timers keep a plain pointer to their shard, so shards are never freed; a runtime that ends
//!             gives its shards back to the pool, for the next runtime.
//! Invariants  I1 a shard is in the pool only while closed.
//! Rejected    `Arc<Timers>` in each timer: two read-modify-writes per timer.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Deref;
use core::task::Waker;

use super::handle::TimersHandle;
use super::mode::{AtEnd, Mode};
use super::timers::Timers;
use crate::platform::Lock;
use crate::process_static;

process_static! {
    static POOL: Lock<Vec<&'static Timers>> = Lock::new(Vec::new());
}

/// A shard that a worker uses until this is dropped; it derefs to its [`TimersHandle`].
#[derive(Debug)]
#[must_use = "dropping it shuts the timers down"]
pub struct TimersOwner {
    timers: TimersHandle,
}

impl TimersOwner {
    /// Takes a shard from the pool, or makes one, and opens it; see [`Timers::open_until`].
    ///
    /// # Cost
    /// A new shard takes 6 KiB, which are kept for later runtimes.
    pub fn new(at_end: AtEnd, mode: Mode, unpark: Waker) -> Self {
        let pooled = POOL.lock().pop();
        let timers = pooled.unwrap_or_else(|| Box::leak(Box::default()));
        Self {
            timers: timers.open_until(at_end, mode, unpark),
        }
    }

    /// A handle to the shard.
    pub const fn handle(&self) -> TimersHandle {
        self.timers
    }
}

impl Deref for TimersOwner {
    type Target = TimersHandle;

    fn deref(&self) -> &TimersHandle {
        &self.timers
    }
}

impl Drop for TimersOwner {
    fn drop(&mut self) {
        self.timers.shutdown();
        POOL.lock().push(self.timers.shard());
    }
}
