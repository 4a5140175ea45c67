//! Tasks, spawned at whatever executor runs here.

use selkie_core::spawn;
use selkie_core::sync::FixedChannel;
use selkie_core::task::yield_now;

use crate::outcome::{Outcome, check};

pub(crate) async fn in_order() -> Outcome {
    static ORDER: FixedChannel<(u8, u8), 8> = FixedChannel::new();
    for task in 0..3 {
        let counts = async move {
            for round in 0..2 {
                ORDER.send((round, task)).await;
                yield_now().await;
            }
        };
        check(spawn(counts).is_ok(), "three tasks find room")?;
    }
    for task in 0..3 {
        check(ORDER.recv().await == (0, task), "tasks begin in order")?;
    }
    // Who yields comes back after everybody else has had a turn; in which order is the executor's.
    let mut seen = 0;
    for _ in 0..3 {
        let (round, task) = ORDER.recv().await;
        check(round == 1 && seen & (1 << task) == 0, "tasks take turns")?;
        seen |= 1 << task;
    }
    // The last ones end.
    yield_now().await;
    yield_now().await;
    Ok(())
}

pub(crate) async fn nested() -> Outcome {
    static DEPTH: FixedChannel<u8, 4> = FixedChannel::new();
    let spawned = spawn(async {
        let inner = async {
            DEPTH.send(2).await;
        };
        if spawn(inner).is_ok() {
            DEPTH.send(1).await;
        }
    });
    check(spawned.is_ok(), "a task finds room")?;
    let depths = (DEPTH.recv().await, DEPTH.recv().await);
    yield_now().await;
    check(depths == (1, 2), "the inner task runs after the outer")
}
