//! The loop of the thread that has the core.
//!
//! Idea        Poll the root future when it was woken; run the tasks that are queued by then, so that
//!             root and tasks take turns; look at the driver every `event_interval` tasks, when idle,
//!             and at the first of a row of yields.
#![allow(unsafe_code)]

use std::cell::RefCell;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use selkie_core::collections::Entered;
use selkie_core::coop;
use selkie_core::task::Notified;
use selkie_core::time::ParkFor;

use super::super::any_park::AnyPark;
use super::super::thread_parker::ThreadParker;
use super::core::Away;
use super::root_waker::root_waker;
use super::running::{Running, set_running};
use super::shared::{Core, CurrentThread};
use super::waiters::Waits;
use crate::config::call;

/// Tasks that run between two looks at the inject queue, unless the user says otherwise.
const REMOTE_INTERVAL: u32 = 31;

impl CurrentThread {
    /// Runs tasks on this thread until `future` is ready.
    pub(crate) fn block_on<F: Future>(self: &Arc<Self>, future: F) -> F::Output {
        if self.has_broken() {
            panic_for_a_task();
        }
        let mut future = pin!(future);
        if let Some(core) = self.take_core() {
            return self.drive(core, future.as_mut());
        }
        let parker = Arc::new(ThreadParker::current());
        let waker = Waker::from(Arc::clone(&parker));
        let mut cx = Context::from_waker(&waker);
        let _waits = Waits::new(self, &parker);
        loop {
            if self.has_broken() {
                panic_for_a_task();
            }
            // I2 of `shared`: the core is tried after `waiting` was raised.
            if let Some(core) = self.take_core() {
                return self.drive(core, future.as_mut());
            }
            if let Poll::Ready(output) = coop::budget(|| future.as_mut().poll(&mut cx)) {
                return output;
            }
            parker.park(None);
        }
    }

    fn drive<F: Future>(self: &Arc<Self>, core: Box<Core>, mut future: Pin<&mut F>) -> F::Output {
        let running = Running {
            scheduler: Arc::as_ptr(self),
            core: RefCell::new(Some(core)),
        };
        // Declared after `running`, so that it is undone first, also on unwinding.
        let driven = Driven::marked(self, &running);
        let waker = root_waker(self);
        let mut cx = Context::from_waker(&waker);
        // Relaxed: the first poll comes anyway.
        self.woken.store(true, Ordering::Relaxed);
        loop {
            // AcqRel: pairs with the swap in `wake_root`: what the waker did is seen (I3 of `shared`).
            if self.woken.load(Ordering::Relaxed) && self.woken.swap(false, Ordering::AcqRel) {
                if let Poll::Ready(output) = coop::budget(|| future.as_mut().poll(&mut cx)) {
                    return output;
                }
                driven.root_polled();
            }
            driven.run_tasks();
            if self.has_broken() {
                driven.cancel_tasks();
                self.wake_waiters();
                panic_for_a_task();
            }
        }
    }
}

/// What the loop does next.
enum Step {
    /// Look at driver and timers.
    Look,
    /// Run a task; so many are queued behind it.
    Run(Notified, usize),
    /// Nothing is there to run.
    Idle,
}

/// The core in use: puts it back when dropped.
pub(super) struct Driven<'a> {
    pub(super) scheduler: &'a Arc<CurrentThread>,
    pub(super) running: &'a Running,
    before: *const Running,
    entered: Option<Entered>,
}

impl<'a> Driven<'a> {
    /// The thread counts as the owner of the core's slots, too.
    fn marked(scheduler: &'a Arc<CurrentThread>, running: &'a Running) -> Self {
        let entered = {
            let core = running.core.borrow();
            let core = core.as_ref().expect("made with a core");
            // SAFETY: dropped with `self`, on this thread; the core goes to no other before.
            core.tasks.as_ref().map(|tasks| unsafe { tasks.enter() })
        };
        let mut driven = Self::new(scheduler, running);
        driven.entered = entered;
        driven
    }

    pub(super) fn new(scheduler: &'a Arc<CurrentThread>, running: &'a Running) -> Self {
        scheduler.counters.thread.note();
        let before = set_running(running);
        let counters = &scheduler.counters;
        if counters.parks.get() > counters.unparks.get() {
            counters.unparks.increment();
        }
        Self {
            scheduler,
            running,
            before,
            entered: None,
        }
    }

    /// Counts a poll of the root future that was pending; if it was woken meanwhile, it yields.
    fn root_polled(&self) {
        let mut core = self.running.core.borrow_mut();
        let core = core.as_mut().expect("driven with a core");
        core.tick = core.tick.wrapping_add(1);
        // Relaxed: a wake on this thread is seen.
        if self.scheduler.woken.load(Ordering::Relaxed) {
            core.yielded(self.scheduler.config.event_interval);
        }
    }

    /// Runs the tasks that are queued now, or sleeps if there are none.
    fn run_tasks(&self) {
        let mut ahead = None;
        loop {
            match self.next_step() {
                Step::Look => {
                    // Relaxed: a wake on this thread is seen.
                    let root_waited = self.scheduler.woken.load(Ordering::Relaxed);
                    self.turn(Some(Duration::ZERO), false);
                    if self.scheduler.has_broken() {
                        return;
                    }
                    // What woke the root is news to it; a root that waited lets the tasks go first.
                    if !root_waited && self.scheduler.woken.load(Ordering::Relaxed) {
                        return;
                    }
                }
                Step::Idle => {
                    // Relaxed: a wake on this thread is seen; one from elsewhere also unparks.
                    if !self.scheduler.woken.load(Ordering::Relaxed) {
                        self.park();
                    }
                    return;
                }
                Step::Run(token, queued) => {
                    self.run_task(token);
                    // Tasks queued since the first was taken are for the next round.
                    let left = ahead.map_or(queued, |ahead: usize| ahead - 1);
                    if left == 0 {
                        return;
                    }
                    ahead = Some(left);
                }
            }
        }
    }

