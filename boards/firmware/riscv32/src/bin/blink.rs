#![no_std]
#![no_main]
//! A small program, to measure: one task ticks, one counts, thread mode sleeps.

use core::time::Duration;

use firmware_riscv32::{SLEEP, start};
use riscv_rt::entry;
use selkie_core::executor::{Arena, ChipPark, Executor};
use selkie_core::sync::FixedChannel;
use selkie_core::time::sleep;

static ARENA: Arena<2, 40> = Arena::new();
static EXECUTOR: Executor = Executor::new(&SLEEP, &ARENA);
static TICKS: FixedChannel<u32, 4> = FixedChannel::new();

async fn tick() {
    for number in 0.. {
        sleep(Duration::from_millis(1)).await;
        TICKS.send(number).await;
    }
}

async fn count() {
    while TICKS.recv().await < 100 {}
    semihosting::process::exit(0);
}

#[entry]
fn main() -> ! {
    EXECUTOR.set_timers(start());
    EXECUTOR.run(&mut ChipPark::new(&SLEEP), |spawner| {
        match (spawner.spawn(tick()), spawner.spawn(count())) {
            (Ok(()), Ok(())) => {}
            // The futures stay where they are: an end drops nothing.
            _refused => semihosting::process::exit(1),
        }
    })
}
