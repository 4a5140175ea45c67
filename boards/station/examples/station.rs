//! The station on a system with Linux: the processor's own thermometer, standard output, and a button that nobody presses. It ends after as
//! many lines as its argument says.
//!
//! `cargo run -p selkie-station --example station -- 3`

use std::convert::Infallible;
use std::time::Duration;

use embedded_hal::digital::{ErrorType, InputPin};
use embedded_io_async::Write;
use selkie::io::AsyncWriteExt;
use selkie_button::{Button, Timing};
use selkie_core::sync::PolledPin;
use selkie_core::time::Delay;
use selkie_station::{Config, Sensor, Station};

/// The first thermal zone, or a constant where the machine has none.
struct ThermalSensor;

impl Sensor for ThermalSensor {
    type Error = std::io::Error;

    async fn measure(&mut self) -> Result<i32, std::io::Error> {
        match selkie::fs::read_to_string("/sys/class/thermal/thermal_zone0/temp").await {
            Ok(text) => text.trim().parse().map_err(std::io::Error::other),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(21_500),
            Err(error) => Err(error),
        }
    }
}

/// A line that stays high: `boards/gpio` has real ones.
struct HighLevel;

impl ErrorType for HighLevel {
    type Error = Infallible;
}

impl InputPin for HighLevel {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        Ok(true)
    }

    fn is_low(&mut self) -> Result<bool, Infallible> {
        Ok(false)
    }
}

/// Standard output as embedded-io-async's `Write`, for so many lines.
struct Output {
    stdout: selkie::io::Stdout,
    lines_left: usize,
}

impl embedded_io_async::ErrorType for Output {
    type Error = embedded_io_async::ErrorKind;
}

impl Write for Output {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> {
        let failed = |_: std::io::Error| embedded_io_async::ErrorKind::Other;
        // The end of the program, by an error of the sink.
        self.lines_left = self
            .lines_left
            .checked_sub(1)
            .ok_or(embedded_io_async::ErrorKind::Interrupted)?;
        self.stdout.write_all(bytes).await.map_err(failed)?;
        self.stdout.flush().await.map_err(failed)?;
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Self::Error> {
        if self.lines_left == 0 {
            return Err(embedded_io_async::ErrorKind::Interrupted);
        }
        Ok(())
    }
}

#[selkie::main(flavor = "current_thread")]
async fn main() {
    let lines = std::env::args().nth(1).and_then(|lines| lines.parse().ok());
    let station = Station::new(Config {
        period: Duration::from_millis(10),
        ..Config::default()
    });
    let button = Button::new(
        PolledPin::new(HighLevel, Delay, 50),
        Delay,
        Timing::default(),
    );
    let output = Output {
        stdout: selkie::io::stdout(),
        lines_left: lines.unwrap_or(2),
    };
    selkie::select! {
        () = station.sense(ThermalSensor) => {}
        _ = station.listen(button) => {}
        _ = station.write(output) => {}
    }
}
