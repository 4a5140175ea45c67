//! Timers behind one alarm, made and dropped at two priorities.

use core::time::Duration;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use super::harness::{Scenario, Task, sweep};
use crate::executor::{AlarmClock, ChipTimers};
use crate::platform::install_clock;
use crate::time::raw::{Current, set_current};
use crate::time::{Instant, sleep, timeout};

std::thread_local! {
    /// The time of the chip that this thread simulates, in microseconds.
    static MICROS: AtomicUsize = const { AtomicUsize::new(0) };
}

fn micros() -> u64 {
    MICROS.with(|micros| micros.load(SeqCst)) as u64
}

/// No alarm.
const DISARMED: usize = usize::MAX;

struct Clock {
    armed: AtomicUsize,
}

impl AlarmClock for Clock {
    fn now_micros(&self) -> u64 {
        micros()
    }

    fn arm(&self, at_micros: u64) {
        self.armed.store(at_micros as usize, SeqCst);
    }

    fn disarm(&self) {
        self.armed.store(DISARMED, SeqCst);
    }

    fn fire_now(&self) {
        self.armed.store(0, SeqCst);
    }
}

/// Sleeps of both sides; the handler is that of the alarm.
pub(super) struct Alarm {
    timers: &'static ChipTimers<Clock>,
    low: Task<()>,
    dropped: Task<()>,
    urgent: Task<()>,
}

impl Alarm {
    /// Time goes on to the alarm, if one is set, and its handler runs.
    fn pass(&self) {
        let armed = self.timers.clock().armed.load(SeqCst);
        if armed != DISARMED {
            MICROS.with(|micros| micros.fetch_max(armed, SeqCst));
        }
        self.timers.on_alarm();
    }
}

/// Sleeps, and waits for a timeout, twice; none of them ends early.
async fn sleeps_twice(micros: u64) {
    for _ in 0..2 {
        let start = Instant::now();
        sleep(Duration::from_micros(micros)).await;
        assert!(
            start.elapsed() >= Duration::from_micros(micros),
            "fired early"
        );
        let limit = Duration::from_micros(micros);
        assert!(timeout(limit, core::future::pending::<()>()).await.is_err());
        assert!(start.elapsed() >= 2 * limit, "ended early");
    }
}

impl Scenario for Alarm {
    fn new() -> Self {
        install_clock(micros);
        let armed = AtomicUsize::new(DISARMED);
        let timers: &'static _ = Box::leak(Box::new(ChipTimers::new(Clock { armed })));
        set_current(Current::Home(timers.start()));
        Self {
            timers,
            low: Task::new(sleeps_twice(700)),
            dropped: Task::new(sleeps_twice(300)),
            urgent: Task::new(sleeps_twice(500)),
        }
    }

    fn thread(&self) {
        self.low.run();
        self.dropped.run();
        self.low.run();
        self.dropped.cancel();
        self.low.run();
    }

    fn interrupt(&self) {
        self.pass();
        self.urgent.run();
    }

    fn check(&self) {
        for _ in 0..32 {
            self.pass();
            self.low.run();
            self.urgent.run();
        }
        set_current(Current::Absent);
        assert!(
            self.low.is_over() && self.urgent.is_over(),
            "a timer was lost"
        );
    }
}

#[test]
fn timers_are_made_and_dropped_at_every_priority() {
    sweep::<Alarm>();
}
