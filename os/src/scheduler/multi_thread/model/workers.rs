//! A scheduler of a model, and its workers.
//!
//! Idea        A task is a box that says what its poll does. The required functions of the two traits are as short as can be;
//!             what the traits provide is what ships.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::ptr::NonNull;
use std::sync::Arc;
use std::time::Duration;

use loom::sync::atomic::{AtomicUsize, Ordering, fence};
use loom::thread;

use selkie_core::raw::collections::{ChainLink, Padded, QueueHandle, QueueItem};
use selkie_core::raw::platform::AtomicBool;
use selkie_core::raw::queue::{Inject, Ring, RingOwner};

use super::super::drivers::Drivers;
use super::super::idle::Idle;
use super::super::notify::SharedQueues;
use super::super::parker::Parker;
use super::super::work_loop::WorkLoop;
use super::driver::ModelDriver;

/// What the poll of a task does, when it has counted itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Poll {
    /// It ends.
    Ends,
    /// It pushes so many tasks, which end, into the ring of its worker.
    Spawns(usize),
    /// It blocks its worker for good.
    Blocks,
    /// It pushes so many tasks, which end, into the ring of its worker, and then blocks it for good.
    SpawnsAndBlocks(usize),
}

#[derive(Debug)]
pub(super) struct Item {
    poll: Poll,
    next: ChainLink<Item>,
}

// SAFETY: one link, always the same.
unsafe impl QueueItem for Item {
    fn next(&self) -> &ChainLink<Self> {
        &self.next
    }
}

/// A task of a model.
#[derive(Debug)]
pub(super) struct Task(Box<Item>);

impl Task {
    fn new(poll: Poll) -> Self {
        let next = ChainLink::new();
        Self(Box::new(Item { poll, next }))
    }
}

// SAFETY: a box is the one to have its item.
unsafe impl QueueHandle for Task {
    type Item = Item;

    fn into_raw(self) -> NonNull<Item> {
        NonNull::from(Box::leak(self.0))
    }

    unsafe fn from_raw(raw: NonNull<Item>) -> Self {
        // SAFETY: by the caller's promise.
        Self(unsafe { Box::from_raw(raw.as_ptr()) })
    }
}

/// A scheduler, which stops when a number of tasks has been polled.
pub(super) struct Scheduler {
    idle: Idle,
    drivers: Drivers,
    parkers: Vec<Parker>,
    inject: [Padded<Inject<Task>>; 1],
    rings: Vec<Ring<Task>>,
    stopping: AtomicBool,
    /// Polls until it stops.
    left: AtomicUsize,
}

impl Scheduler {
    /// Of `workers` workers, which share a driver; it stops after `polls` polls.
    pub(super) fn new(workers: usize, polls: usize) -> Arc<Self> {
        Arc::new(Self {
            idle: Idle::new(workers),
            drivers: Drivers::new(vec![Box::new(ModelDriver::new())]),
            parkers: (0..workers).map(|_| Parker::new()).collect(),
            inject: [Padded(Inject::new())],
            rings: (0..workers).map(|_| Ring::new()).collect(),
            stopping: AtomicBool::new(false),
            left: AtomicUsize::new(polls),
        })
    }

    /// Runs the workers, each on a thread, and meanwhile `outside` on this one; then waits for their end.
    pub(super) fn run(self: &Arc<Self>, outside: impl FnOnce(&Self)) {
        let workers: Vec<_> = (0..self.workers())
            .map(|index| {
                let shared = Arc::clone(self);
                thread::spawn(move || Worker::new(&shared, index).work())
            })
            .collect();
        outside(self);
        for worker in workers {
            worker.join().unwrap();
        }
    }

    /// Pushes a task from outside.
    pub(super) fn push(&self, poll: Poll) {
        let pushed = self.push_to_shard(&self.inject[0], Task::new(poll));
        assert!(pushed.is_ok(), "stopped before its tasks were polled");
    }
}

impl SharedQueues for Scheduler {
    type Task = Task;

