//! Tasks and root futures: their polls, their drops and their outputs.

use std::future::Future;
use std::panic::panic_any;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use selkie::runtime::Builder;
use selkie::task::JoinHandle;
use selkie::time::{sleep, timeout};

use crate::action::{ACTIONS, ForeignCode, LIMIT, OnDrop};
use crate::call_site::{CallSite, PLAIN, Scenario};
use crate::stage::{CallPhase, FLAVORS, PanicOutcome, Stage, caller, seen};

/// Calls foreign code when it is polled.
struct Polls(ForeignCode);

impl Future for Polls {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<()> {
        self.0.call();
        Poll::Ready(())
    }
}

/// Ready at once; calls foreign code when it is dropped.
struct ReadyFuture(#[allow(dead_code, reason = "its drop is what counts")] OnDrop);

impl Future for ReadyFuture {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

/// Never ready; calls foreign code when it is dropped.
struct Waits(#[allow(dead_code, reason = "its drop is what counts")] OnDrop);

impl Future for Waits {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

/// Panics when it is polled, and calls foreign code when it is dropped by that.
struct PanickingFuture(#[allow(dead_code, reason = "its drop is what counts")] OnDrop);

impl Future for PanickingFuture {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<()> {
        panic!("first");
    }
}

/// Waits until foreign code was called.
pub(crate) async fn called(foreign: &ForeignCode) {
    while !foreign.was_called() {
        sleep(Duration::from_millis(1)).await;
    }
}

/// What comes of a task whose runtime has ended.
pub(crate) fn seen_after_end<T>(task: JoinHandle<T>) -> PanicOutcome {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let outcome = runtime.block_on(async { timeout(LIMIT, task).await });
    seen(outcome.expect("a task outlives its runtime"))
}

/// Waits until a task that is nobody's has called foreign code.
fn detached<T>(stage: &Stage, foreign: &ForeignCode, task: JoinHandle<T>) -> PanicOutcome {
    drop(task);
    stage.block_on(called(foreign));
    PanicOutcome::Nobody
}

fn polls(stage: &mut Stage, foreign: &ForeignCode) -> PanicOutcome {
    let task = stage.carry(Polls(foreign.clone()));
    seen(stage.block_on(task))
}

fn drops_after_its_end(stage: &mut Stage, foreign: &ForeignCode) -> PanicOutcome {
    let task = stage.carry(ReadyFuture(OnDrop(foreign.clone())));
    seen(stage.block_on(task))
}

fn drops_when_aborted(stage: &mut Stage, foreign: &ForeignCode) -> PanicOutcome {
    let task = stage.spawn(Waits(OnDrop(foreign.clone())));
    stage.block_on(selkie::task::yield_now());
    match stage.phase {
        CallPhase::Running => task.abort(),
        CallPhase::Parked => {
            let abort = task.abort_handle();
            drop(stage.spawn(async move {
                sleep(Duration::from_millis(3)).await;
                abort.abort();
            }));
        }
        CallPhase::Elsewhere => {
            let abort = task.abort_handle();
            thread::spawn(move || abort.abort());
        }
        CallPhase::Ending => {
            assert_eq!(
                stage.end(),
                PanicOutcome::Nobody,
                "the runtime's drop panicked"
            );
            return seen_after_end(task);
        }
    }
    seen(stage.block_on(task))
}

fn drops_in_a_panic(stage: &mut Stage, foreign: &ForeignCode) -> PanicOutcome {
    let task = stage.spawn(PanickingFuture(OnDrop(foreign.clone())));
    let outcome = stage.block_on(task);
    let payload = outcome.expect_err("it panics").into_panic();
    assert_eq!(
        payload.downcast_ref(),
        Some(&"first"),
        "the first panic counts"
    );
    PanicOutcome::Nobody
}

fn locals_drop_in_a_panic(stage: &mut Stage, foreign: &ForeignCode) -> PanicOutcome {
    let foreign = foreign.clone();
    let task = stage.spawn(async move {
        let _local = OnDrop(foreign);
        selkie::task::yield_now().await;
        panic!("first");
    });
    let payload = stage.block_on(task).expect_err("it panics").into_panic();
    assert_eq!(
        payload.downcast_ref(),
        Some(&"first"),
        "the first panic counts"
    );
    PanicOutcome::Nobody
}

fn output_of_nobody(stage: &mut Stage, foreign: &ForeignCode) -> PanicOutcome {
    let foreign_too = foreign.clone();
    let task = stage.carry(async move { OnDrop(foreign_too) });
    detached(stage, foreign, task)
}

/// The task has ended, and nobody has taken what it left.
fn ended<T>(stage: &Stage, task: &JoinHandle<T>) {
    stage.block_on(async {
        while !task.is_finished() {
            sleep(Duration::from_millis(1)).await;
        }
    });
}

fn output_with_its_handle(stage: &mut Stage, foreign: &ForeignCode) -> PanicOutcome {
    let foreign = foreign.clone();
    let task = stage.spawn(async move { OnDrop(foreign) });
    ended(stage, &task);
    drop_handle(stage, task)
}

fn payload_of_nobody(stage: &mut Stage, foreign: &ForeignCode) -> PanicOutcome {
    let payload = OnDrop(foreign.clone());
    let task = stage.carry(async move { panic_any(payload) });
    detached(stage, foreign, task)
}

fn payload_with_its_handle(stage: &mut Stage, foreign: &ForeignCode) -> PanicOutcome {
    let payload = OnDrop(foreign.clone());
    let task = stage.spawn(async move { panic_any(payload) });
    ended(stage, &task);
    drop_handle(stage, task)
}

fn drop_handle<T: Send + 'static>(stage: &mut Stage, task: JoinHandle<T>) -> PanicOutcome {
    match stage.phase {
        CallPhase::Running | CallPhase::Parked => {
            let dropping = stage.spawn(async move { drop(task) });
            seen(stage.block_on(dropping))
        }
        CallPhase::Elsewhere => thread::spawn(|| caller(|| drop(task))).join().unwrap(),
        CallPhase::Ending => {
            assert_eq!(
                stage.end(),
                PanicOutcome::Nobody,
                "the runtime's drop panicked"
            );
            caller(|| drop(task))
        }
    }
}

fn root_polls(stage: &mut Stage, foreign: &ForeignCode) -> PanicOutcome {
    let phase = stage.phase;
    caller(|| {
        stage.block_on_bare(async {
            if phase == CallPhase::Parked {
                sleep(Duration::from_millis(3)).await;
            }
            Polls(foreign.clone()).await;
        });
    })
}

fn root_drops(stage: &mut Stage, foreign: &ForeignCode) -> PanicOutcome {
    caller(|| stage.block_on_bare(ReadyFuture(OnDrop(foreign.clone()))))
}

const fn place(
    name: &'static str,
    panic: PanicOutcome,
    phases: &'static [CallPhase],
    play: fn(&mut Stage, &ForeignCode) -> PanicOutcome,
) -> CallSite {
    CallSite {
        name,
        panic,
        flavors: FLAVORS,
        phases,
        actions: ACTIONS,
        configure: PLAIN,
        play: Scenario::On(play),
    }
}

const ALIVE: &[CallPhase] = &[CallPhase::Running, CallPhase::Parked, CallPhase::Elsewhere];
const ALL: &[CallPhase] = &[
    CallPhase::Running,
    CallPhase::Parked,
    CallPhase::Elsewhere,
    CallPhase::Ending,
];
const HANDLES: &[CallPhase] = &[CallPhase::Running, CallPhase::Elsewhere, CallPhase::Ending];
const ONCE: &[CallPhase] = &[CallPhase::Running];

pub(crate) const PLACES: &[CallSite] = &[
    place("task.poll", PanicOutcome::Task, ALIVE, polls),
    place(
        "task.drop_after_its_end",
        PanicOutcome::Task,
        ALIVE,
        drops_after_its_end,
    ),
    place(
        "task.drop_when_aborted",
        PanicOutcome::Task,
        ALL,
        drops_when_aborted,
    ),
    place(
        "task.drop_in_a_panic",
        PanicOutcome::Nobody,
        ONCE,
        drops_in_a_panic,
    ),
    place(
        "task.locals_drop_in_a_panic",
        PanicOutcome::Aborts,
        ONCE,
        locals_drop_in_a_panic,
    ),
    place(
        "task.output_of_nobody",
        PanicOutcome::Nobody,
        ALIVE,
        output_of_nobody,
    ),
    place(
        "task.output_with_its_handle",
        PanicOutcome::Nobody,
        HANDLES,
        output_with_its_handle,
    ),
    place(
        "task.payload_of_nobody",
        PanicOutcome::Nobody,
        ALIVE,
        payload_of_nobody,
    ),
    place(
        "task.payload_with_its_handle",
        PanicOutcome::Nobody,
        HANDLES,
        payload_with_its_handle,
    ),
    place(
        "root.poll",
        PanicOutcome::Caller,
        &[CallPhase::Running, CallPhase::Parked],
        root_polls,
    ),
    place("root.drop", PanicOutcome::Caller, ONCE, root_drops),
];
