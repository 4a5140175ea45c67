//! The scheduler that runs every task on the thread that calls `block_on`.
//!
//! Idea        Whoever calls `block_on` takes the core (queue, driver, timers) and runs tasks until
//!             its future is ready; another caller waits for the core, or for its own future.
//!             A task woken on the core's thread goes straight into the core's queue; one woken
//!             elsewhere goes through the inject queue and unparks.
//! States      core in its place | core with one thread
//! Invariants  I1 `place` holds the core, or null while a thread has it; taking is one swap.
//!             I2 a thread that puts the core back wakes one waiter, if there are any: it stores
//!                the core, then reads `waiting`; a waiter raises `waiting`, then tries the core.
//!             I3 `woken` says that the root future has to be polled.
//! Length      The core, its users and its end share private state that no other file may touch.
//! Rejected    A driver call per yield: a task that yields goes behind the others, and the driver
//!             is asked every [`event_interval`](Config::event_interval) tasks, or when idle.
#![allow(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::panic::Location;
use std::pin::pin;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};
use std::time::Duration;

use selkie_core::coop;
use selkie_core::queue::Inject;
use selkie_core::task::{Header, Id, JoinHandle, Notified, OwnedTasks, Schedule};
use selkie_core::time::{Home, ParkFor, TimersLease};

use super::any_park::{AnyPark, AnyUnpark};
use super::thread_parker::ThreadParker;
use crate::config::{Config, call};
use crate::observe::{Counter, WorkerCounters};

/// What the running thread holds.
pub(crate) struct Core {
    queue: VecDeque<Notified>,
    tick: u32,
    /// The tick of the last look at the driver.
    turned_at: u32,
    park: AnyPark,
    /// Kept for its drop, which shuts the timers down.
    _timers: Option<TimersLease>,
    tasks: OwnedTasks,
}

/// The scheduler, shared by its handles.
pub(crate) struct CurrentThread {
    config: Config,
    /// The core while no thread has it (I1).
    place: AtomicPtr<Core>,
    waiting: AtomicUsize,
    waiters: Mutex<VecDeque<Arc<ThreadParker>>>,
    woken: AtomicBool,
    inject: Inject<Header>,
    unpark: AnyUnpark,
    /// Slots of tasks that are spawned on other threads; `None` once closed.
    remote: Mutex<Option<OwnedTasks>>,
    pub(crate) counters: WorkerCounters,
    pub(crate) remote_spawned: Counter,
    pub(crate) remote_schedules: AtomicUsize,
    pub(crate) timers: Option<Home>,
}

// SAFETY: the core behind `place` is owned by one thread at a time (I1) and is `Send`.
unsafe impl Send for CurrentThread {}
// SAFETY: as above; the rest is atomic or locked.
unsafe impl Sync for CurrentThread {}

/// The core of the running thread, for tasks and wakers that run inside it.
struct Running {
    scheduler: *const CurrentThread,
    core: RefCell<Option<Box<Core>>>,
}

thread_local! {
    static RUNNING: Cell<*const Running> = const { Cell::new(std::ptr::null()) };
}

/// Calls `f` with the core if the running thread has the core of `scheduler`.
fn with_core<R>(scheduler: *const CurrentThread, f: impl FnOnce(&mut Core) -> R) -> Option<R> {
    let running = RUNNING.try_with(Cell::get).ok()?;
    if running.is_null() {
        return None;
    }
    // SAFETY: set while the `Running` it points to is on this thread's stack.
    let running = unsafe { &*running };
    if !std::ptr::eq(running.scheduler, scheduler) {
        return None;
    }
    running.core.borrow_mut().as_deref_mut().map(f)
}

// SAFETY: every task's owner is this scheduler, in an `Arc` that the runtime holds until `shutdown`
// has closed the owners.
unsafe impl Schedule for CurrentThread {
    unsafe fn schedule(this: NonNull<Self>, token: Notified) {
        let mut token = Some(token);
        with_core(this.as_ptr(), |core| core.queue.extend(token.take()));
        let Some(token) = token else { return };
        // SAFETY: the token keeps the runtime from closing, and so the `Arc` alive; from here on
        // we hold it ourselves.
        unsafe { Arc::increment_strong_count(this.as_ptr()) };
        // SAFETY: the count just taken.
        let this = unsafe { Arc::from_raw(this.as_ptr()) };
        this.push_remote(token);
    }

