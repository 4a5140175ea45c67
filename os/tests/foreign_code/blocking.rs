//! Closures that block.

use std::panic::panic_any;
use std::sync::mpsc;

use selkie::runtime::Builder;
use selkie::task;

use crate::action::{ACTIONS, ForeignCode, LIMIT, OnDrop};
use crate::call_site::{CallSite, PLAIN, Scenario};
use crate::stage::{CallPhase, FLAVORS, Flavor, PanicOutcome, Stage, seen};
use crate::tasks::{called, seen_after_end};

fn calls(stage: &mut Stage, foreign: &ForeignCode) -> PanicOutcome {
    let foreign = foreign.clone();
    seen(stage.block_on(async { task::spawn_blocking(move || foreign.call()).await }))
}

fn output_of_nobody(stage: &mut Stage, foreign: &ForeignCode) -> PanicOutcome {
    let output = OnDrop(foreign.clone());
    stage.block_on(async {
        drop(task::spawn_blocking(move || output));
        called(foreign).await;
    });
    PanicOutcome::Nobody
}

fn payload_of_nobody(stage: &mut Stage, foreign: &ForeignCode) -> PanicOutcome {
    let payload = OnDrop(foreign.clone());
    stage.block_on(async {
        drop(task::spawn_blocking(move || panic_any(payload)));
        called(foreign).await;
    });
    PanicOutcome::Nobody
}

fn one_thread(builder: &mut Builder, _foreign: &ForeignCode) {
    builder.max_blocking_threads(1);
}

/// A closure that waits for a thread is dropped when the runtime ends.
fn never_runs(stage: &mut Stage, foreign: &ForeignCode) -> PanicOutcome {
    let (release, released) = mpsc::channel::<()>();
    let held = OnDrop(foreign.clone());
    let queued = stage.block_on(async {
        drop(task::spawn_blocking(move || released.recv_timeout(LIMIT)));
        task::spawn_blocking(move || drop(held))
    });
    // The runtime's end waits for the first closure, which ends when the second is gone.
    let foreign = foreign.clone();
    let releaser = std::thread::spawn(move || {
        while !foreign.was_called() {
            std::thread::yield_now();
        }
        let _sent = release.send(());
    });
    let ended = stage.end();
    releaser.join().unwrap();
    let task = seen_after_end(queued);
    if ended == PanicOutcome::Nobody {
        task
    } else {
        ended
    }
}

/// Leaves its worker and comes back.
fn in_place(stage: &mut Stage, foreign: &ForeignCode) -> PanicOutcome {
    let foreign = foreign.clone();
    let task = stage.carry(async move { task::block_in_place(|| foreign.call()) });
    seen(stage.block_on(task))
}

const RUNNING: &[CallPhase] = &[CallPhase::Running];

const fn place(
    name: &'static str,
    panic: PanicOutcome,
    play: fn(&mut Stage, &ForeignCode) -> PanicOutcome,
) -> CallSite {
    CallSite {
        name,
        panic,
        flavors: FLAVORS,
        phases: RUNNING,
        actions: ACTIONS,
        configure: PLAIN,
        play: Scenario::On(play),
    }
}

pub(crate) const PLACES: &[CallSite] = &[
    place("closure.call", PanicOutcome::Task, calls),
    place(
        "closure.output_of_nobody",
        PanicOutcome::Nobody,
        output_of_nobody,
    ),
    place(
        "closure.payload_of_nobody",
        PanicOutcome::Nobody,
        payload_of_nobody,
    ),
    CallSite {
        phases: &[CallPhase::Ending],
        configure: one_thread,
        ..place("closure.drop_unrun", PanicOutcome::Task, never_runs)
    },
    CallSite {
        flavors: &[Flavor::Multi],
        phases: &[CallPhase::Running, CallPhase::Parked, CallPhase::Elsewhere],
        ..place("closure.in_place", PanicOutcome::Task, in_place)
    },
];
