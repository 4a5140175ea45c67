//! Selkie's timers and embassy-time's on a time driver of the test's own, whose clock jumps to the next alarm when all tasks wait.
#![allow(missing_docs)]

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Waker;
use std::time::Duration;

use embassy_time_driver::{Driver, TICK_HZ, time_driver_impl};
use selkie_core::executor::{Arena, Executor};
use selkie_core::park::{Park, Unpark};
use selkie_core::time::{Instant, sleep, timeout};
use selkie_embassy::HalTimers;

/// A clock that stands, and what is to be woken.
struct StandingClock {
    ticks: AtomicU64,
    alarms: Mutex<Vec<(u64, Waker)>>,
}

time_driver_impl!(static CLOCK: StandingClock = StandingClock {
    ticks: AtomicU64::new(12_345),
    alarms: Mutex::new(Vec::new()),
});

impl Driver for StandingClock {
    fn now(&self) -> u64 {
        self.ticks.load(Ordering::SeqCst)
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        // As a HAL's queue, it is borrowed while it changes: a waker that came back here would never get it.
        let mut alarms = self
            .alarms
            .try_lock()
            .expect("nobody comes back from a waker");
        alarms.push((at, waker.clone()));
    }
}

impl StandingClock {
    /// Moves on to the next alarm, and wakes what is due with the queue borrowed.
    fn advance(&self) {
        let mut alarms = self.alarms.lock().unwrap();
        let next = alarms.iter().map(|(at, _)| *at).min();
        let next = next.expect("somebody waits for an alarm").max(self.now());
        self.ticks.store(next, Ordering::SeqCst);
        alarms.retain(|(at, waker)| {
            let is_due = *at <= next;
            if is_due {
                waker.wake_by_ref();
            }
            !is_due
        });
    }
}

/// A sleep that moves the clock.
struct JumpPark;

struct JumpUnpark;

impl Unpark for JumpUnpark {
    fn unpark(&self) {}
}

impl Park for JumpPark {
    type Unpark = JumpUnpark;

    fn unpark_handle(&self) -> JumpUnpark {
        JumpUnpark
    }

    fn park(&mut self, timeout: Option<Duration>) {
        // Not where it only looks for events.
        if timeout.is_none() {
            CLOCK.advance();
        }
    }

    fn shutdown(&mut self) {}
}

static TIME: HalTimers = HalTimers::new();
static ARENA: Arena<4, 256> = Arena::new();
static EXECUTOR: Executor = Executor::new(&JumpUnpark, &ARENA);
static EVENTS: Mutex<Vec<(&str, u128)>> = Mutex::new(Vec::new());

fn note(what: &'static str, since: Instant) {
    EVENTS
        .lock()
        .unwrap()
        .push((what, since.elapsed().as_millis()));
}

async fn selkies(begun: Instant) {
    sleep(Duration::from_millis(30)).await;
    note("selkie 30", begun);
    let late = timeout(Duration::from_millis(20), std::future::pending::<()>());
    assert!(late.await.is_err());
    note("selkie 50", begun);
    // Shorter than a tick, which is no reason to end early.
    let short = Instant::now();
    sleep(Duration::from_micros(1)).await;
    assert!(
        short.elapsed() >= Duration::from_micros(1),
        "{:?}",
        short.elapsed()
    );
}

async fn embassys(begun: Instant) {
    for what in ["embassy 20", "embassy 40", "embassy 60"] {
        embassy_time::Timer::after_millis(20).await;
        note(what, begun);
    }
    let events = std::mem::take(&mut *EVENTS.lock().unwrap());
    let wanted = [
        ("embassy 20", 20),
        ("selkie 30", 30),
        ("embassy 40", 40),
        ("selkie 50", 50),
        ("embassy 60", 60),
    ];
    for ((what, at), (wanted, millis)) in events.iter().zip(wanted) {
        assert_eq!(*what, wanted, "{events:?}");
        // A tick of 30 microseconds more or less, in milliseconds that are rounded down.
        assert!((millis..=millis + 1).contains(at), "{events:?}");
    }
    assert_eq!(events.len(), wanted.len(), "{events:?}");
    assert_eq!(TICK_HZ, 32_768);
    println!("both kinds of timers end in order");
    std::process::exit(0);
}

fn main() {
    EXECUTOR.set_timers(TIME.start());
    EXECUTOR.run(&mut JumpPark, |spawner| {
        let begun = Instant::now();
        spawner.spawn(TIME.drive()).expect("a slot");
        spawner.spawn(selkies(begun)).expect("a slot");
        spawner.spawn(embassys(begun)).expect("a slot");
    })
}