    unsafe fn requeue(this: NonNull<Self>, token: Notified) {
        // SAFETY: by the caller's promise.
        unsafe { Self::schedule(this, token) };
    }

    fn finished(&self, _id: Id, _location: &'static Location<'static>, _panicked: bool) {
        self.counters.finished.increment();
    }
}

impl std::fmt::Debug for CurrentThread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CurrentThread").finish_non_exhaustive()
    }
}

impl CurrentThread {
    /// A scheduler that sleeps by `park`. `timers` makes a home that is woken by the waker given.
    pub(crate) fn new(config: Config, park: AnyPark, timers: Option<TimersLease>) -> Arc<Self> {
        let unpark = park.unpark_handle();
        let scheduler = Arc::new(Self {
            config,
            place: AtomicPtr::new(std::ptr::null_mut()),
            waiting: AtomicUsize::new(0),
            waiters: Mutex::new(VecDeque::new()),
            woken: AtomicBool::new(false),
            inject: Inject::new(),
            unpark,
            remote: Mutex::new(None),
            counters: WorkerCounters::default(),
            remote_spawned: Counter::default(),
            remote_schedules: AtomicUsize::new(0),
            timers: timers.as_ref().map(|lease| lease.home()),
        });
        let tasks = OwnedTasks::new(Arc::as_ptr(&scheduler));
        *lock(&scheduler.remote) = Some(OwnedTasks::new(Arc::as_ptr(&scheduler)));
        let core = Box::new(Core {
            queue: VecDeque::with_capacity(64),
            tick: 0,
            turned_at: 0,
            park,
            _timers: timers,
            tasks,
        });
        scheduler.put_core(core);
        scheduler
    }

    /// Spawns `future`.
    ///
    /// # Safety
    /// If `F` or its output is not `Send`, the caller is, and stays, on the one thread that runs
    /// this scheduler. `F` outlives what it borrows.
    #[inline]
    pub(crate) unsafe fn spawn<F: Future>(
        self: &Arc<Self>,
        future: F,
        id: Id,
        location: &'static Location<'static>,
    ) -> JoinHandle<F::Output> {
        let mut future = Some(future);
        let local = with_core(Arc::as_ptr(self), |core| {
            let future = future.take()?;
            // SAFETY: by the caller's promise; the owner's scheduler is this.
            let (token, handle) = unsafe { core.tasks.spawn::<F, Self>(id, location, future) };
            core.queue.push_back(token);
            self.counters.spawned.increment();
            Some(handle)
        });
        if let Some(Some(handle)) = local {
            return handle;
        }
        let future = future.take().expect("not spawned above");
        let remote = lock(&self.remote);
        let Some(tasks) = remote.as_ref() else {
            drop(remote);
            // SAFETY: by the caller's promise.
            return unsafe { self.spawn_cancelled(future, id, location) };
        };
        // SAFETY: by the caller's promise; the owner's scheduler is this.
        let (token, handle) = unsafe { tasks.spawn::<F, Self>(id, location, future) };
        self.remote_spawned.increment();
        drop(remote);
        self.push_remote(token);
        handle
    }

    /// A task of a scheduler that has shut down: cancelled from the start.
    ///
    /// # Safety
    /// As for [`spawn`](Self::spawn).
    unsafe fn spawn_cancelled<F: Future>(
        self: &Arc<Self>,
        future: F,
        id: Id,
        location: &'static Location<'static>,
    ) -> JoinHandle<F::Output> {
        let tasks = OwnedTasks::new(Arc::as_ptr(self));
        // SAFETY: by the caller's promise; the owner's scheduler is this.
        let (token, handle) = unsafe { tasks.spawn::<F, Self>(id, location, future) };
        token.cancel();
        tasks.close();
        handle
    }

