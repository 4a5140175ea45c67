//! Back-end for systems with `std`: threads, mutexes, unwinding.
#![allow(unsafe_code)]

use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

pub use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicU32, AtomicUsize, fence};
#[cfg(target_has_atomic = "64")]
pub use core::sync::atomic::{AtomicU64, AtomicU64 as PlainU64};
#[cfg(not(target_has_atomic = "64"))]
pub use portable_atomic::{AtomicU64, AtomicU64 as PlainU64};
pub use std::sync::Arc;
pub use std::sync::Arc as PlainArc;
use std::thread::LocalKey;
pub use std::thread::{Thread, current as current_thread};

pub use super::std_park::{park_thread, park_thread_for};

/// A cell whose every access goes through a closure, so that a model can watch it.
#[derive(Debug, Default)]
#[repr(transparent)]
pub struct UnsafeCell<T: ?Sized>(core::cell::UnsafeCell<T>);

impl<T> UnsafeCell<T> {
    /// Wraps `value`.
    pub const fn new(value: T) -> Self {
        Self(core::cell::UnsafeCell::new(value))
    }

    /// The value, out of its cell.
    pub fn into_inner(self) -> T {
        self.0.into_inner()
    }
}

impl<T: ?Sized> UnsafeCell<T> {
    /// Calls `f` with a pointer for reading.
    #[inline(always)]
    pub fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
        f(self.0.get())
    }

    /// Calls `f` with a pointer for writing.
    #[inline(always)]
    pub fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        f(self.0.get())
    }
}

/// A short-held lock; here a mutex that ignores poisoning, since what it guards is never left
/// half changed by code that can panic.
#[derive(Debug, Default)]
pub struct Lock<T: ?Sized>(Mutex<T>);

/// Access to what a [`Lock`] guards, until dropped.
#[derive(Debug)]
pub struct LockGuard<'a, T: ?Sized> {
    guard: MutexGuard<'a, T>,
    _counted: LockCount,
}

#[cfg(debug_assertions)]
std::thread_local! {
    static LOCKS_HELD: core::cell::Cell<usize> = const { core::cell::Cell::new(0) };
}

/// One lock that this thread holds; counted in debug builds.
#[derive(Debug)]
struct LockCount(());

impl LockCount {
    #[inline]
    fn new() -> Self {
        #[cfg(debug_assertions)]
        LOCKS_HELD.set(LOCKS_HELD.get() + 1);
        Self(())
    }
}

#[cfg(debug_assertions)]
impl Drop for LockCount {
    fn drop(&mut self) {
        LOCKS_HELD.set(LOCKS_HELD.get() - 1);
    }
}

/// How many [`Lock`]s the calling thread holds; counted in debug builds, else zero.
pub fn locks_held() -> usize {
    #[cfg(debug_assertions)]
    return LOCKS_HELD.get();
    #[cfg(not(debug_assertions))]
    0
}

impl<'a, T: ?Sized> LockGuard<'a, T> {
    #[inline]
    fn new(guard: MutexGuard<'a, T>) -> Self {
        Self {
            guard,
            _counted: LockCount::new(),
        }
    }
}

