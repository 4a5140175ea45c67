//! The flavor of runtimes whose tasks run on the thread that calls `block_on`.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Waker;
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use selkie_core::raw::time::{ClockMode, TimersOwner};

use super::build::{Parts, UnparkWaker, build_parks, handle};
use super::flavor::{Flavor, RuntimeFlavor};
use super::root_future::{Root, RootFuture};
use super::shutdown::close_driver_and_timers;
use crate::config::Config;
use crate::context::{EnterRuntime, Handle, RuntimeTimers, enter_context, enter_runtime};
use crate::scheduler::{CurrentThread, SchedulerKind, Spawner};

/// Of [`Builder::new_current_thread`](super::Builder::new_current_thread).
pub(super) static CURRENT_THREAD: Flavor = Flavor {
    name: RuntimeFlavor::CurrentThread,
    worker_threads: |_| 1,
    build,
    block_on,
    end_tasks,
    stuck_workers: |_| Vec::new(),
};

/// The scheduler of a runtime of this flavor.
pub(super) fn scheduler(handle: &Handle) -> &Arc<CurrentThread> {
    match handle.inner.spawner.kind() {
        SchedulerKind::CurrentThread(scheduler) => scheduler,
        #[cfg(feature = "rt-multi-thread")]
        SchedulerKind::MultiThread(_) => unreachable!("the runtime was built with this flavor"),
    }
}

fn build(config: &Config, parts: &Parts) -> io::Result<Handle> {
    build_on(config, parts, None)
}

/// Builds a runtime; with `owner` its tasks run on that thread only.
pub(super) fn build_on(
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
        Spawner::new(scheduler),
        driver,
        timers,
    ))
}

fn block_on(handle: &Handle, root: Pin<&mut dyn Root>) {
    enter_runtime(handle, EnterRuntime::CurrentThread, || {
        scheduler(handle).block_on(RootFuture(root));
    });
}

fn end_tasks(handle: &Handle, _limit: Option<Duration>, deadline: Option<Instant>) -> bool {
    enter_context(handle, || {
        close_driver_and_timers(handle);
        scheduler(handle).shutdown(deadline);
    });
    true
}
