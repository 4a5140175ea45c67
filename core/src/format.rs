//! `defmt::Format` for the public types that cannot derive it, by their `Debug`: one table.
//!
//! Idea        Errors and plain values derive it where they are declared, so that a log takes a few
//!             bytes and no text. These here hold cells, pointers and foreign values, of which
//!             `Debug` tells the part that a reader wants.

use core::fmt::Debug;

use defmt::{Debug2Format, Format, Formatter, write};

macro_rules! by_debug {
    ($([$($generic:tt)*] $type:ty),* $(,)?) => {$(
        impl<$($generic)*> Format for $type {
            fn format(&self, f: Formatter<'_>) {
                write!(f, "{}", Debug2Format(self));
            }
        }
    )*};
}

mod executor {
    use super::{Debug, Debug2Format, Format, Formatter, write};
    use crate::executor::raw::Services;
    use crate::executor::{
        Arena, ChipPark, ChipTimers, ChipUnpark, Executor, LocalSpawner, SpawnError, TimedPark,
    };
    #[cfg(feature = "alloc")]
    use crate::{executor::HeapExecutor, park::Park};

    by_debug! {
        [const SLOTS: usize, const BYTES: usize] Arena<SLOTS, BYTES>,
        [] ChipPark,
        [C: Debug] ChipTimers<C>,
        [] ChipUnpark,
        [] Executor,
        [] LocalSpawner,
        [] Services,
        [P: Debug] TimedPark<P>,
    }

    #[cfg(feature = "alloc")]
    by_debug! {
        [P: Park] HeapExecutor<P>,
    }

    impl<F> Format for SpawnError<F> {
        fn format(&self, f: Formatter<'_>) {
            write!(f, "SpawnError({})", self.refusal);
        }
    }
}

mod task {
    #[cfg(feature = "alloc")]
    use super::Debug;
    use super::{Debug2Format, Format, Formatter, write};
    use crate::task::raw::ErasedFuture;
    #[cfg(feature = "alloc")]
    use crate::task::{AbortHandle, JoinError, JoinHandle};

    by_debug! {
        [] ErasedFuture<'_>,
    }

    #[cfg(feature = "alloc")]
    by_debug! {
        [] AbortHandle,
        [] JoinError,
        [T: Debug] JoinHandle<T>,
    }
}

mod time {
    use super::{Debug, Debug2Format, Format, Formatter, write};
    #[cfg(feature = "alloc")]
    use crate::time::Interval;
    use crate::time::raw::{Clock, ClockGuard, Current, TimersOwner};
    use crate::time::{Instant, Sleep, Timeout, Timers, TimersHandle};

    by_debug! {
        [] Clock,
        [] ClockGuard,
        [] Current,
        [] TimersHandle,
        [] Instant,
        [] Sleep,
        [F: Debug] Timeout<F>,
        [] Timers,
        [] TimersOwner,
    }

    #[cfg(feature = "alloc")]
    by_debug! {
        [] Interval,
    }
}

mod sync {
    use super::{Debug, Debug2Format, Format, Formatter, write};
    use crate::queue::{FixedQueue, FixedRing};
    use crate::sync::futures::Notified;
    use crate::sync::{
        Barrier, FixedChannel, FixedPipe, FixedWatch, FixedWatchReceiver, MappedMutexGuard, Mutex,
        MutexGuard, Notify, OnceCell, PipeReader, PipeWriter, RwLock, RwLockMappedWriteGuard,
        RwLockReadGuard, RwLockWriteGuard, Semaphore, SemaphorePermit, SetOnce, Signal,
    };

    by_debug! {
        [] Barrier,
        [T: Debug, const N: usize] FixedChannel<T, N>,
        [const N: usize] FixedPipe<N>,
        [T: Debug, const N: usize] FixedQueue<T, N>,
        [T: Debug, const N: usize] FixedRing<T, N>,
        [T: Debug] FixedWatch<T>,
        [T: Debug] FixedWatchReceiver<'_, T>,
        [T: Debug] MappedMutexGuard<'_, T>,
        [T: Debug] Mutex<T>,
        [T: Debug] MutexGuard<'_, T>,
        [] Notified<'_>,
        [] Notify,
        [T: Debug] OnceCell<T>,
        [const N: usize] PipeReader<'_, N>,
        [const N: usize] PipeWriter<'_, N>,
        [T: Debug] RwLock<T>,
        [T: Debug] RwLockMappedWriteGuard<'_, T>,
        [T: Debug] RwLockReadGuard<'_, T>,
        [T: Debug] RwLockWriteGuard<'_, T>,
        [] Semaphore,
        [] SemaphorePermit<'_>,
        [T: Debug] SetOnce<T>,
        [T: Debug] Signal<T>,
    }
}

