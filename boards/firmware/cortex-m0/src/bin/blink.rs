#![no_std]
#![no_main]
//! A small program, to measure: one task ticks, one counts, thread mode sleeps.

use core::time::Duration;

use cortex_m_rt::{entry, exception};
use firmware_cortex_m0::{SLEEP, on_timer, start};
use selkie_core::executor::{Arena, ChipPark, Executor};
use selkie_core::sync::FixedChannel;
use selkie_core::time::sleep;

static ARENA: Arena<2, 72> = Arena::new();
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

/// The one interrupt that is on is the alarm's.
// SAFETY: what the handler touches is shared by locks and atomics.
#[exception]
#[allow(unsafe_code)]
unsafe fn DefaultHandler(_number: i16) {
    on_timer();
}

#[entry]
fn main() -> ! {
    EXECUTOR.set_timers(start());
    EXECUTOR.run(&mut ChipPark::new(&SLEEP), |spawner| {
        let spawned = spawner.spawn(tick()).is_ok() && spawner.spawn(count()).is_ok();
        if !spawned {
            semihosting::process::exit(1);
        }
    })
}
