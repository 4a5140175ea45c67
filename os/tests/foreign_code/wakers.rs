//! Wakers of every wait: their clone, wake and drop are foreign code.
//!
//! Idea        A wait is polled once with a foreign waker. Another task waits for the same thing, behind
//!             it where there is room for two: whatever the waker does, that task is woken.
//! Length      one harness and its table.
#![allow(unsafe_code)]

use std::future::Future;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};
use std::thread;
use std::time::Duration;

use selkie::time::sleep;

use crate::action::{ACTIONS, Action, ForeignCode};
use crate::call_site::{CallSite, PLAIN, Scenario};
use crate::stage::{CallPhase, FLAVORS, Flavor, PanicOutcome, Stage, caller, seen};
use crate::tasks::{called, seen_after_end};
use crate::wait::{BoxedFuture, Event, Wait};
use crate::waits::WAITS;

struct Inner {
    event: Event,
    foreign: ForeignCode,
}

impl Inner {
    fn on(&self, event: Event) {
        let actions = match self.event {
            Event::Replace => event == Event::Drop,
            Event::End => event != Event::Clone,
            own => event == own,
        };
        if actions {
            self.foreign.call();
        }
    }
}

static TABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop_waker);

unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: a waker's data is an `Inner` with a count of its own.
    unsafe { &*data.cast::<Inner>() }.on(Event::Clone);
    // SAFETY: as above.
    unsafe { Arc::increment_strong_count(data.cast::<Inner>()) };
    RawWaker::new(data, &TABLE)
}

unsafe fn wake(data: *const ()) {
    // SAFETY: the waker is consumed, and its count with it.
    let inner = unsafe { Arc::from_raw(data.cast::<Inner>()) };
    inner.on(Event::Wake);
}

unsafe fn wake_by_ref(data: *const ()) {
    // SAFETY: a waker's data is an `Inner` with a count of its own.
    unsafe { &*data.cast::<Inner>() }.on(Event::Wake);
}

unsafe fn drop_waker(data: *const ()) {
    // SAFETY: the waker is consumed, and its count with it.
    let inner = unsafe { Arc::from_raw(data.cast::<Inner>()) };
    inner.on(Event::Drop);
}

/// The waker that a test polls with; its own drop is no event.
pub(crate) struct OriginalWaker(ManuallyDrop<Waker>);

impl OriginalWaker {
    pub(crate) fn new(event: Event, foreign: &ForeignCode) -> Self {
        let inner = Arc::new(Inner {
            event,
            foreign: foreign.clone(),
        });
        // SAFETY: the table's functions are safe on any thread and keep the count.
        let waker = unsafe { Waker::new(Arc::into_raw(inner).cast(), &TABLE) };
        Self(ManuallyDrop::new(waker))
    }

    pub(crate) fn poll<F: Future + ?Sized>(&self, future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(&self.0))
    }
}

impl Drop for OriginalWaker {
    fn drop(&mut self) {
        // SAFETY: the count that `new` made.
        drop(unsafe { Arc::from_raw(self.0.data().cast::<Inner>()) });
    }
}

/// Says when it has been polled.
struct PollRecorder {
    inner: BoxedFuture,
    polled: Arc<AtomicBool>,
}

impl Future for PollRecorder {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let polled = self.inner.as_mut().poll(cx);
        self.polled.store(true, Ordering::SeqCst);
        polled
    }
}

/// Spawns `wait` and comes back when it waits.
async fn innocent(stage: &Stage, wait: BoxedFuture) -> selkie::task::JoinHandle<()> {
    let polled = Arc::new(AtomicBool::new(false));
    let task = stage.spawn(PollRecorder {
        inner: wait,
        polled: Arc::clone(&polled),
    });
    while !polled.load(Ordering::SeqCst) {
        selkie::task::yield_now().await;
    }
    task
}

/// How often the same is done until the waker was not woken meanwhile, and the wait was not over before it was polled.
const TRIES: usize = 100;

pub(crate) fn play(
    stage: &mut Stage,
    foreign: &ForeignCode,
    wait: &Wait,
    event: Event,
) -> PanicOutcome {
    if event == Event::End {
        return goes_at_the_end(stage, foreign, wait);
    }
    for _ in 0..TRIES {
        let seen = match event {
            Event::Wake => stage.block_on(wakes(stage, foreign, wait)),
            _ => stage.block_on(comes_and_goes(stage, foreign, wait, event)),
        };
        // A wait that tries again by itself may have woken the waker before another took its place.
        match seen {
            Some(seen) if foreign.was_called() || !wait.tries_again => return seen,
            _ => (),
        }
    }
    panic!("there is nothing to wait for");
}

/// Whether the wait was over already: a timer may be, on a machine that stands still for a moment.
#[derive(Clone, Default)]
struct LateFlag(Arc<AtomicBool>);

impl LateFlag {
    fn is_pending(&self, polled: Poll<()>) -> bool {
        if polled.is_ready() {
            self.0.store(true, Ordering::SeqCst);
        }
        polled.is_pending()
    }

