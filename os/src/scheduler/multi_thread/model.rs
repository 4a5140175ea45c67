//! Models of how workers sleep and are woken: the bits of sleepers, the count of searchers, the parker.
//!
//! A worker in these models follows the protocol of `run` without tasks: its queue is a number.
//!
//! Length      one protocol; each model is a variation of the one before it.

use std::panic::Location;
use std::ptr::NonNull;
use std::sync::Arc as StdArc;
use std::time::Duration;

use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;

use selkie_core::park::{Park, Unpark};
use selkie_core::raw::collections::{SlabPool, SlotLayout};
use selkie_core::raw::task::{Header, Notified, OwnedTasks, Schedule};
use selkie_core::task::Id;

use super::super::any_park::AnyUnpark;
use super::super::thread_parker::ThreadParker;
use super::drivers::Drivers;
use super::idle::{Idle, ToNotify};
use super::monitor_role::MonitorRole;
use super::parker::Parker;
use super::remaining_tasks::RemainingTasks;

/// A driver whose sleep an unpark ends, or an event.
#[derive(Clone)]
struct ModelDriver(StdArc<ModelSleep>);

struct ModelSleep {
    woken: Mutex<bool>,
    condvar: Condvar,
    /// Whether it has sources.
    needed: AtomicBool,
    /// Events that nobody has taken.
    events: AtomicUsize,
}

impl ModelDriver {
    fn new() -> Self {
        Self(StdArc::new(ModelSleep {
            woken: Mutex::new(false),
            condvar: Condvar::new(),
            needed: AtomicBool::new(true),
            events: AtomicUsize::new(0),
        }))
    }

    /// An event of a source, as the system tells it.
    fn event(&self) {
        self.0.events.fetch_add(1, Ordering::Release);
        let _guard = self.0.woken.lock().unwrap();
        self.0.condvar.notify_one();
    }

    fn has_event(&self) -> bool {
        self.0.events.load(Ordering::Acquire) > 0
    }
}

impl Unpark for ModelDriver {
    fn unpark(&self) {
        *self.0.woken.lock().unwrap() = true;
        self.0.condvar.notify_one();
    }

    fn is_needed(&self) -> bool {
        self.0.needed.load(Ordering::Acquire)
    }
}

impl Park for ModelDriver {
    type Unpark = AnyUnpark;

    fn unpark_handle(&self) -> AnyUnpark {
        StdArc::new(self.clone())
    }

    fn park(&mut self, timeout: Option<Duration>) {
        let mut woken = self.0.woken.lock().unwrap();
        while timeout.is_none() && !*woken && !self.has_event() {
            woken = self.0.condvar.wait(woken).unwrap();
        }
        *woken = false;
    }

    fn shutdown(&mut self) {}
}

/// What the workers of a model share.
struct Shared {
    idle: Idle,
    drivers: Drivers,
    parkers: Vec<Parker>,
    /// Tasks from outside.
    queue: AtomicUsize,
    stopping: AtomicBool,
    done: AtomicUsize,
}

impl Shared {
    fn new(workers: usize) -> Arc<Self> {
        Arc::new(Self {
            idle: Idle::new(workers),
            drivers: Drivers::new(vec![Box::new(ModelDriver::new())]),
            parkers: (0..workers).map(|_| Parker::new()).collect(),
            queue: AtomicUsize::new(0),
            stopping: AtomicBool::new(false),
            done: AtomicUsize::new(0),
        })
    }

    fn notify(&self) {
        if let ToNotify::Sleeper(index) = self.idle.worker_to_notify() {
            self.parkers[index].unpark(self.drivers.of(index));
        }
    }

    fn push(&self) {
        // Release: as a push into the inject queue.
        self.queue.fetch_add(1, Ordering::Release);
        self.notify();
    }