impl<T> Lock<T> {
    /// Wraps `value`.
    pub const fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    /// The value, out of its lock.
    pub fn into_inner(self) -> T {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: ?Sized> Lock<T> {
    /// Waits for the lock and runs `f` on the value.
    #[inline]
    pub fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        f(&mut self.lock())
    }

    /// The value; that the lock is borrowed mutably proves that nobody holds it.
    pub fn get_mut(&mut self) -> &mut T {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the lock and takes it.
    #[inline]
    pub fn lock(&self) -> LockGuard<'_, T> {
        LockGuard::new(self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes the lock if nobody holds it.
    #[inline]
    pub fn try_lock(&self) -> Option<LockGuard<'_, T>> {
        match self.0.try_lock() {
            Ok(guard) => Some(LockGuard::new(guard)),
            Err(TryLockError::Poisoned(poisoned)) => Some(LockGuard::new(poisoned.into_inner())),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

impl<T: ?Sized> Deref for LockGuard<'_, T> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T: ?Sized> DerefMut for LockGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}

/// Bytes between what different threads write: two lines, since some processors fetch lines in pairs.
pub const CACHE_LINE_BYTES: usize = 128;

/// Blocks without a taken slot that a slab keeps when it is trimmed.
pub const KEPT_BLOCKS: usize = 8;

/// Blocks that the pool of a process keeps as they are; the memory of others is released.
pub const POOLED_BLOCKS: usize = 64;

/// Lets the system have the memory back that holds nothing.
type ReleasePages = unsafe fn(NonNull<u8>, usize) -> bool;

static RELEASE_PAGES: std::sync::OnceLock<ReleasePages> = std::sync::OnceLock::new();

/// Installs how memory is given back to the system, which the core does not know. `release` gets
/// the start and the size of memory from the global allocator that nobody reads any more, and says
/// whether it was given back; from then on it reads as zeros or as before, and can be written. Only
/// the first call counts.
///
/// # Safety
/// `release` does no more than that.
pub unsafe fn install_release_pages(release: unsafe fn(NonNull<u8>, usize) -> bool) {
    let _first_counts = RELEASE_PAGES.set(release);
}

/// Gives memory back to the system. `false`: it stays as it is.
///
/// # Safety
/// The memory comes from the global allocator and is the caller's, who can do with zeros in it.
pub unsafe fn release_pages(start: NonNull<u8>, bytes: usize) -> bool {
    match RELEASE_PAGES.get() {
        // SAFETY: by the caller's promise.
        Some(release) => unsafe { release(start, bytes) },
        None => false,
    }
}

/// Where a context's random numbers start: a number that nobody foresees.
pub fn random_seed() -> u64 {
    use core::hash::{BuildHasher, Hasher};
    std::hash::RandomState::new().build_hasher().finish()
}

/// Tells the user `text`, by a line on the standard error output.
pub fn tell(text: &str) {
    use std::io::Write;
    // Nobody may listen there.
    let _ = std::writeln!(std::io::stderr(), "selkie: {text}");
}

/// Bytes of one block of task slots: a few pages.
pub const SLOT_CHUNK_BYTES: usize = 32 * 1024;

/// How many chunks are allocated at once.
pub const SLOT_EXTENT_BLOCKS: usize = 16;

/// Tasks that a worker's ring holds; a power of two.
pub const RING_SLOTS: usize = 256;

/// A constant that limits work: `limit`, or `in_models` where a model tries every interleaving, of which a small one has
/// fewer.
pub const fn limit(limit: usize, _in_models: usize) -> usize {
    limit
}

/// The storage of a context cell: a thread's own.
pub use core::cell::Cell as ContextCell;

/// Where the calling thread's value of `key` is, until the thread ends.
///
/// `LocalKey::with` is a hundred lines of LLVM's language for each function that it runs; so it runs one for each type.
#[inline(always)]
pub fn thread_local_place<T>(key: &'static LocalKey<T>) -> NonNull<T> {
    key.with(|value| NonNull::from(value))
}

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

/// A hint that the caller spins.
#[inline]
pub fn relax() {
    core::hint::spin_loop();
}

/// Wakes a thread that sleeps in [`block_on`].
struct ThreadWaker {
    thread: std::thread::Thread,
    woken: AtomicBool,
}

impl std::task::Wake for ThreadWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Release: pairs with the Acquire in `block_on`, which then polls what changed.
        if !self.woken.swap(true, core::sync::atomic::Ordering::Release) {
            self.thread.unpark();
        }
    }
}

/// Polls `future` on this thread, which sleeps while it is pending. Not for inside a task: who drives the thread's
/// executor may be who would wake it.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = core::pin::pin!(future);
    let mut output = None;
    block_until(&mut |cx| {
        let polled = future.as_mut().poll(cx);
        polled.map(|value| output = Some(value)).is_ready()
    });
    output.expect("the future is ready")
}

/// Calls `poll` until it says that it is done, and sleeps meanwhile.
fn block_until(poll: &mut dyn FnMut(&mut core::task::Context<'_>) -> bool) {
    let state = Arc::new(ThreadWaker {
        thread: std::thread::current(),
        woken: AtomicBool::new(false),
    });
    let waker = core::task::Waker::from(state.clone());
    let mut cx = core::task::Context::from_waker(&waker);
    while !poll(&mut cx) {
        // Acquire: pairs with the Release in `wake_by_ref`.
        while !state
            .woken
            .swap(false, core::sync::atomic::Ordering::Acquire)
        {
            park_thread();
        }
    }
}

/// Lets other threads run, for a wait that is longer than a spin should be.
pub fn yield_thread() {
    std::thread::yield_now();
}
