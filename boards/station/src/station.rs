//! The tasks of the station, and the channel between them.
//!
//! Idea        Whoever has something to say sends it to one channel, so that the one task that writes sees it all in order. A full channel keeps
//!             the sensor's task waiting, and never the sensor: it is asked again a period after the last answer was taken.

use core::time::Duration;

use embedded_hal::digital::InputPin;
use embedded_hal_async::delay::DelayNs;
use embedded_hal_async::digital::Wait;
use embedded_io_async::Write;
use selkie_button::{Button, Press};
use selkie_core::sync::FixedChannel;
use selkie_core::time::{Instant, sleep_until, timeout};

use crate::filter::Filter;
use crate::line::Line;
use crate::sensor::Sensor;

/// What the tasks send to the one that writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Message {
    /// A value of the sensor.
    Value(i32),
    /// The sensor did not answer in time, or with an error.
    Silent,
    /// The button was pressed.
    Pressed(Press),
}

/// How often the sensor is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// From one question to the next.
    pub period: Duration,
    /// How long an answer may take.
    pub limit: Duration,
}

impl Default for Config {
    /// Once in a quarter of a second; an answer takes 50 milliseconds at most.
    fn default() -> Self {
        Self {
            period: Duration::from_millis(250),
            limit: Duration::from_millis(50),
        }
    }
}

/// The station: stands in a static, and its three futures are tasks.
#[derive(Debug)]
pub struct Station {
    messages: FixedChannel<Message, 8>,
    config: Config,
}

impl Station {
    /// A station that nothing was said to.
    pub const fn new(config: Config) -> Self {
        Self {
            messages: FixedChannel::new(),
            config,
        }
    }

    /// Asks the sensor for ever.
    pub async fn sense(&self, mut sensor: impl Sensor) {
        let mut next = Instant::now();
        loop {
            sleep_until(next).await;
            let message = match timeout(self.config.limit, sensor.measure()).await {
                Ok(Ok(value)) => Message::Value(value),
                Ok(Err(_)) | Err(_) => Message::Silent,
            };
            self.messages.send(message).await;
            // What was late does not come twice.
            next = Instant::now().max(next + self.config.period);
        }
    }

    /// Waits for presses, until the pin fails.
    ///
    /// # Errors
    /// The pin's.
    pub async fn listen<P, D>(&self, mut button: Button<P, D>) -> Result<(), P::Error>
    where
        P: Wait + InputPin,
        D: DelayNs + Clone,
    {
        loop {
            let press = button.press().await?;
            self.messages.send(Message::Pressed(press)).await;
        }
    }

    /// Writes a line for each four values, a short press (what the mean is now) and each silence; a long press forgets all values.
    ///
    /// # Errors
    /// The sink's.
    pub async fn write<W: Write>(&self, mut sink: W) -> Result<(), W::Error> {
        let (mut filter, mut values) = (Filter::new(), 0_u8);
        loop {
            let line = match self.messages.recv().await {
                Message::Value(value) => {
                    let mean = filter.push(value);
                    values = (values + 1) % 4;
                    mean.filter(|_| values == 0)
                        .map(|mean| Line::of("mean", mean))
                }
                Message::Pressed(Press::Short) => filter.mean().map(|mean| Line::of("now", mean)),
                Message::Pressed(Press::Long) => {
                    filter.clear();
                    values = 0;
                    sink.write_all(b"cleared\n").await?;
                    None
                }
                Message::Silent => {
                    sink.write_all(b"silent\n").await?;
                    None
                }
            };
            if let Some(line) = line {
                sink.write_all(line.as_bytes()).await?;
            }
            sink.flush().await?;
        }
    }
}