    fn push_remote(&self, token: Notified) {
        // Relaxed: a figure for readers.
        self.remote_schedules.fetch_add(1, Ordering::Relaxed);
        // SAFETY: a token keeps its slot until it is consumed, and goes into one queue.
        match unsafe { self.inject.push(token.into_raw()) } {
            Ok(()) => self.unpark.unpark(),
            Err(raw) => {
                // SAFETY: the token just turned into a pointer.
                unsafe { Notified::from_raw(raw) }.discard();
            }
        }
    }

    fn pop_remote(&self) -> Option<Notified> {
        // SAFETY: only tokens go into the queue, and each comes out once.
        self.inject
            .pop()
            .map(|raw| unsafe { Notified::from_raw(raw) })
    }

    /// Runs tasks on this thread until `future` is ready.
    pub(crate) fn block_on<F: Future>(self: &Arc<Self>, future: F) -> F::Output {
        let mut future = pin!(future);
        if let Some(core) = self.take_core() {
            return self.drive(core, future.as_mut());
        }
        let parker = Arc::new(ThreadParker::current());
        let waker = Waker::from(Arc::clone(&parker));
        let mut cx = Context::from_waker(&waker);
        let _waits = Waits::new(self, &parker);
        loop {
            // I2: the core is tried after `waiting` was raised.
            if let Some(core) = self.take_core() {
                return self.drive(core, future.as_mut());
            }
            if let Poll::Ready(output) = coop::budget(|| future.as_mut().poll(&mut cx)) {
                return output;
            }
            parker.park(None);
        }
    }

    fn take_core(&self) -> Option<Box<Core>> {
        // SeqCst: pairs with the store in `put_core`, and orders against `waiting` (I2).
        let core = self.place.swap(std::ptr::null_mut(), Ordering::SeqCst);
        // SAFETY: whoever swaps a core out owns it (I1); it was a box.
        NonNull::new(core).map(|core| unsafe { Box::from_raw(core.as_ptr()) })
    }

    fn put_core(&self, core: Box<Core>) {
        // SeqCst: pairs with the swap in `take_core`, and orders against `waiting` (I2).
        self.place.store(Box::into_raw(core), Ordering::SeqCst);
        // SeqCst: pairs with the increment in `Waits::new` (I2).
        if self.waiting.load(Ordering::SeqCst) > 0 {
            if let Some(waiter) = lock(&self.waiters).front() {
                waiter.unpark();
            }
        }
    }

    fn drive<F: Future>(
        self: &Arc<Self>,
        core: Box<Core>,
        mut future: std::pin::Pin<&mut F>,
    ) -> F::Output {
        let running = Running {
            scheduler: Arc::as_ptr(self),
            core: RefCell::new(Some(core)),
        };
        // Declared after `running`, so that it is undone first, also on unwinding.
        let driven = Driven::new(self, &running);
        let waker = root_waker(self);
        let mut cx = Context::from_waker(&waker);
        // Relaxed: the first poll comes anyway.
        self.woken.store(true, Ordering::Relaxed);
        loop {
            // AcqRel: pairs with the swap in `wake_root`: what the waker did is seen (I3).
            if self.woken.load(Ordering::Relaxed) && self.woken.swap(false, Ordering::AcqRel) {
                if let Poll::Ready(output) = coop::budget(|| future.as_mut().poll(&mut cx)) {
                    return output;
                }
            }
            driven.run_tasks();
        }
    }

    /// How many tasks have been spawned so far.
    pub(crate) fn spawned(&self) -> u64 {
        self.counters.spawned.get() + self.remote_spawned.get()
    }

    /// How many tasks have been spawned and have not ended.
    pub(crate) fn alive_tasks(&self) -> usize {
        let alive = self.spawned().saturating_sub(self.counters.finished.get());
        usize::try_from(alive).unwrap_or(usize::MAX)
    }

    /// How many tasks came from other threads.
    pub(crate) fn remote_schedules(&self) -> u64 {
        // Relaxed: a figure for readers.
        self.remote_schedules.load(Ordering::Relaxed) as u64
    }

