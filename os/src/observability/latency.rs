//! The times at which the tasks that are in a queue were put there.
//!
//! Idea        A table beside the tasks, by the address of the slot: a task is queued once at a time, so it has one entry.
//!             Tasks of runtimes that do not ask for this get no larger.
//! Rejected    A word in the header of each task: eight bytes per task, for the few programs that measure this.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use selkie_core::raw::task::Notified;

use super::number_hasher::NumberHasher;

/// Shards, so that workers rarely meet; a power of two.
const SHARDS: usize = 16;
/// Slots lie at multiples of this.
const SLOT_ALIGN: usize = 32;

/// By the address of the slot.
type Table = HashMap<usize, Instant, BuildHasherDefault<NumberHasher>>;

/// The moments at which the queued tasks of a runtime were queued.
#[derive(Debug, Default)]
pub(super) struct Stamps {
    shards: [Mutex<Table>; SHARDS],
}

impl Stamps {
    #[inline]
    fn shard(&self, address: usize) -> std::sync::MutexGuard<'_, Table> {
        self.shards[address / SLOT_ALIGN % SHARDS]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// `task` is queued now.
    #[inline]
    pub(super) fn queued(&self, task: &Notified) {
        let address = task.address();
        self.shard(address).insert(address, Instant::now());
    }

    /// `task` is about to be polled: how long it was queued.
    #[inline]
    pub(super) fn taken(&self, task: &Notified) -> Option<Duration> {
        let address = task.address();
        let queued = self.shard(address).remove(&address);
        queued.map(|queued| queued.elapsed())
    }
}
