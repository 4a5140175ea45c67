//! How the thread that has the core looks at its driver and its timers, and sleeps.
//!
//! Invariants  I1 while the driver sleeps or dispatches, the core stays in reach of wakers, without its driver.

use std::sync::atomic::Ordering;
use std::time::Duration;

use selkie_core::raw::time::{ParkLimit, TimersOwner};

use super::super::any_park::AnyPark;
use super::core::StubPark;
use super::core_context::CoreContext;
use super::run::CoreGuard;
use crate::config::call;
use crate::observability::{Observer, WakeCause};

impl CoreGuard<'_> {
    #[inline(always)]
    pub(super) fn look_at_timers(&self) {
        let Some(timers) = self.scheduler.timers else {
            if let Some(probes) = self.scheduler.probes() {
                probes.interrupt(0);
            }
            return;
        };
        match self.scheduler.probes() {
            None => drop(timers.fire_due()),
            Some(probes) => probes.fire(0, &mut || timers.fire_due()),
        }
    }

    /// Sleeps until something happens.
    pub(super) fn park(&self) {
        call(self.scheduler.config.before_park.as_ref());
        // The hook may have woken a task or the root, here; a wake from elsewhere has unparked.
        let idle = {
            let core = self.running.core.borrow();
            core.as_ref()
                .is_some_and(|core| core.queue.is_empty() && core.deferred.is_empty())
        };
        // Relaxed: as in `next`.
        if idle && !self.scheduler.woken.load(Ordering::Relaxed) {
            self.count_park();
            if let Some(probes) = self.scheduler.probes() {
                probes.parks(0);
            }
            self.sleep();
            if let Some(probes) = self.scheduler.probes() {
                probes.unparked(0);
            }
            self.scheduler.counters.unparks.increment();
        } else {
            self.turn(Some(Duration::ZERO), false);
        }
        call(self.scheduler.config.after_unpark.as_ref());
    }

    /// Counts a sleep, and whether nothing was run since the last one.
    fn count_park(&self) {
        let counters = &self.scheduler.counters;
        let polls = counters.polls.get();
        let mut core = self.running.core.borrow_mut();
        let core = core.as_mut().expect("the guard has a core");
        if std::mem::replace(&mut core.polls_at_park, polls) == polls {
            counters.noops.increment();
        }
        counters.parks.increment();
    }

    /// Waits for an event, a timer or a wake.
    fn sleep(&self) {
        let plan = self.with_timers(TimersOwner::prepare_park);
        let plan = plan.unwrap_or(ParkLimit::Forever);
        match plan {
            ParkLimit::Forever => self.turn(None, true),
            ParkLimit::Sleep(limit) => self.turn(Some(limit), true),
            ParkLimit::Advance => {
                self.turn(Some(Duration::ZERO), true);
                self.advance_if_idle();
            }
        }
    }

    /// Calls `f` with the timers, if there are any.
    fn with_timers<R>(&self, f: impl FnOnce(&mut TimersOwner) -> R) -> Option<R> {
        let mut core = self.running.core.borrow_mut();
        core.as_mut()?.timers.as_mut().map(f)
    }

    /// Whether no task waits to be run.
    fn is_idle(&self) -> bool {
        let core = self.running.core.borrow();
        core.as_ref().is_some_and(|core| core.queue.is_empty()) && self.scheduler.inject.is_empty()
    }

    /// Moves a paused clock if nothing became runnable.
    fn advance_if_idle(&self) {
        let idle = self.is_idle() && !self.scheduler.woken.load(Ordering::Acquire);
        if idle {
            self.with_timers(TimersOwner::advance_idle);
            self.look_at_timers();
        }
    }

    /// One look at driver and timers. The core stays in reach of wakers, without its driver (I1).
    pub(super) fn turn(&self, limit: Option<Duration>, parked: bool) {
        let finished = self.scheduler.counters.finished.get();
        let (park, limit) = {
            let mut core = self.running.core.borrow_mut();
            let core = core.as_mut().expect("the guard has a core");
            core.since_look = 0;
            let depth = core.queue.len() as u64;
            self.scheduler.counters.queue_depth.set(depth);
            self.scheduler.counters.busy_nanos.add(core.take_busy());
            let limit = match &core.tasks {
                Some(tasks) => core.trim.limit(tasks, finished, limit),
                None => limit,
            };
            (std::mem::replace(&mut core.park, Box::new(StubPark)), limit)
        };
        let mut back = RestorePark {
            running: self.running,
            park,
        };
        match self.scheduler.probes() {
            None => back.park.park(limit),
            Some(probes) => self.look_observed(probes, &mut back.park, limit),
        }
        drop(back);
        if let Some(core) = self.running.core.borrow_mut().as_mut() {
            if let (true, Some(timers)) = (parked, &mut core.timers) {
                timers.finish_park();
            }
            if let Some(tasks) = &core.tasks {
                core.trim
                    .trim_if_due(tasks, &self.scheduler.remote, finished);
            }
        }
        if let Some(timers) = self.scheduler.timers {
            timers.fire_due();
        }
        if self.scheduler.dumps.is_active() {
            self.answer_dumps();
        }
    }

    /// A look at the driver and at the timers that the probes may record: the timers are looked at once more, for nothing.
    #[cold]
    fn look_observed(&self, probes: &dyn Observer, park: &mut AnyPark, limit: Option<Duration>) {
        let waiting = self.scheduler.counters.queue_depth.get();
        probes.depth(0, waiting as usize, self.scheduler.inject.len());
        probes.look(0, WakeCause::Readiness, &mut || park.park(limit));
        self.look_at_timers();
    }
}

/// Puts the driver back into the core, also on unwinding.
struct RestorePark<'a> {
    running: &'a CoreContext,
    park: AnyPark,
}

impl Drop for RestorePark<'_> {
    fn drop(&mut self) {
        if let Some(core) = self.running.core.borrow_mut().as_mut() {
            std::mem::swap(&mut core.park, &mut self.park);
        }
    }
}
