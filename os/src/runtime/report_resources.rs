//! Metrics of what each worker has: timers, a reactor, a ring; and of the memory of tasks.

use super::report::RuntimeMetrics;
use crate::context::RuntimeTimers;

impl RuntimeMetrics {
    #[inline]
    fn check_worker(&self, worker: usize) {
        let workers = self.num_workers();
        assert!(worker < workers, "worker {worker} of {workers} workers");
    }

    #[inline]
    fn reactor_counts(&self, worker: usize) -> (usize, u64) {
        self.check_worker(worker);
        let driver = self.handle.inner.driver.as_ref();
        driver.map_or((0, 0), |driver| driver.reactor_counts(worker))
    }

    /// How many timers wait in the wheel of worker `worker`. Beyond Tokio.
    ///
    /// # Panics
    /// If there is no such worker.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::time::Duration;
    /// use selkie::{runtime::Handle, task, time};
    ///
    /// let metrics = Handle::current().metrics();
    /// let sleeper = selkie::spawn(async { time::sleep(Duration::from_secs(60)).await });
    /// task::yield_now().await;
    /// assert_eq!(metrics.worker_timer_count(0), 1);
    /// sleeper.abort();
    /// assert!(sleeper.await.is_err());
    /// assert_eq!(metrics.worker_timer_count(0), 0);
    /// # }
    /// ```
    #[inline]
    pub fn worker_timer_count(&self, worker: usize) -> usize {
        self.check_worker(worker);
        match &self.handle.inner.timers {
            RuntimeTimers::Disabled => 0,
            RuntimeTimers::Shards(shards) => shards.get(worker).map_or(0, |timers| timers.len()),
        }
    }

    /// How many sockets, pipes and other sources the reactor of worker `worker` watches. Beyond Tokio.
    ///
    /// One or two workers share a reactor, see [`Builder::reactor_per_worker`](super::Builder::reactor_per_worker): then it
    /// is the same number for both. A stream that has never had to wait is not
    /// watched yet; UDP sockets and listeners are from the start.
    ///
    /// # Panics
    /// If there is no such worker.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::{net::UdpSocket, runtime::Handle};
    ///
    /// let metrics = Handle::current().metrics();
    /// let before = metrics.worker_io_source_count(0);
    /// let sockets = [UdpSocket::bind("127.0.0.1:0").await?, UdpSocket::bind("127.0.0.1:0").await?];
    /// assert_eq!(metrics.worker_io_source_count(0), before + 2);
    /// drop(sockets);
    /// assert_eq!(metrics.worker_io_source_count(0), before);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn worker_io_source_count(&self, worker: usize) -> usize {
        self.reactor_counts(worker).0
    }

    /// How many readiness events the reactor of worker `worker` has handed out. Beyond Tokio.
    ///
    /// # Panics
    /// If there is no such worker.
    #[inline]
    pub fn worker_io_ready_count(&self, worker: usize) -> u64 {
        self.reactor_counts(worker).1
    }

    /// How many operations are in flight in the io_uring of worker `worker`; `None` if it has none, as before the first
    /// operation that wants one. Beyond Tokio.
    ///
    /// # Panics
    /// If there is no such worker.
    #[inline]
    pub fn worker_ring_in_flight(&self, worker: usize) -> Option<usize> {
        self.check_worker(worker);
        self.handle.inner.driver.as_ref()?.ring_in_flight(worker)
    }

    /// The bytes of memory that the runtime's tasks have, in blocks of slots that are taken or kept for the next tasks.
    /// Beyond Tokio.
    ///
    /// A block has 32 KiB. Futures that are too large for a slot have memory of their own besides.
    ///
    /// # Examples
    /// ```
    /// # let runtime = selkie::runtime::Builder::new_current_thread().build()?;
    /// # runtime.block_on(async {
    /// let task = selkie::spawn(std::future::pending::<()>());
    /// let metrics = selkie::runtime::Handle::current().metrics();
    /// assert!(metrics.task_memory_bytes() >= 32 * 1024);
    /// # task.abort();
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn task_memory_bytes(&self) -> usize {
        self.handle.inner.spawner.task_memory_bytes()
    }
}
