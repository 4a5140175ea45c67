//! The waker of a `LocalSet` that is polled by hand.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use selkie::sync::Notify;
use selkie::task::LocalSet;

use crate::act::{ACTS, Foreign};
use crate::call_site::{CallSite, PLAIN, Play};
use crate::stage::{Flavour, Moment, Seen, Stage, caller};
use crate::wait::Event;
use crate::wakers::Original;

/// Polls a set with a foreign waker, and has one of its tasks woken.
fn play(stage: &Stage, foreign: &Foreign, event: Event) -> Seen {
    let notify = Arc::new(Notify::new());
    let theirs = Arc::clone(&notify);
    let mut set = LocalSet::new();
    let task = set.spawn_local(async move { theirs.notified().await });
    let waker = Original::new(event, foreign);
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
    if first == Seen::Nobody { second } else { first }
}

const fn place(name: &'static str, play: fn(&mut Stage, &Foreign) -> Seen) -> CallSite {
    CallSite {
        name,
        panic: Seen::Caller,
        flavours: &[Flavour::Current, Flavour::Multi],
        moments: &[Moment::Running],
        acts: ACTS,
        configure: PLAIN,
        play: Play::On(play),
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