    /// How many tokens wait in the inject queue.
    pub(crate) fn inject_len(&self) -> usize {
        self.inject.len()
    }

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

/// A thread that waits for the core; leaves the line when dropped.
struct Waits<'a> {
    scheduler: &'a CurrentThread,
    parker: &'a Arc<ThreadParker>,
}

impl<'a> Waits<'a> {
    fn new(scheduler: &'a CurrentThread, parker: &'a Arc<ThreadParker>) -> Self {
        lock(&scheduler.waiters).push_back(Arc::clone(parker));
        // SeqCst: pairs with the load in `put_core` (I2).
        scheduler.waiting.fetch_add(1, Ordering::SeqCst);
        Self { scheduler, parker }
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        let mut waiters = lock(&self.scheduler.waiters);
        waiters.retain(|waiter| !Arc::ptr_eq(waiter, self.parker));
        // Relaxed: under the lock; a put that still sees it finds nobody.
        self.scheduler.waiting.fetch_sub(1, Ordering::Relaxed);
        // The core may have come back for us while we left.
        if !self.scheduler.place.load(Ordering::SeqCst).is_null() {
            if let Some(waiter) = waiters.front() {
                waiter.unpark();
            }
        }
    }
}

/// The core in use: puts it back when dropped.
struct Driven<'a> {
    scheduler: &'a Arc<CurrentThread>,
    running: &'a Running,
    before: *const Running,
    _entered: selkie_core::collections::Entered,
}

impl<'a> Driven<'a> {
    fn new(scheduler: &'a Arc<CurrentThread>, running: &'a Running) -> Self {
        let entered = {
            let core = running.core.borrow();
            let core = core.as_ref().expect("made with a core");
            // SAFETY: dropped with `self`, on this thread, before the core goes back.
            unsafe { core.tasks.enter() }
        };
        let before = RUNNING.with(|slot| slot.replace(running));
        Self {
            scheduler,
            running,
            before,
            _entered: entered,
        }
    }

    /// Runs tasks until the root future has to be polled, or the driver was looked at.
    fn run_tasks(&self) {
        loop {
            if self.is_turn_due() {
                return self.turn(Some(Duration::ZERO), false);
            }
            let Some(token) = self.next_task() else {
                // Relaxed: a wake on this thread is seen; one from elsewhere also unparks.
                if !self.scheduler.woken.load(Ordering::Relaxed) {
                    self.park();
                }
                return;
            };
            self.scheduler.counters.polls.increment();
            token.run();
        }
    }

    fn is_turn_due(&self) -> bool {
        let core = self.running.core.borrow();
        let core = core.as_ref().expect("driven with a core");
        core.tick.wrapping_sub(core.turned_at) >= self.scheduler.config.event_interval
    }

    fn next_task(&self) -> Option<Notified> {
        let mut core = self.running.core.borrow_mut();
        let core = core.as_mut().expect("driven with a core");
        core.tick = core.tick.wrapping_add(1);
        if core.tick % self.scheduler.config.global_queue_interval == 0 {
            if let Some(token) = self.scheduler.pop_remote() {
                return Some(token);
            }
        }
        core.queue
            .pop_front()
            .or_else(|| self.scheduler.pop_remote())
    }

    /// Sleeps until something happens.
    fn park(&self) {
        call(self.scheduler.config.before_park.as_ref());
        // The hook may have woken a task; a remote one has unparked.
        let idle = {
            let core = self.running.core.borrow();
            core.as_ref().is_some_and(|core| core.queue.is_empty())
        };
        // Relaxed: as in `run_tasks`.
        if idle && !self.scheduler.woken.load(Ordering::Relaxed) {
            self.scheduler.counters.parks.increment();
            let plan = match self.scheduler.timers {
                Some(timers) => timers.prepare_park(),
                None => ParkFor::Forever,
            };
            match plan {
                ParkFor::Forever => self.turn(None, true),
                ParkFor::Sleep(limit) => self.turn(Some(limit), true),
                ParkFor::Advance => {
                    self.turn(Some(Duration::ZERO), true);
                    self.advance_if_idle();
                }
            }
            self.scheduler.counters.unparks.increment();
        }
        call(self.scheduler.config.after_unpark.as_ref());
    }

