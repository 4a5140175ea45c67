//! `defmt::Format` for the public types, by their `Debug`: one table.
//!
//! Rejected    A derive on each type: most hold cells and atomics, of which `Debug` tells the part
//!             that a reader wants, and the attribute would stand in every file.

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
        Arena, ChipPark, ChipTimers, ChipUnpark, Executor, LocalSpawner, Refusal, Services,
        SpawnError, TimedPark,
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
        [] Refusal,
        [] Services,
        [F] SpawnError<F>,
        [P: Debug] TimedPark<P>,
    }

    #[cfg(feature = "alloc")]
    by_debug! {
        [P: Park] HeapExecutor<P>,
    }
}

mod task {
    #[cfg(feature = "alloc")]
    use super::Debug;
    use super::{Debug2Format, Format, Formatter, write};
    #[cfg(feature = "alloc")]
    use crate::task::{AbortHandle, JoinError, JoinHandle};
    use crate::task::{FixedHeader, FixedNotified, Id, Parcel};

    by_debug! {
        [] FixedHeader,
        [] FixedNotified,
        [] Id,
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
    use crate::time::{
        Clock, ClockError, ClockHold, Current, Elapsed, Home, Instant, Mode, ParkFor, Sleep,
        Timeout, Timers,
    };
    #[cfg(feature = "alloc")]
    use crate::time::{Interval, MissedTickBehavior, TimersLease};

    by_debug! {
        [] Clock,
        [] ClockError,
        [] ClockHold,
        [] Current,
        [] Elapsed,
        [] Home,
        [] Instant,
        [] Mode,
        [] ParkFor,
        [] Sleep,
        [F: Debug] Timeout<F>,
        [] Timers,
    }

    #[cfg(feature = "alloc")]
    by_debug! {
        [] Interval,
        [] MissedTickBehavior,
        [] TimersLease,
    }
}

mod sync {
    use super::{Debug, Debug2Format, Format, Formatter, write};
    use crate::queue::{FixedQueue, FixedRing, Full};
    use crate::sync::futures::Notified;
    use crate::sync::{
        AcquireError, Barrier, BarrierWaitResult, FixedChannel, FixedWatch, FixedWatchReceiver,
        MappedMutexGuard, Mutex, MutexGuard, Notify, OnceCell, RwLock, RwLockMappedWriteGuard,
        RwLockReadGuard, RwLockWriteGuard, Semaphore, SemaphorePermit, SetError, SetOnce,
        SetOnceError, Signal, TryAcquireError, TryLockError,
    };

    by_debug! {
        [] AcquireError,
        [] Barrier,
        [] BarrierWaitResult,
        [T: Debug, const N: usize] FixedChannel<T, N>,
        [T: Debug, const N: usize] FixedQueue<T, N>,
        [T: Debug, const N: usize] FixedRing<T, N>,
        [T: Debug] FixedWatch<T>,
        [T: Debug] FixedWatchReceiver<'_, T>,
        [T: Debug] Full<T>,
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
        [T: Debug] SetError<T>,
        [T: Debug] SetOnce<T>,
        [T: Debug] SetOnceError<T>,
        [T: Debug] Signal<T>,
        [] TryAcquireError,
        [] TryLockError,
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
        [] broadcast::error::RecvError,
        [T: Debug] broadcast::error::SendError<T>,
        [] broadcast::error::TryRecvError,
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
        [] mpsc_error::TryRecvError,
        [T: Debug] mpsc_error::TrySendError<T>,
        [T: Debug] oneshot::Receiver<T>,
        [T: Debug] oneshot::Sender<T>,
        [] oneshot::error::RecvError,
        [] oneshot::error::TryRecvError,
        [T: Debug] watch::Receiver<T>,
        [T: Debug] watch::Ref<'_, T>,
        [T: Debug] watch::Sender<T>,
        [] watch::error::RecvError,
        [T: Debug] watch::error::SendError<T>,
    }
}

mod rest {
    use super::{Debug2Format, Format, Formatter, write};
    use crate::coop::{Budget, RestoreOnPending};
    use crate::wake::{WaitState, WakeBatch, WakerCell};

    by_debug! {
        [] Budget,
        [] RestoreOnPending,
        [] WaitState,
        [] WakeBatch,
        [] WakerCell,
    }
}
