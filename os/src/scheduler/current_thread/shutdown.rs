//! The end of the scheduler: every task is dropped, then driver and timers are let go of.

use std::cell::RefCell;
use std::sync::Arc;

use selkie_core::task::OwnedTasks;

use super::run::Driven;
use super::running::Running;
use super::shared::{CurrentThread, lock};

impl CurrentThread {
    /// Drops every task and lets go of driver and timers. Called once, when no thread will take
    /// the core any more.
    pub(crate) fn shutdown(self: &Arc<Self>) {
        let Some(core) = self.take_core() else { return };
        let running = Running {
            scheduler: Arc::as_ptr(self),
            core: RefCell::new(Some(core)),
        };
        {
            let driven = Driven::new(self, &running);
            driven.cancel_tasks();
        }
        // The core went back to its place; take it for good.
        let Some(mut core) = self.take_core() else {
            return;
        };
        core.park.shutdown();
    }
}

impl Driven<'_> {
    pub(super) fn cancel_tasks(&self) {
        let scheduler = self.scheduler;
        scheduler.inject.close();
        let remote = lock(&scheduler.remote).take();
        loop {
            // Out of its place while tasks are dropped: their drops may spawn and wake.
            let core = self.running.core.borrow_mut().take();
            let Some(mut core) = core else { return };
            core.tasks.cancel_all();
            if let Some(remote) = &remote {
                remote.cancel_all();
            }
            while let Some(token) = core.queue.pop_front().or_else(|| scheduler.pop_remote()) {
                token.run();
            }
            let quiet = core.tasks.is_quiet()
                && remote.as_ref().is_none_or(OwnedTasks::is_quiet)
                && core.queue.is_empty();
            *self.running.core.borrow_mut() = Some(core);
            if quiet {
                return;
            }
            std::thread::yield_now();
        }
    }
}
