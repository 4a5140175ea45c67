//! The atomics of a chip that a thread of a test simulates: an interrupt may come before each operation.
//!
//! Idea        The atomics that ship, and a [`step`] before each of their operations.

use core::sync::atomic::{self, Ordering};

use super::simulated::step;

/// What every atomic has.
macro_rules! word {
    ($name:ident $(<$generic:ident>)?, $value:ty) => {
        /// The atomic of the same name, with a step before each operation.
        #[derive(Debug, Default)]
        #[repr(transparent)]
        pub struct $name$(<$generic>)?(atomic::$name$(<$generic>)?);

        impl$(<$generic>)? $name$(<$generic>)? {
            /// Holds `value`.
            pub const fn new(value: $value) -> Self {
                Self(atomic::$name::new(value))
            }

            /// The value.
            pub fn load(&self, order: Ordering) -> $value {
                step();
                self.0.load(order)
            }

            /// Sets the value.
            pub fn store(&self, value: $value, order: Ordering) {
                step();
                self.0.store(value, order);
            }

            /// Sets the value and returns the one before.
            pub fn swap(&self, value: $value, order: Ordering) -> $value {
                step();
                self.0.swap(value, order)
            }

            /// Sets `new` if the value is `current`; returns the value before.
            ///
            /// # Errors
            /// The value, if it is not `current`.
            pub fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                step();
                self.0.compare_exchange(current, new, success, failure)
            }

            /// As [`compare_exchange`](Self::compare_exchange); it does not fail spuriously here.
            ///
            /// # Errors
            /// The value, if it is not `current`.
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
        }
    };
}

/// What numbers and truths have besides.
macro_rules! operations {
    ($name:ident, $value:ty: $($operation:ident)*) => {
        impl $name {
            $(
                /// The operation of the same name.
                #[allow(dead_code)]
                pub fn $operation(&self, other: $value, order: Ordering) -> $value {
                    step();
                    self.0.$operation(other, order)
                }
            )*
        }
    };
}

word!(AtomicBool, bool);
operations!(AtomicBool, bool: fetch_or fetch_and);
word!(AtomicU8, u8);
operations!(AtomicU8, u8: fetch_add fetch_sub fetch_or fetch_and fetch_max fetch_min);
word!(AtomicU32, u32);
operations!(AtomicU32, u32: fetch_add fetch_sub fetch_or fetch_and fetch_max fetch_min);
word!(AtomicU64, u64);
operations!(AtomicU64, u64: fetch_add fetch_sub fetch_or fetch_and fetch_max fetch_min);
word!(AtomicUsize, usize);
operations!(AtomicUsize, usize: fetch_add fetch_sub fetch_or fetch_and fetch_max fetch_min);
word!(AtomicPtr<T>, *mut T);