#[cfg(feature = "alloc")]
mod channels {
    use super::{Debug, Debug2Format, Format, Formatter, write};
    use crate::sync::mpsc::error as mpsc_error;
    use crate::sync::{broadcast, mpsc, oneshot, watch};

    by_debug! {
        [T: Debug] broadcast::Receiver<T>,
        [T: Debug] broadcast::Sender<T>,
        [T: Debug] mpsc::OwnedPermit<T>,
        [T: Debug] mpsc::Permit<'_, T>,
        [T: Debug] mpsc::Receiver<T>,
        [T: Debug] mpsc::Sender<T>,
        [T: Debug] mpsc::UnboundedReceiver<T>,
        [T: Debug] mpsc::UnboundedSender<T>,
        [T: Debug] mpsc::WeakSender<T>,
        [T: Debug] mpsc::WeakUnboundedSender<T>,
        [T: Debug] mpsc_error::SendError<T>,
        [T: Debug] mpsc_error::SendTimeoutError<T>,
        [T: Debug] mpsc_error::TrySendError<T>,
        [T: Debug] oneshot::Receiver<T>,
        [T: Debug] oneshot::Sender<T>,
        [T: Debug] watch::Receiver<T>,
        [T: Debug] watch::Ref<'_, T>,
        [T: Debug] watch::Sender<T>,
        [T: Debug] watch::error::SendError<T>,
    }
}

#[cfg(feature = "embedded-hal")]
mod pins {
    use super::{Debug, Debug2Format, Format, Formatter, write};
    use crate::sync::{NotifiedPin, PolledPin};

    by_debug! {
        [P: Debug] NotifiedPin<'_, P>,
        [P: Debug, D] PolledPin<P, D>,
    }
}

#[cfg(feature = "futures")]
mod streams {
    #[cfg(feature = "alloc")]
    use super::Debug;
    use super::{Debug2Format, Format, Formatter, write};
    use crate::sync::{FixedSink, FixedStream, FixedWatchStream};
    #[cfg(feature = "alloc")]
    use crate::sync::{broadcast::BroadcastStream, mpsc::SenderSink, watch::WatchStream};

    by_debug! {
        [T, const N: usize] FixedSink<'_, T, N>,
        [T, const N: usize] FixedStream<'_, T, N>,
        [T] FixedWatchStream<'_, T>,
    }

    #[cfg(feature = "alloc")]
    by_debug! {
        [T] BroadcastStream<T>,
        [T: Debug] SenderSink<T>,
        [T: Debug] WatchStream<T>,
    }
}

#[cfg(feature = "alloc")]
#[allow(deprecated, reason = "the type itself")]
mod deprecated {
    use super::{Debug2Format, Format, Formatter, write};
    use crate::sync::mpsc::error::RecvError;

    by_debug! {
        [] RecvError,
    }
}

mod owned {
    #[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
    mod with_arc {
        use super::super::{Debug, Debug2Format, Format, Formatter, write};
        use crate::sync::futures::OwnedNotified;
        use crate::sync::{
            OwnedMappedMutexGuard, OwnedMutexGuard, OwnedRwLockMappedWriteGuard,
            OwnedRwLockReadGuard, OwnedRwLockWriteGuard, OwnedSemaphorePermit,
        };

        by_debug! {
            [T, U: Debug] OwnedMappedMutexGuard<T, U>,
            [T: Debug] OwnedMutexGuard<T>,
            [] OwnedNotified,
            [T, U: Debug] OwnedRwLockMappedWriteGuard<T, U>,
            [T, U: Debug] OwnedRwLockReadGuard<T, U>,
            [T: Debug] OwnedRwLockWriteGuard<T>,
            [] OwnedSemaphorePermit,
        }
    }
}

/// What executors and channels are built of.
mod parts {
    use super::{Debug, Debug2Format, Format, Formatter, write};
    use crate::collections::{Chain, ChainLink, Link, Linked, List, Padded, QueueHandle, SlotRef};
    use crate::platform::{
        ContextWordRef, Flags, InSection, LeafLock, Lock, LockGuard, PauseState, UnsafeCell,
    };
    use crate::task::raw::{CurrentIdRef, FutureVtable};
    use crate::wake::{WaitNode, WaitQueue};

