//! The station with a scripted sensor, button and sink, under paused time: an hour of it takes no time.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

use embedded_hal::digital::{ErrorType, InputPin};
use embedded_io_async::Write;
use selkie::time::{Instant, sleep, sleep_until};
use selkie_button::{Button, Timing};
use selkie_core::sync::{NotifiedPin, Notify};
use selkie_core::time::Delay;
use selkie_station::{Config, Sensor, Station};

const MS: Duration = Duration::from_millis(1);

/// What the sensor does when it is asked; it repeats the last.
#[derive(Clone, Copy)]
enum Response {
    Value(i32),
    After(u32, i32),
    Fails,
    Never,
}

struct Script(VecDeque<Response>);

impl Sensor for Script {
    type Error = &'static str;

    async fn measure(&mut self) -> Result<i32, &'static str> {
        let answer = match self.0.len() {
            1 => self.0[0],
            _ => self.0.pop_front().expect("the last one stays"),
        };
        match answer {
            Response::Value(value) => Ok(value),
            Response::After(millis, value) => {
                sleep(millis * MS).await;
                Ok(value)
            }
            Response::Fails => Err("no acknowledge"),
            Response::Never => pending().await,
        }
    }
}

/// A pin whose level the test sets.
#[derive(Clone)]
struct Level(Rc<Cell<bool>>);

impl ErrorType for Level {
    type Error = Infallible;
}

impl InputPin for Level {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        Ok(self.0.get())
    }

    fn is_low(&mut self) -> Result<bool, Infallible> {
        Ok(!self.0.get())
    }
}

/// Lines with the milliseconds at which they were written; each takes `slow`.
#[derive(Clone)]
struct Log {
    lines: Rc<RefCell<Vec<(u128, String)>>>,
    begun: Instant,
    slow: Duration,
}

impl embedded_io_async::ErrorType for Log {
    type Error = Infallible;
}

impl Write for Log {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        sleep(self.slow).await;
        let line = String::from_utf8_lossy(bytes).trim_end().to_owned();
        self.lines
            .borrow_mut()
            .push((self.begun.elapsed().as_millis(), line));
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// Runs a station for `length`; the button goes down at the first moment of each pair, and up at the second.
fn lines(
    answers: &[Response],
    presses: &[(u64, u64)],
    length: Duration,
    slow: Duration,
) -> Vec<(u128, String)> {
    let runtime = selkie::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let begun = Instant::now();
        let (station, edge) = (Station::new(Config::default()), Notify::new());
        let level = Level(Rc::new(Cell::new(true)));
        let button = Button::new(
            NotifiedPin::new(level.clone(), &edge),
            Delay,
            Timing::default(),
        );
        let log = Log {
            lines: Rc::default(),
            begun,
            slow,
        };
        let plays = async {
            for &(down, up) in presses {
                for (at, high) in [(down, false), (up, true)] {
                    sleep_until(begun + Duration::from_millis(at)).await;
                    level.0.set(high);
                    edge.notify_one();
                }
            }
            sleep_until(begun + length).await;
        };
        selkie::select! {
            () = plays => {}
            () = station.sense(Script(answers.iter().copied().collect())) => {}
            _ = station.listen(button) => {}
            _ = station.write(log.clone()) => {}
        }
        log.lines.take()
    })
}

fn texts(lines: &[(u128, String)]) -> Vec<(u128, &str)> {
    lines
        .iter()
        .map(|(at, text)| (*at, text.as_str()))
        .collect()
}

#[test]
fn a_mean_of_four_values_is_written_each_second() {
    let answers = [20, 21, 22, 25, 30].map(|degrees| Response::Value(degrees * 1_000));
    let seen = lines(&answers, &[], 1_900 * MS, Duration::ZERO);
    assert_eq!(
        texts(&seen),
        [(750, "mean 22.000 C"), (1_750, "mean 30.000 C")]
    );
}

#[test]
fn a_sensor_that_is_late_or_fails_is_silent() {
    let answers = [
        Response::Fails,
        Response::After(49, 1),
        Response::After(51, 2),
        Response::Never,
    ];
    let seen = lines(&answers, &[], 900 * MS, Duration::ZERO);
    assert_eq!(
        texts(&seen),
        [(0, "silent"), (550, "silent"), (800, "silent")]
    );
}

#[test]
fn presses_ask_and_clear() {
    let answers = [Response::Value(-500)];
    // A short press, then a long one.
    let presses = [(100, 200), (400, 1_200)];
    let seen = lines(&answers, &presses, 2_100 * MS, Duration::ZERO);
    let wanted = [
        (220, "now -0.500 C"),
        (750, "mean -0.500 C"),
        // After 20 milliseconds of bouncing and half a second.
        (920, "cleared"),
        (1_750, "mean -0.500 C"),
    ];
    assert_eq!(texts(&seen), wanted);
}

#[test]
fn a_slow_sink_keeps_the_order_and_loses_nothing() {
    let answers: Vec<_> = (1..=20)
        .map(|degrees| Response::Value(degrees * 1_000))
        .collect();
    let seen = lines(&answers, &[], 30_000 * MS, 4_000 * MS);
    let texts: Vec<_> = seen.iter().map(|(_, text)| text.as_str()).take(5).collect();
    let wanted =
        [2_500, 6_500, 10_500, 14_500, 18_500].map(|mean| format!("mean {}.500 C", mean / 1_000));
    assert_eq!(texts, wanted);
}

#[test]
fn an_hour_of_it() {
    let seen = lines(
        &[Response::Value(21_500)],
        &[],
        Duration::from_secs(3_600),
        Duration::ZERO,
    );
    assert_eq!(seen.len(), 3_600);
    assert!(
        seen.iter()
            .all(|(at, text)| at % 1_000 == 750 && text == "mean 21.500 C")
    );
}
