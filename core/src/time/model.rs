//! Loom models of a shard and its timers.
#![allow(unsafe_code)]

use std::boxed::Box;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};
use std::time::Duration;

use loom::thread;

use super::clock_mode::ClockMode;
use super::entry::{Entry, Phase};
use super::handle::{RegisterOutcome, TimersHandle};
use super::instant::Instant;
use super::owner::{ParkLimit, TimersOwner};
use super::timers::Timers;

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A shard of the model, freed at its end.
struct Place(NonNull<Timers>);

impl Place {
    fn open(mode: ClockMode, unpark: Waker) -> (Self, TimersOwner) {
        let timers: &'static Timers = Box::leak(Box::default());
        (Self(NonNull::from(timers)), timers.open(mode, unpark))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // SAFETY: made by `Box::leak`; the model's threads, which used it, were joined.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

/// An entry and the right to be its owner.
struct Owner(Box<Entry>);

impl Owner {
    fn new() -> Self {
        Self(Box::new(Entry::new(0, Instant::machine_now())))
    }

    fn register(&self, timers: &TimersHandle, ahead: Duration, waker: &Waker) -> RegisterOutcome {
        let deadline = timers.clock().now() + ahead;
        // SAFETY: this is the owner, the box does not move, and every model ends with `cancel`.
        unsafe { timers.register(NonNull::from(&*self.0), deadline, waker) }
    }

    fn cancel(self, timers: &TimersHandle) -> Phase {
        if self.0.phase() == Phase::Pending {
            // SAFETY: the owner, registered here.
            unsafe { timers.cancel(NonNull::from(&*self.0)) };
        }
        let phase = self.0.phase();
        // SAFETY: not PENDING: nobody else may touch the entry, which loom checks by these writes.
        unsafe { self.0.begin(0, Waker::noop().clone()) };
        // SAFETY: PENDING just now, and in no list.
        drop(unsafe { Entry::end(NonNull::from(&*self.0), Phase::Idle) });
        phase
    }
}

const MS: Duration = Duration::from_millis(1);

/// Regression row 11, I3 of `timers`: an insert while the shard computes how long to sleep.
#[test]
fn model_regression_11_an_insert_is_slept_for_or_unparks() {
    loom::model(|| {
        let unparks = Arc::new(Count::default());
        let (_place, mut shard) = Place::open(ClockMode::Machine, Waker::from(unparks.clone()));
        let timers = shard.handle();
        let inserter = thread::spawn(move || {
            let owner = Owner::new();
            let registered = owner.register(&timers, 3_600_000 * MS, Waker::noop());
            assert_eq!(registered, RegisterOutcome::Pending);
            owner
        });
        let park = shard.prepare_park();
        let owner = inserter.join().expect("no panic");
        if park == ParkLimit::Forever {
            assert_eq!(
                unparks.0.load(Ordering::SeqCst),
                1,
                "an insert was slept through"
            );
        }
        shard.finish_park();
        assert_eq!(owner.cancel(&timers), Phase::Idle);
        timers.shutdown();
    });
}

/// I1 and I3 of `entry`, I2 of `timers`: an insert, and a change of its waker, while another
/// thread fires.
#[test]
fn model_an_insert_against_fire_is_woken() {
    loom::model(|| {
        let (_place, shard) = Place::open(ClockMode::Paused, Waker::noop().clone());
        let timers = shard.handle();
        let first = Owner::new();
        assert_eq!(
            first.register(&timers, MS, Waker::noop()),
            RegisterOutcome::Pending
        );
        let firer = thread::spawn(move || {
            timers.clock().advance(2 * MS).expect("paused");
            timers.fire_due()
        });
        let wakes = Arc::new(Count::default());
        let waker = Waker::from(wakes.clone());
        let second = Owner::new();
        let registered = second.register(&timers, MS, &waker);
        // SAFETY: the owner, registered here.
        let _ = unsafe { timers.change_waker(NonNull::from(&*first.0), &waker) };
        firer.join().expect("no panic");
        timers.clock().advance(2 * MS).expect("paused");
        timers.fire_due();
        assert_eq!(first.cancel(&timers), Phase::Fired);
        match registered {
            RegisterOutcome::Pending => {
                assert_eq!(second.cancel(&timers), Phase::Fired);
                assert!(wakes.0.load(Ordering::SeqCst) >= 1);
            }
            RegisterOutcome::Due => assert_eq!(second.cancel(&timers), Phase::Idle),
            RegisterOutcome::Closed => unreachable!("nobody closes this home"),
        }
        assert_eq!(timers.len(), 0);
        timers.shutdown();
    });
}

/// I3 of `entry`: a timer dropped while one thread fires it and another closes its shard.
#[test]
fn model_a_drop_against_fire_against_shutdown() {
    loom::model(|| {
        let (_place, shard) = Place::open(ClockMode::Paused, Waker::noop().clone());
        let timers = shard.handle();
        let owner = Owner::new();
        assert_eq!(
            owner.register(&timers, MS, Waker::noop()),
            RegisterOutcome::Pending
        );
        timers.clock().advance(2 * MS).expect("paused");
        let firer = thread::spawn(move || timers.fire_due());
        let closer = thread::spawn(move || timers.shutdown());
        owner.cancel(&timers);
        let fired = firer.join().expect("no panic");
        closer.join().expect("no panic");
        assert!(fired <= 1);
        assert_eq!(timers.len(), 0);
    });
}

/// I1 of `timers`: an insert into a shard that is being closed waits in vain in no case.
#[test]
fn model_an_insert_against_shutdown_is_told() {
    loom::model(|| {
        let (_place, shard) = Place::open(ClockMode::Paused, Waker::noop().clone());
        let timers = shard.handle();
        let closer = thread::spawn(move || timers.shutdown());
        let owner = Owner::new();
        let registered = owner.register(&timers, MS, Waker::noop());
        closer.join().expect("no panic");
        let phase = owner.cancel(&timers);
        match registered {
            RegisterOutcome::Pending => assert_eq!(phase, Phase::Closed),
            RegisterOutcome::Closed => assert_eq!(phase, Phase::Idle),
            RegisterOutcome::Due => unreachable!("a millisecond ahead of a paused clock"),
        }
        assert_eq!(timers.len(), 0);
    });
}
