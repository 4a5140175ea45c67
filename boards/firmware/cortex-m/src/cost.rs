//! A program whose instructions are counted: wakes, messages and timers, between marks that a trace shows.

use core::future::poll_fn;
use core::hint::black_box;
use core::task::Poll;
use core::time::Duration;

use selkie_core::executor::{Arena, ChipPark, Executor};
use selkie_core::sync::FixedChannel;
use selkie_core::time::{TimersHandle, sleep};

use crate::SLEEP;

static ARENA: Arena<2, 64> = Arena::new();
static EXECUTOR: Executor = Executor::new(&SLEEP, &ARENA);
static PING: FixedChannel<u32, 1> = FixedChannel::new();
static PONG: FixedChannel<u32, 1> = FixedChannel::new();

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

async fn measure() {
    // Once before: what happens at the first time only is not counted.
    wake_once().await;
    measure_begin();
    for _ in 0..ROUNDS {
        wake_once().await;
    }
    measure_end();
    PING.send(0).await;
    PONG.recv().await;
    measure_begin();
    for number in 0..ROUNDS {
        PING.send(number).await;
        PONG.recv().await;
    }
    measure_end();
    sleep(Duration::from_micros(20)).await;
    measure_begin();
    for _ in 0..ROUNDS {
        sleep(Duration::from_micros(20)).await;
    }
    measure_end();
    semihosting::process::exit(0);
}

async fn echo() {
    loop {
        PONG.send(PING.recv().await).await;
    }
}

/// Runs it, with the chip's timers.
pub fn run(timers: TimersHandle) -> ! {
    EXECUTOR.set_timers(timers);
    EXECUTOR.run(&mut ChipPark::new(&SLEEP), |spawner| {
        match (spawner.spawn(echo()), spawner.spawn(measure())) {
            (Ok(()), Ok(())) => {}
            _refused => semihosting::process::exit(1),
        }
    })
}
