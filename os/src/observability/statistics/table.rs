//! The records of all living tasks of a runtime.
//!
//! Idea        A table beside the tasks, by their ids, in shards: a task gets no larger, and a runtime that does not track its
//!             tasks pays nothing. A wake, and the end of a poll, take the lock of the task's shard, which is free as a rule: ids are
//!             spread over the shards one by one. Which tasks run, each worker writes down for itself.
//! Invariants  I1 a task has a record from its spawn, or from its first wake after the tracking began, until it ends.
//!             I2 no foreign code is called under a lock, and no name is looked up.
//! Rejected    A word in the header of each task: eight bytes per task, for the programs that are looked at. A table per worker: a
//!             task that moves would be in several, and its time in the queue would belong to none.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::panic::Location;
use std::sync::{Mutex, MutexGuard, PoisonError};

use selkie_core::raw::collections::{Padded, boxed_slice, sort_by_number};
use selkie_core::task::Id;

use super::super::names::name_of;
use super::super::number_hasher::NumberHasher;
use super::super::running_polls::{RunningPoll, RunningPolls};
use super::ended_tasks::{EndedTasks, Total};
use super::record::{Record, RecordSnapshot};
use super::spawn_place::SpawnPlaceStatistics;
use super::task::TaskStatistics;
use crate::sys::TickClock;

/// Shards, so that workers rarely meet; a power of two.
const SHARDS: usize = 64;
/// Tables of ended tasks, each of which may have a row for each place; a power of two.
const ENDED_SHARDS: usize = 8;
/// A shard's table keeps room for so many tasks that have ended.
const KEPT_ROOM: usize = 64;

/// One shard of the table.
#[derive(Debug, Default)]
struct Shard {
    living: HashMap<Id, Record, BuildHasherDefault<NumberHasher>>,
}

impl Shard {
    /// A record for a task that was spawned before its runtime tracked its tasks.
    #[cold]
    #[inline]
    fn add_older(&mut self, id: Id, location: &'static Location<'static>, now: u64) -> &mut Record {
        let record = self.living.entry(id);
        record.or_insert_with(|| Record::new(location, now, false))
    }
}

