#![no_std]
#![no_main]
//! Two tasks and a channel on an ESP32-C3, on esp-hal: one blinks by Selkie's timers, the other takes what it counts and waits by embassy-time's.

mod clock;

use core::panic::PanicInfo;
use core::time::Duration;

use embassy_time::{Timer, with_timeout};
use esp_hal::gpio::{Level, Output, OutputConfig};
use selkie_core::executor::{Arena, ChipPark, ChipUnpark, Executor};
use selkie_core::sync::FixedChannel;
use selkie_core::time::sleep;
use selkie_embassy::start_embassy_time;

static SLEEP: ChipUnpark = ChipUnpark::new(riscv::asm::wfi);
static ARENA: Arena<2, 160> = Arena::new();
static EXECUTOR: Executor = Executor::new(&SLEEP, &ARENA);
static BEATS: FixedChannel<u32, 4> = FixedChannel::new();

async fn blink(mut led: Output<'static>) {
    for beat in 1.. {
        led.toggle();
        BEATS.send(beat).await;
        sleep(Duration::from_millis(500)).await;
    }
}

/// Lights the second lamp for a moment at each tenth beat, and for good if the first task is silent.
async fn watch(mut led: Output<'static>) {
    while let Ok(beat) = with_timeout(embassy_time::Duration::from_secs(2), BEATS.recv()).await {
        if beat % 10 == 0 {
            led.set_high();
            Timer::after_millis(50).await;
            led.set_low();
        }
    }
    led.set_high();
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}

#[esp_hal::main]
fn main() -> ! {
    let peripherals = esp_hal::init(esp_hal::Config::default());
    let timers = clock::start(peripherals.SYSTIMER);
    EXECUTOR.set_timers(timers);
    start_embassy_time(timers);
    let lamp = Output::new(peripherals.GPIO8, Level::Low, OutputConfig::default());
    let second = Output::new(peripherals.GPIO3, Level::Low, OutputConfig::default());
    EXECUTOR.run(&mut ChipPark::new(&SLEEP), |spawner| {
        let spawned = (spawner.spawn(blink(lamp)), spawner.spawn(watch(second)));
        assert!(
            spawned.0.is_ok() && spawned.1.is_ok(),
            "two tasks find room"
        );
    })
}
