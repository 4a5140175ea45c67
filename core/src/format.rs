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
    use crate::executor::{
        Arena, ChipPark, ChipTimers, ChipUnpark, Executor, LocalSpawner, Services, SpawnError,
        TimedPark,
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
    #[cfg(feature = "alloc")]
    use crate::task::{AbortHandle, JoinError, JoinHandle};
    use crate::task::{FixedHeader, FixedNotified, Parcel};

    by_debug! {
        [] FixedHeader,
        [] FixedNotified,
        [] Parcel<'_>,
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
    use crate::time::{Clock, ClockHold, Current, Home, Instant, Sleep, Timeout, Timers};
    #[cfg(feature = "alloc")]
    use crate::time::{Interval, TimersLease};

    by_debug! {
        [] Clock,
        [] ClockHold,
        [] Current,
        [] Home,
        [] Instant,
        [] Sleep,
        [F: Debug] Timeout<F>,
        [] Timers,
    }

    #[cfg(feature = "alloc")]
    by_debug! {
        [] Interval,
        [] TimersLease,
    }
}

mod sync {
    use super::{Debug, Debug2Format, Format, Formatter, write};
    use crate::queue::{FixedQueue, FixedRing};
    use crate::sync::futures::Notified;
    use crate::sync::{
        Barrier, FixedChannel, FixedWatch, FixedWatchReceiver, MappedMutexGuard, Mutex, MutexGuard,
        Notify, OnceCell, RwLock, RwLockMappedWriteGuard, RwLockReadGuard, RwLockWriteGuard,
        Semaphore, SemaphorePermit, SetOnce, Signal,
    };

    by_debug! {
        [] Barrier,
        [T: Debug, const N: usize] FixedChannel<T, N>,
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

mod rest {
    use super::{Debug2Format, Format, Formatter, write};
    use crate::coop::RestoreOnPending;
    use crate::wake::{WakeBatch, WakerCell};

    by_debug! {
        [] RestoreOnPending,
        [] WakeBatch,
        [] WakerCell,
    }
}
