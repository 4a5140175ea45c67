#![no_std]
//! Selkie and embassy's HALs on one clock, in one of two directions.
//!
//! # Selkie's timers on a HAL's clock: the feature `hal-timers`, which is on unless it is switched off
//!
//! `embassy-rp`, `embassy-nrf`, `embassy-stm32` and others bring a *time driver*, which is all
//! that this needs of a chip. The HAL's own drivers wait by wakers, and so run on Selkie's executor as they are; `embassy-time` goes
//! on working beside Selkie's `sleep`. The HAL's queue is the general one, not that of embassy's executor: a feature of `embassy-time` sets how many
//! wait there at a time, for instance `generic-queue-8`; Selkie's timers together take one place.
//!
//! ```no_run
//! # #[cfg(feature = "hal-timers")] mod program {
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
//! # }
//! # fn main() {}
//! ```
//!
//! # embassy-time on Selkie's clock: the feature `time-driver`
//!
//! Where a board has a clock and an alarm for Selkie (an `AlarmClock`), embassy-time runs on them: its `Timer`, `Ticker` and `with_timeout`, and HALs that
//! wait by them. The HAL is built without a time driver of its own.
//!
//! ```toml
//! selkie-embassy = { version = "0.1", default-features = false, features = ["time-driver"] }
//! ```
//!
//! ```ignore
//! let timers = TIME.start();
//! EXECUTOR.set_timers(timers);
//! selkie_embassy::start_embassy_time(timers);
//! ```

#[cfg(all(feature = "hal-timers", feature = "time-driver"))]
compile_error!(
    "selkie-embassy: `hal-timers` makes Selkie's timers of a HAL's time driver, `time-driver` makes embassy-time's of Selkie's: each would wait for the \
     other. Choose one: `time-driver` needs `default-features = false`, and a HAL without its own time driver"
);

mod ticks;

#[cfg(feature = "hal-timers")]
mod hal_timers;

#[cfg(feature = "time-driver")]
mod time_driver;

#[cfg(feature = "hal-timers")]
pub use hal_timers::HalTimers;
#[cfg(feature = "time-driver")]
pub use time_driver::start_embassy_time;
