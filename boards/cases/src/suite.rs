//! The list of cases, and how many of them passed.

use crate::machine::Machine;
use crate::outcome::Outcome;
use crate::{arena, channels, interrupts, macros, press, station, streams, tasks, timers};

/// How many cases passed and failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Cases that passed.
    pub passed: u32,
    /// Cases that failed.
    pub failed: u32,
}

/// Runs every case, one after the other, as part of whatever executor polls this.
pub async fn run(machine: &'static dyn Machine) -> Tally {
    let mut tally = Tally::default();
    let mut count = |case: &str, outcome: Outcome| {
        match outcome {
            Ok(()) => tally.passed += 1,
            Err(_) => tally.failed += 1,
        }
        machine.report(case, outcome);
    };
    count("tasks run in order", tasks::in_order().await);
    count("a task spawns a task", tasks::nested().await);
    count("a full arena gives the future back", arena::full());
    count("a slot is used again", arena::reused());
    count("a future too large comes back", arena::too_large());
    count("sleeps end in order", timers::in_order().await);
    count("no sleep ends early", timers::never_early().await);
    count("sleeps of a microsecond end", timers::too_near().await);
    count("a timeout ends a wait", timers::timeouts().await);
    count("the chip sleeps meanwhile", timers::asleep(machine).await);
    count("a queue keeps its order", channels::queue().await);
    count("a queue has a limit", channels::limit().await);
    count("a signal arrives", channels::signal().await);
    count("a mutex excludes", channels::mutex().await);
    count("a notify wakes", channels::notify().await);
    count("bytes go through a pipe", streams::pipe().await);
    count("a stream flows into a sink", streams::sink().await);
    count("the first of several futures", macros::select().await);
    count("several futures at once", macros::join().await);
    count("several futures until an error", macros::try_join().await);
    count("an interrupt wakes a task", interrupts::wake(machine).await);
    count("a burst of interrupts", interrupts::burst(machine).await);
    count(
        "an urgent task preempts",
        interrupts::preempt(machine).await,
    );
    count(
        "an urgent task sleeps",
        interrupts::urgent_sleep(machine).await,
    );
    count("a button is pressed", press::short_and_long().await);
    count("a pin is looked at", press::polled().await);
    count("a station measures", station::station().await);
    tally
}
