//! The one place where the platform is chosen.
//!
//! Every back-end exports what [`contract`] lists, under the same names; the rest of the core
//! imports from this door and never asks which platform it stands on.

pub mod contract;

#[cfg(loom)]
#[doc(hidden)]
pub use loom::thread_local as model_thread_local;
#[cfg(loom)]
mod model;
#[cfg(loom)]
pub use model::{
    Arc, AtomicBool, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, CACHE_LINE_BYTES,
    ContextCell, Count, HAS_BUDGET, HAS_THREADS, KEPT_BLOCKS, Lock, LockGuard, POOLED_BLOCKS,
    PlainU64, RING_SLOTS, SLOT_CHUNK_BYTES, SLOT_EXTENT_BLOCKS, UnsafeCell, WithThreads, fence,
    install_release_pages, limit, locks_held, random_seed, relax, release_pages, tell,
    without_interrupts,
};

#[cfg(all(feature = "std", not(loom)))]
mod hosted;
#[cfg(all(feature = "std", not(loom)))]
pub use hosted::{
    Arc, AtomicBool, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, CACHE_LINE_BYTES,
    ContextCell, Count, HAS_BUDGET, HAS_THREADS, KEPT_BLOCKS, Lock, LockGuard, POOLED_BLOCKS,
    PlainU64, RING_SLOTS, SLOT_CHUNK_BYTES, SLOT_EXTENT_BLOCKS, UnsafeCell, WithThreads, fence,
    install_release_pages, limit, locks_held, random_seed, relax, release_pages, tell,
    thread_local_place, without_interrupts,
};

#[cfg(all(feature = "std", not(loom)))]
mod context_word;
#[cfg(all(feature = "std", not(loom)))]
pub use context_word::{ContextWord, ContextWordRef};

/// A look at another context's number, which is not possible here.
#[cfg(not(all(feature = "std", not(loom))))]
#[derive(Debug, Clone, Copy)]
pub enum ContextWordRef {}

#[cfg(not(all(feature = "std", not(loom))))]
impl ContextWordRef {
    /// Never called.
    ///
    /// # Safety
    /// None is needed.
    #[allow(unsafe_code, clippy::missing_const_for_fn)]
    pub unsafe fn get(self) -> u64 {
        match self {}
    }
}

#[cfg(any(feature = "std", loom))]
mod std_panic;
#[cfg(all(feature = "std", not(loom)))]
mod std_park;
#[cfg(any(feature = "std", loom))]
pub use std_panic::{
    PanicPayload, catch_panic, contain_panic, discard_payload, resume_panic, wake_caught,
    wake_to_caller,
};

#[cfg(any(feature = "std", loom))]
mod section;
#[cfg(any(feature = "std", loom))]
mod std_time;
#[cfg(any(feature = "std", loom))]
pub use section::{Flags, InSection, LeafLock, in_section};
#[cfg(all(feature = "embedded-hal", any(feature = "std", loom)))]
pub use std_time::CLOCK_GRAIN;
#[cfg(any(feature = "std", loom))]
pub use std_time::{
    CAN_OBSERVE, PauseState, RawInstant, TICK_NANOS, WHEEL_LEVEL_BITS, WHEEL_LEVELS, instant_now,
    instant_origin, polled_twice, tick_after, tick_at, timers_ended, without_runtime,
    without_timers,
};

#[cfg(not(any(feature = "std", loom)))]
mod bare;
#[cfg(not(any(feature = "std", loom, test, target_has_atomic = "ptr")))]
mod bare_atomic;
#[cfg(not(any(feature = "std", loom)))]
mod bare_flags;
#[cfg(not(any(feature = "std", loom)))]
mod bare_lock;
#[cfg(not(any(feature = "std", loom, test)))]
mod bare_section;
#[cfg(not(any(feature = "std", loom, test, target_has_atomic = "64")))]
mod bare_u64;
#[cfg(all(test, not(any(feature = "std", loom))))]
mod simulated;
#[cfg(all(test, not(any(feature = "std", loom))))]
mod simulated_atomic;
#[cfg(all(feature = "embedded-hal", not(any(feature = "std", loom))))]
pub use bare::CLOCK_GRAIN;
#[cfg(all(feature = "alloc", not(any(feature = "std", loom))))]
pub use bare::{
    Arc, CACHE_LINE_BYTES, KEPT_BLOCKS, POOLED_BLOCKS, PlainArc, catch_panic, contain_panic,
    release_pages,
};
#[cfg(not(any(feature = "std", loom)))]
pub use bare::{
    AtomicBool, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, CAN_OBSERVE, ContextCell,
    Count, HAS_BUDGET, HAS_THREADS, Lock, LockGuard, PauseState, PlainU64, RING_SLOTS, RawInstant,
    SLOT_CHUNK_BYTES, SLOT_EXTENT_BLOCKS, TICK_NANOS, UnsafeCell, WHEEL_LEVEL_BITS, WHEEL_LEVELS,
    WithThreads, fence, install_clock, instant_now, instant_origin, limit, locks_held,
    opened_twice, polled_twice, relax, tell, tick_after, tick_at, timers_ended, without_interrupts,
    without_runtime, without_timers,
};
#[cfg(not(any(feature = "std", loom)))]
pub use bare::{
    PanicPayload, discard_payload, random_seed, resume_panic, wake_caught, wake_to_caller,
};
#[cfg(not(any(feature = "std", loom)))]
pub use bare_flags::{Flags, InSection, LeafLock, in_section};
#[cfg(all(test, not(any(feature = "std", loom))))]
pub use simulated::{interrupt, interrupted_by};