    /// As a worker pushes into its ring: another worker is notified whenever the ring grows to a power of two.
    fn push_to_ring(&self) {
        // Release: as a push into a ring.
        let len = self.queue.fetch_add(1, Ordering::Release) + 1;
        if len.is_power_of_two() {
            self.notify();
        }
    }

    fn take(&self) -> bool {
        let take = |now: usize| now.checked_sub(1);
        self.queue
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, take)
            .is_ok()
    }

    fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        for (index, parker) in self.parkers.iter().enumerate() {
            parker.unpark(self.drivers.of(index));
        }
    }

    /// The protocol of `run`, until `tasks` are done by all together, or the workers are stopped.
    fn work(&self, index: usize, tasks: usize) {
        self.parkers[index].adopt();
        let mut searching = false;
        while !self.stopping.load(Ordering::Acquire) {
            if !self.take() {
                searching = searching || self.idle.start_searching();
                if !self.take() {
                    searching = self.sleep(index, searching);
                    continue;
                }
            }
            self.found(&mut searching);
            if self.done.fetch_add(1, Ordering::AcqRel) + 1 == tasks {
                self.stop();
            }
        }
    }

    /// A worker has found a task and is about to run it.
    fn found(&self, searching: &mut bool) {
        if std::mem::take(searching)
            && self.idle.stop_searching()
            && self.queue.load(Ordering::Acquire) > 0
        {
            self.notify();
        }
    }

    /// As [`work`](Self::work), but the first task blocks its worker for good.
    fn work_once(&self, index: usize) {
        self.parkers[index].adopt();
        let mut searching = false;
        while !self.take() {
            searching = searching || self.idle.start_searching();
            if self.take() {
                break;
            }
            searching = self.sleep(index, searching);
        }
        self.found(&mut searching);
    }

    /// Sleeps; says whether the worker counts as searching afterwards.
    fn sleep(&self, index: usize, searching: bool) -> bool {
        self.idle.sleep(index, searching);
        let has_work = self.queue.load(Ordering::Acquire) > 0;
        if has_work {
            self.idle.search_instead(index);
            return true;
        }
        if !self.stopping.load(Ordering::Acquire) {
            self.parkers[index].park(self.drivers.of(index), None);
        }
        self.idle.wake_self(index)
    }
}

fn model(f: impl Fn() + Sync + Send + 'static) {
    loom::model(f);
}

/// As [`model`], with one preemption less: of two workers and pushes there are so many interleavings that three take minutes.
fn larger_model(f: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.map(|bound| bound.min(2));
    builder.check(f);
}

/// Attacks I2 of `idle` and I1 of `parker`: a push while a worker begins to sleep.
#[test]
fn model_a_push_is_never_slept_through() {
    model(|| {
        let shared = Shared::new(1);
        let worker = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.work(0, 1))
        };
        shared.push();
        worker.join().unwrap();
    });
}

/// Attacks I1 and I2 of `idle`: two workers, of which one sleeps in the driver and one alone, and a
/// push that may be seen by either.
#[test]
fn model_two_workers_share_a_push() {
    larger_model(|| {
        let shared = Shared::new(2);
        let workers: Vec<_> = (0..2)
            .map(|index| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || shared.work(index, 1))
            })
            .collect();
        shared.push();
        for worker in workers {
            worker.join().unwrap();
        }
    });
}

/// Attacks I2 of `idle`: a worker that finds a task and blocks in it meets a second push, which relies
/// on the searcher that it saw.
#[test]
fn model_a_second_push_does_not_wait_for_the_first_task() {
    larger_model(|| {
        let shared = Shared::new(2);
        let workers: Vec<_> = (0..2)
            .map(|index| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || shared.work_once(index))
            })
            .collect();
        shared.push();
        shared.push();
        for worker in workers {
            worker.join().unwrap();
        }
    });
}

