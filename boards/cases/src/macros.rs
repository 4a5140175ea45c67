//! `select!`, `join!` and `try_join!`: several futures in one task.

use core::future::pending;
use core::pin::pin;
use core::time::Duration;

use selkie_core::sync::{FixedChannel, Signal};
use selkie_core::time::{Instant, sleep};
use selkie_core::{join, select, spawn, try_join};

use crate::outcome::{Outcome, check};

const MS: Duration = Duration::from_millis(1);

/// A loop takes values from a channel until a deadline: no value is lost, and the deadline is polled on.
pub(crate) async fn select() -> Outcome {
    static NUMBERS: FixedChannel<u32, 2> = FixedChannel::new();
    let sender = async {
        for number in 0..5 {
            NUMBERS.send(number).await;
            sleep(MS).await;
        }
    };
    check(spawn(sender).is_ok(), "a task finds room")?;
    let start = Instant::now();
    let mut deadline = pin!(sleep(50 * MS));
    let mut expected = 0;
    loop {
        select! {
            number = NUMBERS.recv() => {
                check(number == expected, "each value is taken once, in order")?;
                expected += 1;
            }
            () = &mut deadline => break,
            () = pending() => return Err("a future that never ends is not ready"),
        }
    }
    check(expected == 5, "all values came before the deadline")?;
    check(start.elapsed() >= 50 * MS, "the deadline is not early")
}

/// Both futures run at the same time, and each gives its own output.
pub(crate) async fn join() -> Outcome {
    static SIGNAL: Signal<u32> = Signal::new();
    let start = Instant::now();
    let sender = async {
        sleep(20 * MS).await;
        let replaced = SIGNAL.signal(7);
        replaced.is_none()
    };
    let (is_first, number, ()) = join!(sender, SIGNAL.wait(), sleep(20 * MS));
    check((is_first, number) == (true, 7), "each has its output")?;
    let elapsed = start.elapsed();
    check(elapsed >= 20 * MS, "none ends early")?;
    check(elapsed < 40 * MS, "they wait at the same time")
}

/// The first error ends the wait, and the other futures are dropped.
pub(crate) async fn try_join() -> Outcome {
    let fails = async {
        sleep(MS).await;
        Err::<(), _>("no answer")
    };
    let waits = async {
        pending::<()>().await;
        Ok(())
    };
    let both = try_join!(waits, fails);
    check(both == Err("no answer"), "the error comes out")?;
    let both = try_join!(async { Ok::<_, &str>(1) }, async { Ok(2) });
    check(both == Ok((1, 2)), "without an error all outputs come out")
}
