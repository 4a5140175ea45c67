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

use selkie_core::raw::collections::Padded;
use selkie_core::task::Id;

use super::super::names::name_of;
use super::super::running_polls::{RunningPoll, RunningPolls};
use super::ended_tasks::{EndedTasks, MOST_PLACES, Place, Total};
use super::number_hasher::NumberHasher;
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
    fn add_older(&mut self, id: Id, location: &'static Location<'static>, now: u64) -> &mut Record {
        let record = self.living.entry(id);
        record.or_insert_with(|| Record::new(location, now, false))
    }
}

/// The statistics of the tasks of a runtime.
#[derive(Debug)]
pub(crate) struct TaskTable {
    clock: &'static TickClock,
    shards: Box<[Padded<Mutex<Shard>>]>,
    ended: Box<[Padded<Mutex<EndedTasks>>]>,
}

impl TaskTable {
    pub(crate) fn new() -> Self {
        Self {
            clock: TickClock::get(),
            shards: (0..SHARDS).map(|_| Padded::default()).collect(),
            ended: (0..ENDED_SHARDS).map(|_| Padded::default()).collect(),
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
    pub(crate) fn hand_off(&self, begun: u64, id: Id) {
        if let Some(record) = self.shard(id).living.get_mut(&id) {
            record.hand_off(begun);
        }
    }

    /// A task has ended, in the poll that began at `polled_since`, if it is in one.
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
    fn visit(&self, polls: &RunningPolls, mut each: impl FnMut(&[(Id, Record)], &TableSnapshot)) {
        let running = polls.all().into_iter().map(|poll| (poll.task, poll));
        let running: HashMap<_, _> = running.collect();
        for shard in &self.shards {
            let shard = lock(shard);
            let living: Vec<_> = shard.living.iter().map(|(id, one)| (*id, *one)).collect();
            let now = self.clock.now();
            drop(shard); // I2
            let running = &running;
            each(&living, &TableSnapshot { running, now });
        }
    }

    /// The statistics of each living task, in the order of their ids.
    pub(in super::super) fn tasks(&self, polls: &RunningPolls) -> Vec<TaskStatistics> {
        let scale = self.clock.scale();
        let mut tasks = Vec::new();
        self.visit(polls, |living, view| {
            tasks.extend(living.iter().map(|(id, record)| {
                let (worker, seen) = view.of(*id, record);
                TaskStatistics::new(*id, record, &seen, worker, view.now, scale)
            }));
        });
        for task in &mut tasks {
            task.name = name_of(task.id);
        }
        tasks.sort_unstable_by_key(|task| task.id);
        tasks
    }

    /// The statistics of each spawn place, the busiest first.
    pub(in super::super) fn spawn_places(&self, polls: &RunningPolls) -> Vec<SpawnPlaceStatistics> {
        let scale = self.clock.scale();
        let mut rows: HashMap<Place, (usize, Total)> = HashMap::new();
        let mut add = |place: Place, live: usize, total: &Total| {
            let has_room = rows.len() < MOST_PLACES || rows.contains_key(&place);
            let row = rows.entry(place.filter(|_| has_room)).or_default();
            row.0 += live;
            row.1.add(total);
        };
        for ended in &self.ended {
            let ended = lock(ended).rows();
            ended
                .iter()
                .for_each(|(place, total)| add(*place, 0, total));
        }
        self.visit(polls, |living, view| {
            for (id, record) in living {
                let usage = view.of(*id, record).1.usage;
                add(Some(record.location), 1, &Total { ended: 0, usage });
            }
        });
        let row = |(place, (live, total))| SpawnPlaceStatistics::new(place, live, &total, scale);
        let mut rows: Vec<_> = rows.into_iter().map(row).collect();
        rows.sort_by_key(|row: &SpawnPlaceStatistics| std::cmp::Reverse(row.busy_duration()));
        rows
    }
}

/// What is known of all tasks at one moment.
struct TableSnapshot<'a> {
    running: &'a HashMap<u64, RunningPoll>,
    now: u64,
}

impl TableSnapshot<'_> {
    /// The task `id`, and the worker that polls it, if one does.
    fn of(&self, id: Id, record: &Record) -> (usize, RecordSnapshot) {
        let running = self.running.get(&id.as_u64());
        let (worker, since) = running.map(|poll| (poll.worker, poll.since)).unzip();
        (worker.unwrap_or_default(), record.view(self.now, since))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
