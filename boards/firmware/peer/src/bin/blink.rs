#![no_std]
#![no_main]
//! The small program of the Cortex-M0 with embassy-executor: one task ticks, one counts.

use cortex_m_rt::exception;
use embassy_executor::Spawner;
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::channel::Channel;
use embassy_time::Timer;
use firmware_peer::{on_timer, start};

// SAFETY: the handler touches statics that are shared by critical sections.
#[exception]
unsafe fn DefaultHandler(_number: i16) {
    on_timer();
}

static TICKS: Channel<CriticalSectionRawMutex, u32, 4> = Channel::new();

#[embassy_executor::task]
async fn tick() {
    for number in 0.. {
        Timer::after_millis(1).await;
        TICKS.send(number).await;
    }
}

#[embassy_executor::task]
async fn count() {
    while TICKS.receive().await < 100 {}
    semihosting::process::exit(0);
}

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    start();
    let (Ok(tick), Ok(count)) = (tick(), count()) else {
        semihosting::process::exit(1);
    };
    spawner.spawn(tick);
    spawner.spawn(count);
}
