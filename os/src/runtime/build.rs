//! What runtimes of every flavor are built of.

use std::io;
use std::sync::{Arc, OnceLock, Weak};
use std::task::Wake;
use std::time::Duration;

use selkie_core::park::{Park, Unpark};
use selkie_core::raw::platform::{AtomicU64, Lock};
use selkie_core::raw::time::AtEnd;

use crate::blocking::BlockingPool;
use crate::config::Config;
use crate::context::{Handle, Id, Inner, RuntimeTimers, Seeds, enter_context};
use crate::driver;
use crate::scheduler::{AnyPark, AnyUnpark, Spawner, ThreadSleep};
use crate::sys::{OwningProcess, StackSignal, install_release_pages};

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
pub(super) struct UnparkWaker(pub(super) AnyUnpark);

impl Wake for UnparkWaker {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}

/// What the workers sleep by, each by its own or all by one.
pub(super) fn build_parks(
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

/// The handle of a runtime that was built of these.
pub(super) fn handle(
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
