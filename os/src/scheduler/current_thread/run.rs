//! The loop of the thread that has the core.
//!
//! Idea        Poll the root future when it was woken, run tasks, look at the driver every
//!             `event_interval` tasks, or when idle.
//! Rejected    A driver call per yield: a task that yields goes behind the others.
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

use super::super::thread_parker::ThreadParker;
use super::core::{Away, Core};
use super::root_waker::root_waker;
use super::running::{Running, set_running};
use super::shared::CurrentThread;
use super::waiters::Waits;
use crate::config::call;

impl CurrentThread {
    /// Runs tasks on this thread until `future` is ready.
    pub(crate) fn block_on<F: Future>(self: &Arc<Self>, future: F) -> F::Output {
        let mut future = pin!(future);
        if let Some(core) = self.take_core() {
            return self.drive(core, future.as_mut());
        }
        let parker = Arc::new(ThreadParker::current());
        let waker = Waker::from(Arc::clone(&parker));
        let mut cx = Context::from_waker(&waker);
        let _waits = Waits::new(self, &parker);
        loop {
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
        let driven = Driven::new(self, &running);
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
            }
            driven.run_tasks();
        }
    }
}

/// The core in use: puts it back when dropped.
pub(super) struct Driven<'a> {
    pub(super) scheduler: &'a Arc<CurrentThread>,
    pub(super) running: &'a Running,
    before: *const Running,
    _entered: Entered,
}

impl<'a> Driven<'a> {
    pub(super) fn new(scheduler: &'a Arc<CurrentThread>, running: &'a Running) -> Self {
        let entered = {
            let core = running.core.borrow();
            let core = core.as_ref().expect("made with a core");
            // SAFETY: dropped with `self`, on this thread, before the core goes back.
            unsafe { core.tasks.enter() }
        };
        let before = set_running(running);
        Self {
            scheduler,
            running,
            before,
            _entered: entered,
        }
    }

    /// Runs tasks until the root future has to be polled, or the driver was looked at.
    fn run_tasks(&self) {
        loop {
            if self.is_turn_due() {
                return self.turn(Some(Duration::ZERO), false);
            }
            let Some(token) = self.next_task() else {
                // Relaxed: a wake on this thread is seen; one from elsewhere also unparks.
                if !self.scheduler.woken.load(Ordering::Relaxed) {
                    self.park();
                }
                return;
            };
            self.scheduler.counters.polls.increment();
            token.run();
        }
    }

    fn is_turn_due(&self) -> bool {
        let core = self.running.core.borrow();
        let core = core.as_ref().expect("driven with a core");
        core.tick.wrapping_sub(core.turned_at) >= self.scheduler.config.event_interval
    }

    fn next_task(&self) -> Option<Notified> {
        let mut core = self.running.core.borrow_mut();
        let core = core.as_mut().expect("driven with a core");
        core.tick = core.tick.wrapping_add(1);
        if core.tick % self.scheduler.config.global_queue_interval == 0 {
            if let Some(token) = self.scheduler.pop_remote() {
                return Some(token);
            }
        }
        core.queue
            .pop_front()
            .or_else(|| self.scheduler.pop_remote())
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
        }
        call(self.scheduler.config.after_unpark.as_ref());
    }

    /// Moves a paused clock if nothing became runnable.
    fn advance_if_idle(&self) {
        let idle = {
            let core = self.running.core.borrow();
            core.as_ref().is_some_and(|core| core.queue.is_empty())
                && self.scheduler.inject.is_empty()
                && !self.scheduler.woken.load(Ordering::Acquire)
        };
        if let (true, Some(timers)) = (idle, self.scheduler.timers) {
            timers.advance_idle();
        }
    }

    /// One look at driver and timers. The core stays in reach of wakers, without its driver.
    fn turn(&self, limit: Option<Duration>, parked: bool) {
        let mut park = {
            let mut core = self.running.core.borrow_mut();
            let core = core.as_mut().expect("driven with a core");
            core.turned_at = core.tick;
            std::mem::replace(&mut core.park, Box::new(Away))
        };
        park.park(limit);
        {
            let mut core = self.running.core.borrow_mut();
            core.as_mut().expect("driven with a core").park = park;
        }
        if let Some(timers) = self.scheduler.timers {
            if parked {
                timers.finish_park();
            }
            timers.fire_due();
        }
    }
}

impl Drop for Driven<'_> {
    fn drop(&mut self) {
        set_running(self.before);
        if let Some(core) = self.running.core.borrow_mut().take() {
            self.scheduler.put_core(core);
        }
    }
}
