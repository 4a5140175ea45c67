//! The sample driver (`boards/button`) on the timers of this machine.

use core::time::Duration;

use selkie_button::{Button, Press, Timing};
use selkie_core::spawn;
use selkie_core::time::{Delay, sleep};

use crate::outcome::{Outcome, check};
use crate::pin::{Pin, Wire};

/// Levels of a bouncing short press and a long one, with milliseconds.
const SCRIPT: [(bool, u64); 8] = [
    (true, 5),
    (false, 1),
    (true, 1),
    (false, 20),
    (true, 1),
    (false, 1),
    (true, 30),
    (false, 100),
];

pub(crate) async fn short_and_long() -> Outcome {
    static WIRE: Wire = Wire::new();
    let timing = Timing {
        debounce_ms: 5,
        long_ms: 60,
    };
    let script = async {
        for (high, millis) in SCRIPT {
            WIRE.set(high);
            sleep(Duration::from_millis(millis)).await;
        }
        WIRE.set(true);
    };
    check(spawn(script).is_ok(), "a task finds room")?;
    let mut button = Button::new(Pin(&WIRE), Delay, timing);
    let first = button.press().await;
    check(first == Ok(Press::Short), "the first press is short")?;
    let second = button.press().await;
    check(second == Ok(Press::Long), "the second press is long")?;
    sleep(Duration::from_millis(60)).await;
    Ok(())
}
