#![no_std]
//! Each channel and lock that needs no heap, as firmware uses it: in a static, filled by an interrupt
//! handler, awaited by a task.
//!
//! | module | what | with |
//! |---|---|---|
//! | [`serial`] | bytes from a receive interrupt become lines | `FixedChannel` |
//! | [`messages`] | texts and batches in collections of the crate `heapless` | `FixedChannel`, `Signal` |
//! | [`adc`] | the latest sample, for one task | `Signal` |
//! | [`battery`] | the latest voltage, for many tasks | `FixedWatch` |
//! | [`bus`] | two drivers share a bus, transfers end by interrupt | `Mutex`, `Notify` |
//! | [`dma`] | more users than channels | `Semaphore` |
//! | [`settings`] | read by many, seldom written | `RwLock` |
//! | [`calibration`] | read once from slow memory; set once from outside | `OnceCell`, `SetOnce` |
//! | [`start`] | nobody begins before all are ready | `Barrier` |
//! | [`link`] | whichever comes first; several at once | `select!`, `join!`, `try_join!`, `pin!` |
//!
//! The functions named `on_…` are what an interrupt handler calls. `tests/firmware.rs` plays the
//! hardware.

pub mod adc;
pub mod battery;
pub mod bus;
pub mod calibration;
pub mod dma;
pub mod link;
pub mod messages;
pub mod serial;
pub mod settings;
pub mod start;
