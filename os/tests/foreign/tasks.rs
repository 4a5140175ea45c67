//! Tasks and roots: their polls, their drops, and what they leave.

use std::future::Future;
use std::panic::panic_any;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use selkie::runtime::Builder;
use selkie::task::JoinHandle;
use selkie::time::{sleep, timeout};

use crate::act::{ACTS, Foreign, LIMIT, OnDrop};
use crate::call_site::{CallSite, PLAIN, Play};
use crate::stage::{FLAVOURS, Moment, Seen, Stage, caller, seen};

/// Calls foreign code when it is polled.
struct Polls(Foreign);

impl Future for Polls {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<()> {
        self.0.call();
        Poll::Ready(())
    }
}

/// Ready at once; calls foreign code when it is dropped.
struct Holds(#[allow(dead_code, reason = "its drop is what counts")] OnDrop);

impl Future for Holds {
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
struct PanicsAndHolds(#[allow(dead_code, reason = "its drop is what counts")] OnDrop);

impl Future for PanicsAndHolds {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<()> {
        panic!("first");
    }
}

/// Waits until foreign code was called.
pub(crate) async fn called(foreign: &Foreign) {
    while !foreign.was_called() {
        sleep(Duration::from_millis(1)).await;
    }
}

/// What comes of a task whose runtime has ended.
pub(crate) fn seen_after_end<T>(task: JoinHandle<T>) -> Seen {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let outcome = runtime.block_on(async { timeout(LIMIT, task).await });
    seen(outcome.expect("a task outlives its runtime"))
}

/// Waits until a task that is nobody's has called foreign code.
fn detached<T>(stage: &Stage, foreign: &Foreign, task: JoinHandle<T>) -> Seen {
    drop(task);
    stage.block_on(called(foreign));
    Seen::Nobody
}

fn polls(stage: &mut Stage, foreign: &Foreign) -> Seen {
    let task = stage.carry(Polls(foreign.clone()));
    seen(stage.block_on(task))
}

fn drops_after_its_end(stage: &mut Stage, foreign: &Foreign) -> Seen {
    let task = stage.carry(Holds(OnDrop(foreign.clone())));
    seen(stage.block_on(task))
}

fn drops_when_aborted(stage: &mut Stage, foreign: &Foreign) -> Seen {
    let task = stage.spawn(Waits(OnDrop(foreign.clone())));
    stage.block_on(selkie::task::yield_now());
    match stage.moment {
        Moment::Running => task.abort(),
        Moment::Parked => {
            let abort = task.abort_handle();
            drop(stage.spawn(async move {
                sleep(Duration::from_millis(3)).await;
                abort.abort();
            }));
        }
        Moment::Elsewhere => {
            let abort = task.abort_handle();
            thread::spawn(move || abort.abort());
        }
        Moment::Ending => {
            assert_eq!(stage.end(), Seen::Nobody, "the runtime's drop panicked");
            return seen_after_end(task);
        }
    }
    seen(stage.block_on(task))
}

fn drops_in_a_panic(stage: &mut Stage, foreign: &Foreign) -> Seen {
    let task = stage.spawn(PanicsAndHolds(OnDrop(foreign.clone())));
    let outcome = stage.block_on(task);
    let payload = outcome.expect_err("it panics").into_panic();
    assert_eq!(
        payload.downcast_ref(),
        Some(&"first"),
        "the first panic counts"
    );
    Seen::Nobody
}

fn locals_drop_in_a_panic(stage: &mut Stage, foreign: &Foreign) -> Seen {
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
    Seen::Nobody
}

fn output_of_nobody(stage: &mut Stage, foreign: &Foreign) -> Seen {
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

fn output_with_its_handle(stage: &mut Stage, foreign: &Foreign) -> Seen {
    let foreign = foreign.clone();
    let task = stage.spawn(async move { OnDrop(foreign) });
    ended(stage, &task);
    drop_handle(stage, task)
}

fn payload_of_nobody(stage: &mut Stage, foreign: &Foreign) -> Seen {
    let payload = OnDrop(foreign.clone());
    let task = stage.carry(async move { panic_any(payload) });
    detached(stage, foreign, task)
}

fn payload_with_its_handle(stage: &mut Stage, foreign: &Foreign) -> Seen {
    let payload = OnDrop(foreign.clone());
    let task = stage.spawn(async move { panic_any(payload) });
    ended(stage, &task);
    drop_handle(stage, task)
}

fn drop_handle<T: Send + 'static>(stage: &mut Stage, task: JoinHandle<T>) -> Seen {
    match stage.moment {
        Moment::Running | Moment::Parked => {
            let dropping = stage.spawn(async move { drop(task) });
            seen(stage.block_on(dropping))
        }
        Moment::Elsewhere => thread::spawn(|| caller(|| drop(task))).join().unwrap(),
        Moment::Ending => {
            assert_eq!(stage.end(), Seen::Nobody, "the runtime's drop panicked");
            caller(|| drop(task))
        }
    }
}

fn root_polls(stage: &mut Stage, foreign: &Foreign) -> Seen {
    let moment = stage.moment;
    caller(|| {
        stage.block_on_bare(async {
            if moment == Moment::Parked {
                sleep(Duration::from_millis(3)).await;
            }
            Polls(foreign.clone()).await;
        });
    })
}

fn root_drops(stage: &mut Stage, foreign: &Foreign) -> Seen {
    caller(|| stage.block_on_bare(Holds(OnDrop(foreign.clone()))))
}

const fn place(
    name: &'static str,
    panic: Seen,
    moments: &'static [Moment],
    play: fn(&mut Stage, &Foreign) -> Seen,
) -> CallSite {
    CallSite {
        name,
        panic,
        flavours: FLAVOURS,
        moments,
        acts: ACTS,
        configure: PLAIN,
        play: Play::On(play),
    }
}

const ALIVE: &[Moment] = &[Moment::Running, Moment::Parked, Moment::Elsewhere];
const ALL: &[Moment] = &[
    Moment::Running,
    Moment::Parked,
    Moment::Elsewhere,
    Moment::Ending,
];
const HANDLES: &[Moment] = &[Moment::Running, Moment::Elsewhere, Moment::Ending];
const ONCE: &[Moment] = &[Moment::Running];

pub(crate) const PLACES: &[CallSite] = &[
    place("task.poll", Seen::Task, ALIVE, polls),
    place(
        "task.drop_after_its_end",
        Seen::Task,
        ALIVE,
        drops_after_its_end,
    ),
    place(
        "task.drop_when_aborted",
        Seen::Task,
        ALL,
        drops_when_aborted,
    ),
    place("task.drop_in_a_panic", Seen::Nobody, ONCE, drops_in_a_panic),
    place(
        "task.locals_drop_in_a_panic",
        Seen::Aborts,
        ONCE,
        locals_drop_in_a_panic,
    ),
    place(
        "task.output_of_nobody",
        Seen::Nobody,
        ALIVE,
        output_of_nobody,
    ),
    place(
        "task.output_with_its_handle",
        Seen::Nobody,
        HANDLES,
        output_with_its_handle,
    ),
    place(
        "task.payload_of_nobody",
        Seen::Nobody,
        ALIVE,
        payload_of_nobody,
    ),
    place(
        "task.payload_with_its_handle",
        Seen::Nobody,
        HANDLES,
        payload_with_its_handle,
    ),
    place(
        "root.poll",
        Seen::Caller,
        &[Moment::Running, Moment::Parked],
        root_polls,
    ),
    place("root.drop", Seen::Caller, ONCE, root_drops),
];
