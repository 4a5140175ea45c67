#![cfg_attr(not(any(feature = "std", loom, test)), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]
//! The part of Selkie that knows no operating system.
//!
//! Tasks, queues, the cooperative budget, the timer wheel and the channels live here, on atomics
//! and critical sections that the [`raw::platform`] room chooses once: `std` on a hosted system,
//! `core`'s atomics and `critical-section` on a microcontroller, `loom` in a model.
//!
//! Features only add: `macros` brings `select!`, `join!` and `try_join!`, `alloc` what needs a heap, `std` (which implies
//! `alloc`) hosted locks, clocks and panic catching.
//!
//! Examples of what the crate `selkie` re-exports are programs on `selkie`, where the same items stand under the same
//! names: [`sync`], [`time`], [`task`] and the macros. On a chip, `selkie::sync` is `selkie_core::sync`, and an
//! [`executor`] takes the place of `#[selkie::main]`.

#[cfg(feature = "alloc")]
extern crate alloc;

mod log;

mod trace;

mod platform;

mod collections;
pub mod coop;

mod random;

#[doc(hidden)]
pub mod macros;

mod queue;
pub mod task;
mod wake;

pub mod sync;
pub mod time;

pub mod park;

pub mod executor;

pub mod raw;

#[cfg(feature = "defmt")]
mod format;

#[cfg(all(test, not(any(feature = "std", loom))))]
mod interrupts;

pub use executor::spawn;

#[cfg(test)]
#[path = "../tests/fixture/checked.rs"]
mod checked;
