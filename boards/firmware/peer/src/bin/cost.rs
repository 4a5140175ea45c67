#![no_std]
#![no_main]
//! The program whose instructions are counted, with embassy-executor: as ours.

use core::future::poll_fn;
use core::hint::black_box;
use core::task::Poll;

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

static PING: Channel<CriticalSectionRawMutex, u32, 1> = Channel::new();
static PONG: Channel<CriticalSectionRawMutex, u32, 1> = Channel::new();

/// Rounds of each kind; the tool divides by it.
const ROUNDS: u32 = 16;

/// The first instruction of this function is where counting begins.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn measure_begin() {
    black_box(1);
}

/// The first instruction of this function is where counting ends.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn measure_end() {
    black_box(2);
}

/// Wakes its own task, and waits until it is polled again.
async fn wake_once() {
    let mut is_woken = false;
    poll_fn(|cx| {
        if is_woken {
            return Poll::Ready(());
        }
        is_woken = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[embassy_executor::task]
async fn measure() {
    // Once before: what happens at the first time only is not counted.
    wake_once().await;
    measure_begin();
    for _ in 0..ROUNDS {
        wake_once().await;
    }
    measure_end();
    PING.send(0).await;
    PONG.receive().await;
    measure_begin();
    for number in 0..ROUNDS {
        PING.send(number).await;
        PONG.receive().await;
    }
    measure_end();
    Timer::after_micros(20).await;
    measure_begin();
    for _ in 0..ROUNDS {
        Timer::after_micros(20).await;
    }
    measure_end();
    semihosting::process::exit(0);
}

#[embassy_executor::task]
async fn echo() {
    loop {
        PONG.send(PING.receive().await).await;
    }
}

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    start();
    let (Ok(echo), Ok(measure)) = (echo(), measure()) else {
        semihosting::process::exit(1);
    };
    spawner.spawn(echo);
    spawner.spawn(measure);
}
