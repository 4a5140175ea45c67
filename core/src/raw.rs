//! What schedulers, drivers and firmware that replace parts of Selkie build on.
//!
//! Users of tasks, channels and timers need nothing of this: they use [`task`](crate::task), [`sync`](crate::sync),
//! [`time`](crate::time) and [`executor`](crate::executor). What stands here is documented, but it may change with any
//! version, and its safety rests on rules that each item states.

/// Atomics, locks, clocks and threads of the platform that this build is for.
pub mod platform {
    pub use crate::platform::*;
}

/// Lists through their items, slabs of type-stable slots, and padding of cache lines.
pub mod collections {
    #[cfg(feature = "alloc")]
    pub use crate::collections::{
        BlockPool, Entered, LARGEST_SLOT, SLOT_ALIGN, Slab, SlabHeader, SlabOwner, SlabPool,
        SlotHeader, SlotLayout, boxed_slice, sort_by_number,
    };
    pub use crate::collections::{
        Chain, ChainLink, Link, Linked, List, Padded, QueueHandle, QueueItem, SlotRef,
    };
}

/// Run queues: the ring of a worker, the queue that everybody may add to, and queues in statics.
pub mod queue {
    pub use crate::queue::{FixedQueue, FixedRing, Full, Inject, RING_SLOTS, Ring, RingOwner};
}

/// Wakers at rest: one, a queue of them, and a batch in flight.
pub mod wake {
    pub use crate::wake::{WaitNode, WaitQueue, WaitState, WakeBatch, WakerCell, wake_each};
}

/// A small random generator, and the seed of the one that a context has.
pub mod random {
    pub use crate::random::{Random, below, seed_context};
}

/// Tasks as schedulers see them.
pub mod task {
    pub use crate::task::raw::*;
}

/// The cooperative budget as schedulers set it, and where the wakers wait of tasks that yield.
pub mod coop {
    pub use crate::coop::raw::*;
}

/// Clocks, and the timers of a worker as their scheduler drives them.
pub mod time {
    pub use crate::time::raw::*;
}

/// Whether a thread may wait with all that runs on it.
pub mod sync {
    pub use crate::sync::raw::*;
}

/// What an executor offers to crates that do not know it.
pub mod executor {
    pub use crate::executor::raw::*;
}
