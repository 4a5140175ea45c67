//! Builds a runtime out of its parts: the only file that knows all of them.

use std::io;
use std::sync::{Arc, OnceLock, Weak};
use std::task::{Wake, Waker};
use std::thread::ThreadId;
use std::time::Duration;

use selkie_core::park::{Park, Unpark};
use selkie_core::raw::platform::{AtomicU64, Lock};
use selkie_core::raw::time::{AtEnd, ClockMode, TimersOwner};

use crate::blocking::BlockingPool;
use crate::config::Config;
use crate::context::{
    EnterRuntime, Handle, Id, Inner, RuntimeTimers, Seeds, enter_context, enter_runtime,
};
use crate::driver;
#[cfg(feature = "rt-multi-thread")]
use crate::scheduler::MultiThread;
use crate::scheduler::{AnyPark, AnyUnpark, CurrentThread, Spawner, ThreadSleep};
use crate::sys::{OwningProcess, StackSignal, install_release_pages};

use super::shutdown::shutdown;

/// Which parts a runtime has.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    pub(super) io: bool,
    /// Whether files may use a completion ring.
    pub(super) ring: bool,
    pub(super) files_in_place: bool,
    pub(super) time: bool,
    pub(super) sleeps_at_end: AtEnd,
    pub(super) start_paused: bool,
    pub(super) name: Option<String>,
    pub(super) events_per_turn: Option<usize>,
    pub(super) events_per_busy_turn: Option<usize>,
    /// Whether each worker has a reactor of its own, if that was said.
    pub(super) reactor_per_worker: Option<bool>,
    /// What random numbers follow from.
    pub(super) seed: Option<u64>,
    /// Which signal a thread is sent for its stack.
    pub(super) stack_signal: StackSignal,
}

/// A driver behind the scheduler's seam.
struct Boxed<P> {
    driver: P,
    /// A fork amid a task takes the driver along, whose reactor is its parent's: it is not waited on.
    process: OwningProcess,
}

impl<P: Park> Park for Boxed<P>
where
    P::Unpark: 'static,
{
    type Unpark = AnyUnpark;

    fn unpark_handle(&self) -> AnyUnpark {
        Arc::new(self.driver.unpark_handle())
    }

    fn park(&mut self, timeout: Option<Duration>) {
        self.process.assert_current();
        self.driver.park(timeout);
    }

    fn shutdown(&mut self) {
        self.driver.shutdown();
    }
}

/// Ends a scheduler's sleep for its timers.
struct UnparkWaker(AnyUnpark);

impl Wake for UnparkWaker {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}

/// What the workers sleep by, each by its own or all by one.
fn build_parks(
    parts: &Parts,
    workers: usize,
) -> io::Result<(Vec<AnyPark>, Option<driver::Handle>)> {
    install_release_pages();
    if !parts.io || cfg!(not(feature = "reactor")) {
        return Ok((vec![Box::new(ThreadSleep::default())], None));
    }
    let mut config = driver::Config::default();
    if let Some(events) = parts.events_per_turn {
        config.events_per_turn = events;
        config.events_per_busy_turn = events;
    }
    if let Some(events) = parts.events_per_busy_turn {
        config.events_per_busy_turn = events;
    }
    config.ring = parts.ring;
    config.workers = workers;
    config.reactor_per_worker = parts.reactor_per_worker;
    let (drivers, handle) = driver::build(&config)?;
    let process = OwningProcess::current();
    let boxed = |driver| Box::new(Boxed { driver, process }) as AnyPark;
    Ok((drivers.into_iter().map(boxed).collect(), Some(handle)))
}

/// A runtime whose tasks run on the thread that calls `block_on`; with `owner` on that one only.
pub(super) fn current_thread(
    config: &Config,
    parts: &Parts,
    owner: Option<ThreadId>,
) -> io::Result<Handle> {
    let (mut parks, driver) = build_parks(parts, 1)?;
    let park = parks.pop().expect("at least one is made");
    let mode = if parts.start_paused {
        ClockMode::Paused
    } else {
        ClockMode::Pausable
    };
    let timers = parts.time.then(|| {
        let waker = Waker::from(Arc::new(UnparkWaker(park.unpark_handle())));
        TimersOwner::new(parts.sleeps_at_end, mode, waker)
    });
    let scheduler = CurrentThread::new(config.clone(), park, timers, owner);
    let timers = match scheduler.timers {
        Some(timers) => RuntimeTimers::Shards(Box::new([timers])),
        None => RuntimeTimers::Disabled,
    };
    Ok(handle(
        config,
        parts,
        Spawner::CurrentThread(scheduler),
        driver,
        timers,
    ))
}

/// A runtime with worker threads, which this starts.
#[cfg(feature = "rt-multi-thread")]
pub(super) fn multi_thread(config: &Config, parts: &Parts) -> io::Result<Handle> {
    let (parks, driver) = build_parks(parts, config.worker_threads)?;
    let owner = |waker| TimersOwner::new(parts.sleeps_at_end, ClockMode::Machine, waker);
    let timers: Option<&dyn Fn(Waker) -> TimersOwner> =
        if parts.time { Some(&owner) } else { None };
    let scheduler = MultiThread::new(config.clone(), parks, timers);
    if let Some(driver) = &driver {
        for index in 0..scheduler.workers() {
            driver.set_worker(index, scheduler.waker(index));
        }
    }
    let shards = (0..scheduler.workers())
        .filter_map(|index| scheduler.timers(index))
        .collect();
    let timers = if parts.time {
        RuntimeTimers::Shards(shards)
    } else {
        RuntimeTimers::Disabled
    };
    let handle = handle(
        config,
        parts,
        Spawner::MultiThread(Arc::clone(&scheduler)),
        driver,
        timers,
    );
    let pool = Arc::downgrade(&handle.inner.blocking);
    let weak = Arc::downgrade(&handle.inner);
    let started = scheduler.start(Box::new(move |work| {
        let (Some(pool), Some(inner)) = (pool.upgrade(), weak.upgrade()) else {
            return Err(io::Error::other("the runtime has shut down"));
        };
        let handle = Handle { inner };
        pool.spawn_thread(Box::new(move || {
            enter_runtime(&handle, EnterRuntime::Worker, work);
        }))
    }));
    if let Err(error) = started {
        // The threads that did start end, and with them goes all that was made.
        let _report = shutdown(&handle, None);
        return Err(error);
    }
    Ok(handle)
}

fn handle(
    config: &Config,
    parts: &Parts,
    spawner: Spawner,
    driver: Option<driver::Handle>,
    timers: RuntimeTimers,
) -> Handle {
    let inner = Arc::new_cyclic(|weak: &Weak<Inner>| {
        let weak = Weak::clone(weak);
        let scope = Box::new(move |work: &mut dyn FnMut()| match weak.upgrade() {
            Some(inner) => enter_context(&Handle { inner }, work),
            None => work(),
        });
        Inner {
            process: OwningProcess::current(),
            id: Id::next(),
            name: parts.name.clone(),
            spawner,
            driver,
            timers,
            blocking: BlockingPool::new(config.clone(), scope),
            files_in_place: parts.files_in_place,
            seeds: parts.seed.map(Seeds::new),
            forced_yields: AtomicU64::new(0),
            stack_signal: parts.stack_signal,
            watchdog: OnceLock::new(),
            resources: Lock::new(Vec::new()),
        }
    });
    Handle { inner }
}
