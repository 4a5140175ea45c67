//! [`Handle::dump`], which asks the workers of a runtime for a dump.

use std::sync::Arc;

use super::collection::{collect, collect_apart};
use crate::context::Handle;
use crate::observability::Request;
use crate::observability::dump::Dump;
use crate::scheduler::Spawner;

/// A request that is taken back when this is dropped.
struct RequestGuard<'a> {
    spawner: &'a Spawner,
    request: Arc<Request>,
}

impl Drop for RequestGuard<'_> {
    fn drop(&mut self) {
        self.spawner.forget_dump(&self.request);
    }
}

impl Handle {
    /// Where each task of the runtime waits, as backtraces of its pending operations. The [module](crate::runtime::dump) shows a
    /// dump, and says what it needs.
    ///
    /// The runtime goes on meanwhile: every task is polled once more than it needs, as by a spurious
    /// wake. Workers that are in a long poll are waited for, 250 ms; then the other workers poll their tasks, and the
    /// task in the poll is listed without a trace. A current-thread runtime answers while somebody is in `block_on`, and
    /// has its tasks listed without traces otherwise. So a dump takes about a second at most. Of more than 65,536 tasks
    /// some are left out.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    ///
    /// # Cost
    /// A poll and an unwinding of the stack for each task, and a thread until all workers have answered. While no dump
    /// is made: a load for each look at the driver.
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::Handle;
    ///
    /// # let runtime = selkie::runtime::Builder::new_current_thread().enable_all().build()?;
    /// # runtime.block_on(async {
    /// let task = selkie::spawn(selkie::time::sleep(std::time::Duration::from_secs(60)));
    /// let dump = Handle::current().dump().await;
    /// for task in dump.tasks().iter() {
    ///     println!("{}:\n{}", task.id(), task.trace());
    /// }
    /// assert!(dump.tasks().iter().any(|dumped| dumped.id() == task.id()));
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub async fn dump(&self) -> Dump {
        let asked = self.ask_for_dump();
        collect_apart(self.clone(), Arc::clone(&asked.request)).await;
        asked.request.finish()
    }

    /// The same on the calling thread, which waits meanwhile and drives no runtime.
    pub(in crate::runtime) fn dump_here(&self) -> Dump {
        let asked = self.ask_for_dump();
        collect(self, &asked.request);
        asked.request.finish()
    }

    fn ask_for_dump(&self) -> RequestGuard<'_> {
        RequestGuard {
            spawner: &self.inner.spawner,
            request: self.inner.spawner.ask_for_dump(),
        }
    }

    /// Whether the caller is polled for a trace.
    #[doc(hidden)]
    pub fn is_tracing() -> bool {
        selkie_core::raw::coop::is_traced()
    }
}
