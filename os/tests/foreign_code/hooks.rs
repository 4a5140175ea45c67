//! The builder's hooks, and the function that names threads.

use std::cell::RefCell;
use std::sync::Once;
use std::time::Duration;

use selkie::runtime::Builder;
use selkie::task;
use selkie::time::sleep;

use crate::action::{ACTIONS, ForeignCode};
use crate::call_site::{CallSite, Scenario};
use crate::stage::{CallPhase, Flavor, PanicOutcome, Stage, seen};
use crate::tasks::called;

fn on_start(builder: &mut Builder, foreign: &ForeignCode) {
    let foreign = foreign.clone();
    builder.on_thread_start(move || foreign.call());
}

fn on_stop(builder: &mut Builder, foreign: &ForeignCode) {
    let foreign = foreign.clone();
    builder.on_thread_stop(move || foreign.call());
}

fn on_park(builder: &mut Builder, foreign: &ForeignCode) {
    let foreign = foreign.clone();
    builder.on_thread_park(move || foreign.call());
}

fn on_unpark(builder: &mut Builder, foreign: &ForeignCode) {
    let foreign = foreign.clone();
    builder.on_thread_unpark(move || foreign.call());
}

fn on_spawn(builder: &mut Builder, foreign: &ForeignCode) {
    let foreign = foreign.clone();
    builder.on_task_spawn(move |_| foreign.call());
}

fn before_poll(builder: &mut Builder, foreign: &ForeignCode) {
    let foreign = foreign.clone();
    builder.on_before_task_poll(move |_| foreign.call());
}

fn after_poll(builder: &mut Builder, foreign: &ForeignCode) {
    let foreign = foreign.clone();
    builder.on_after_task_poll(move |_| foreign.call());
}

fn on_terminate(builder: &mut Builder, foreign: &ForeignCode) {
    let foreign = foreign.clone();
    builder.on_task_terminate(move |_| foreign.call());
}

thread_local! {
    /// What the next runtime that this thread builds calls.
    static BUILT: RefCell<Option<ForeignCode>> = const { RefCell::new(None) };
}

/// The hook stays for ever, so it is registered once, and finds on its thread what to call.
fn on_build(_builder: &mut Builder, foreign: &ForeignCode) {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        let registered = selkie::runtime::on_build(|_handle| {
            if let Some(foreign) = BUILT.take() {
                foreign.call();
            }
        });
        registered.expect("there is room");
    });
    BUILT.set(Some(foreign.clone()));
}

fn thread_name(builder: &mut Builder, foreign: &ForeignCode) {
    let foreign = foreign.clone();
    builder.thread_name_fn(move || {
        foreign.call();
        "named".to_owned()
    });
}

fn report(builder: &mut Builder, foreign: &ForeignCode) {
    let foreign = foreign.clone();
    builder.watchdog_with(Duration::from_millis(5), move |_| foreign.call());
}

/// Goes to sleep and wakes.
fn sleeps(stage: &mut Stage, foreign: &ForeignCode) -> PanicOutcome {
    stage.block_on(async {
        sleep(Duration::from_millis(2)).await;
        called(foreign).await;
    });
    PanicOutcome::Nobody
}

/// Has a thread of the pool start.
fn uses_the_pool(stage: &mut Stage, foreign: &ForeignCode) -> PanicOutcome {
    let seen = stage.block_on(async { seen(task::spawn_blocking(|| ()).await) });
    stage.block_on(called(foreign));
    seen
}

/// Has a thread of the pool start, and ends.
fn ends(stage: &mut Stage, _foreign: &ForeignCode) -> PanicOutcome {
    let used = stage.block_on(async { seen(task::spawn_blocking(|| ()).await) });
    let ended = stage.end();
    if used == PanicOutcome::Nobody {
        ended
    } else {
        used
    }
}

/// Spawns a task, and waits for its end.
fn spawns(stage: &mut Stage, foreign: &ForeignCode) -> PanicOutcome {
    let task = stage.spawn(async { task::yield_now().await });
    let seen = seen(stage.block_on(task));
    stage.block_on(called(foreign));
    if stage.is_spawn_refused() {
        return PanicOutcome::Caller;
    }
    seen
}

/// A task stays in its poll for too long.
fn stalls(stage: &mut Stage, foreign: &ForeignCode) -> PanicOutcome {
    let foreign = foreign.clone();
    let task = stage.spawn(async move {
        while !foreign.was_called() {
            std::thread::yield_now();
        }
    });
    seen(stage.block_on(task))
}

const ANY: &[Flavor] = &[Flavor::Current, Flavor::Multi, Flavor::Local];
const RUNNING: &[CallPhase] = &[CallPhase::Running];
const PARKED: &[CallPhase] = &[CallPhase::Parked];
const ENDING: &[CallPhase] = &[CallPhase::Ending];

const fn place(
    name: &'static str,
    panic: PanicOutcome,
    phases: &'static [CallPhase],
    configure: fn(&mut Builder, &ForeignCode),
    play: fn(&mut Stage, &ForeignCode) -> PanicOutcome,
) -> CallSite {
    CallSite {
        name,
        panic,
        flavors: ANY,
        phases,
        actions: ACTIONS,
        configure,
        play: Scenario::On(play),
    }
}

pub(crate) const PLACES: &[CallSite] = &[
    place(
        "hook.thread_start",
        PanicOutcome::Nobody,
        RUNNING,
        on_start,
        uses_the_pool,
    ),
    place(
        "hook.thread_stop",
        PanicOutcome::Nobody,
        ENDING,
        on_stop,
        ends,
    ),
    place(
        "hook.thread_park",
        PanicOutcome::Nobody,
        PARKED,
        on_park,
        sleeps,
    ),
    place(
        "hook.thread_unpark",
        PanicOutcome::Nobody,
        PARKED,
        on_unpark,
        sleeps,
    ),
    place(
        "hook.task_spawn",
        PanicOutcome::Caller,
        RUNNING,
        on_spawn,
        spawns,
    ),
    place(
        "hook.before_poll",
        PanicOutcome::Nobody,
        RUNNING,
        before_poll,
        spawns,
    ),
    place(
        "hook.after_poll",
        PanicOutcome::Nobody,
        RUNNING,
        after_poll,
        spawns,
    ),
    place(
        "hook.task_terminate",
        PanicOutcome::Nobody,
        RUNNING,
        on_terminate,
        spawns,
    ),
    place(
        "hook.build",
        PanicOutcome::Nobody,
        RUNNING,
        on_build,
        spawns,
    ),
    place(
        "hook.thread_name",
        PanicOutcome::Nobody,
        RUNNING,
        thread_name,
        uses_the_pool,
    ),
    place(
        "hook.watchdog_report",
        PanicOutcome::Nobody,
        RUNNING,
        report,
        stalls,
    ),
];