pub use core::sync::atomic::Ordering;

/// Declares a function that is `const` wherever the platform's cells and atomics can be made in
/// constants; loom's cannot.
#[cfg(not(loom))]
#[macro_export]
#[doc(hidden)]
macro_rules! maybe_const {
    ($(#[$meta:meta])* $vis:vis fn $($rest:tt)*) => { $(#[$meta])* $vis const fn $($rest)* };
}

/// Declares a function that is `const` wherever the platform's cells and atomics can be made in
/// constants; loom's cannot.
#[cfg(loom)]
#[macro_export]
#[doc(hidden)]
macro_rules! maybe_const {
    ($(#[$meta:meta])* $vis:vis fn $($rest:tt)*) => { $(#[$meta])* $vis fn $($rest)* };
}

/// An array of so many values, each made by the expression; a constant wherever the platform's cells can be made in
/// constants.
#[cfg(not(loom))]
#[macro_export]
#[doc(hidden)]
macro_rules! array_of {
    ($value:expr; $count:expr) => {
        [const { $value }; $count]
    };
}

/// An array of so many values, each made by the expression; a constant wherever the platform's cells can be made in
/// constants.
#[cfg(loom)]
#[macro_export]
#[doc(hidden)]
macro_rules! array_of {
    ($value:expr; $count:expr) => {
        core::array::from_fn(|_| $value)
    };
}

/// Declares a value that the whole process shares: a plain static; under loom one per execution
/// of a model.
///
/// `process_static! { static NAME: T = const_expr; }`, read through `Deref`.
#[cfg(not(loom))]
#[macro_export]
#[doc(hidden)]
macro_rules! process_static {
    ($(#[$meta:meta])* static $name:ident: $t:ty = $init:expr;) => {
        $(#[$meta])*
        static $name: $t = $init;
    };
}

/// Declares a value that the whole process shares: a plain static; under loom one per execution
/// of a model.
#[cfg(loom)]
#[macro_export]
#[doc(hidden)]
macro_rules! process_static {
    ($(#[$meta:meta])* static $name:ident: $t:ty = $init:expr;) => {
        loom::lazy_static! {
            $(#[$meta])*
            static ref $name: $t = $init;
        }
    };
}

/// Declares a cell of the running execution context: thread-local on hosted platforms, one
/// static word where there are no threads. The type must be `Copy` and need no drop.
///
/// `context_cell! { static NAME: T = const_expr; }` makes a unit value with `NAME.get() -> T`,
/// `NAME.set(T)`, `NAME.replace(T) -> T` and `NAME.update(fn(T) -> T) -> T`, without a call through a
/// pointer.
#[macro_export]
#[doc(hidden)]
macro_rules! context_cell {
    ($(#[$meta:meta])* $vis:vis static $name:ident: $t:ty = $init:expr;) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy)]
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        $vis struct $name;

        #[allow(dead_code)]
        impl $name {
            /// The storage in this context, for the functions below.
            #[allow(unsafe_code)]
            #[inline(always)]
            fn cell<'a>() -> &'a $crate::raw::platform::ContextCell<$t> {
                let place = $crate::context_storage!($t, $init);
                // SAFETY: the context, whose cell it is, goes on at least until the caller is done with the cell.
                unsafe { place.as_ref() }
            }

            /// The value of this context.
            #[inline(always)]
            $vis fn get(self) -> $t {
                Self::cell().get()
            }

            /// Stores `value` for this context.
            #[inline(always)]
            $vis fn set(self, value: $t) {
                Self::cell().set(value);
            }

            /// Stores `value` and returns what stood there.
            #[inline(always)]
            $vis fn replace(self, value: $t) -> $t {
                Self::cell().replace(value)
            }

            /// Stores what `next` makes of the value, and returns the new one; no interrupt handler
            /// comes between.
            #[inline(always)]
            $vis fn update(self, next: impl FnOnce($t) -> $t) -> $t {
                let cell = Self::cell();
                $crate::raw::platform::without_interrupts(|| {
                    cell.set(next(cell.get()));
                    cell.get()
                })
            }
        }
    };
}

/// Where a context cell's storage is: one per thread.
#[cfg(all(feature = "std", not(loom)))]
#[macro_export]
#[doc(hidden)]
macro_rules! context_storage {
    ($t:ty, $init:expr) => {{
        std::thread_local! {
            static CELL: core::cell::Cell<$t> = const { core::cell::Cell::new($init) };
        }
        $crate::raw::platform::thread_local_place(&CELL)
    }};
}

/// Where a context cell's storage is: one for each thread of the tests, which simulates a chip with its handlers.
#[cfg(all(test, not(any(feature = "std", loom))))]
#[macro_export]
#[doc(hidden)]
macro_rules! context_storage {
    ($t:ty, $init:expr) => {{
        std::thread_local! {
            static CELL: $crate::raw::platform::ContextCell<$t> =
                const { $crate::raw::platform::ContextCell::new($init) };
        }
        CELL.with(|cell| core::ptr::NonNull::from(cell))
    }};
}

/// Where a context cell's storage is: one static.
#[cfg(not(any(feature = "std", loom, test)))]
#[macro_export]
#[doc(hidden)]
macro_rules! context_storage {
    ($t:ty, $init:expr) => {{
        static CELL: $crate::raw::platform::ContextCell<$t> =
            $crate::raw::platform::ContextCell::new($init);
        core::ptr::NonNull::from(&CELL)
    }};
}

/// Where a context cell's storage is: one per thread of the model.
#[cfg(loom)]
#[macro_export]
#[doc(hidden)]
macro_rules! context_storage {
    ($t:ty, $init:expr) => {{
        $crate::raw::platform::model_thread_local! {
            static CELL: core::cell::Cell<$t> = core::cell::Cell::new($init);
        }
        CELL.with(|cell| core::ptr::NonNull::from(cell))
    }};
}

/// Declares a number of the running execution context, as [`context_cell!`](crate::context_cell) does, which other threads
/// may look at where there are threads.
///
/// `context_word! { static NAME; }` makes a unit value with `NAME.get() -> u64`, `NAME.set(u64)`,
/// `NAME.replace(u64) -> u64` and `NAME.reference() -> Option<ContextWordRef>`.
#[cfg(all(feature = "std", not(loom)))]
#[macro_export]
#[doc(hidden)]
macro_rules! context_word {
    ($(#[$meta:meta])* static $name:ident;) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy)]
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        struct $name;

        impl $name {
            /// The number in this context, for the functions below.
            #[allow(unsafe_code)]
            #[inline(always)]
            fn word<'a>() -> &'a $crate::raw::platform::ContextWord {
                std::thread_local! {
                    static WORD: $crate::raw::platform::ContextWord =
                        const { $crate::raw::platform::ContextWord::new() };
                }
                // SAFETY: the thread, whose number it is, goes on at least until the caller is done with it.
                unsafe { $crate::raw::platform::thread_local_place(&WORD).as_ref() }
            }

            /// The number of this context.
            #[inline(always)]
            fn get(self) -> u64 {
                Self::word().get()
            }

            /// Stores `value` for this context.
            #[inline(always)]
            fn set(self, value: u64) {
                Self::word().set(value);
            }

            /// Stores `value` and returns what stood there.
            #[inline(always)]
            fn replace(self, value: u64) -> u64 {
                let word = Self::word();
                let before = word.get();
                word.set(value);
                before
            }

            /// The number of this context, for others.
            fn reference(self) -> Option<$crate::raw::platform::ContextWordRef> {
                Some($crate::raw::platform::ContextWordRef::new(Self::word()))
            }
        }
    };
}

/// Declares a number of the running execution context; nobody else can look at it here.
#[cfg(not(all(feature = "std", not(loom))))]
#[macro_export]
#[doc(hidden)]
macro_rules! context_word {
    ($(#[$meta:meta])* static $name:ident;) => {
        $crate::context_cell! {
            $(#[$meta])*
            static $name: u64 = 0;
        }

        impl $name {
            fn reference(self) -> Option<$crate::raw::platform::ContextWordRef> {
                None
            }
        }
    };
}

/// The `Arc` that std's method receivers (`self: Arc<Self>`) know; absent where the
/// target has no compare-exchange.
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
pub use alloc::sync::Arc as OwnerArc;

#[cfg(all(feature = "std", not(loom)))]
pub use hosted::{PlainArc, Thread, current_thread, park_thread, park_thread_for};
#[cfg(loom)]
pub use model::{PlainArc, Thread, current_thread, park_thread, park_thread_for};

#[cfg(not(any(feature = "std", loom)))]
pub use bare::{block_on, yield_thread};
#[cfg(all(feature = "std", not(loom)))]
pub use hosted::{block_on, yield_thread};
#[cfg(loom)]
pub use model::{block_on, yield_thread};
