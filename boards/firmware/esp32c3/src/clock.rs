//! The clock and the alarm: the chip's system timer, which counts 52 bits at 16 megahertz.

use esp_hal::Blocking;
use esp_hal::handler;
use esp_hal::peripherals::SYSTIMER;
use esp_hal::time::{Duration, Instant};
use esp_hal::timer::OneShotTimer;
use esp_hal::timer::systimer::SystemTimer;
use selkie_core::executor::{AlarmClock, ChipTimers};
use selkie_core::raw::platform::Lock;
use selkie_core::time::{TimersHandle, install_clock};

/// As far as an alarm is armed at a time.
const REACH_MICROS: u64 = 1_000_000_000;

/// The chip's timers.
pub static TIME: ChipTimers<SystemClock> = ChipTimers::new(SystemClock {
    alarm: Lock::new(None),
});

/// The system timer, with one of its comparators.
pub struct SystemClock {
    /// `None` until it was started.
    alarm: Lock<Option<OneShotTimer<'static, Blocking>>>,
}

impl SystemClock {
    fn schedule(&self, ahead_micros: u64) {
        let ahead = Duration::from_micros(ahead_micros.clamp(1, REACH_MICROS));
        self.alarm.with(|alarm| {
            let Some(alarm) = alarm else { return };
            alarm.stop();
            // It refuses what is longer than its counter reaches, which this is not.
            let scheduled = alarm.schedule(ahead);
            debug_assert!(scheduled.is_ok(), "the alarm reaches as far");
        });
    }
}

/// The comparator fires when its time is reached or past, so that no alarm can be too near.
impl AlarmClock for SystemClock {
    fn now_micros(&self) -> u64 {
        Instant::now().duration_since_epoch().as_micros()
    }

    fn arm(&self, at_micros: u64) {
        self.schedule(at_micros.saturating_sub(self.now_micros()));
    }

    fn disarm(&self) {
        self.schedule(REACH_MICROS);
    }

    fn fire_now(&self) {
        self.schedule(1);
    }
}

#[handler]
fn on_alarm() {
    TIME.clock().alarm.with(|alarm| {
        if let Some(alarm) = alarm {
            alarm.clear_interrupt();
        }
    });
    TIME.on_alarm();
}

/// Starts the timers, on the system timer's first comparator.
///
/// # Panics
/// If it was called before.
pub fn start(timer: SYSTIMER<'static>) -> TimersHandle {
    let mut alarm = OneShotTimer::new(SystemTimer::new(timer).alarm0);
    alarm.set_interrupt_handler(on_alarm);
    alarm.listen();
    TIME.clock().alarm.with(|place| *place = Some(alarm));
    install_clock(|| TIME.clock().now_micros());
    TIME.start()
}
