//! What notes the events of one runtime.
//!
//! Idea        A ring for each worker, which the thread that has the worker writes, and some more with a lock each, for all other
//!             threads. Each event has the ticks at which it happened. A snapshot puts the rings together.
//! Invariants  I1 the ring of worker `w` is written by the thread that has that worker: it is in the role (`thread_role`), or is
//!                the worker's loop itself.
//!             I2 memory is bounded: the rings are made once, at the first start, and never grow.
//! Rejected    A ring for each thread: there is no bound on how many threads wake tasks in the life of a runtime.

use std::panic::Location;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use selkie_core::raw::collections::{Padded, boxed_slice};
use selkie_core::raw::platform::{AtomicU64, Ordering};
use selkie_core::task::{Id, current_id};

use super::super::running_polls::RunningPolls;
use super::super::thread_role::{self, ProbesNumber, WakeBatch, WakeCause, WakeContext};
use super::event::{Event, EventKind};
use super::event_ring::EventRing;
use super::snapshot::{RecordingSnapshot, Track};
use crate::sys::TickClock;

/// Rings of the threads that are no workers.
const OUTSIDE_RINGS: usize = 4;

/// The detail of a poll that goes on without its worker.
pub(super) const HANDED_OFF: u8 = 1;

/// The ring of threads that are no workers.
#[derive(Debug)]
struct OutsideRing {
    ring: EventRing,
    writes: Mutex<()>,
}

/// The recorder of a runtime.
#[derive(Debug)]
pub(crate) struct Recorder {
    number: ProbesNumber,
    clock: &'static TickClock,
    /// How often it was switched on.
    starts: Mutex<u64>,
    workers: Box<[Padded<EventRing>]>,
    outside: Box<[Padded<OutsideRing>]>,
    /// The lengths of queues that each worker has noted last.
    depths: Box<[AtomicU64]>,
}

impl Recorder {
    /// A recorder of `workers` workers, which is off; each ring keeps `capacity` events, a power of two.
    #[inline]
    pub(in super::super) fn new(number: ProbesNumber, workers: usize, capacity: usize) -> Self {
        let outside = || {
            Padded(OutsideRing {
                ring: EventRing::new(capacity),
                writes: Mutex::new(()),
            })
        };
        Self {
            number,
            clock: TickClock::get(),
            starts: Mutex::new(0),
            workers: boxed_slice(workers, |_| Padded(EventRing::new(capacity))),
            outside: boxed_slice(OUTSIDE_RINGS, |_| outside()),
            depths: boxed_slice(workers, |_| AtomicU64::new(0)),
        }
    }

    /// Notes `event` on the ring of the worker that the thread has, or on one of those for other threads.
    #[inline]
    fn note(&self, event: &Event) {
        self.note_of(thread_role::worker(self.number), event);
    }

    /// Notes `event` on the ring of `worker`, which the thread has, or on one of those for other threads.
    #[inline]
    fn note_of(&self, worker: Option<usize>, event: &Event) {
        match worker {
            Some(worker) => self.workers[worker].push(event),
            None => self.note_outside(event),
        }
    }

    #[cold]
    #[inline]
    fn note_outside(&self, event: &Event) {
        // Events of one task, and so of one lock, lie together.
        let outside = &self.outside[event.task as usize % OUTSIDE_RINGS];
        let _one_at_a_time = outside
            .writes
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        outside.ring.push(event);
    }

    /// The ticks now.
    #[inline]
    pub(crate) fn now(&self) -> u64 {
        self.clock.now()
    }

    /// How often it was switched on; nobody starts or stops it while this is held.
    #[inline]
    pub(crate) fn starts(&self) -> MutexGuard<'_, u64> {
        self.starts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The ring of worker `worker`, for the thread that has it (I1).
    #[inline]
    pub(in super::super) fn ring(&self, worker: usize) -> &EventRing {
        &self.workers[worker]
    }

    /// The thread is about to hand worker `worker` off: the poll goes on without.
    #[inline]
    pub(crate) fn hand_off(&self, begun: u64, now: u64, worker: usize, id: Id) {
        let event = Event::new(EventKind::Poll, now, id.as_u64()).with_detail(HANDED_OFF);
        self.workers[worker].push(&event.with_number(now.saturating_sub(begun)));
    }

    /// A task is about to be queued, by a wake in `context`.
    #[inline]
    pub(in super::super) fn queue(&self, now: u64, context: &WakeContext, id: Id) {
        let waker = match context.cause {
            WakeCause::Caller => current_id().map_or(0, Id::as_u64),
            _ => 0,
        };
        let event = Event::new(EventKind::Wake, now, id.as_u64()).with_number(waker);
        self.note_of(context.worker, &event.with_detail(context.cause as u8));
    }

    /// A task is about to be spawned.
    #[inline]
    pub(crate) fn spawn(&self, now: u64, id: Id, location: &'static Location<'static>) {
        self.note(&Event::new(EventKind::Spawn, now, id.as_u64()).at(location));
    }

