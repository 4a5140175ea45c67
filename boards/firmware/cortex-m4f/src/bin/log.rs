#![no_std]
#![no_main]
//! The core's own log and its types in a log, by defmt: what comes out is read by defmt's decoder.

use core::future::pending;
use core::time::Duration;

use cortex_m_rt::{entry, exception};
use defmt::{info, println};
use defmt_semihosting as _;
use firmware_cortex_m::SLEEP;
use firmware_cortex_m4f::{on_timer, start};
use selkie_core::executor::{Arena, ChipPark, Executor, Refusal};
use selkie_core::sync::{FixedChannel, Mutex, Signal};
use selkie_core::time::{Instant, sleep, timeout};

static ARENA: Arena<1, 96> = Arena::new();
static EXECUTOR: Executor = Executor::new(&SLEEP, &ARENA);
static BYTES: FixedChannel<u8, 1> = FixedChannel::new();
static SIGNAL: Signal<u8> = Signal::new();
static SHARED: Mutex<u8> = Mutex::const_new(7);

/// The one interrupt that is on is the alarm's.
// SAFETY: what the handler touches is shared by locks and atomics.
#[exception]
#[allow(unsafe_code)]
unsafe fn DefaultHandler(_number: i16) {
    on_timer();
}

/// Logs values of each kind and says whether they are what was meant.
async fn log() -> bool {
    info!("{} {} {}", EXECUTOR, ARENA, SLEEP);
    info!("{} {} {}", BYTES, SIGNAL, SHARED);
    let start = Instant::now();
    // Near enough that the core tells of an alarm that it fired by hand.
    sleep(Duration::from_micros(1)).await;
    info!("slept from {} to {}", start, Instant::now());
    let late = timeout(Duration::from_millis(1), pending::<()>()).await;
    let sent = BYTES.try_send(1).is_ok();
    let full = BYTES.try_send(2);
    let taken = SHARED.try_lock();
    info!("{} {} {} {}", late, full, taken, SHARED.try_lock());
    sent && full.is_err() && taken.is_ok() && late.is_err()
}

#[entry]
fn main() -> ! {
    EXECUTOR.set_timers(start());
    let first = EXECUTOR.spawn(pending());
    // The core tells of this one, too.
    let second = EXECUTOR.spawn(pending());
    info!("{} {}", first, second);
    let full = second.is_err_and(|error| error.refusal == Refusal::Full { slots: 1 });
    let passed = EXECUTOR.block_on(&mut ChipPark::new(&SLEEP), log());
    println!("passed: {} {}", full, passed);
    defmt::flush();
    semihosting::process::exit(i32::from(!(full && passed)));
}
