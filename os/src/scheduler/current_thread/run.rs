//! The loop of the thread that has the core.
//!
//! Idea        The order is that of Tokio. Poll the root future if it was woken; run tasks in the order in which
//!             they were queued, new ones too, until none is left or `event_interval` of them have run; look at
//!             driver and timers, or sleep if nothing waits; wake the tasks that yielded; start over. If the look
//!             at the driver, a system call, could only find that something has arrived, it is made for the first
//!             yields in a row and every `event_interval` polls; timers are checked each time.
//! Rejected    Alternate rounds for the root and for tasks: see decision 0130.
#![allow(unsafe_code)]

use std::cell::RefCell;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use selkie_core::raw::collections::Entered;
use selkie_core::raw::coop;
use selkie_core::raw::task::Notified;
use selkie_core::raw::wake::wake_each;

use super::super::thread_parker::ThreadParker;
use super::core_context::{CoreContext, set_current};
use super::core_waiter::CoreWaiter;
use super::root_waker::root_waker;
use super::shared::{Core, CurrentThread};

impl CurrentThread {
    /// Runs tasks on this thread until `future` is ready.
    pub(crate) fn block_on<F: Future>(self: &Arc<Self>, future: F) -> F::Output {
        if self.has_unhandled_panic() {
            panic_for_a_task();
        }
        let mut future = pin!(future);
        let core = match self.take_core() {
            Some(core) => core,
            None => match self.wait_for_core(future.as_mut()) {
                Ok(core) => core,
                Err(output) => return output,
            },
        };
        self.drive(core, future)
    }

    /// Waits for the core, which another thread has; polls `future` meanwhile.
    ///
    /// # Errors
    /// The future's output, if it is ready before the core is there.
    #[cold]
    fn wait_for_core<F: Future>(
        self: &Arc<Self>,
        mut future: Pin<&mut F>,
    ) -> Result<Box<Core>, F::Output> {
        let parker = Arc::new(ThreadParker::current());
        let waker = Waker::from(Arc::clone(&parker));
        let mut cx = Context::from_waker(&waker);
        let _waits = CoreWaiter::new(self, &parker);
        loop {
            if self.has_unhandled_panic() {
                panic_for_a_task();
            }
            // I2 of `shared`: the core is tried after `waiting` was raised.
            if let Some(core) = self.take_core() {
                return Ok(core);
            }
            if let Poll::Ready(output) = coop::budget(|| future.as_mut().poll(&mut cx)) {
                return Err(output);
            }
            parker.park(None);
        }
    }

    #[inline]
    fn drive<F: Future>(self: &Arc<Self>, core: Box<Core>, mut future: Pin<&mut F>) -> F::Output {
        let running = CoreContext {
            scheduler: Arc::as_ptr(self),
            core: RefCell::new(Some(core)),
        };
        // Declared after `core_context`, so that it is undone first, also on unwinding.
        let guard = CoreGuard::marked(self, &running);
        let waker = root_waker(self);
        let mut cx = Context::from_waker(&waker);
        // Relaxed: the first poll comes anyway.
        self.woken.store(true, Ordering::Relaxed);
        loop {
            // AcqRel: pairs with the swap in `wake_root`: what the waker did is seen (I3 of `shared`).
            let woken =
                self.woken.load(Ordering::Relaxed) && self.woken.swap(false, Ordering::AcqRel);
            if woken {
                if let Poll::Ready(output) = coop::budget(|| future.as_mut().poll(&mut cx)) {
                    return output;
                }
            }
            if guard.run_tasks(woken) {
                coop::apart(|| guard.cancel_tasks(None));
                self.wake_waiters();
                panic_for_a_task();
            }
        }
    }
}

/// What the loop does next.
enum Next {
    Run(Notified),
    /// The root was woken, and nothing else waits.
    Look,
    EndRound(RoundEnd),
}

/// How a round ends.
enum RoundEnd {
    /// The event interval is over.
    Interval,
    /// Somebody yielded.
    Deferred { looks: bool },
    /// There is nothing to do.
    Idle,
}

/// The core in use: puts it back when dropped.
pub(super) struct CoreGuard<'a> {
    pub(super) scheduler: &'a Arc<CurrentThread>,
    pub(super) running: &'a CoreContext,
    before: *const CoreContext,
    entered: Option<Entered>,
}

impl<'a> CoreGuard<'a> {
    /// The thread counts as the owner of the core's slots, too.
    fn marked(scheduler: &'a Arc<CurrentThread>, running: &'a CoreContext) -> Self {
        let entered = {
            let core = running.core.borrow();
            let core = core.as_ref().expect("made with a core");
            // SAFETY: dropped with `self`, on this thread; the core goes to no other before.
            core.tasks.as_ref().map(|tasks| unsafe { tasks.enter() })
        };
        let mut guard = Self::new(scheduler, running);
        guard.entered = entered;
        guard
    }