    /// Moves a paused clock if nothing became runnable.
    fn advance_if_idle(&self) {
        let idle = {
            let core = self.running.core.borrow();
            core.as_ref().is_some_and(|core| core.queue.is_empty())
                && self.scheduler.inject.is_empty()
                && !self.scheduler.woken.load(Ordering::Acquire)
        };
        if let (true, Some(timers)) = (idle, self.scheduler.timers) {
            timers.advance_idle();
        }
    }

    /// One look at driver and timers. The core stays in reach of wakers, without its driver.
    fn turn(&self, limit: Option<Duration>, parked: bool) {
        let mut park = {
            let mut core = self.running.core.borrow_mut();
            let core = core.as_mut().expect("driven with a core");
            core.turned_at = core.tick;
            std::mem::replace(&mut core.park, Box::new(Away))
        };
        park.park(limit);
        {
            let mut core = self.running.core.borrow_mut();
            core.as_mut().expect("driven with a core").park = park;
        }
        if let Some(timers) = self.scheduler.timers {
            if parked {
                timers.finish_park();
            }
            timers.fire_due();
        }
    }

    fn cancel_tasks(&self) {
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

impl Drop for Driven<'_> {
    fn drop(&mut self) {
        RUNNING.with(|slot| slot.set(self.before));
        if let Some(core) = self.running.core.borrow_mut().take() {
            self.scheduler.put_core(core);
        }
    }
}

/// Stands in the core while the driver is out for a turn.
struct Away;

impl selkie_core::park::Park for Away {
    type Unpark = AnyUnpark;

    fn unpark_handle(&self) -> AnyUnpark {
        Arc::new(AwayUnpark)
    }

    fn park(&mut self, _timeout: Option<Duration>) {}

    fn shutdown(&mut self) {}
}

struct AwayUnpark;

impl selkie_core::park::Unpark for AwayUnpark {
    fn unpark(&self) {}
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

static ROOT_VTABLE: RawWakerVTable =
    RawWakerVTable::new(clone_root, wake_root, wake_root_by_ref, drop_root);

/// The waker of the root future: borrows the scheduler's `Arc`, counted only when cloned.
fn root_waker(scheduler: &Arc<CurrentThread>) -> std::mem::ManuallyDrop<Waker> {
    let raw = RawWaker::new(Arc::as_ptr(scheduler).cast(), &ROOT_VTABLE);
    // SAFETY: the functions below keep the contract; the waker is not dropped, so the count that
    // it does not have is not given back.
    std::mem::ManuallyDrop::new(unsafe { Waker::from_raw(raw) })
}

unsafe fn clone_root(data: *const ()) -> RawWaker {
    // SAFETY: made of an `Arc<CurrentThread>` that is alive.
    unsafe { Arc::increment_strong_count(data.cast::<CurrentThread>()) };
    RawWaker::new(data, &ROOT_VTABLE)
}

unsafe fn wake_root(data: *const ()) {
    // SAFETY: the data is the scheduler's.
    unsafe { wake_root_by_ref(data) };
    // SAFETY: the count that the waker had.
    unsafe { drop_root(data) };
}

unsafe fn wake_root_by_ref(data: *const ()) {
    // SAFETY: made of an `Arc<CurrentThread>` that is alive.
    let scheduler = unsafe { &*data.cast::<CurrentThread>() };
    // AcqRel: pairs with the swap in `drive` (I3).
    if !scheduler.woken.swap(true, Ordering::AcqRel) && with_core(scheduler, |_core| ()).is_none() {
        scheduler.unpark.unpark();
    }
}

unsafe fn drop_root(data: *const ()) {
    // SAFETY: the count that the waker had.
    drop(unsafe { Arc::from_raw(data.cast::<CurrentThread>()) });
}
