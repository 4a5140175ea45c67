//! Back-end for loom: every atomic, cell and lock is watched by the model checker.
#![allow(unsafe_code)]

use core::ops::{Deref, DerefMut};

pub use loom::cell::UnsafeCell;
pub use loom::sync::Arc;
pub use loom::sync::atomic::{
    AtomicBool, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, fence,
};

/// An atomic that no model watches.
pub use core::sync::atomic::AtomicU64 as PlainU64;

/// Shared ownership that no model watches.
pub use std::sync::Arc as PlainArc;

pub use loom::thread::{Thread, current as current_thread, park as park_thread};

/// As a sleep that has come to its end, or was woken for nothing: a model has no time.
pub fn park_thread_for(_limit: core::time::Duration) {
    loom::thread::yield_now();
}

/// A short-held lock; here loom's mutex.
#[derive(Debug)]
pub struct Lock<T>(loom::sync::Mutex<T>);

/// Access to what a [`Lock`] guards, until dropped.
#[derive(Debug)]
pub struct LockGuard<'a, T>(loom::sync::MutexGuard<'a, T>);

impl<T: Default> Default for Lock<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> Lock<T> {
    /// Wraps `value`.
    pub fn new(value: T) -> Self {
        Self(loom::sync::Mutex::new(value))
    }

    /// The value, out of its lock.
    pub fn into_inner(self) -> T {
        self.0
            .into_inner()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Waits for the lock and runs `f` on the value.
    pub fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        f(&mut self.lock())
    }

    /// The value; that the lock is borrowed mutably proves that nobody holds it.
    pub fn get_mut(&mut self) -> &mut T {
        self.0
            .get_mut()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Waits for the lock and takes it.
    pub fn lock(&self) -> LockGuard<'_, T> {
        LockGuard(
            self.0
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner()),
        )
    }

    /// Takes the lock if nobody holds it.
    pub fn try_lock(&self) -> Option<LockGuard<'_, T>> {
        self.0.try_lock().ok().map(LockGuard)
    }
}

impl<T> Deref for LockGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for LockGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

/// Bytes between what different threads write.
pub const CACHE_LINE_BYTES: usize = 64;

/// Blocks without a taken slot that a slab keeps when it is trimmed.
pub const KEPT_BLOCKS: usize = 0;

/// Blocks that the pool keeps as they are.
pub const POOLED_BLOCKS: usize = usize::MAX;

/// Installs how memory is given back: not here.
///
/// # Safety
/// As on other platforms.
pub unsafe fn install_release_pages(_release: unsafe fn(core::ptr::NonNull<u8>, usize) -> bool) {}

/// Gives memory back to the system: not here, where every atomic is watched.
///
/// # Safety
/// As on other platforms.
pub unsafe fn release_pages(_start: core::ptr::NonNull<u8>, _bytes: usize) -> bool {
    false
}

/// Not counted in models, whose threads share one of the system's.
pub const fn locks_held() -> usize {
    0
}

/// Where random numbers start: always there, since a model repeats itself.
pub const fn random_seed() -> u64 {
    1
}

/// Nobody reads what a model says.
pub const fn tell(_text: &str) {}

/// Bytes of one block of task slots.
pub const SLOT_CHUNK_BYTES: usize = 8 * 1024;

/// How many chunks are allocated at once.
pub const SLOT_EXTENT_BLOCKS: usize = 1;

/// Tasks that a worker's ring holds; a power of two.
pub const RING_SLOTS: usize = 4;

/// A constant that limits work: `limit`, or `in_models` where a model tries every interleaving, of which a small one has
/// fewer.
pub const fn limit(_limit: usize, in_models: usize) -> usize {
    in_models
}

/// The storage of a context cell: a thread's own.
pub use core::cell::Cell as ContextCell;

/// A number of slots or bytes that a user names.
pub type Count = usize;

/// Whether polls have a cooperative budget.
pub const HAS_BUDGET: bool = true;

/// Whether others run while this context waits for them.
pub const HAS_THREADS: bool = true;

/// Runs `f`: there are no interrupts to keep off.
#[inline(always)]
pub fn without_interrupts<R>(f: impl FnOnce() -> R) -> R {
    f()
}

/// What a type must be that lets one context wait for another: where there are threads, all are.
pub trait WithThreads {}

impl<T: ?Sized> WithThreads for T {}

/// A hint that the caller spins: lets the other threads of the model run.
pub fn relax() {
    loom::thread::yield_now();
}

/// Polls `future` on this thread of the model until it is ready.
pub fn block_on<F: Future>(future: F) -> F::Output {
    loom::future::block_on(future)
}

/// Lets the other threads of the model run.
pub fn yield_thread() {
    loom::thread::yield_now();
}
