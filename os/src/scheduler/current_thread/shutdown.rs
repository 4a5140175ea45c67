//! The shutdown of the scheduler: every task is dropped, then driver and timers are shut down.
//!
//! Invariants  I1 the core stays in its slot while tasks are dropped, without an owner to spawn by: what their
//!                drops spawn is cancelled at once, what they wake is queued and drained.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use selkie_core::raw::coop;
use selkie_core::raw::task::{ClosingTasks, Notified};
use selkie_core::task::Id;

use super::core_context::CoreContext;
use super::run::CoreGuard;
use super::shared::{CurrentThread, lock};
use crate::sys::stopwatch;

/// How long a waker on another thread may take to give its notified task back; the system may suspend that
/// thread for so long.
const GRACE: Duration = Duration::from_secs(1);
/// How long it may take where less is left of the runtime's limit: the slots of its tasks are lost else.
const LEAST_GRACE: Duration = Duration::from_millis(20);

/// In which order tasks are dropped at the end: as with Tokio, which keeps them in four lists by id.
fn drop_order(id: Id) -> u64 {
    // First by the lowest two bits.
    id.as_u64().rotate_right(2)
}

impl CurrentThread {
    /// Drops every task and lets go of driver and timers. Called once, when no thread will take
    /// the core any more. Waits for wakers on other threads, until `deadline` or a little longer.
    pub(crate) fn shutdown(self: &Arc<Self>, deadline: Option<Instant>) {
        let Some(core) = self.take_core() else { return };
        let running = CoreContext {
            scheduler: Arc::as_ptr(self),
            core: RefCell::new(Some(core)),
        };
        {
            let guard = CoreGuard::new(self, &running);
            // A drop that waits is not to wait for this.
            coop::apart(|| guard.cancel_tasks(deadline));
        }
        // The core went back to its place; take it for good.
        let Some(mut core) = self.take_core() else {
            return;
        };
        core.park.shutdown();
    }
}

impl CoreGuard<'_> {
    /// Drops every task; nothing can be spawned from here on.
    pub(super) fn cancel_tasks(&self, deadline: Option<Instant>) {
        let scheduler = self.scheduler;
        scheduler.inject.close();
        let own = self
            .running
            .core
            .borrow_mut()
            .as_mut()
            .and_then(|core| core.tasks.take());
        let remote = lock(&scheduler.remote).take();
        let mut owners = Vec::new();
        if let Some(tasks) = own {
            owners.push(tasks.close());
        }
        if let Some(tasks) = remote {
            owners.push(tasks.close());
        }
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let grace = left.map_or(GRACE, |left| left.clamp(LEAST_GRACE, GRACE));
        let begun = stopwatch();
        loop {
            ClosingTasks::cancel_all_by_key(&owners, drop_order);
            while let Some(task) = self.pop_any() {
                task.cancel();
            }
            ClosingTasks::finish_each(&mut owners);
            if owners.is_empty() || begun.is_none_or(|begun| begun.elapsed() > grace) {
                return;
            }
            // A waker on another thread is about to give its notified task back.
            std::thread::yield_now();
        }
    }

    fn pop_any(&self) -> Option<Notified> {
        let own = self
            .running
            .core
            .borrow_mut()
            .as_mut()
            .and_then(|core| core.queue.pop_front());
        own.or_else(|| self.scheduler.pop_remote())
    }
}
