//! Channels and locks: the core's, under Tokio's paths.

pub use selkie_core::sync::{
    AcquireError, Barrier, BarrierWaitResult, FixedChannel, FixedWatch, FixedWatchReceiver, Full,
    MappedMutexGuard, Mutex, MutexGuard, Notify, OnceCell, OwnedMappedMutexGuard, OwnedMutexGuard,
    OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, OwnedSemaphorePermit,
    RwLock, RwLockMappedWriteGuard, RwLockReadGuard, RwLockWriteGuard, Semaphore, SemaphorePermit,
    SetError, SetOnce, SetOnceError, Signal, TryAcquireError, TryLockError,
};
pub use selkie_core::sync::{broadcast, futures, mpsc, oneshot, watch};
