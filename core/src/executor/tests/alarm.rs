//! Timers behind one alarm of hardware that misses what is set too near.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::boxed::Box;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Wake, Waker};
use std::vec::Vec;

use proptest::prelude::{Just, any, prop, prop_assert, prop_oneof, proptest};

use crate::executor::{AlarmClock, ChipTimers};
use crate::platform::instant_origin;
use crate::time::raw::{ClockMode, Current, set_current};
use crate::time::{Sleep, TimersHandle, sleep};

/// How far ahead of the time the comparator must be set.
const LEAD_MICROS: u64 = 40;
/// The furthest that the comparator reaches.
const REACH_MICROS: u64 = 65_536;

/// A comparator for equality, on a clock that moves with every access.
#[derive(Default)]
struct Comparator {
    handle: OnceLock<TimersHandle>,
    armed: Mutex<Option<u64>>,
    pending: AtomicBool,
    /// Microseconds that pass at each access.
    pace: AtomicU64,
}

impl Comparator {
    fn time(&self) -> u64 {
        let Some(handle) = self.handle.get() else {
            return 0;
        };
        let now = handle.clock().now().into_std();
        let since = now.checked_duration_since(instant_origin());
        since.map_or(0, |since| since.as_micros() as u64)
    }

    /// Time passes, and the counter may pass what the comparator holds.
    fn pass(&self, micros: u64) {
        let Some(handle) = self.handle.get() else {
            return;
        };
        handle
            .clock()
            .advance(Duration::from_micros(micros))
            .expect("paused");
        let mut armed = self.armed.lock().unwrap();
        if armed.is_some_and(|at| at <= self.time()) {
            *armed = None;
            self.pending.store(true, SeqCst);
        }
    }
}

impl AlarmClock for Comparator {
    const LEAD_MICROS: u64 = LEAD_MICROS;

    fn now_micros(&self) -> u64 {
        self.pass(self.pace.load(SeqCst));
        self.time()
    }

    fn arm(&self, at_micros: u64) {
        self.pass(self.pace.load(SeqCst));
        let now = self.time();
        let at = at_micros.min(now + REACH_MICROS);
        // What is too near is missed: the counter is past it before the comparator listens.
        *self.armed.lock().unwrap() = (at >= now + LEAD_MICROS).then_some(at);
    }

    fn disarm(&self) {
        *self.armed.lock().unwrap() = None;
    }

    fn fire_now(&self) {
        self.pending.store(true, SeqCst);
    }
}

struct Chip {
    timers: &'static ChipTimers<Comparator>,
    handle: TimersHandle,
}

impl Chip {
    fn new(pace: u64) -> Self {
        let timers: &'static ChipTimers<Comparator> =
            Box::leak(Box::new(ChipTimers::new(Comparator::default())));
        let handle = timers.start_as(ClockMode::Paused);
        let _ = timers.clock().handle.set(handle);
        timers.clock().pace.store(pace, SeqCst);
        set_current(Current::Timers(handle));
        Self { timers, handle }
    }

    /// Time passes, and the alarm's handler runs when the hardware says so, and only then.
    fn pass(&self, micros: u64) {
        let clock = self.timers.clock();
        for _ in 0..micros.div_ceil(10) {
            clock.pass(10);
            self.interrupt();
        }
    }

    /// The handler, as often as the interrupt is pending; by hand it is fired over a lead at most.
    fn interrupt(&self) {
        for _ in 0..=LEAD_MICROS + 2 {
            if !self.timers.clock().pending.swap(false, SeqCst) {
                return;
            }
            self.timers.on_alarm();
            self.timers.clock().pass(1);
        }
        panic!("the alarm is fired by hand again and again");
    }
}

impl Drop for Chip {
    fn drop(&mut self) {
        set_current(Current::Absent);
    }
}

#[derive(Default)]
struct WakeFlag(AtomicBool);

impl Wake for WakeFlag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, SeqCst);
    }
}

/// A timer that was polled once.
fn start(micros: u64) -> (Pin<Box<Sleep>>, Arc<WakeFlag>) {
    let woken = Arc::new(WakeFlag::default());
    let waker = Waker::from(woken.clone());
    let mut timer = Box::pin(sleep(Duration::from_micros(micros)));
    if timer.as_mut().poll(&mut Context::from_waker(&waker)) == Poll::Ready(()) {
        woken.0.store(true, SeqCst);
    }
    (timer, woken)
}

/// Regression row 30: too near, lost, overwritten.
#[test]
fn an_alarm_set_too_near_fires() {
    for pace in [0, 1, 7, 39, 40, 41, 1_500] {
        let chip = Chip::new(pace);
        let (_timer, woken) = start(1);
        chip.pass(5_000);
        assert!(woken.0.load(SeqCst), "lost at a pace of {pace}");
    }
}

#[test]
fn a_later_insert_leaves_the_earlier_deadline() {
    let chip = Chip::new(3);
    let (_early, early) = start(5_000);
    let (_late, late) = start(50_000);
    chip.pass(8_000);
    assert!(early.0.load(SeqCst));
    assert!(!late.0.load(SeqCst));
    chip.pass(50_000);
    assert!(late.0.load(SeqCst));
}

#[test]
fn a_timer_beyond_the_hardware_fires() {
    let chip = Chip::new(1);
    let (_timer, woken) = start(5 * REACH_MICROS);
    chip.pass(4 * REACH_MICROS);
    assert!(!woken.0.load(SeqCst));
    chip.pass(2 * REACH_MICROS);
    assert!(woken.0.load(SeqCst));
    assert_eq!(chip.handle.len(), 0);
}

proptest! {
    /// Whatever is started, dropped and waited for, in hardware of whatever pace: every timer
    /// fires, not before its time, and at most a tick and an interrupt's work after it.
    #[test]
    fn no_alarm_is_lost(
        pace in 0_u64..60,
        steps in prop::collection::vec(
            (
                prop_oneof![0_u64..300, 0_u64..90_000],
                prop_oneof![Just(200_000_u64), 0_u64..30_000],
                any::<bool>(),
            ),
            1..8,
        ),
    ) {
        let chip = Chip::new(pace);
        let mut timers = Vec::new();
        for (ahead, wait, dropped) in steps {
            let due = chip.handle.clock().now() + Duration::from_micros(ahead);
            let (timer, woken) = start(ahead);
            if !dropped {
                timers.push((timer, woken, due));
            }
            chip.pass(wait);
            let now = chip.handle.clock().now();
            let slack = Duration::from_micros(1_000 + 200 * (pace + 1) + 2 * LEAD_MICROS);
            for (_, woken, due) in &timers {
                if woken.0.load(SeqCst) {
                    prop_assert!(now >= *due);
                } else {
                    prop_assert!(now < *due + slack, "late by {:?}", now - *due);
                }
            }
        }
        chip.pass(200_000);
        for (_, woken, _) in &timers {
            prop_assert!(woken.0.load(SeqCst), "an alarm was lost");
        }
    }
}
