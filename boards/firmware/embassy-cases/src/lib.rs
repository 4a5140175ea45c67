#![no_std]
//! embassy-time's timers on Selkie's clock, on whatever chip runs this: order, many at once, timeouts, and Selkie's own timers beside them.

use core::future::pending;
use core::sync::atomic::{AtomicU32, Ordering};

use embassy_time::{Duration, Instant, Ticker, Timer, with_timeout};
use selkie_core::executor::Executor;
use selkie_core::spawn;
use selkie_core::sync::FixedChannel;
use selkie_core::time::{TimersHandle, sleep};
use selkie_embassy::start_embassy_time;

/// Tasks that wait at once: more than embassy's queue has places for.
pub const MANY: usize = 20;

type Outcome = Result<(), &'static str>;

fn check(holds: bool, what: &'static str) -> Outcome {
    if holds { Ok(()) } else { Err(what) }
}

async fn in_order() -> Outcome {
    static ORDER: FixedChannel<u64, 4> = FixedChannel::new();
    for millis in [30, 10, 20] {
        let sleeper = async move {
            Timer::after_millis(millis).await;
            ORDER.send(millis).await;
        };
        check(spawn(sleeper).is_ok(), "three tasks find room")?;
    }
    let selkies = async {
        sleep(core::time::Duration::from_millis(15)).await;
        ORDER.send(15).await;
    };
    check(spawn(selkies).is_ok(), "a fourth finds room")?;
    for millis in [10, 15, 20, 30] {
        check(ORDER.recv().await == millis, "the shortest ends first")?;
    }
    Timer::after_millis(1).await;
    Ok(())
}

async fn never_early() -> Outcome {
    for micros in [0, 1, 99, 100, 101, 1_000, 3_333, 7_001] {
        let begun = (Instant::now(), selkie_core::time::Instant::now());
        Timer::after_micros(micros).await;
        check(
            begun.0.elapsed().as_micros() >= micros,
            "it lasts as long as asked",
        )?;
        let elapsed = begun.1.elapsed().as_micros();
        check(elapsed >= u128::from(micros), "by Selkie's clock too")?;
    }
    Ok(())
}

async fn many() -> Outcome {
    static ENDED: FixedChannel<Result<u64, ()>, MANY> = FixedChannel::new();
    let begun = Instant::now();
    for number in 0..MANY as u64 {
        let sleeper = async move {
            let deadline = begun + Duration::from_micros(5_000 + number * 7 % 10 * 700);
            Timer::at(deadline).await;
            let is_early = Instant::now() < deadline;
            let ended = if is_early {
                Err(())
            } else {
                Ok(deadline.as_micros())
            };
            ENDED.send(ended).await;
        };
        check(spawn(sleeper).is_ok(), "each task finds room")?;
    }
    let mut last = 0;
    for _ in 0..MANY {
        match ENDED.recv().await {
            Ok(deadline) => {
                check(deadline >= last, "what is due first ends first")?;
                last = deadline;
            }
            Err(()) => return Err("none ends early"),
        }
    }
    Ok(())
}

async fn timeouts() -> Outcome {
    let begun = Instant::now();
    let late = with_timeout(Duration::from_millis(5), pending::<()>()).await;
    check(late.is_err(), "a wait is ended")?;
    check(begun.elapsed().as_millis() >= 5, "not before its time")?;
    let soon = sleep(core::time::Duration::from_millis(1));
    let in_time = with_timeout(Duration::from_secs(5), soon).await;
    check(in_time.is_ok(), "what ends in time is not cut off")?;
    let mut ticker = Ticker::every(Duration::from_millis(2));
    let begun = Instant::now();
    for _ in 0..5 {
        ticker.next().await;
    }
    let elapsed = begun.elapsed().as_millis();
    check((9..=12).contains(&elapsed), "a ticker keeps its time")
}

/// A timer of an urgent task ends while this task spins.
async fn urgent(executor: &'static Executor) -> Outcome {
    static ENDED: AtomicU32 = AtomicU32::new(0);
    let task = async {
        Timer::after_millis(3).await;
        // Release: pairs with the Acquire of who spins.
        ENDED.store(1, Ordering::Release);
    };
    check(executor.spawn(task).is_ok(), "a task finds room")?;
    let begun = Instant::now();
    // Acquire: as above.
    while ENDED.load(Ordering::Acquire) == 0 {
        if begun.elapsed().as_millis() > 100 {
            return Err("it ended while this task was polled");
        }
        core::hint::spin_loop();
    }
    check(begun.elapsed().as_millis() >= 3, "not before its time")
}

/// Runs all, tells by semihosting, and returns how many failed.
pub async fn run(timers: TimersHandle, urgent_executor: &'static Executor) -> i32 {
    start_embassy_time(timers);
    let outcomes = [
        ("timers end in order", in_order().await),
        ("no timer ends early", never_early().await),
        ("more timers at once than the queue holds", many().await),
        ("timeouts and tickers", timeouts().await),
        ("a timer of an urgent task", urgent(urgent_executor).await),
    ];
    let mut failed = 0;
    for (case, outcome) in outcomes {
        match outcome {
            Ok(()) => semihosting::println!("pass {case}"),
            Err(what) => {
                semihosting::println!("FAIL {case}: not so: {what}");
                failed += 1;
            }
        }
    }
    failed
}
