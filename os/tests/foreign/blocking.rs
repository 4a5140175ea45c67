//! Closures that block.

use std::panic::panic_any;
use std::sync::mpsc;

use selkie::runtime::Builder;
use selkie::task;

use crate::act::{ACTS, Foreign, LIMIT, OnDrop};
use crate::call_site::{CallSite, PLAIN, Play};
use crate::stage::{FLAVOURS, Flavour, Moment, Seen, Stage, seen};
use crate::tasks::{called, seen_after_end};

fn calls(stage: &mut Stage, foreign: &Foreign) -> Seen {
    let foreign = foreign.clone();
    seen(stage.block_on(async { task::spawn_blocking(move || foreign.call()).await }))
}

fn output_of_nobody(stage: &mut Stage, foreign: &Foreign) -> Seen {
    let output = OnDrop(foreign.clone());
    stage.block_on(async {
        drop(task::spawn_blocking(move || output));
        called(foreign).await;
    });
    Seen::Nobody
}

fn payload_of_nobody(stage: &mut Stage, foreign: &Foreign) -> Seen {
    let payload = OnDrop(foreign.clone());
    stage.block_on(async {
        drop(task::spawn_blocking(move || panic_any(payload)));
        called(foreign).await;
    });
    Seen::Nobody
}

fn one_thread(builder: &mut Builder, _foreign: &Foreign) {
    builder.max_blocking_threads(1);
}

/// A closure that waits for a thread is dropped when the runtime ends.
fn never_runs(stage: &mut Stage, foreign: &Foreign) -> Seen {
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
    if ended == Seen::Nobody { task } else { ended }
}

/// Leaves its worker and comes back.
fn in_place(stage: &mut Stage, foreign: &Foreign) -> Seen {
    let foreign = foreign.clone();
    let task = stage.carry(async move { task::block_in_place(|| foreign.call()) });
    seen(stage.block_on(task))
}

const RUNNING: &[Moment] = &[Moment::Running];

const fn place(
    name: &'static str,
    panic: Seen,
    play: fn(&mut Stage, &Foreign) -> Seen,
) -> CallSite {
    CallSite {
        name,
        panic,
        flavours: FLAVOURS,
        moments: RUNNING,
        acts: ACTS,
        configure: PLAIN,
        play: Play::On(play),
    }
}

pub(crate) const PLACES: &[CallSite] = &[
    place("closure.call", Seen::Task, calls),
    place("closure.output_of_nobody", Seen::Nobody, output_of_nobody),
    place("closure.payload_of_nobody", Seen::Nobody, payload_of_nobody),
    CallSite {
        moments: &[Moment::Ending],
        configure: one_thread,
        ..place("closure.drop_unrun", Seen::Task, never_runs)
    },
    CallSite {
        flavours: &[Flavour::Multi],
        moments: &[Moment::Running, Moment::Parked, Moment::Elsewhere],
        ..place("closure.in_place", Seen::Task, in_place)
    },
];
