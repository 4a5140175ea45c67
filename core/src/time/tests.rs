//! What a scheduler and a user notice of timers; needs a clock that can be paused.
#![allow(unsafe_code)]

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::task::Wake;
use alloc::vec::Vec;
use core::future::Future;
use core::pin::{Pin, pin};
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Context, Poll, Waker};
use core::time::Duration;

use crate::checked::checked;
use crate::platform::locks_held;

use super::clock_mode::{AtEnd, ClockMode};
use super::current::{Current, set_current};
use super::instant::Instant;
use super::owner::{ParkLimit, TimersOwner};
use super::sleep::{Sleep, sleep, sleep_until};
use super::timers::Timers;

#[derive(Default)]
struct Count(AtomicUsize);

impl Count {
    fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn counting() -> (Arc<Count>, Waker) {
    let count = Arc::new(Count::default());
    (count.clone(), checked(Waker::from(count), locks_held))
}

/// A paused paused that timers made here belong to.
struct Paused(TimersOwner);

impl Paused {
    fn new() -> Self {
        let owner = TimersOwner::new(AtEnd::Panic, ClockMode::Paused, Waker::noop().clone());
        set_current(Current::Timers(owner.handle()));
        Self(owner)
    }

    fn advance(&self, duration: Duration) -> usize {
        self.0.clock().advance(duration).expect("paused");
        self.0.fire_due()
    }
}

impl Drop for Paused {
    fn drop(&mut self) {
        set_current(Current::Absent);
    }
}

fn poll(sleep: Pin<&mut Sleep>, waker: &Waker) -> Poll<()> {
    sleep.poll(&mut Context::from_waker(waker))
}

const MS: Duration = Duration::from_millis(1);

#[test]
fn fires_at_its_deadline_and_not_before() {
    let paused = Paused::new();
    let (count, waker) = counting();
    let mut timer = pin!(sleep(10 * MS));
    assert!(poll(timer.as_mut(), &waker).is_pending());
    assert_eq!(paused.advance(10 * MS - Duration::from_nanos(1)), 0);
    assert!(poll(timer.as_mut(), &waker).is_pending());
    assert_eq!(paused.advance(Duration::from_nanos(1)), 1);
    assert_eq!(count.get(), 1);
    assert!(timer.is_elapsed());
    assert!(poll(timer.as_mut(), &waker).is_ready());
    assert_eq!(paused.0.len(), 0);
}

/// Regression row 14: what is dropped leaves no entry, polled or not.
#[test]
fn regression_14_a_dropped_sleep_leaves_no_entry() {
    let mut paused = Paused::new();
    drop(sleep(10 * MS));
    let mut timer = Box::pin(sleep(10 * MS));
    assert_eq!(paused.0.len(), 0);
    assert!(poll(timer.as_mut(), Waker::noop()).is_pending());
    assert_eq!(paused.0.len(), 1);
    drop(timer);
    assert_eq!(paused.0.len(), 0);
    assert_eq!(paused.0.prepare_park(), ParkLimit::Forever);
}

/// Memory: the timer's share of a sleeping task, which no subscriber sees.
#[cfg(not(feature = "tracing"))]
#[test]
fn a_sleep_is_small() {
    assert!(
        size_of::<Sleep>() <= 9 * size_of::<u64>(),
        "{} bytes",
        size_of::<Sleep>()
    );
}

/// Regression row 12.
#[test]
fn regression_12_short_sleeps_work_after_the_wheel_wrapped() {
    let paused = Paused::new();
    let years = Duration::from_secs(86_400 * 365);
    let (long_count, long_waker) = counting();
    let mut long = pin!(sleep(20 * years));
    assert!(poll(long.as_mut(), &long_waker).is_pending());
    for _ in 0..7 {
        paused.advance(years / 2 + 3 * MS);
        for millis in [1, 63, 64, 65, 4_095, 4_097, 300_000] {
            let (count, waker) = counting();
            let mut short = pin!(sleep(millis * MS));
            assert!(poll(short.as_mut(), &waker).is_pending());
            paused.advance((millis - 1) * MS);
            assert_eq!(count.get(), 0, "{millis} ms fired early");
            paused.advance(MS);
            assert_eq!(count.get(), 1, "{millis} ms did not fire");
        }
    }
    assert_eq!(long_count.get(), 0);
    paused.advance(20 * years);
    assert_eq!(long_count.get(), 1);
}

/// Regression row 13.
#[test]
fn regression_13_extreme_durations_neither_panic_nor_fire() {
    let paused = Paused::new();
    let now = paused.0.clock().now();
    for duration in [
        Duration::MAX,
        Duration::from_secs(u64::MAX),
        Duration::from_millis(u64::MAX),
    ] {
        let (count, waker) = counting();
        let mut timer = pin!(sleep(duration));
        assert!(poll(timer.as_mut(), &waker).is_pending());
        paused.advance(Duration::from_secs(3_600));
        assert_eq!(count.get(), 0);
    }
    let mut past = pin!(sleep_until(now));
    assert!(poll(past.as_mut(), Waker::noop()).is_ready());
    let mut zero = pin!(sleep(Duration::ZERO));
    assert!(poll(zero.as_mut(), Waker::noop()).is_ready());
    paused.advance(Duration::MAX);
    let mut after = pin!(sleep(MS));
    let _ = poll(after.as_mut(), Waker::noop());
}

#[test]
fn reset_moves_the_deadline_both_ways() {
    let paused = Paused::new();
    let (count, waker) = counting();
    let mut timer = pin!(sleep(100 * MS));
    assert!(poll(timer.as_mut(), &waker).is_pending());
    timer.as_mut().reset(Instant::now() + 5 * MS);
    paused.advance(5 * MS);
    assert_eq!(count.get(), 1);
    assert!(poll(timer.as_mut(), &waker).is_ready());
    timer.as_mut().reset(Instant::now() + 7 * MS);
    assert!(!timer.is_elapsed());
    assert!(poll(timer.as_mut(), &waker).is_pending());
    timer.as_mut().reset(Instant::now() + 9 * MS);
    paused.advance(8 * MS);
    assert!(poll(timer.as_mut(), &waker).is_pending());
    paused.advance(MS);
    assert!(poll(timer.as_mut(), &waker).is_ready());
}

#[test]
fn the_latest_waker_is_woken() {
    let paused = Paused::new();
    let ((first, first_waker), (second, second_waker)) = (counting(), counting());
    let mut timer = pin!(sleep(MS));
    assert!(poll(timer.as_mut(), &first_waker).is_pending());
    assert!(poll(timer.as_mut(), &second_waker).is_pending());
    paused.advance(MS);
    assert_eq!((first.get(), second.get()), (0, 1));
}

#[test]
fn more_timers_than_a_batch_fire_in_order() {
    let paused = Paused::new();
    let (count, waker) = counting();
    let mut timers: Vec<_> = (0..100).map(|_| Box::pin(sleep(3 * MS))).collect();
    for timer in &mut timers {
        assert!(poll(timer.as_mut(), &waker).is_pending());
    }
    assert_eq!(paused.0.len(), 100);
    assert_eq!(paused.advance(3 * MS), 100);
    assert_eq!(count.get(), 100);
}

#[test]
fn an_idle_paused_clock_moves_from_timer_to_timer() {
    let mut paused = Paused::new();
    let start = Instant::now();
    let (count, waker) = counting();
    let mut timer = pin!(sleep(1_234_567 * MS));
    assert!(poll(timer.as_mut(), &waker).is_pending());
    let hold = paused.0.hold_clock();
    assert_eq!(paused.0.prepare_park(), ParkLimit::Forever);
    drop(hold);
    while count.get() == 0 {
        assert_eq!(paused.0.prepare_park(), ParkLimit::Advance);
        paused.0.finish_park();
        paused.0.advance_idle();
        paused.0.fire_due();
    }
    assert_eq!(start.elapsed(), 1_234_567 * MS);
    assert_eq!(paused.0.prepare_park(), ParkLimit::Forever);
}

#[test]
fn a_resumed_clock_goes_on_from_where_it_stood() {
    let paused = Paused::new();
    let clock = paused.0.clock();
    let start = clock.now();
    assert!(clock.pause().is_err());
    clock.advance(50 * MS).expect("paused");
    clock.resume().expect("paused");
    assert!(clock.advance(MS).is_err());
    assert!(clock.now() >= start + 50 * MS);
    clock.pause().expect("runs");
    assert!(clock.now() >= start + 50 * MS);
}

#[test]
fn an_earlier_timer_unparks_a_parked_home_only() {
    // The paused's own thread's waker is no foreign code, and is cloned under the lock.
    let unparks = Arc::new(Count::default());
    let unpark = Waker::from(unparks.clone());
    let mut owner = TimersOwner::new(AtEnd::Panic, ClockMode::Machine, unpark);
    set_current(Current::Timers(owner.handle()));
    let hour = Duration::from_secs(3_600);
    let mut timers = [3, 2, 1, 4].map(|hours| Box::pin(sleep(hours * hour)));
    set_current(Current::Absent);
    assert!(poll(timers[0].as_mut(), Waker::noop()).is_pending());
    assert_eq!(unparks.get(), 0);
    let ParkLimit::Sleep(limit) = owner.prepare_park() else {
        panic!("there is a timer")
    };
    assert!(limit > 2 * hour && limit <= 3 * hour + MS);
    assert!(poll(timers[3].as_mut(), Waker::noop()).is_pending());
    assert_eq!(unparks.get(), 0);
    assert!(poll(timers[1].as_mut(), Waker::noop()).is_pending());
    assert_eq!(unparks.get(), 1);
    owner.finish_park();
    assert!(poll(timers[2].as_mut(), Waker::noop()).is_pending());
    assert_eq!(unparks.get(), 1);
    assert!(!owner.is_overdue(Instant::now()));
    assert!(owner.is_overdue(Instant::now() + 2 * hour));
}

#[test]
#[should_panic(expected = "timers opened twice")]
fn a_shard_has_one_owner() {
    let timers: &'static Timers = Box::leak(Box::default());
    let owner = timers.open(ClockMode::Machine, Waker::noop().clone());
    // A handle may close the shard, which has its owner all the same.
    owner.handle().close();
    let _second = timers.open(ClockMode::Machine, Waker::noop().clone());
}

#[test]
fn timers_that_were_never_opened_are_not_paused() {
    let timers: &'static Timers = Box::leak(Box::default());
    assert!(!timers.clock().is_paused());
    assert_eq!(timers.fire_due(), 0);
    let owner = timers.open(ClockMode::Paused, Waker::noop().clone());
    assert!(timers.clock().is_paused());
    drop(owner);
}

#[test]
fn shutdown_wakes_and_closes_every_timer() {
    let paused = Paused::new();
    let (count, waker) = counting();
    let mut waiting: Vec<_> = (0..40).map(|_| Box::pin(sleep(MS))).collect();
    for timer in &mut waiting {
        assert!(poll(timer.as_mut(), &waker).is_pending());
    }
    let mut unpolled = Box::pin(sleep(MS));
    paused.0.shutdown();
    assert_eq!(count.get(), 40);
    for timer in waiting.iter_mut().chain([&mut unpolled]) {
        let poll = std::panic::AssertUnwindSafe(|| poll(timer.as_mut(), &waker));
        let panic = std::panic::catch_unwind(poll).expect_err("polls after the shutdown panic");
        let text = panic.downcast_ref::<&str>().expect("a text");
        assert_eq!(
            *text,
            "A Tokio 1.x context was found, but it is being shutdown. (Selkie's runtime)"
        );
    }
}

#[test]
fn a_recycled_home_does_not_take_timers_of_its_past() {
    let timers: &'static Timers = Box::leak(Box::default());
    let owner = timers.open(ClockMode::Paused, Waker::noop().clone());
    set_current(Current::Timers(owner.handle()));
    let mut old = Box::pin(sleep(MS));
    set_current(Current::Absent);
    drop(owner);
    let reopened = timers.open(ClockMode::Paused, Waker::noop().clone());
    let poll = std::panic::AssertUnwindSafe(|| poll(old.as_mut(), Waker::noop()));
    assert!(std::panic::catch_unwind(poll).is_err());
    assert_eq!(reopened.len(), 0);
}

/// A waker that panics keeps no other timer back, of its batch or of the next.
#[test]
fn a_waker_that_panics_keeps_no_timer_back() {
    struct Panics(AtomicUsize);
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
            panic!("a waker that panics");
        }
    }
    let paused = Paused::new();
    let panics = Arc::new(Panics(AtomicUsize::new(0)));
    let (count, waker) = counting();
    let mut timers: Vec<_> = (0..70).map(|_| Box::pin(sleep(MS))).collect();
    for (number, timer) in timers.iter_mut().enumerate() {
        let panicking = Waker::from(panics.clone());
        let waker = if number % 20 == 2 { &panicking } else { &waker };
        assert!(poll(timer.as_mut(), waker).is_pending());
    }
    paused.advance(2 * MS);
    assert_eq!((panics.0.load(Ordering::SeqCst), count.get()), (4, 66));
    for timer in &mut timers {
        assert!(poll(timer.as_mut(), Waker::noop()).is_ready());
    }
    assert!(paused.0.is_empty());
}