    fn workers(&self) -> usize {
        self.parkers.len()
    }

    fn inject(&self) -> &[Padded<Inject<Task>>] {
        &self.inject
    }

    fn ring(&self, index: usize) -> &Ring<Task> {
        &self.rings[index]
    }

    fn idle(&self) -> &Idle {
        &self.idle
    }

    fn parker(&self, index: usize) -> &Parker {
        &self.parkers[index]
    }

    fn drivers(&self) -> &Drivers {
        &self.drivers
    }

    fn stopping(&self) -> &AtomicBool {
        &self.stopping
    }

    fn invite(&self, _index: usize, _from: usize) {}

    fn call_workers(&self) {}
}

/// A worker of a model.
struct Worker<'a> {
    shared: &'a Scheduler,
    index: usize,
    ring: RingOwner<'a, Task>,
    searching: Cell<bool>,
    unannounced: Cell<bool>,
    /// Whether no task blocks it.
    has_core: Cell<bool>,
}

impl<'a> Worker<'a> {
    fn new(shared: &'a Scheduler, index: usize) -> Self {
        shared.parkers[index].adopt();
        Self {
            shared,
            index,
            ring: shared.rings[index].claim().unwrap(),
            searching: Cell::new(false),
            unannounced: Cell::new(false),
            has_core: Cell::new(true),
        }
    }

    fn spawn(&self, tasks: usize) {
        for _ in 0..tasks {
            self.push_ring(Task::new(Poll::Ends));
            // SeqCst: the ring's length is read after the push is seen by all. What ships has no fence here; a worker
            // would have to take all tasks, run them and fall asleep while that one store is under way (I2 of `local_queue`).
            fence(Ordering::SeqCst);
            self.notify_of_push();
        }
    }
}

impl WorkLoop for Worker<'_> {
    type Shared = Scheduler;
    type Monitor = ();

    fn shared(&self) -> &Scheduler {
        self.shared
    }

    fn index(&self) -> usize {
        self.index
    }

    fn has_core(&self) -> bool {
        self.has_core.get()
    }

    fn searching(&self) -> &Cell<bool> {
        &self.searching
    }

    fn unannounced(&self) -> &Cell<bool> {
        &self.unannounced
    }

    fn takes_events(&self) -> bool {
        false
    }

    fn maintain_if_due(&self) -> bool {
        false
    }

    fn next_task(&self) -> Option<Task> {
        self.ring.pop().or_else(|| self.take_from_outside())
    }

    fn look_for_events(&self) -> Option<Task> {
        None
    }

    fn take_from_others(&self) -> Option<Task> {
        (0..self.shared.workers())
            .filter(|victim| *victim != self.index)
            .find_map(|victim| self.steal_from(victim))
            .or_else(|| self.take_from_outside())
    }

    fn push_ring(&self, task: Task) {
        self.ring.push(task).unwrap();
    }

    fn most_from_outside(&self) -> usize {
        usize::MAX
    }

    fn count_stolen(&self, _victim: usize, _tasks: usize) {}

    fn poll(&self, task: Task) {
        let poll = task.0.poll;
        // AcqRel: the last one sees what the others did.
        if self.shared.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.shared.stop_workers();
        }
        match poll {
            Poll::Ends => {}
            Poll::Spawns(tasks) => self.spawn(tasks),
            Poll::Blocks => self.has_core.set(false),
            Poll::SpawnsAndBlocks(tasks) => {
                self.spawn(tasks);
                self.has_core.set(false);
            }
        }
    }

    fn before_park(&self) {}

    fn after_unpark(&self) {}

    fn has_own_work(&self) -> bool {
        !self.ring.is_empty()
    }

    fn begin_sleep(&self) {}

    fn sleep_limit(&self, (): &mut ()) -> Option<Duration> {
        None
    }

    fn after_park(&self, (): &mut (), _woken: bool) -> bool {
        self.ring.is_empty()
    }

    fn is_wanted(&self) -> bool {
        false
    }

    fn end_sleep(&self, (): &mut ()) {}
}
