//! Loom models of the executor, its arena and its alarm.
#![allow(unsafe_code)]

use std::boxed::Box;
use std::ptr::NonNull;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use loom::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use loom::sync::{Condvar, Mutex};
use loom::thread;

use super::alarm::{AlarmClock, ChipTimers};
use super::arena::Arena;
use super::fixed::Executor;
use crate::park::{Park, Unpark};
use crate::time::raw::{Current, set_current};
use crate::time::{TimersHandle, sleep};
use crate::wake::WakerCell;

/// Memory of a model, freed at its end.
struct LeakedMemory<T>(NonNull<T>);

impl<T> LeakedMemory<T> {
    fn new(value: T) -> (Self, &'static T) {
        let value: &'static T = Box::leak(Box::new(value));
        (Self(NonNull::from(value)), value)
    }
}

impl<T> Drop for LeakedMemory<T> {
    fn drop(&mut self) {
        // SAFETY: made by `Box::leak`; the model's threads, which used it, were joined.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

/// A sleep without a time limit: a lost wake is a deadlock, which loom reports.
struct Sleeper {
    unparked: Mutex<bool>,
    changed: Condvar,
}

impl Sleeper {
    fn new() -> Self {
        Self {
            unparked: Mutex::new(false),
            changed: Condvar::new(),
        }
    }
}

impl Unpark for Sleeper {
    fn unpark(&self) {
        *self.unparked.lock().expect("no panic") = true;
        self.changed.notify_one();
    }
}

struct Sleep(&'static Sleeper);

impl Unpark for &'static Sleeper {
    fn unpark(&self) {
        (**self).unpark();
    }
}

impl Park for Sleep {
    type Unpark = &'static Sleeper;

    fn unpark_handle(&self) -> &'static Sleeper {
        self.0
    }

    fn park(&mut self, timeout: Option<Duration>) {
        let mut unparked = self.0.unparked.lock().expect("no panic");
        while !*unparked && timeout.is_none() {
            unparked = self.0.changed.wait(unparked).expect("no panic");
        }
        *unparked = false;
    }

    fn shutdown(&mut self) {}
}

/// What a task waits for.
struct Gate {
    open: AtomicBool,
    waker: WakerCell,
}

impl Gate {
    fn new() -> Self {
        Self {
            open: AtomicBool::new(false),
            waker: WakerCell::new(),
        }
    }

    fn open(&self) {
        self.open.store(true, Ordering::Release);
        self.waker.wake();
    }

    fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.waker.register(cx.waker());
        match self.open.load(Ordering::Acquire) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}

/// The sleep of `fixed`: a wake of a task that comes while the executor goes to sleep. The task
/// then wakes the future that the executor blocks on.
#[test]
fn model_a_wake_ends_the_sleep() {
    loom::model(|| {
        let (_sleeper, sleeper) = LeakedMemory::new(Sleeper::new());
        let (_arena, arena) = LeakedMemory::new(Arena::<1, 64>::new());
        let (_executor, executor) = LeakedMemory::new(Executor::new(sleeper, arena));
        let (_gates, gates) = LeakedMemory::new([Gate::new(), Gate::new()]);
        executor
            .spawn(async {
                core::future::poll_fn(|cx| gates[0].poll(cx)).await;
                gates[1].open();
            })
            .expect("room");
        let opener = thread::spawn(|| gates[0].open());
        executor.block_on(
            &mut Sleep(sleeper),
            core::future::poll_fn(|cx| gates[1].poll(cx)),
        );
        opener.join().expect("no panic");
        assert!(arena.is_empty());
    });
}

/// I1 of `arena`: two contexts spawn where there is room for one task.
#[test]
fn model_one_slot_takes_one_task() {
    loom::model(|| {
        let (_sleeper, sleeper) = LeakedMemory::new(Sleeper::new());
        let (_arena, arena) = LeakedMemory::new(Arena::<1, 64>::new());
        let (_executor, executor) = LeakedMemory::new(Executor::new(sleeper, arena));
        let other = thread::spawn(|| executor.spawn(async {}).is_ok());
        let here = executor.spawn(async {}).is_ok();
        let other = other.join().expect("no panic");
        assert!(here != other, "one slot took {here} and {other}");
        executor.poll_ready();
        assert!(arena.is_empty());
    });
}

/// I2 of `task::fixed`: a stale waker, while the slot's next task moves in.
#[test]
fn model_a_stale_waker_does_no_harm() {
    loom::model(|| {
        let (_sleeper, sleeper) = LeakedMemory::new(Sleeper::new());
        let (_arena, arena) = LeakedMemory::new(Arena::<1, 64>::new());
        let (_executor, executor) = LeakedMemory::new(Executor::new(sleeper, arena));
        let (_stolen, stolen) = LeakedMemory::new(Mutex::new(None::<Waker>));
        let steal = core::future::poll_fn(|cx| {
            *stolen.lock().expect("no panic") = Some(cx.waker().clone());
            Poll::Ready(())
        });
        executor.spawn(steal).expect("room");
        executor.poll_ready();
        let stale = stolen.lock().expect("no panic").take().expect("polled");
        let waker = thread::spawn(move || stale.wake());
        let (_ran, ran) = LeakedMemory::new(AtomicBool::new(false));
        executor
            .spawn(async { ran.store(true, Ordering::Relaxed) })
            .expect("the slot is free again");
        while !ran.load(Ordering::Relaxed) {
            executor.poll_ready();
        }
        waker.join().expect("no panic");
        while executor.poll_ready() {}
        assert!(arena.is_empty());
    });
}

/// Hardware that remembers what it was armed for last.
struct Recorder {
    armed: AtomicU64,
}

impl AlarmClock for Recorder {
    fn now_micros(&self) -> u64 {
        0
    }

    fn arm(&self, at_micros: u64) {
        self.armed.store(at_micros, Ordering::Relaxed);
    }

    fn disarm(&self) {
        self.armed.store(u64::MAX, Ordering::Relaxed);
    }

    fn fire_now(&self) {
        unreachable!("nothing is near");
    }
}

/// Starts a timer and says when it is due, at most, in microseconds; the timer stays.
fn insert(timers: TimersHandle, ahead: Duration) -> impl Sized {
    set_current(Current::Timers(timers));
    let mut timer = Box::pin(sleep(ahead));
    assert!(
        timer
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_pending()
    );
    set_current(Current::Absent);
    timer
}

/// Regression row 30, I1 of `alarm`: of two inserts in two contexts the alarm is armed for the
/// earlier, whichever arms last, also while the alarm's own handler arms.
#[test]
fn model_the_alarm_is_armed_for_the_earliest() {
    loom::model(|| {
        let (_timers, timers) = LeakedMemory::new(ChipTimers::new(Recorder {
            armed: AtomicU64::new(u64::MAX),
        }));
        let handle = timers.start();
        let hour = Duration::from_secs(3_600);
        let late = thread::spawn(move || insert(handle, 2 * hour));
        let handler = thread::spawn(move || timers.on_alarm());
        let early = insert(handle, hour);
        let late = late.join().expect("no panic");
        handler.join().expect("no panic");
        let origin = crate::platform::instant_origin();
        let latest = crate::platform::instant_now() + hour + Duration::from_millis(2);
        let latest = latest.duration_since(origin).as_micros() as u64;
        let armed = timers.clock().armed.load(Ordering::Relaxed);
        assert!(armed <= latest, "armed {armed}, but due by {latest}");
        drop((early, late));
    });
}
