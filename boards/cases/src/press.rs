//! The sample driver (`boards/button`) on the timers of this machine.

use core::time::Duration;

use embedded_hal_async::digital::Wait;
use selkie_button::{Button, Press, Timing};
use selkie_core::spawn;
use selkie_core::sync::{NotifiedPin, PolledPin};
use selkie_core::time::{Delay, Instant, sleep};

use crate::outcome::{Outcome, check};
use crate::pin::{Pin, Wire};

/// Levels of a bouncing short press and a long one, with milliseconds.
const SCRIPT: [(bool, u64); 8] = [
    (true, 5),
    (false, 1),
    (true, 1),
    (false, 120),
    (true, 1),
    (false, 1),
    (true, 120),
    (false, 800),
];

pub(crate) async fn short_and_long() -> Outcome {
    static WIRE: Wire = Wire::new();
    let timing = Timing {
        debounce_ms: 40,
        // Far from the script's times: a host may stop for a while.
        long_ms: 400,
    };
    let script = async {
        for (high, millis) in SCRIPT {
            WIRE.set(high);
            sleep(Duration::from_millis(millis)).await;
        }
        WIRE.set(true);
    };
    check(spawn(script).is_ok(), "a task finds room")?;
    let mut button = Button::new(NotifiedPin::new(Pin(&WIRE), &WIRE.changed), Delay, timing);
    let first = button.press().await;
    check(first == Ok(Press::Short), "the first press is short")?;
    let second = button.press().await;
    check(second == Ok(Press::Long), "the second press is long")?;
    sleep(Duration::from_millis(460)).await;
    Ok(())
}

/// A pin without an interrupt: what it shows is seen by the next look.
pub(crate) async fn polled() -> Outcome {
    static WIRE: Wire = Wire::new();
    let script = async {
        for high in [false, true, false] {
            sleep(Duration::from_millis(10)).await;
            WIRE.set(high);
        }
    };
    check(spawn(script).is_ok(), "a task finds room")?;
    let mut pin = PolledPin::new(Pin(&WIRE), Delay, 2);
    let start = Instant::now();
    check(pin.wait_for_high().await.is_ok(), "it is high")?;
    check(pin.wait_for_rising_edge().await.is_ok(), "it rises")?;
    check(
        start.elapsed() >= Duration::from_millis(20),
        "after it fell",
    )?;
    check(pin.wait_for_any_edge().await.is_ok(), "it changes")?;
    check(start.elapsed() >= Duration::from_millis(30), "once more")
}