    /// What was seen, if it says anything.
    fn unless(&self, seen: PanicOutcome) -> Option<PanicOutcome> {
        (!self.0.load(Ordering::SeqCst)).then_some(seen)
    }
}

/// The waker is cloned by a wait that begins, or dropped by one that does not go on.
async fn comes_and_goes(
    stage: &Stage,
    foreign: &ForeignCode,
    wait: &Wait,
    event: Event,
) -> Option<PanicOutcome> {
    let over = LateFlag::default();
    let made = (wait.make)(1 + usize::from(wait.many));
    let mut waits = made.waits.into_iter();
    let mut first = waits.next().expect("one at least");
    let waker = OriginalWaker::new(event, foreign);
    let second = waits.next();
    let mut trigger = Some(made.trigger);
    // What is waited for may keep the waker until it happens, or goes.
    let mut own = second.is_none().then(|| trigger.take()).flatten();
    let first_over = over.clone();
    let task = stage.carry(async move {
        if first_over.is_pending(waker.poll(first.as_mut())) && event == Event::Replace {
            let again = first.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            let _pending = first_over.is_pending(again);
        }
        drop(first);
        match own.take() {
            // If its trigger is dropped, what was waited for drops the waker that it keeps.
            Some(untold) if event == Event::Drop => drop(untold),
            Some(trigger) => trigger(),
            None => (),
        }
    });
    let seen = seen(task.await);
    if let (Some(second), Some(trigger)) = (second, trigger) {
        let second = innocent(stage, second).await;
        trigger();
        second.await.expect("another task that waits is woken");
    }
    over.unless(seen)
}

/// A task that waits is dropped with its runtime. If the waker was woken before, nobody sees it.
fn goes_at_the_end(stage: &mut Stage, foreign: &ForeignCode, wait: &Wait) -> PanicOutcome {
    let mut task = None;
    for _ in 0..TRIES {
        task = stage.block_on(waits_for_the_end(stage, foreign, wait));
        if task.is_some() {
            break;
        }
    }
    let task = task.expect("there is nothing to wait for");
    assert_eq!(
        stage.end(),
        PanicOutcome::Nobody,
        "the runtime's drop panicked"
    );
    let seen = seen_after_end(task);
    assert_ne!(seen, PanicOutcome::Caller, "a task has no caller");
    PanicOutcome::Nobody
}

/// A task that waits until its runtime ends; none if the wait was over before it was polled.
async fn waits_for_the_end(
    stage: &Stage,
    foreign: &ForeignCode,
    wait: &Wait,
) -> Option<selkie::task::JoinHandle<()>> {
    let over = LateFlag::default();
    let made = (wait.make)(1);
    let first = made.waits.into_iter().next().expect("one at least");
    let waker = OriginalWaker::new(Event::End, foreign);
    let polled = Arc::new(AtomicBool::new(false));
    let (noted, first_over) = (Arc::clone(&polled), over.clone());
    let trigger = made.trigger;
    let task = stage.spawn(async move {
        // What is waited for may keep the waker until it goes, and it goes last.
        let _trigger = trigger;
        let mut first = first;
        if !first_over.is_pending(waker.poll(first.as_mut())) {
            return;
        }
        noted.store(true, Ordering::SeqCst);
        std::future::pending::<()>().await;
        drop(first);
    });
    // A poll that stores two wakers may drop the first: then the task has ended.
    while !polled.load(Ordering::SeqCst) && !task.is_finished() {
        selkie::task::yield_now().await;
    }
    (!over.0.load(Ordering::SeqCst)).then_some(task)
}

/// The waker is woken.
async fn wakes(stage: &Stage, foreign: &ForeignCode, wait: &Wait) -> Option<PanicOutcome> {
    let over = LateFlag::default();
    let made = (wait.make)(1 + usize::from(wait.many));
    let mut waits = made.waits.into_iter();
    let mut first = waits.next().expect("one at least");
    let waker = OriginalWaker::new(Event::Wake, foreign);
    if !over.is_pending(waker.poll(first.as_mut())) {
        return None;
    }
    let second = match waits.next() {
        Some(second) => Some(innocent(stage, second).await),
        None => None,
    };
    let trigger = made.trigger;
    let by_trigger = match stage.phase {
        CallPhase::Elsewhere => {
            let thread = thread::spawn(|| caller(trigger));
            while !thread.is_finished() {
                sleep(Duration::from_millis(1)).await;
            }
            // The caller's thread stands for its task.
            match thread.join().unwrap() {
                PanicOutcome::Caller => PanicOutcome::Task,
                seen => seen,
            }
        }
        phase => {
            let task = stage.spawn(async move {
                if phase == CallPhase::Parked {
                    sleep(Duration::from_millis(3)).await;
                }
                trigger();
            });
            seen(task.await)
        }
    };
    called(foreign).await;
    // What was served to the first goes on to the second.
    drop(first);
    if let Some(second) = second {
        second.await.expect("another task that waits is woken");
    }
    over.unless(by_trigger)
}

