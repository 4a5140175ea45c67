//! embassy-time on Selkie's clock: timers of both kinds, more of them than the queue has places for, on a clock of the test's own that
//! jumps to the alarm when all tasks wait, and moves on a little when they do not.
#![allow(missing_docs)]

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use embassy_time::{Instant, Ticker, Timer, with_timeout};
use selkie_core::executor::{AlarmClock, Arena, ChipTimers, Executor};
use selkie_core::park::{Park, Unpark};
use selkie_core::time::{install_clock, sleep};
use selkie_embassy::start_embassy_time;

/// A clock that stands, and its alarm.
struct StandingClock {
    micros: AtomicU64,
    alarm: AtomicU64,
}

impl AlarmClock for StandingClock {
    fn now_micros(&self) -> u64 {
        self.micros.load(SeqCst)
    }

    fn arm(&self, at_micros: u64) {
        self.alarm.store(at_micros, SeqCst);
    }

    fn disarm(&self) {
        self.alarm.store(u64::MAX, SeqCst);
    }

    fn fire_now(&self) {
        self.alarm.store(0, SeqCst);
    }
}

static TIME: ChipTimers<StandingClock> = ChipTimers::new(StandingClock {
    micros: AtomicU64::new(12_345),
    alarm: AtomicU64::new(u64::MAX),
});

/// A sleep that moves the clock on to the alarm, and is its interrupt.
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
        let clock = TIME.clock();
        let alarm = clock.alarm.load(SeqCst);
        if timeout.is_some() {
            // Only a look for events. Some time has passed: tasks for whose timers there is no place are polled until theirs has come.
            clock.micros.fetch_add(1, SeqCst);
        } else {
            assert!(alarm < u64::MAX, "somebody waits for an alarm");
            clock.micros.fetch_max(alarm, SeqCst);
        }
        if clock.micros.load(SeqCst) >= alarm {
            clock.alarm.store(u64::MAX, SeqCst);
            TIME.on_alarm();
        }
    }

    fn shutdown(&mut self) {}
}

/// More than the queue has places for.
const MANY: u64 = 20;

static ARENA: Arena<24, 320> = Arena::new();
static EXECUTOR: Executor = Executor::new(&JumpUnpark, &ARENA);
static EVENTS: Mutex<Vec<(&str, u64)>> = Mutex::new(Vec::new());
static ENDED: Mutex<Vec<u64>> = Mutex::new(Vec::new());

fn note(what: &'static str, since: Instant) {
    let millis = since.elapsed().as_millis();
    EVENTS.lock().unwrap().push((what, millis));
}

async fn selkies(begun: Instant) {
    for what in ["selkie 30", "selkie 60"] {
        sleep(Duration::from_millis(30)).await;
        note(what, begun);
    }
}

async fn one_of_many(number: u64) {
    let begun = Instant::now();
    // Neither in the order of the tasks, nor all at different times.
    let wait = embassy_time::Duration::from_micros(1_000 + number * 7 % 10 * 500);
    Timer::after(wait).await;
    assert!(begun.elapsed() >= wait, "number {number} ended early");
    assert!(begun.elapsed() <= wait + embassy_time::Duration::from_ticks(2));
    ENDED.lock().unwrap().push(wait.as_micros());
}

async fn embassys(begun: Instant) {
    let mut ticker = Ticker::every(embassy_time::Duration::from_millis(20));
    for what in ["embassy 20", "embassy 40"] {
        ticker.next().await;
        note(what, begun);
    }
    // One that is given up and one that is over: both leave the queue as it was.
    let late = with_timeout(
        embassy_time::Duration::from_millis(10),
        std::future::pending::<()>(),
    );
    assert!(late.await.is_err());
    note("embassy 50", begun);
    let in_time = with_timeout(
        embassy_time::Duration::from_millis(900),
        sleep(Duration::from_millis(15)),
    );
    assert!(in_time.await.is_ok());
    note("embassy 65", begun);
    Timer::at(Instant::from_ticks(0)).await;
    note("embassy 65", begun);
    let events = std::mem::take(&mut *EVENTS.lock().unwrap());
    let wanted = [
        ("embassy 20", 20),
        ("selkie 30", 30),
        ("embassy 40", 40),
        ("embassy 50", 50),
        ("selkie 60", 60),
        ("embassy 65", 65),
        ("embassy 65", 65),
    ];
    assert_eq!(events.len(), wanted.len(), "{events:?}");
    for ((what, at), (wanted, millis)) in events.iter().zip(wanted) {
        assert_eq!(*what, wanted, "{events:?}");
        // A tick of 30 microseconds more or less, in milliseconds that are rounded down.
        assert!((millis - 1..=millis + 1).contains(at), "{events:?}");
    }
    many().await;
    println!("timers of both kinds end in order, and {MANY} at once");
    std::process::exit(0);
}

async fn many() {
    for number in 0..MANY {
        EXECUTOR.spawn(one_of_many(number)).expect("a slot");
    }
    Timer::after_millis(10).await;
    let ended = ENDED.lock().unwrap();
    assert_eq!(ended.len() as u64, MANY);
    assert!(ended.is_sorted(), "{ended:?}");
}

fn main() {
    // Before it is started, time stands and a timer waits.
    assert_eq!(Instant::now().as_ticks(), 0);
    embassy_time_driver::schedule_wake(1, std::task::Waker::noop());
    // So does one for the end of time.
    embassy_time_driver::schedule_wake(u64::MAX - 1, std::task::Waker::noop());
    install_clock(|| TIME.clock().now_micros());
    let timers = TIME.start();
    EXECUTOR.set_timers(timers);
    start_embassy_time(timers);
    assert_eq!(Instant::now().as_ticks(), 12_345 * 32_768 / 1_000_000);
    EXECUTOR.run(&mut JumpPark, |spawner| {
        let begun = Instant::now();
        spawner.spawn(selkies(begun)).expect("a slot");
        spawner.spawn(embassys(begun)).expect("a slot");
    })
}
