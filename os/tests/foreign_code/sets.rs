//! The waker of a `LocalSet` that is polled by hand.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use selkie::sync::Notify;
use selkie::task::LocalSet;

use crate::action::{ACTIONS, ForeignCode};
use crate::call_site::{CallSite, PLAIN, Scenario};
use crate::stage::{CallPhase, Flavor, PanicOutcome, Stage, caller};
use crate::wait::Event;
use crate::wakers::OriginalWaker;

/// Polls a set with a foreign waker, and has one of its tasks woken.
fn play(stage: &Stage, foreign: &ForeignCode, event: Event) -> PanicOutcome {
    let notify = Arc::new(Notify::new());
    let theirs = Arc::clone(&notify);
    let mut set = LocalSet::new();
    let task = set.spawn_local(async move { theirs.notified().await });
    let waker = OriginalWaker::new(event, foreign);
    let first = caller(|| {
        stage.block_on(async {
            assert!(waker.poll(Pin::new(&mut set)).is_pending());
        });
    });
    let second = caller(|| match event {
        Event::Clone | Event::End => (),
        Event::Wake => notify.notify_one(),
        Event::Replace => {
            let mut cx = Context::from_waker(Waker::noop());
            assert!(Pin::new(&mut set).poll(&mut cx).is_pending());
        }
        Event::Drop => drop(std::mem::take(&mut set)),
    });
    if event != Event::Drop {
        notify.notify_one();
        stage.block_on(async {
            (&mut set).await;
            task.await.expect("a task of the set was lost");
        });
    }
    if first == PanicOutcome::Nobody {
        second
    } else {
        first
    }
}

const fn place(name: &'static str, play: fn(&mut Stage, &ForeignCode) -> PanicOutcome) -> CallSite {
    CallSite {
        name,
        panic: PanicOutcome::Caller,
        flavors: &[Flavor::Current, Flavor::Multi],
        phases: &[CallPhase::Running],
        actions: ACTIONS,
        configure: PLAIN,
        play: Scenario::On(play),
    }
}

pub(crate) const PLACES: &[CallSite] = &[
    place("waker.set.clone", |stage, foreign| {
        play(stage, foreign, Event::Clone)
    }),
    place("waker.set.wake", |stage, foreign| {
        play(stage, foreign, Event::Wake)
    }),
    place("waker.set.replace", |stage, foreign| {
        play(stage, foreign, Event::Replace)
    }),
    place("waker.set.drop", |stage, foreign| {
        play(stage, foreign, Event::Drop)
    }),
];