/// A yield wakes its own task.
fn yields(stage: &mut Stage, foreign: &ForeignCode) -> PanicOutcome {
    let waker = OriginalWaker::new(Event::Wake, foreign);
    let task = stage.carry(async move {
        let mut yields = Box::pin(selkie::task::yield_now());
        let _pending = waker.poll(yields.as_mut());
    });
    let seen = seen(stage.block_on(task));
    stage.block_on(called(foreign));
    seen
}

/// A poll that is out of budget wakes its own task.
fn is_out_of_budget(stage: &mut Stage, foreign: &ForeignCode) -> PanicOutcome {
    let waker = OriginalWaker::new(Event::Wake, foreign);
    let task = stage.carry(async move {
        loop {
            let mut unit = Box::pin(selkie::task::coop::consume_budget());
            if waker.poll(unit.as_mut()).is_pending() {
                return;
            }
        }
    });
    let seen = seen(stage.block_on(task));
    stage.block_on(called(foreign));
    seen
}

/// A poll that is traced wakes its own task.
#[cfg(feature = "taskdump")]
fn is_traced(stage: &mut Stage, foreign: &ForeignCode) -> PanicOutcome {
    let waker = OriginalWaker::new(Event::Wake, foreign);
    let task = stage.carry(async move {
        let mut unit = Box::pin(selkie::task::coop::consume_budget());
        let poll = || waker.poll(unit.as_mut());
        assert!(selkie::runtime::dump::trace_with(poll, |_| ()).is_pending());
    });
    let seen = seen(stage.block_on(task));
    stage.block_on(called(foreign));
    seen
}

const RUNNING: &[CallPhase] = &[CallPhase::Running];
const ALIVE: &[CallPhase] = &[CallPhase::Running, CallPhase::Parked, CallPhase::Elsewhere];
const BOTH: &[Flavor] = &[Flavor::Current, Flavor::Multi];
const PANICS: &[Action] = &[Action::Panic, Action::Bomb];

const fn name(wait: &'static Wait, event: Event) -> (&'static str, Event) {
    (wait.name, event)
}

fn place(wait: &'static Wait, event: Event) -> CallSite {
    let (wait_name, event) = name(wait, event);
    let panic = match event {
        Event::Wake if wait.driven => PanicOutcome::Nobody,
        Event::End => PanicOutcome::Nobody,
        _ => PanicOutcome::Task,
    };
    CallSite {
        name: Box::leak(format!("waker.{wait_name}.{event:?}").into_boxed_str()),
        panic,
        flavors: BOTH,
        phases: RUNNING,
        actions: ACTIONS,
        configure: PLAIN,
        play: Scenario::Waker(wait, event),
    }
}

/// Every wait with every event: all actions on both kinds of runtime, panics on all flavors in all phases.
pub(crate) fn places(driven: bool) -> Vec<CallSite> {
    let mut places = Vec::new();
    for wait in WAITS.iter().filter(|wait| wait.driven == driven) {
        for event in [
            Event::Clone,
            Event::Wake,
            Event::Drop,
            Event::Replace,
            Event::End,
        ] {
            if matches!(event, Event::Drop | Event::End) && wait.keeps {
                continue;
            }
            if event == Event::End {
                places.push(CallSite {
                    phases: &[CallPhase::Ending],
                    flavors: FLAVORS,
                    actions: PANICS,
                    ..place(wait, event)
                });
                continue;
            }
            let place = place(wait, event);
            places.push(place);
            places.push(CallSite {
                flavors: &[Flavor::Local, Flavor::Set],
                actions: PANICS,
                ..place
            });
            if event == Event::Wake {
                places.push(CallSite {
                    phases: &[CallPhase::Parked, CallPhase::Elsewhere],
                    actions: PANICS,
                    ..place
                });
            }
        }
    }
    if !driven {
        places.extend(own_wakers());
    }
    places
}

/// Places where the runtime itself keeps the waker, and no wait does.
fn own_wakers() -> Vec<CallSite> {
    let own = |name, flavors, panic, play: fn(&mut Stage, &ForeignCode) -> PanicOutcome| CallSite {
        name,
        panic,
        flavors,
        phases: ALIVE,
        actions: ACTIONS,
        configure: PLAIN,
        play: Scenario::On(play),
    };
    // Kept, and woken after the next look at the driver, which nobody called; but on several workers a yield goes to
    // the back of the queue.
    let one_thread: &[Flavor] = &[Flavor::Current, Flavor::Local, Flavor::Set];
    vec![
        own(
            "waker.yield_now",
            &[Flavor::Multi],
            PanicOutcome::Task,
            yields,
        ),
        own("waker.yield_now", one_thread, PanicOutcome::Nobody, yields),
        own(
            "waker.budget",
            FLAVORS,
            PanicOutcome::Nobody,
            is_out_of_budget,
        ),
        #[cfg(feature = "taskdump")]
        own("waker.traced", FLAVORS, PanicOutcome::Nobody, is_traced),
    ]
}