/// Attacks I2 of `push`: no worker is notified of the last of three tasks, and both workers may begin to sleep
/// meanwhile.
#[test]
fn model_an_untold_push_is_never_slept_through() {
    larger_model(|| {
        let shared = Shared::new(2);
        let workers: Vec<_> = (0..2)
            .map(|index| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || shared.work(index, 3))
            })
            .collect();
        (0..3).for_each(|_| shared.push_to_ring());
        for worker in workers {
            worker.join().unwrap();
        }
    });
}

/// Attacks I2 of the driver's `reactor`, with `parker`: the first source of a worker that has slept elsewhere,
/// and its event.
#[test]
fn model_a_first_source_finds_its_worker() {
    model(|| {
        let own = ModelDriver::new();
        own.0.needed.store(false, Ordering::Release);
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
        own.0.needed.store(true, Ordering::Release);
        parker.unpark(drivers.of(0));
        own.event();
        worker.join().unwrap();
    });
}

/// Attacks I1 of `parker`: a stop meets a worker before, in and after its sleep.
#[test]
fn model_a_stop_ends_every_sleep() {
    model(|| {
        let shared = Shared::new(2);
        let workers: Vec<_> = (0..2)
            .map(|index| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || shared.work(index, usize::MAX))
            })
            .collect();
        shared.stop();
        for worker in workers {
            worker.join().unwrap();
        }
    });
}

/// Attacks I1 of `idle`: a bit is cleared by the claimer or by the worker, and whoever claims counts
/// it as searching, exactly once.
#[test]
fn model_a_claim_meets_a_worker_that_wakes_by_itself() {
    model(|| {
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
    model(|| {
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

/// A scheduler whose tasks nobody queues.
struct Nowhere;

#[allow(unsafe_code)]
// SAFETY: the tasks are `Send`.
unsafe impl Schedule for Nowhere {
    fn may_drop_tasks_here(&self) -> bool {
        true
    }

    unsafe fn schedule(_this: NonNull<Self>, task: Notified) {
        task.discard();
    }

    unsafe fn requeue(_this: NonNull<Self>, task: Notified) {
        task.discard();
    }

    fn finished(&self, _id: Id, _location: &'static Location<'static>, _panicked: bool) {}
}

/// Counts drops outside the model's eyes.
struct Counted(StdArc<std::sync::atomic::AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    }
}

/// Attacks I1 to I3 of `end`: two workers end while one of them polls a task of the other's; whoever
/// waits for the end sees every task dropped.
#[test]
fn model_workers_end_while_one_polls_a_task_of_the_other() {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(|| {
        let pool: &'static SlabPool<Header> = Box::leak(Box::new(SlabPool::new()));
        let end = StdArc::new(RemainingTasks::<Nowhere>::new(2));
        let scheduler = StdArc::new(Nowhere);
        let drops = StdArc::new(std::sync::atomic::AtomicUsize::new(0));
        let owners: Vec<_> = (0..2)
            .map(|_| OwnedTasks::in_pool(pool, StdArc::clone(&scheduler), SlotLayout::Apart))
            .collect();
        let counted = Counted(StdArc::clone(&drops));
        let task = async move {
            let _counted = counted;
            std::future::pending::<()>().await;
        };
        #[allow(unsafe_code)]
        // SAFETY: `Send` and `'static`.
        let (task, handle) = unsafe { owners[0].spawn(Id::next(), Location::caller(), task) };
        drop(handle);
        let mut task = Some(task);
        for (index, owner) in owners.into_iter().enumerate() {
            let end = StdArc::clone(&end);
            let stolen = (index == 1).then(|| task.take()).flatten();
            thread::spawn(move || {
                if let Some(task) = stolen {
                    task.run();
                }
                let closing = owner.close();
                closing.cancel_all();
                end.keep(closing);
                if let Some(left) = end.worker_ended(index, None) {
                    end.end(left.owners, || ());
                }
            });
        }
        assert!(end.wait(None));
        assert_eq!(drops.load(std::sync::atomic::Ordering::SeqCst), 1);
    });
}
