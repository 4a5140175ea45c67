//! Back-end for systems without threads: the processor's atomics where it has them, critical sections.
#![allow(unsafe_code)]

use core::time::Duration;

#[cfg(all(not(target_has_atomic = "ptr"), not(test)))]
pub use super::bare_atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicU32, AtomicUsize};
pub use super::bare_lock::{Lock, LockGuard, without_interrupts};
#[cfg(not(test))]
use super::bare_section as section;
#[cfg(all(not(target_has_atomic = "64"), not(test)))]
pub use super::bare_u64::AtomicU64;
#[cfg(test)]
use super::simulated as section;
#[cfg(test)]
pub use super::simulated_atomic::{
    AtomicBool, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, AtomicUsize,
};
#[cfg(all(target_has_atomic = "64", not(test)))]
pub use core::sync::atomic::AtomicU64;
pub use core::sync::atomic::fence;
#[cfg(all(target_has_atomic = "ptr", not(test)))]
pub use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicU32, AtomicUsize};

/// An atomic that no model watches.
pub type PlainU64 = AtomicU64;
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
pub use alloc::sync::{Arc, Arc as PlainArc};
#[cfg(all(feature = "alloc", not(target_has_atomic = "ptr")))]
pub use portable_atomic_util::{Arc, Arc as PlainArc};

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
        section::step();
        f(self.0.get())
    }

    /// Calls `f` with a pointer for writing.
    #[inline(always)]
    pub fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        section::step();
        let result = f(self.0.get());
        section::step();
        result
    }
}

/// What a type must be that only one context may use, since it lets one context wait for another:
/// on a chip nothing is.
#[diagnostic::on_unimplemented(
    message = "on a chip this channel cannot be shared between contexts: one could wait for \
               another that it has interrupted",
    note = "use it in tasks of one executor (`LocalSpawner::spawn`, `HeapExecutor::spawn`), or \
            take `FixedWatch`, which interrupt handlers and executors of every priority may use"
)]
pub trait WithThreads {}

/// Not counted: it would take memory of a chip.
pub const fn locks_held() -> usize {
    0
}

/// A chip has its log, see `crate::log`.
pub const fn tell(_text: &str) {}

/// What a panic carries: no panic is caught here.
pub type PanicPayload = core::convert::Infallible;

/// Wakes `waker`.
#[inline]
pub fn wake_caught(waker: core::task::Waker) -> Option<PanicPayload> {
    waker.wake();
    None
}

/// Wakes `waker`.
#[inline]
pub fn wake_to_caller(waker: core::task::Waker) {
    waker.wake();
}

/// There is none to drop.
#[inline]
pub const fn discard_payload(payload: PanicPayload) {
    match payload {}
}

/// There is none to go on with.
#[inline]
pub const fn resume_panic(payload: PanicPayload) {
    match payload {}
}

/// The storage of a context cell: there is one context at a time, which interrupts nest in. What a handler changes it puts
/// back at its end, so that a word is read and written without a critical section.
#[derive(Debug)]
pub struct ContextCell<T: Copy>(core::cell::Cell<T>);

// SAFETY: a word is accessed in one step, and whatever is longer inside a critical section, which excludes every other
// context.
unsafe impl<T: Copy + Send> Sync for ContextCell<T> {}

impl<T: Copy> ContextCell<T> {
    /// Whether a value is the processor's word: with a word's size and alignment it has one part.
    const IS_WORD: bool =
        size_of::<T>() == size_of::<usize>() && align_of::<T>() == align_of::<usize>();

    /// Holds `value`.
    pub const fn new(value: T) -> Self {
        Self(core::cell::Cell::new(value))
    }

    /// The value.
    #[inline]
    pub fn get(&self) -> T {
        if Self::IS_WORD {
            section::step();
            // SAFETY: valid; volatile, so that it is one step.
            return unsafe { self.0.as_ptr().read_volatile() };
        }
        section::with(|| self.0.get())
    }

    /// Stores `value`.
    #[inline]
    pub fn set(&self, value: T) {
        if Self::IS_WORD {
            section::step();
            // SAFETY: as in `get`.
            return unsafe { self.0.as_ptr().write_volatile(value) };
        }
        section::with(|| self.0.set(value));
    }

