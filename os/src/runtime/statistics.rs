//! The statistics of a runtime's tasks, by its handle.

use crate::context::Handle;
use crate::observability::{SpawnPlaceStatistics, TaskStatistics};

impl Handle {
    /// Keeps statistics of each task from now on, as long as the runtime lives: how often and how long it was polled, how long
    /// it was queued, what it does at the moment. Further calls do nothing. Beyond Tokio.
    ///
    /// A task that was spawned before is listed when it is next woken. What `block_on` was given, blocking closures
    /// and the tasks of a `LocalSet` are not tracked. [`Builder::track_tasks`](super::Builder::track_tasks) begins with the
    /// runtime.
    ///
    /// # Cost
    /// Until this is called, a load and a comparison for each spawn, wake and poll. From then on two locks, free as a rule, and
    /// three looks at the processor's counter for a wake and the poll that follows. Some 120 to 240 bytes for each living task, and a
    /// row for each place that spawns, of which 4,096 are distinguished.
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::{Handle, TaskState};
    ///
    /// # let runtime = selkie::runtime::Builder::new_current_thread().enable_all().build()?;
    /// # runtime.block_on(async {
    /// let handle = Handle::current();
    /// handle.track_tasks();
    /// let sleeper = selkie::spawn(selkie::time::sleep(std::time::Duration::from_secs(60)));
    /// selkie::task::yield_now().await;
    ///
    /// for task in handle.task_statistics() {
    ///     println!("{}: {:?}, {} polls", task.id(), task.state(), task.poll_count());
    /// }
    /// let all = handle.task_statistics();
    /// let of_sleeper = all.iter().find(|task| task.id() == sleeper.id());
    /// assert_eq!(of_sleeper.unwrap().state(), TaskState::Idle);
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn track_tasks(&self) {
        let workers = self.metrics().num_workers();
        self.inner
            .spawner
            .probes_slot()
            .attach()
            .track_tasks(workers);
    }

    /// Whether the runtime keeps statistics of its tasks. Beyond Tokio.
    #[inline]
    pub fn is_tracking_tasks(&self) -> bool {
        let probes = self.inner.spawner.probes();
        probes.is_some_and(|probes| probes.is_tracking_tasks())
    }

    /// The statistics of each living task, in the order of their ids; empty unless
    /// [`track_tasks`](Self::track_tasks) was called. Beyond Tokio.
    ///
    /// May be called on any thread. The figures of one task belong to one moment; those of different tasks are taken one after
    /// the other while the runtime goes on.
    ///
    /// # Cost
    /// A copy of all records, which is made in 64 portions. A task that is woken or polled waits while its portion is
    /// copied: some microseconds if there are 10,000 tasks. In the first millisecond of the tracking it also waits for the rest
    /// of that millisecond, to measure the processor's counter.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::runtime::Handle;
    ///
    /// let handle = Handle::current();
    /// assert!(handle.task_statistics().is_empty(), "they are not tracked yet");
    /// handle.track_tasks();
    /// let task = selkie::spawn(async {});
    /// assert_eq!(handle.task_statistics()[0].id(), task.id());
    /// task.await.unwrap();
    /// assert!(handle.task_statistics().is_empty(), "it has ended");
    /// # }
    /// ```
    #[inline]
    pub fn task_statistics(&self) -> Vec<TaskStatistics> {
        let probes = self.inner.spawner.probes();
        probes.and_then(|probes| probes.tasks()).unwrap_or_default()
    }

    /// The statistics of all tasks, living and ended, by the places that have spawned them, the busiest place first; empty
    /// unless [`track_tasks`](Self::track_tasks) was called. Beyond Tokio.
    ///
    /// Up to 4,096 places are distinguished; the tasks of all others are in one row, without a location.
    ///
    /// # Cost
    /// As for [`task_statistics`](Self::task_statistics).
    ///
    /// # Examples
    /// ```
    /// # let runtime = selkie::runtime::Builder::new_current_thread().track_tasks().build()?;
    /// # let handle = runtime.handle().clone();
    /// # runtime.block_on(async {
    /// for _ in 0..3 {
    ///     selkie::spawn(async {}).await.unwrap();
    /// }
    /// let places = handle.spawn_place_statistics();
    /// assert_eq!(places[0].spawned_count(), 3);
    /// println!("{} has spawned three tasks", places[0].location().unwrap());
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn spawn_place_statistics(&self) -> Vec<SpawnPlaceStatistics> {
        let probes = self.inner.spawner.probes();
        let places = probes.and_then(|probes| probes.spawn_places());
        places.unwrap_or_default()
    }
}
