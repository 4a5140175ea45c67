//! The records of all living tasks of a runtime.
//!
//! Idea        A table beside the tasks, by their ids, in shards: a task gets no larger, and a runtime that does not track its
//!             tasks pays nothing. A wake, the begin and the end of a poll each take the lock of the task's shard, which is free as
//!             a rule: ids are spread over the shards one by one.
//! Invariants  I1 a task has a record from its spawn, or from its first wake or poll after the tracking began, until it ends.
//!             I2 no foreign code is called under a lock, and no name is looked up.
//! Rejected    A word in the header of each task: eight bytes per task, for the programs that are looked at. A table per worker: a
//!             task that moves would be in several, and its time in the queue would belong to none.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::panic::Location;
use std::sync::{Mutex, MutexGuard, PoisonError};

use selkie_core::raw::collections::Padded;
use selkie_core::raw::task::Notified;
use selkie_core::task::Id;

use super::super::names::name_of;
use super::ended_tasks::{EndedTasks, MOST_PLACES, Place, Total};
use super::number_hasher::NumberHasher;
use super::record::Record;
use super::spawn_place::SpawnPlaceStatistics;
use super::task::TaskStatistics;
use crate::sys::TickClock;

/// Shards, so that workers rarely meet; a power of two.
const SHARDS: usize = 64;
/// A shard's table keeps room for so many tasks that have ended.
const KEPT_ROOM: usize = 64;

/// One shard of the table.
#[derive(Debug, Default)]
struct Shard {
    living: HashMap<Id, Record, BuildHasherDefault<NumberHasher>>,
    ended: EndedTasks,
}

/// The statistics of the tasks of a runtime.
#[derive(Debug)]
pub(crate) struct TaskTable {
    clock: &'static TickClock,
    shards: Box<[Padded<Mutex<Shard>>]>,
}

impl TaskTable {
    pub(crate) fn new() -> Self {
        Self {
            clock: TickClock::get(),
            shards: (0..SHARDS).map(|_| Padded::default()).collect(),
        }
    }

    #[inline]
    fn shard(&self, id: Id) -> MutexGuard<'_, Shard> {
        lock(&self.shards[id.as_u64() as usize % SHARDS])
    }

    /// A task is about to be spawned.
    pub(crate) fn spawn(&self, now: u64, id: Id, location: &'static Location<'static>) {
        let record = Record::new(location, now, true);
        self.shard(id).living.insert(id, record);
    }

    /// A task is about to be queued.
    #[inline]
    pub(crate) fn queue(&self, now: u64, task: &Notified) {
        let (id, location) = (task.id(), task.location());
        let mut shard = self.shard(id);
        let record = shard.living.entry(id);
        let record = record.or_insert_with(|| Record::new(location, now, false));
        record.queue(now);
    }

    /// Worker `worker` is about to poll a task.
    #[inline]
    pub(crate) fn begin(&self, now: u64, worker: usize, task: &Notified) {
        let (id, location) = (task.id(), task.location());
        let mut shard = self.shard(id);
        let record = shard.living.entry(id);
        let record = record.or_insert_with(|| Record::new(location, now, false));
        record.begin(worker as u32, now);
    }

    /// The poll of the task `id` that began at `begun` is over.
    #[inline]
    pub(crate) fn end(&self, begun: u64, now: u64, id: Id) {
        if let Some(record) = self.shard(id).living.get_mut(&id) {
            record.end(begun, now);
        }
    }

    /// A task has ended.
    pub(crate) fn finish(&self, now: u64, id: Id) {
        let mut shard = self.shard(id);
        let Some(mut record) = shard.living.remove(&id) else {
            return;
        };
        shard.ended.add(record.location, &record.usage_at_end(now));
        let (living, room) = (shard.living.len(), shard.living.capacity());
        if room > KEPT_ROOM && living < room / 8 {
            shard.living.shrink_to((2 * living).max(KEPT_ROOM));
        }
    }

    /// The statistics of each living task, in the order of their ids.
    pub(crate) fn tasks(&self) -> Vec<TaskStatistics> {
        let scale = self.clock.scale();
        let mut tasks = Vec::new();
        for shard in &self.shards {
            let (now, records) = {
                let shard = lock(shard);
                let records = shard.living.iter().map(|(id, record)| (*id, *record));
                (self.clock.now(), records.collect::<Vec<_>>())
            };
            let statistics = |(id, record)| TaskStatistics::new(id, &record, now, scale);
            tasks.extend(records.into_iter().map(statistics));
        }
        for task in &mut tasks {
            task.name = name_of(task.id); // Outside of the locks (I2).
        }
        tasks.sort_unstable_by_key(|task| task.id);
        tasks
    }

    /// The statistics of each spawn place, the busiest first.
    pub(crate) fn spawn_places(&self) -> Vec<SpawnPlaceStatistics> {
        let scale = self.clock.scale();
        let mut rows: HashMap<Place, (usize, Total)> = HashMap::new();
        let mut add = |place: Place, live: usize, total: &Total| {
            let has_room = rows.len() < MOST_PLACES || rows.contains_key(&place);
            let row = rows.entry(place.filter(|_| has_room)).or_default();
            row.0 += live;
            row.1.add(total);
        };
        for shard in &self.shards {
            let (now, ended, living) = {
                let shard = lock(shard);
                let living = shard.living.values().copied().collect::<Vec<_>>();
                (self.clock.now(), shard.ended.rows(), living)
            };
            for (place, total) in &ended {
                add(*place, 0, total);
            }
            for record in living {
                let (ended, usage) = (0, record.usage_at(now));
                add(Some(record.location), 1, &Total { ended, usage });
            }
        }
        let row = |(place, (live, total))| SpawnPlaceStatistics::new(place, live, &total, scale);
        let mut rows: Vec<_> = rows.into_iter().map(row).collect();
        rows.sort_by_key(|row: &SpawnPlaceStatistics| std::cmp::Reverse(row.busy_duration()));
        rows
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
