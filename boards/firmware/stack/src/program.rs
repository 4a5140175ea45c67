//! A program whose tasks' stack is measured: those of `blink`, and those of the example application.

use core::convert::Infallible;
use core::time::Duration;

use selkie_core::executor::{ChipPark, ChipUnpark, Executor};
use selkie_core::sync::{FixedChannel, FixedPipe};
use selkie_core::time::{TimersHandle, sleep};
use selkie_station::{Config, Sensor, Station};

use crate::paint::{Depth, Stack};

static TICKS: FixedChannel<u32, 4> = FixedChannel::new();
static STATION: Station = Station::new(Config {
    period: Duration::from_millis(2),
    limit: Duration::from_millis(1),
});
static LINES: FixedPipe<32> = FixedPipe::new();

static TICK: Depth = Depth::new();
static COUNT: Depth = Depth::new();
static SENSE: Depth = Depth::new();
static WRITE: Depth = Depth::new();
static READ: Depth = Depth::new();

/// A thermometer that takes a moment.
struct ConstantSensor;

impl Sensor for ConstantSensor {
    type Error = Infallible;

    async fn measure(&mut self) -> Result<i32, Infallible> {
        sleep(Duration::from_micros(100)).await;
        Ok(21_500)
    }
}

async fn tick() {
    for number in 0.. {
        sleep(Duration::from_millis(1)).await;
        TICKS.send(number).await;
    }
}

async fn count(stack: &'static Stack) {
    while TICKS.recv().await < 100 {}
    let rows = [
        ("`tick`: sleeps and sends", TICK.bytes()),
        ("`count`: receives", COUNT.bytes()),
        ("`sense`: asks with a time limit, and sends", SENSE.bytes()),
        ("`write`: filters, and makes lines of text", WRITE.bytes()),
        ("a reader of bytes", READ.bytes()),
        ("in all, with executor and interrupts", stack.in_all()),
    ];
    for (what, bytes) in rows {
        semihosting::println!("{what} | {bytes} |");
    }
    let is_plausible = rows.iter().all(|(_, bytes)| (16..4_096).contains(bytes));
    semihosting::process::exit(i32::from(!is_plausible));
}

async fn read() {
    let mut line = [0; 8];
    loop {
        LINES.read(&mut line).await;
    }
}

/// Runs it, with the chip's timers and its sleep, and prints a row for each task.
pub fn run(
    stack: &'static Stack,
    timers: TimersHandle,
    unpark: &'static ChipUnpark,
    executor: &'static Executor,
) -> ! {
    stack.paint();
    executor.set_timers(timers);
    executor.run(&mut ChipPark::new(unpark), |spawner| {
        let write = async {
            // The pipe cannot fail.
            let _never = STATION.write(&LINES).await;
        };
        let sense = STATION.sense(ConstantSensor);
        let spawned = [
            spawner.spawn(stack.measured(&TICK, tick())).is_ok(),
            spawner.spawn(stack.measured(&COUNT, count(stack))).is_ok(),
            spawner.spawn(stack.measured(&SENSE, sense)).is_ok(),
            spawner.spawn(stack.measured(&WRITE, write)).is_ok(),
            spawner.spawn(stack.measured(&READ, read())).is_ok(),
        ];
        if !spawned.iter().all(|is_there| *is_there) {
            semihosting::process::exit(1);
        }
    })
}
