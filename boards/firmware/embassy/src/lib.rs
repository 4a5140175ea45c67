#![no_std]
//! Selkie's timers on the clock of an embassy HAL: `embassy-rp`, `embassy-nrf`, `embassy-stm32` and others bring a *time driver*, which is all
//! that this needs of a chip. The HAL's own drivers wait by wakers, and so run on Selkie's executor as they are; `embassy-time` goes
//! on working beside Selkie's `sleep`. The HAL's queue is the general one, not that of embassy's executor: a feature of `embassy-time` sets how many
//! wait there at a time, for instance `generic-queue-8`; Selkie's timers together take one place.
//!
//! ```no_run
//! # #![allow(clippy::empty_loop)]
//! use core::time::Duration;
//!
//! use selkie_core::executor::{Arena, ChipPark, ChipUnpark, Executor};
//! use selkie_core::time::sleep;
//! use selkie_embassy::HalTimers;
//!
//! static TIME: HalTimers = HalTimers::new();
//! static SLEEP: ChipUnpark = ChipUnpark::new(|| { /* cortex_m::asm::wfi */ });
//! static ARENA: Arena<2, 64> = Arena::new();
//! static EXECUTOR: Executor = Executor::new(&SLEEP, &ARENA);
//!
//! fn main() -> ! {
//!     // First the HAL's `init`, which starts its clock.
//!     EXECUTOR.set_timers(TIME.start());
//!     EXECUTOR.run(&mut ChipPark::new(&SLEEP), |spawner| {
//!         let _driven = spawner.spawn(TIME.drive());
//!         let _spawned = spawner.spawn(async { sleep(Duration::from_millis(500)).await });
//!     })
//! }
//! ```

mod hal_timers;

pub use hal_timers::HalTimers;
