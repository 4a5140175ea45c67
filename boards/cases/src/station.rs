//! The example application (`boards/station`) on this machine, with a scripted sensor and button.

use core::convert::Infallible;
use core::future::pending;
use core::time::Duration;

use selkie_button::{Button, Timing};
use selkie_core::select;
use selkie_core::sync::{FixedPipe, NotifiedPin};
use selkie_core::time::{Delay, sleep, timeout};
use selkie_station::{Config, Sensor, Station};

use crate::outcome::{Outcome, check};
use crate::pin::{Pin, Wire};

const MS: Duration = Duration::from_millis(1);

/// Four values, then one that never comes, then the same again.
struct RampSensor(u8);

impl Sensor for RampSensor {
    type Error = Infallible;

    async fn measure(&mut self) -> Result<i32, Infallible> {
        self.0 = (self.0 + 1) % 5;
        if self.0 == 0 {
            pending().await
        }
        sleep(MS).await;
        Ok(i32::from(self.0) * 1_000)
    }
}

/// Waits for `text` in the output.
async fn wrote(output: &FixedPipe<16>, text: &[u8]) -> Outcome {
    for wanted in text {
        let mut byte = [0];
        output.read(&mut byte).await;
        check(byte[0] == *wanted, "the lines are those that were meant")?;
    }
    Ok(())
}

pub(crate) async fn station() -> Outcome {
    static STATION: Station = Station::new(Config {
        period: Duration::from_millis(8),
        limit: Duration::from_millis(4),
    });
    static OUTPUT: FixedPipe<16> = FixedPipe::new();
    static WIRE: Wire = Wire::new();
    let timing = Timing {
        debounce_ms: 2,
        long_ms: 500,
    };
    let button = Button::new(NotifiedPin::new(Pin(&WIRE), &WIRE.changed), Delay, timing);
    let watches = async {
        wrote(&OUTPUT, b"mean 2.500 C\nsilent\n").await?;
        // A short press right after: the next value comes later.
        WIRE.set(false);
        sleep(4 * MS).await;
        WIRE.set(true);
        wrote(&OUTPUT, b"now ").await
    };
    select! {
        outcome = timeout(Duration::from_secs(2), watches) => outcome.unwrap_or(Err("the lines come in time")),
        () = STATION.sense(RampSensor(0)) => Err("a sensor is asked for ever"),
        _ = STATION.listen(button) => Err("the pin does not fail"),
        _ = STATION.write(&OUTPUT) => Err("the output does not fail"),
    }
}
