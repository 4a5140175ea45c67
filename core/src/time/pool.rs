//! Shards for hosted runtimes, from a process-wide pool that never frees.
//!
//! Idea        Timers keep a plain pointer to their shard, so shards are never freed; a runtime that ends
//!             gives its shards back to the pool, for the next runtime.
//! Invariants  I1 a shard is in the pool only while it has no owner.
//! Rejected    `Arc<Timers>` in each timer: two read-modify-writes per timer.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::task::Waker;

use super::clock_mode::{AtEnd, ClockMode};
use super::owner::TimersOwner;
use super::timers::Timers;
use crate::platform::Lock;
use crate::process_static;

process_static! {
    static POOL: Lock<Vec<&'static Timers>> = Lock::new(Vec::new());
}

impl TimersOwner {
    /// Takes a shard from the pool, or makes one, and opens it; see [`Timers::open_until`].
    ///
    /// # Cost
    /// A new shard takes 6 KiB, which are kept for later runtimes.
    pub fn new(at_end: AtEnd, mode: ClockMode, unpark: Waker) -> Self {
        let pooled = POOL.lock().pop();
        let timers = pooled.unwrap_or_else(|| Box::leak(Box::default()));
        timers
            .open_until(at_end, mode, unpark)
            .given_back_by(|timers| POOL.lock().push(timers)) // I1
    }
}
