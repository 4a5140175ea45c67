//! A small program, to measure its size: one task ticks, one counts, and thread mode sleeps.

use core::time::Duration;

use selkie_core::executor::{Arena, ChipPark, Executor};
use selkie_core::sync::FixedChannel;
use selkie_core::time::{TimersHandle, sleep};

use crate::SLEEP;

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

/// Runs it, with the chip's timers.
pub fn run(timers: TimersHandle) -> ! {
    EXECUTOR.set_timers(timers);
    EXECUTOR.run(&mut ChipPark::new(&SLEEP), |spawner| {
        match (spawner.spawn(tick()), spawner.spawn(count())) {
            (Ok(()), Ok(())) => {}
            // The futures stay where they are: an end drops nothing.
            _refused => semihosting::process::exit(1),
        }
    })
}