    by_debug! {
        [Q: QueueHandle] Chain<Q>,
        [T: Debug] ChainLink<T>,
        [] ContextWordRef,
        [] CurrentIdRef,
        [] Flags,
        [] FutureVtable,
        [] InSection,
        [T: Debug] LeafLock<T>,
        [T: Debug] Link<T>,
        [T: Linked + Debug] List<T>,
        [T: Debug] Lock<T>,
        [T: Debug] LockGuard<'_, T>,
        [T: Debug] Padded<T>,
        [T: Debug] PauseState<T>,
        [T] SlotRef<T>,
        [T: Debug] UnsafeCell<T>,
        [T: Debug] WaitNode<T>,
        [T: Debug] WaitQueue<T>,
    }
}

#[cfg(feature = "alloc")]
mod with_alloc {
    use super::{Debug, Debug2Format, Format, Formatter, write};
    use crate::collections::{
        BlockPool, Entered, QueueHandle, Slab, SlabHeader, SlabOwner, SlabPool, SlotHeader,
    };
    use crate::queue::{Inject, Ring, RingOwner};
    use crate::sync::mpsc::PermitIterator;
    use crate::task::raw::{
        BoxedFuture, ClosingTasks, Header, ListedTask, OwnedTasks, Schedule, UnspawnedTask,
        VisibleTasks,
    };

    by_debug! {
        [] BoxedFuture,
        [] Entered,
        [] Header,
        [] ListedTask,
        [] UnspawnedTask<'_>,
        [Q: QueueHandle + Debug] Inject<Q>,
        [S: Schedule] ClosingTasks<S>,
        [S: Schedule] OwnedTasks<S>,
        [S: Schedule] VisibleTasks<S>,
        [T] PermitIterator<'_, T>,
        [Q: QueueHandle] Ring<Q>,
        [Q: QueueHandle] RingOwner<'_, Q>,
        [H: SlotHeader] BlockPool<H>,
        [H: SlabHeader] Slab<H>,
        [H: SlabHeader + Debug] SlabOwner<H>,
        [H: SlabHeader + Debug] SlabPool<H>,
    }
}

#[cfg(feature = "macros")]
mod futures {
    use core::future::Future;

    use super::{Debug, Debug2Format, Format, Formatter, write};
    use crate::macros::support::{BiasedRotator, MaybeDone, Rotator};

    by_debug! {
        [] BiasedRotator,
        [F: Future<Output: Debug> + Debug] MaybeDone<F>,
        [const COUNT: u32] Rotator<COUNT>,
    }
}

#[cfg(feature = "std")]
mod hosted {
    use super::{Debug2Format, Format, Formatter, write};
    use crate::executor::{ThreadPark, ThreadUnpark};
    use crate::platform::ContextWord;

    by_debug! {
        [] ContextWord,
        [] ThreadPark,
        [] ThreadUnpark,
    }
}

#[cfg(not(any(feature = "std", loom)))]
mod chip {
    use super::{Debug, Debug2Format, Format, Formatter, write};
    use crate::platform::{ContextCell, RawInstant};

    by_debug! {
        [T: Copy + Debug] ContextCell<T>,
        [] RawInstant,
    }

    #[cfg(not(target_has_atomic = "ptr"))]
    mod atomics {
        use super::super::{Debug2Format, Format, Formatter, write};
        use crate::platform::{AtomicBool, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, AtomicUsize};

        by_debug! {
            [] AtomicBool,
            [T] AtomicPtr<T>,
            [] AtomicU8,
            [] AtomicU32,
            [] AtomicU64,
            [] AtomicUsize,
        }
    }
}

mod core_types {
    use super::{Debug, Debug2Format, Format, Formatter, write};
    use core::future::Future;

    use crate::coop::{Coop, RestoreOnPending, Unconstrained};
    use crate::random::Random;
    use crate::wake::{WakeBatch, WakerCell};

    by_debug! {
        [F: Future + Debug] Coop<F>,
        [] Random,
        [] RestoreOnPending,
        [F: Debug] Unconstrained<F>,
        [] WakeBatch,
        [] WakerCell,
    }
}