/// What is called with the living tasks of a shard.
type VisitShard<'a> = &'a mut dyn FnMut(&[(Id, Record)], &TableSnapshot<'_>);

/// The statistics of the tasks of a runtime.
#[derive(Debug)]
pub(crate) struct TaskTable {
    clock: &'static TickClock,
    shards: Box<[Padded<Mutex<Shard>>]>,
    ended: Box<[Padded<Mutex<EndedTasks>>]>,
}

impl TaskTable {
    #[inline]
    pub(crate) fn new() -> Self {
        Self {
            clock: TickClock::get(),
            shards: boxed_slice(SHARDS, |_| Padded::default()),
            ended: boxed_slice(ENDED_SHARDS, |_| Padded::default()),
        }
    }

    #[inline]
    fn shard(&self, id: Id) -> MutexGuard<'_, Shard> {
        lock(&self.shards[id.as_u64() as usize % SHARDS])
    }

    /// A task is about to be spawned.
    #[inline]
    pub(crate) fn spawn(&self, now: u64, id: Id, location: &'static Location<'static>) {
        let record = Record::new(location, now, true);
        self.shard(id).living.insert(id, record);
    }

    /// A task is about to be queued.
    #[inline]
    pub(crate) fn queue(&self, now: u64, id: Id, location: &'static Location<'static>) {
        let mut shard = self.shard(id);
        match shard.living.get_mut(&id) {
            Some(record) => record.queue(now),
            None => shard.add_older(id, location, now).queue(now),
        }
    }

    /// The poll of the task `id` that began at `begun` is over.
    #[inline]
    pub(crate) fn end(&self, begun: u64, now: u64, id: Id) {
        // A task without a record may have ended on another thread since its poll returned, so it gets none here (I1).
        if let Some(record) = self.shard(id).living.get_mut(&id) {
            record.end(begun, now);
        }
    }

    /// The poll of the task `id` that began at `begun` goes on without its worker.
    #[inline]
    pub(crate) fn hand_off(&self, begun: u64, id: Id) {
        if let Some(record) = self.shard(id).living.get_mut(&id) {
            record.hand_off(begun);
        }
    }

    /// A task has ended, in the poll that began at `polled_since`, if it is in one.
    #[inline]
    pub(crate) fn finish(&self, now: u64, polled_since: Option<u64>, id: Id) {
        let mut shard = self.shard(id);
        let Some(mut record) = shard.living.remove(&id) else {
            return;
        };
        let usage = record.finish(now, polled_since);
        let (living, room) = (shard.living.len(), shard.living.capacity());
        if room > KEPT_ROOM && living < room / 8 {
            shard.living.shrink_to((2 * living).max(KEPT_ROOM));
        }
        drop(shard);
        let ended = &self.ended[id.as_u64() as usize % ENDED_SHARDS];
        lock(ended).add(record.location, &usage);
    }

    /// Calls `each` with the living tasks of each shard, as they are at the same moment.
    #[inline]
    fn visit(&self, polls: &RunningPolls, each: VisitShard<'_>) {
        let running = polls.all();
        for shard in &self.shards {
            let shard = lock(shard);
            let mut living = Vec::with_capacity(shard.living.len());
            for (id, record) in &shard.living {
                living.push((*id, *record));
            }
            let now = self.clock.now();
            drop(shard); // I2
            let running = &running;
            each(&living, &TableSnapshot { running, now });
        }
    }

    /// The statistics of each living task, in the order of their ids.
    #[inline]
    pub(in super::super) fn tasks(&self, polls: &RunningPolls) -> Vec<TaskStatistics> {
        let scale = self.clock.scale();
        let mut tasks = Vec::new();
        self.visit(polls, &mut |living, view| {
            for (id, record) in living {
                let (worker, seen) = view.of(*id, record);
                let task = TaskStatistics::new(*id, record, &seen, worker, view.now, scale);
                tasks.push(task);
            }
        });
        for task in &mut tasks {
            task.name = name_of(task.id);
        }
        sort_by_number(&mut tasks, |task| task.id.as_u64());
        tasks
    }

    /// The statistics of each spawn place, the busiest first.
    #[inline]
    pub(in super::super) fn spawn_places(&self, polls: &RunningPolls) -> Vec<SpawnPlaceStatistics> {
        let scale = self.clock.scale();
        let mut all = EndedTasks::default();
        for ended in &self.ended {
            let ended = lock(ended).rows();
            ended
                .iter()
                .for_each(|(place, total)| all.merge(*place, total));
        }
        self.visit(polls, &mut |living, view| {
            for (id, record) in living {
                let usage = view.of(*id, record).1.usage;
                let total = Total {
                    living: 1,
                    ended: 0,
                    usage,
                };
                all.merge(Some(record.location), &total);
            }
        });
        let mut rows = Vec::new();
        for (place, total) in all.rows() {
            rows.push(SpawnPlaceStatistics::new(place, &total, scale));
        }
        // The busiest first.
        sort_by_number(&mut rows, |row| {
            u64::MAX - row.busy_duration().as_nanos() as u64
        });
        rows
    }
}

/// What is known of all tasks at one moment.
struct TableSnapshot<'a> {
    running: &'a [RunningPoll],
    now: u64,
}

impl TableSnapshot<'_> {
    /// The task `id`, and the worker that polls it, if one does.
    #[inline]
    fn of(&self, id: Id, record: &Record) -> (usize, RecordSnapshot) {
        // A worker may still show a poll that is over, while another polls the task again: the newer one counts.
        let of_task = self.running.iter().filter(|poll| poll.task == id.as_u64());
        let running = of_task.max_by_key(|poll| poll.since);
        let (worker, since) = running.map(|poll| (poll.worker, poll.since)).unzip();
        (worker.unwrap_or_default(), record.view(self.now, since))
    }
}

#[inline]
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
