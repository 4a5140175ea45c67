//! Atomics for chips that load and store words, but have no compare-exchange.
//!
//! Idea        A load is the processor's own. Whatever changes the value is a critical section, and a
//!             function that is called: inlined, each would take the flash of a critical section.
//! Invariants  I1 `value` is changed inside a critical section only, so that no store of another
//!                context, or of another core that shares the section, falls into the middle of one.
//! Rejected    `portable-atomic`, which makes loads a critical section, too, and inlines them all: a
//!             tenth of a small program's flash. Stores of the processor's own: on a chip with two
//!             cores one would be lost that falls between the two halves of a `fetch_add`.
//!
//! Orderings are those of the section, which nothing is moved out of; a load has its own.

use core::fmt;
use core::sync::atomic::{self, Ordering};

/// What every atomic has.
macro_rules! word {
    ($name:ident $(<$generic:ident>)?, $value:ty) => {
        impl$(<$generic>)? $name$(<$generic>)? {
            /// Holds `value`.
            pub const fn new(value: $value) -> Self {
                Self(atomic::$name::new(value))
            }

            /// The value.
            #[inline]
            pub fn load(&self, order: Ordering) -> $value {
                self.0.load(order)
            }

            /// Sets what `next` makes of the value; returns the value before (I1).
            #[inline]
            fn change(&self, next: impl FnOnce($value) -> $value) -> $value {
                critical_section::with(|_| {
                    // Relaxed, twice: ordered by the section.
                    let before = self.0.load(Ordering::Relaxed);
                    self.0.store(next(before), Ordering::Relaxed);
                    before
                })
            }

            /// Sets the value.
            #[inline(never)]
            pub fn store(&self, value: $value, _order: Ordering) {
                // Relaxed: ordered by the section (I1).
                critical_section::with(|_| self.0.store(value, Ordering::Relaxed));
            }

            /// Sets the value and returns the one before.
            #[inline(never)]
            pub fn swap(&self, value: $value, _order: Ordering) -> $value {
                self.change(|_| value)
            }

            /// Sets `new` if the value is `current`; returns the value before.
            ///
            /// # Errors
            /// The value, if it is not `current`.
            #[inline(never)]
            pub fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                _success: Ordering,
                _failure: Ordering,
            ) -> Result<$value, $value> {
                let before = self.change(|now| if now == current { new } else { now });
                if before == current {
                    Ok(before)
                } else {
                    Err(before)
                }
            }

            /// As [`compare_exchange`](Self::compare_exchange); it does not fail spuriously here.
            ///
            /// # Errors
            /// The value, if it is not `current`.
            #[inline]
            pub fn compare_exchange_weak(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                self.compare_exchange(current, new, success, failure)
            }

            /// Sets what `next` makes of the value; returns the value before.
            ///
            /// # Errors
            /// The value, if `next` answers `None`.
            #[inline]
            pub fn fetch_update(
                &self,
                set_order: Ordering,
                fetch_order: Ordering,
                mut next: impl FnMut($value) -> Option<$value>,
            ) -> Result<$value, $value> {
                let mut now = self.load(fetch_order);
                while let Some(new) = next(now) {
                    match self.compare_exchange(now, new, set_order, fetch_order) {
                        Ok(before) => return Ok(before),
                        Err(other) => now = other,
                    }
                }
                Err(now)
            }

            /// The value, which nobody else has now.
            pub fn get_mut(&mut self) -> &mut $value {
                self.0.get_mut()
            }

            /// The value, out of its atomic.
            pub fn into_inner(self) -> $value {
                self.0.into_inner()
            }
        }

        impl$(<$generic>)? fmt::Debug for $name$(<$generic>)? {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

/// What integers have beside.
macro_rules! integer {
    ($name:ident, $value:ty) => {
        #[doc = concat!("A `", stringify!($value), "` that any context may read and change.")]
        #[derive(Default)]
        #[repr(transparent)]
        pub struct $name(atomic::$name);

        word!($name, $value);

        impl $name {
            /// Adds, wrapping, and returns the value before.
            #[inline(never)]
            pub fn fetch_add(&self, add: $value, _order: Ordering) -> $value {
                self.change(|now| now.wrapping_add(add))
            }

            /// Subtracts, wrapping, and returns the value before.
            #[inline]
            pub fn fetch_sub(&self, sub: $value, order: Ordering) -> $value {
                self.fetch_add(sub.wrapping_neg(), order)
            }

            /// Sets the bits of `mask` and returns the value before.
            #[inline(never)]
            pub fn fetch_or(&self, mask: $value, _order: Ordering) -> $value {
                self.change(|now| now | mask)
            }

            /// Clears the bits that `mask` has not and returns the value before.
            #[inline(never)]
            pub fn fetch_and(&self, mask: $value, _order: Ordering) -> $value {
                self.change(|now| now & mask)
            }

            /// Sets the larger of the two values and returns the one before.
            #[inline(never)]
            pub fn fetch_max(&self, other: $value, _order: Ordering) -> $value {
                self.change(|now| now.max(other))
            }

            /// Sets the smaller of the two values and returns the one before.
            #[inline(never)]
            pub fn fetch_min(&self, other: $value, _order: Ordering) -> $value {
                self.change(|now| now.min(other))
            }
        }
    };
}

integer!(AtomicU8, u8);
integer!(AtomicU32, u32);
integer!(AtomicUsize, usize);

/// A truth that any context may read and change.
#[derive(Default)]
#[repr(transparent)]
pub struct AtomicBool(atomic::AtomicBool);

word!(AtomicBool, bool);

impl AtomicBool {
    /// Sets it if `other`, and returns the value before.
    #[inline(never)]
    pub fn fetch_or(&self, other: bool, _order: Ordering) -> bool {
        self.change(|now| now | other)
    }

    /// Clears it unless `other`, and returns the value before.
    #[inline(never)]
    pub fn fetch_and(&self, other: bool, _order: Ordering) -> bool {
        self.change(|now| now & other)
    }
}

/// A pointer that any context may read and change.
#[derive(Default)]
#[repr(transparent)]
pub struct AtomicPtr<T>(atomic::AtomicPtr<T>);

word!(AtomicPtr<T>, *mut T);
