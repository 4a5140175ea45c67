//! Models of one sleep, and of the role of the monitor.

use std::sync::Arc as StdArc;
use std::time::Duration;

use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use super::super::super::thread_parker::ThreadParker;
use super::super::drivers::Drivers;
use super::super::idle::{Idle, ToNotify};
use super::super::monitor_role::MonitorRole;
use super::super::parker::Parker;
use super::driver::ModelDriver;

/// Attacks I2 of the driver's `reactor`, with `parker`: the first source of a worker that has slept elsewhere,
/// and its event.
#[test]
fn model_a_first_source_finds_its_worker() {
    loom::model(|| {
        let own = ModelDriver::new();
        own.set_needed(false);
        let parks = vec![
            Box::new(own.clone()) as _,
            Box::new(ModelDriver::new()) as _,
        ];
        let drivers = Arc::new(Drivers::new(parks));
        let parker = Arc::new(Parker::new());
        let worker = {
            let (drivers, parker, own) = (Arc::clone(&drivers), Arc::clone(&parker), own.clone());
            thread::spawn(move || {
                parker.adopt();
                while !own.has_event() {
                    parker.park(drivers.of(0), None);
                }
            })
        };
        // As `Reactors::watch_at`: counted, made known, and the worker is called.
        own.set_needed(true);
        parker.unpark(drivers.of(0));
        own.event();
        worker.join().unwrap();
    });
}

/// Attacks I1 of `parker`: what the waker wrote is seen after the sleep that it ends, in the driver and alone.
#[test]
fn model_an_unpark_publishes() {
    for is_in_driver in [false, true] {
        loom::model(move || {
            let driver = ModelDriver::new();
            driver.set_needed(is_in_driver);
            let drivers = StdArc::new(Drivers::new(vec![Box::new(driver) as _]));
            let parker = StdArc::new(Parker::new());
            let written = Arc::new(AtomicUsize::new(0));
            parker.adopt();
            let waker = {
                let (drivers, parker) = (StdArc::clone(&drivers), StdArc::clone(&parker));
                let written = Arc::clone(&written);
                thread::spawn(move || {
                    // Relaxed: the unpark publishes it.
                    written.store(1, Ordering::Relaxed);
                    parker.unpark(drivers.of(0));
                })
            };
            // Sleeps that end by themselves: nothing but `park` can have seen the unpark.
            while !parker.park(drivers.of(0), Some(Duration::ZERO)) {
                thread::yield_now();
            }
            assert_eq!(written.load(Ordering::Relaxed), 1);
            waker.join().unwrap();
        });
    }
}

/// Attacks I1 of `idle`: a bit is cleared by the claimer or by the worker, and whoever claims counts
/// it as searching, exactly once.
#[test]
fn model_a_claim_meets_a_worker_that_wakes_by_itself() {
    loom::model(|| {
        let idle = Arc::new(Idle::new(1));
        let _last = idle.sleep(0, false);
        let claimer = {
            let idle = Arc::clone(&idle);
            thread::spawn(move || matches!(idle.worker_to_notify(), ToNotify::Sleeper(_)))
        };
        let was_claimed = idle.wake_self(0);
        assert_eq!(claimer.join().unwrap(), was_claimed);
        assert!(!idle.is_sleeping(0));
        // The count of searchers is exactly the claimed one's.
        assert_eq!(
            was_claimed,
            !matches!(idle.worker_to_notify(), ToNotify::Sleeper(_)) && was_claimed
        );
        if was_claimed {
            assert!(idle.stop_searching());
        }
        assert_eq!(idle.sleepers(), 0);
    });
}

/// Attacks I1 of `thread_parker`: what the waker wrote is seen after the sleep it ends.
#[test]
fn model_a_thread_s_wake_is_kept_and_publishes() {
    loom::model(|| {
        let parker = StdArc::new(ThreadParker::current());
        let written = Arc::new(AtomicUsize::new(0));
        let waker = {
            let (parker, written) = (StdArc::clone(&parker), Arc::clone(&written));
            thread::spawn(move || {
                // Relaxed: the wake publishes it.
                written.store(1, Ordering::Relaxed);
                parker.unpark();
            })
        };
        parker.park(None);
        assert_eq!(written.load(Ordering::Relaxed), 1);
        waker.join().unwrap();
    });
}

/// Attacks I1 of `monitor_role`: the watcher, who sees all asleep, gives the role up while the last
/// sleeper wakes; one of them sees to it that somebody watches.
#[test]
fn model_the_monitor_gives_up_as_a_worker_wakes() {
    loom::model(|| {
        let shared = Arc::new((Idle::new(2), MonitorRole::new()));
        let (idle, role) = &*shared;
        for index in 0..2 {
            idle.sleep(index, false);
        }
        role.take(0);
        let theirs = Arc::clone(&shared);
        let waking = thread::spawn(move || {
            let (idle, role) = &*theirs;
            let _claimed = idle.wake_self(1);
            role.leave(1)
        });
        let given_up = role.give_up(0, idle);
        let wakes_another = waking.join().unwrap();
        assert!(
            wakes_another || !given_up && role.holder() == Some(0),
            "a worker runs, and nobody watches"
        );
    });
}
