//! Timers.

use core::future::pending;
use core::time::Duration;

use selkie_core::spawn;
use selkie_core::sync::FixedChannel;
use selkie_core::time::{Instant, sleep, timeout};

use crate::machine::Machine;
use crate::outcome::{Outcome, check};

const MS: Duration = Duration::from_millis(1);

pub(crate) async fn in_order() -> Outcome {
    static ORDER: FixedChannel<u32, 4> = FixedChannel::new();
    for millis in [30, 10, 20] {
        let sleeper = async move {
            sleep(millis * MS).await;
            ORDER.send(millis).await;
        };
        check(spawn(sleeper).is_ok(), "three tasks find room")?;
    }
    for millis in [10, 20, 30] {
        check(ORDER.recv().await == millis, "the shortest ends first")?;
    }
    // The last one ends.
    sleep(MS).await;
    Ok(())
}

pub(crate) async fn never_early() -> Outcome {
    for micros in [0, 1, 99, 100, 101, 1_000, 3_333, 7_001] {
        let asked = Duration::from_micros(micros);
        let start = Instant::now();
        sleep(asked).await;
        check(start.elapsed() >= asked, "a sleep lasts as long as asked")?;
    }
    Ok(())
}

/// Alarms at the edge of what the hardware catches; one that is lost hangs here.
pub(crate) async fn too_near() -> Outcome {
    let start = Instant::now();
    for micros in 0..120 {
        sleep(Duration::from_micros(micros)).await;
    }
    check(
        start.elapsed() < Duration::from_secs(5),
        "no alarm is a lap late",
    )
}

pub(crate) async fn timeouts() -> Outcome {
    let start = Instant::now();
    let waited = timeout(5 * MS, pending::<()>()).await;
    check(waited.is_err(), "the wait ends")?;
    check(start.elapsed() >= 5 * MS, "not before its time")?;
    let ready = timeout(5 * MS, async { 3 }).await;
    check(ready == Ok(3), "what is ready in time is not cut off")
}

/// A tenth of a second without work takes a handful of sleeps, not a busy loop.
pub(crate) async fn asleep(machine: &dyn Machine) -> Outcome {
    let Some(before) = machine.sleeps() else {
        return Ok(());
    };
    sleep(100 * MS).await;
    let slept = machine.sleeps().unwrap_or(before).wrapping_sub(before);
    check(slept > 0, "it slept at all")?;
    check(slept <= 20, "it slept for long")
}