    pub(super) fn new(scheduler: &'a Arc<CurrentThread>, running: &'a CoreContext) -> Self {
        scheduler.counters.thread.note();
        let before = set_current(running);
        Self {
            scheduler,
            running,
            before,
            entered: None,
        }
    }

    /// Runs what is queued, new tasks too, until nothing is left or the event interval is over; then
    /// looks at driver and timers, or sleeps, and wakes who yielded. `true`: the scheduler has broken.
    #[inline]
    fn run_tasks(&self, root_polled: bool) -> bool {
        let mut ran = u32::from(root_polled);
        let most = self.scheduler.config.event_interval.saturating_add(ran);
        while ran < most {
            match self.next(ran) {
                Next::Run(task) => self.run_task(task),
                Next::Look => {
                    self.look_at_timers();
                    return false;
                }
                Next::EndRound(rest) => {
                    self.end_round(rest);
                    return self.scheduler.has_unhandled_panic();
                }
            }
            if self.scheduler.has_unhandled_panic() {
                return true;
            }
            ran += 1;
        }
        self.end_round(RoundEnd::Interval);
        self.scheduler.has_unhandled_panic()
    }

    #[inline(always)]
    pub(super) fn run_task(&self, task: Notified) {
        match self.scheduler.probes() {
            None => task.run_inline(),
            Some(probes) => probes.run(0, task),
        }
        // Counted when it is over, with whatever else is measured of it.
        self.scheduler.counters.polls.publish_one();
    }

    /// What comes next, after so many polls of this round.
    #[inline]
    fn next(&self, ran: u32) -> Next {
        let mut core = self.running.core.borrow_mut();
        let core = core.as_mut().expect("the guard has a core");
        core.until_remote -= 1;
        let task = if core.until_remote == 0 {
            core.until_remote = self.scheduler.remote_interval();
            self.scheduler
                .pop_remote()
                .or_else(|| core.queue.pop_front())
        } else {
            core.queue
                .pop_front()
                .or_else(|| self.scheduler.pop_remote())
        };
        if let Some(task) = task {
            core.note_busy();
            return Next::Run(task);
        }
        // Relaxed: a wake on this thread is seen; one from elsewhere also unparks.
        let root_waits = self.scheduler.woken.load(Ordering::Relaxed);
        let looks = core.end_round(ran, root_waits, self.scheduler.config.event_interval);
        match (root_waits, core.deferred.is_empty()) {
            (true, true) if !looks => Next::Look,
            (false, true) => Next::EndRound(RoundEnd::Idle),
            _ => Next::EndRound(RoundEnd::Deferred { looks }),
        }
    }

    /// The end of a round.
    #[inline]
    fn end_round(&self, rest: RoundEnd) {
        match rest {
            RoundEnd::Interval | RoundEnd::Deferred { looks: true } => {
                self.turn(Some(Duration::ZERO), false);
            }
            RoundEnd::Deferred { looks: false } => self.look_at_timers(),
            RoundEnd::Idle => self.park(),
        }
        self.wake_deferred();
    }

    /// Wakes those that yielded, the last one first.
    #[inline]
    fn wake_deferred(&self) {
        let pop = || {
            let mut core = self.running.core.borrow_mut();
            core.as_mut().and_then(|core| core.deferred.pop())
        };
        // Not those that yield while they are woken, which a foreign waker may do for ever.
        let mut left = {
            let core = self.running.core.borrow();
            core.as_ref().map_or(0, |core| core.deferred.len())
        };
        while left > 0 {
            // Nobody called what wakes them: a waker's panic goes no further.
            wake_each(pop());
            left -= 1;
        }
    }

    /// Who yielded while the root ended is queued for whoever drives the scheduler next.
    #[cold]
    fn queue_deferred(&self, core: Option<Box<Core>>) -> Option<Box<Core>> {
        *self.running.core.borrow_mut() = core;
        self.wake_deferred();
        self.running.core.borrow_mut().take()
    }
}

#[cold]
fn panic_for_a_task() -> ! {
    panic!("a spawned task panicked and the runtime is configured to shut down on unhandled panic")
}

impl Drop for CoreGuard<'_> {
    #[inline]
    fn drop(&mut self) {
        let mut core = self.running.core.borrow_mut().take();
        if core.as_ref().is_some_and(|core| !core.deferred.is_empty()) {
            core = self.queue_deferred(core);
        }
        set_current(self.before);
        if let Some(mut core) = core {
            let counters = &self.scheduler.counters;
            counters.busy_nanos.add(core.take_busy());
            self.scheduler.put_core(core);
        }
    }
}