    #[inline]
    pub(super) fn run_task(&self, token: Notified) {
        self.scheduler.counters.polls.increment();
        match self.scheduler.probes() {
            None => token.run(),
            Some(probes) => probes.run(0, token),
        }
    }

    fn next_step(&self) -> Step {
        let mut core = self.running.core.borrow_mut();
        let core = core.as_mut().expect("driven with a core");
        let config = &self.scheduler.config;
        if core.tick.wrapping_sub(core.turned_at) >= config.event_interval {
            return Step::Look;
        }
        let tick = core.tick.wrapping_add(1);
        let remote_first = tick % config.global_queue_interval.unwrap_or(REMOTE_INTERVAL) == 0;
        let first = if remote_first {
            self.scheduler.pop_remote()
        } else {
            None
        };
        let token = first
            .or_else(|| core.queue.pop_front())
            .or_else(|| self.scheduler.pop_remote());
        let Some(token) = token else {
            return Step::Idle;
        };
        core.tick = tick;
        core.is_busy();
        Step::Run(token, core.queue.len())
    }

    /// Sleeps until something happens.
    fn park(&self) {
        call(self.scheduler.config.before_park.as_ref());
        // The hook may have woken a task; a remote one has unparked.
        let idle = {
            let core = self.running.core.borrow();
            core.as_ref().is_some_and(|core| core.queue.is_empty())
        };
        // Relaxed: as in `run_tasks`.
        if idle && !self.scheduler.woken.load(Ordering::Relaxed) {
            self.scheduler.counters.parks.increment();
            let plan = match self.scheduler.timers {
                Some(timers) => timers.prepare_park(),
                None => ParkFor::Forever,
            };
            match plan {
                ParkFor::Forever => self.turn(None, true),
                ParkFor::Sleep(limit) => self.turn(Some(limit), true),
                ParkFor::Advance => {
                    self.turn(Some(Duration::ZERO), true);
                    self.advance_if_idle();
                }
            }
            self.scheduler.counters.unparks.increment();
            if self.is_idle() {
                self.scheduler.counters.noops.increment();
            }
        }
        call(self.scheduler.config.after_unpark.as_ref());
    }

    /// Whether no task waits to be run.
    fn is_idle(&self) -> bool {
        let core = self.running.core.borrow();
        core.as_ref().is_some_and(|core| core.queue.is_empty()) && self.scheduler.inject.is_empty()
    }

    /// Moves a paused clock if nothing became runnable.
    fn advance_if_idle(&self) {
        let idle = self.is_idle() && !self.scheduler.woken.load(Ordering::Acquire);
        if let (true, Some(timers)) = (idle, self.scheduler.timers) {
            timers.advance_idle();
        }
    }

    /// One look at driver and timers. The core stays in reach of wakers, without its driver.
    fn turn(&self, limit: Option<Duration>, parked: bool) {
        let finished = self.scheduler.counters.finished.get();
        let (park, limit) = {
            let mut core = self.running.core.borrow_mut();
            let core = core.as_mut().expect("driven with a core");
            core.turned_at = core.tick;
            let depth = core.queue.len() as u64;
            self.scheduler.counters.queue_depth.set(depth);
            self.scheduler.counters.busy_nanos.add(core.take_busy());
            let limit = match &core.tasks {
                Some(tasks) => core.trim.limit(tasks, finished, limit),
                None => limit,
            };
            (std::mem::replace(&mut core.park, Box::new(Away)), limit)
        };
        let mut back = PutBack {
            running: self.running,
            park,
        };
        back.park.park(limit);
        drop(back);
        if let Some(core) = self.running.core.borrow().as_ref() {
            if let Some(tasks) = &core.tasks {
                core.trim.look(tasks, &self.scheduler.remote, finished);
            }
        }
        if let Some(timers) = self.scheduler.timers {
            if parked {
                timers.finish_park();
            }
            timers.fire_due();
        }
        if self.scheduler.dumps.is_active() {
            self.answer_dumps();
        }
    }
}

/// Puts the driver back into the core, also on unwinding.
struct PutBack<'a> {
    running: &'a Running,
    park: AnyPark,
}

impl Drop for PutBack<'_> {
    fn drop(&mut self) {
        if let Some(core) = self.running.core.borrow_mut().as_mut() {
            std::mem::swap(&mut core.park, &mut self.park);
        }
    }
}

#[cold]
fn panic_for_a_task() -> ! {
    panic!("a spawned task panicked and the runtime is configured to shut down on unhandled panic")
}

impl Drop for Driven<'_> {
    fn drop(&mut self) {
        set_running(self.before);
        if let Some(mut core) = self.running.core.borrow_mut().take() {
            let counters = &self.scheduler.counters;
            counters.busy_nanos.add(core.take_busy());
            // A scheduler that nobody drives counts as parked.
            counters.parks.increment();
            self.scheduler.put_core(core);
        }
    }
}