    /// A task has ended.
    #[inline]
    pub(crate) fn finish(&self, now: u64, id: Id, location: &'static Location<'static>) {
        self.note(&Event::new(EventKind::End, now, id.as_u64()).at(location));
    }

    /// A closure on the blocking pool begins, or has returned.
    #[inline]
    pub(crate) fn block(&self, begins: bool, id: Id, location: &'static Location<'static>) {
        let kind = if begins {
            EventKind::BlockingBegin
        } else {
            EventKind::BlockingEnd
        };
        self.note(&Event::new(kind, self.now(), id.as_u64()).at(location));
    }

    /// Worker `worker`, whose loop calls this, took `tasks` tasks from worker `victim`.
    #[inline]
    pub(crate) fn steal(&self, worker: usize, victim: usize, tasks: usize) {
        let event = Event::new(EventKind::Steal, self.now(), victim as u64);
        self.workers[worker].push(&event.with_number(tasks as u64));
    }

    /// Worker `worker`, whose loop calls this, goes to sleep: what it wakes until [`unpark`](Self::unpark), an event has woken.
    #[inline]
    pub(crate) fn park(&self, worker: usize) {
        self.workers[worker].push(&Event::new(EventKind::Park, self.now(), 0));
        thread_role::enter(self.number, worker);
        thread_role::set_cause(WakeCause::Readiness);
    }

    /// Worker `worker` has slept, which is noted if the recorder is on.
    #[inline]
    pub(crate) fn unpark(&self, worker: usize, is_on: bool) {
        thread_role::leave(self.number);
        thread_role::set_cause(WakeCause::Caller);
        let (events, completions) = thread_role::take_counts();
        if is_on {
            let event = Event::new(EventKind::Unpark, self.now(), u64::from(completions));
            self.workers[worker].push(&event.with_number(u64::from(events)));
        }
    }

    /// So many tasks wait for worker `worker`, whose loop calls this, and in the inject queue: noted if that has changed.
    #[inline]
    pub(crate) fn note_depth(&self, worker: usize, local: usize, inject: usize) {
        let (ring, depth) = (&self.workers[worker], &self.depths[worker]);
        let depths = (inject as u64) << 32 | local as u64;
        // Relaxed: the worker's own.
        if depth.load(Ordering::Relaxed) != depths {
            depth.store(depths, Ordering::Relaxed);
            let event = Event::new(EventKind::Depth, self.now(), inject as u64);
            ring.push(&event.with_number(local as u64));
        }
    }

    /// Worker `worker`, which the thread has, looks at its driver or its timers, until the guard drops.
    #[inline]
    pub(in super::super) fn begin_turn(&self, worker: usize, cause: WakeCause) -> TurnGuard<'_> {
        TurnGuard {
            recorder: self,
            cause,
            before: thread_role::set_cause(cause),
            entered: thread_role::enter(self.number, worker),
            _batch: WakeBatch::begin(),
            fired: 0,
        }
    }

    /// What the rings hold now; the workers go on.
    #[inline]
    pub(in super::super) fn snapshot(
        &self,
        runtime: String,
        polls: &RunningPolls,
    ) -> RecordingSnapshot {
        // Before the rings are copied: a poll that ends meanwhile is in both, and not in neither.
        let polls = polls.all();
        let (now, time) = (self.clock.now(), SystemTime::now());
        let workers = self.workers.iter().enumerate();
        let workers = workers.map(|(worker, ring)| Track::new(Some(worker), ring.copy()));
        let outside = self.outside.iter();
        let outside = outside.map(|outside| Track::new(None, outside.ring.copy()));
        RecordingSnapshot::new(
            runtime,
            workers.chain(outside).collect(),
            polls,
            now,
            time,
            self.clock.scale(),
        )
    }
}

/// A look of a worker at its driver or its timers, which is noted when it is over.
#[derive(Debug)]
pub(in super::super) struct TurnGuard<'a> {
    recorder: &'a Recorder,
    cause: WakeCause,
    before: WakeCause,
    /// Whether the thread came into the role for this.
    entered: bool,
    _batch: WakeBatch,
    /// Timers that have fired.
    pub(in super::super) fired: usize,
}

impl TurnGuard<'_> {
    #[inline]
    fn note(&self, cause: WakeCause, count: u64) {
        if count > 0 {
            let event = Event::new(EventKind::Turn, self.recorder.now(), 0);
            let event = event.with_number(count).with_detail(cause as u8);
            self.recorder.note(&event);
        }
    }
}

impl Drop for TurnGuard<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.cause == WakeCause::Timer {
            self.note(WakeCause::Timer, self.fired as u64);
        } else if self.entered {
            // In a sleep, its end says what has come.
            let (events, completions) = thread_role::take_counts();
            self.note(WakeCause::Completion, u64::from(completions));
            self.note(WakeCause::Readiness, u64::from(events));
        }
        thread_role::set_cause(self.before);
        if self.entered {
            thread_role::leave(self.recorder.number);
        }
    }
}