    /// Stores `value` and returns what stood there.
    #[inline]
    pub fn replace(&self, value: T) -> T {
        if Self::IS_WORD {
            let before = self.get();
            self.set(value);
            return before;
        }
        section::with(|| self.0.replace(value))
    }
}

/// Bytes between what different contexts write: there is no cache to share.
#[cfg(feature = "alloc")]
pub const CACHE_LINE_BYTES: usize = 0;

/// Blocks without a taken slot that a slab keeps when it is trimmed.
#[cfg(feature = "alloc")]
pub const KEPT_BLOCKS: usize = 1;

/// Blocks that the pool keeps as they are: all.
#[cfg(feature = "alloc")]
pub const POOLED_BLOCKS: usize = usize::MAX;

/// Gives memory back to the system, of which there is none.
///
/// # Safety
/// As on other platforms.
#[cfg(feature = "alloc")]
pub unsafe fn release_pages(_start: core::ptr::NonNull<u8>, _bytes: usize) -> bool {
    false
}

/// Bytes of one block of task slots: little, since memory is.
pub const SLOT_CHUNK_BYTES: usize = 2 * 1024;

/// How many chunks are allocated at once.
pub const SLOT_EXTENT_BLOCKS: usize = 1;

/// Tasks that a worker's ring holds; a power of two.
pub const RING_SLOTS: usize = 256;

/// A constant that limits work: `limit`, or `in_models` where a model tries every interleaving, of which a small one has
/// fewer.
pub const fn limit(limit: usize, _in_models: usize) -> usize {
    limit
}

/// A number of slots or bytes that a user names: two bytes, since memory is little.
pub type Count = u16;

/// Whether polls have a cooperative budget: with the feature `budget`, since it takes code and a word.
pub const HAS_BUDGET: bool = cfg!(feature = "budget");

/// Whether others run while this context waits for them: not the one that an interrupt suspended.
pub const HAS_THREADS: bool = false;

/// What the clock may have counted too little when it is read: it counts microseconds.
#[cfg(feature = "embedded-hal")]
pub const CLOCK_GRAIN: Duration = Duration::from_micros(1);

/// Nanoseconds of a timer's tick: 128 microseconds, so that ticks are found by shifting.
pub const TICK_NANOS: u64 = 1_000 << TICK_SHIFT;

/// Bits of a microsecond count below a tick.
const TICK_SHIFT: u32 = 7;

/// What a clock needs in order to be paused: here it never is, and takes no memory for it.
#[derive(Debug)]
pub struct PauseState<T>(core::marker::PhantomData<fn() -> T>);

impl<T> PauseState<T> {
    /// Holds nothing.
    pub const fn new(state: T) -> Self {
        core::mem::forget(state);
        Self(core::marker::PhantomData)
    }

    /// There is none.
    #[inline(always)]
    pub const fn get(&self) -> Option<&T> {
        None
    }
}

/// Whether polls can be observed: what is called when one has used up its budget, or is pending. Not
/// here, where nobody asks, and it takes code.
pub const CAN_OBSERVE: bool = false;

/// What a timer does that finds no executor.
#[cold]
#[track_caller]
pub fn without_runtime() -> ! {
    without_timers()
}

/// What a timer does that finds no timers: no executor runs, none were set, or they were shut down.
#[cold]
#[track_caller]
pub fn without_timers() -> ! {
    panic!("no executor with timers runs here: call set_timers")
}

/// What a timer does whose shard was shut down.
#[cold]
pub fn timers_ended() -> ! {
    without_timers()
}

/// What timers do that are opened although they have an owner.
#[cold]
pub fn opened_twice() -> ! {
    panic!("timers opened twice")
}

/// What an executor does that is polled while it runs, or after its `run`.
#[cold]
pub fn polled_twice() -> ! {
    panic!("an executor was polled while it ran, or after its `run`")
}

/// The tick that `moment` lies in, counted from the origin.
#[inline]
pub fn tick_at(moment: RawInstant) -> u64 {
    moment.micros >> TICK_SHIFT
}

