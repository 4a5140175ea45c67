//! What schedulers, drivers and firmware that replace parts of Selkie build on.
//!
//! Users of tasks, channels and timers need nothing of it: for them are [`task`](crate::task), [`sync`](crate::sync),
//! [`time`](crate::time) and [`executor`](crate::executor). What stands here is documented, but it may change with any
//! version, and its safety rests on rules that each item states.

/// Atomics, locks, clocks and threads of the platform that this build is for.
pub mod platform {
    pub use crate::platform::*;
}

/// Lists through their items, slabs of type-stable slots, and padding of cache lines.
pub mod collections {
    pub use crate::collections::{Chain, Chained, Link, Linked, List, Padded};
    #[cfg(feature = "alloc")]
    pub use crate::collections::{
        Entered, LARGEST_SLOT, SLOT_ALIGN, Slab, SlabOwner, SlabPool, SlotHeader, SlotLayout,
    };
}

/// Run queues: the ring of a worker, the queue that everybody may add to, and queues in statics.
pub mod queue {
    pub use crate::queue::{FixedQueue, FixedRing, Full, Inject, RING_SLOTS, Ring};
}

/// Wakers at rest: one, a queue of them, and a batch on its way.
pub mod wake {
    pub use crate::wake::{WaitNode, WaitQueue, WaitState, WakeBatch, WakerCell, wake_each};
}

/// Tasks as schedulers see them.
pub mod task {
    pub use crate::task::raw::*;
}