/// The first tick that is not before `moment`.
#[inline]
pub fn tick_after(moment: RawInstant) -> u64 {
    let mask = (1 << TICK_SHIFT) - 1;
    (moment.micros >> TICK_SHIFT) + u64::from(moment.micros & mask != 0)
}

/// Bits of the tick that one level of a timer wheel decides: eight slots, since memory is little.
pub const WHEEL_LEVEL_BITS: u32 = 3;

/// Levels of a timer wheel: 28 minutes, beyond which timers wait in a list.
pub const WHEEL_LEVELS: usize = 8;

/// Panics: the caller waits for another context, and the one that it interrupted cannot go on.
#[cold]
pub fn relax() {
    panic!("waited for a context that is suspended")
}

/// Runs `f`; without unwinding a panic does not come back.
///
/// # Errors
/// None on this platform.
#[cfg(feature = "alloc")]
pub fn catch_panic<R>(
    f: impl FnOnce() -> R,
) -> Result<R, alloc::boxed::Box<dyn core::any::Any + Send>> {
    Ok(f())
}

/// Runs `f`; without unwinding a panic does not come back.
#[cfg(feature = "alloc")]
pub fn contain_panic<R>(f: impl FnOnce() -> R) -> Option<R> {
    Some(f())
}

/// A point of the board's monotonic time: microseconds since its clock started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RawInstant {
    micros: u64,
}

impl RawInstant {
    /// The moment `micros` microseconds after the board's clock started.
    pub const fn from_micros(micros: u64) -> Self {
        Self { micros }
    }

    /// Microseconds since the board's clock started.
    pub const fn as_micros(self) -> u64 {
        self.micros
    }

    /// This moment plus `duration`, rounded up to a microsecond; `None` if it is out of range.
    pub fn checked_add(&self, duration: Duration) -> Option<Self> {
        // By parts, since a division of 128 bits takes a kilobyte of code.
        let micros = u64::from(duration.subsec_nanos().div_ceil(1_000));
        let seconds = duration.as_secs().checked_mul(1_000_000)?;
        Some(Self {
            micros: self.micros.checked_add(seconds)?.checked_add(micros)?,
        })
    }

    /// This moment minus `duration`, rounded down to a microsecond; `None` if it is out of range.
    pub fn checked_sub(&self, duration: Duration) -> Option<Self> {
        let micros = u64::from(duration.subsec_micros());
        let seconds = duration.as_secs().checked_mul(1_000_000)?;
        Some(Self {
            micros: self.micros.checked_sub(seconds)?.checked_sub(micros)?,
        })
    }

    /// The time from `earlier` to this moment; `None` if `earlier` is later.
    pub fn checked_duration_since(&self, earlier: Self) -> Option<Duration> {
        self.micros
            .checked_sub(earlier.micros)
            .map(Duration::from_micros)
    }
}

static BOARD_CLOCK: ContextCell<Option<fn() -> u64>> = ContextCell::new(None);

/// Installs the board's clock: a function that returns microseconds since some start and never
/// goes backwards. Until then time stands at zero.
pub fn install_clock(now_micros: fn() -> u64) {
    BOARD_CLOCK.set(Some(now_micros));
}

/// Reads the board's clock.
pub fn instant_now() -> RawInstant {
    RawInstant::from_micros(BOARD_CLOCK.get().map_or(0, |now_micros| now_micros()))
}

/// The moment that ticks are counted from: the start of the board's clock.
pub const fn instant_origin() -> RawInstant {
    RawInstant::from_micros(0)
}

/// Where random numbers start: at the board's time, which differs a little from run to run.
pub fn random_seed() -> u64 {
    instant_now().as_micros()
}

/// Polls `future` again and again until it is ready: without threads there is nobody to sleep.
pub fn block_on<F: core::future::Future>(future: F) -> F::Output {
    let mut future = core::pin::pin!(future);
    let mut cx = core::task::Context::from_waker(core::task::Waker::noop());
    loop {
        if let core::task::Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
        core::hint::spin_loop();
    }
}

/// Panics, as [`relax`] does.
#[cold]
pub fn yield_thread() {
    relax();
}
