//! The flavor of runtimes with worker threads.

use std::io;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use selkie_core::raw::time::{ClockError, ClockMode, TimersOwner};

use super::block_on::wait_here;
use super::build::{Parts, build_parks, handle};
use super::flavor::{Flavor, RuntimeFlavor};
use super::shutdown::{abandon, close_driver_and_timers};
use super::shutdown_report::StuckWorker;
use crate::config::Config;
use crate::context::{EnterRuntime, Handle, RuntimeTimers, enter_context, enter_runtime};
use crate::scheduler::{MultiThread, SchedulerKind, Spawner};
use crate::threads::{start_library_thread, thread_channel};

/// Of [`Builder::new_multi_thread`](super::Builder::new_multi_thread).
pub(super) static MULTI_THREAD: Flavor = Flavor {
    name: RuntimeFlavor::MultiThread,
    worker_threads: |said| said.unwrap_or_else(default_workers),
    build,
    block_on: wait_here,
    end_tasks,
    stuck_workers,
};

/// The scheduler of a runtime of this flavor.
fn scheduler(handle: &Handle) -> &Arc<MultiThread> {
    match handle.inner.spawner.kind() {
        SchedulerKind::MultiThread(scheduler) => scheduler,
        SchedulerKind::CurrentThread(_) => unreachable!("the runtime was built with this flavor"),
    }
}

/// As many workers as the environment says, else one per processor.
fn default_workers() -> usize {
    const VARIABLE: &str = "TOKIO_WORKER_THREADS";
    match std::env::var(VARIABLE) {
        Ok(text) => match text.parse() {
            Ok(threads) if threads > 0 => threads,
            Ok(_) => panic!("\"{VARIABLE}\" cannot be set to 0"),
            Err(error) => panic!("\"{VARIABLE}\" must be usize, error: {error}, value: {text}"),
        },
        Err(std::env::VarError::NotUnicode(text)) => {
            panic!("\"{VARIABLE}\" must be valid unicode, error: not unicode, value: {text:?}")
        }
        Err(std::env::VarError::NotPresent) => {
            std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
        }
    }
}

fn build(config: &Config, parts: &Parts) -> io::Result<Handle> {
    assert!(!parts.start_paused, "{}", ClockError::NotPausable);
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
        Spawner::new(Arc::clone(&scheduler)),
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
        abandon(&handle, &MULTI_THREAD);
        return Err(error);
    }
    Ok(handle)
}

fn end_tasks(handle: &Handle, limit: Option<Duration>, deadline: Option<Instant>) -> bool {
    let scheduler = scheduler(handle);
    scheduler.stop();
    // The last worker closes driver and timers. One that is stuck in a poll may wait for somebody
    // who waits for them.
    let grace = Instant::now() + GRACE;
    let soon = deadline.map_or(grace, |end| end.min(grace));
    let ended = scheduler.wait_ended(Some(soon));
    if ended || limit == Some(Duration::ZERO) {
        return ended;
    }
    run_aside(handle, deadline, close_driver_and_timers);
    let ended = scheduler.wait_ended(deadline);
    if !ended {
        // Those that no worker has come to, all of them being stuck.
        let scheduler = Arc::clone(scheduler);
        run_aside(handle, deadline, move |_| {
            scheduler.drop_tasks_from_outside()
        });
    }
    ended
}

fn stuck_workers(handle: &Handle) -> Vec<StuckWorker> {
    let scheduler = scheduler(handle);
    let watchdog = handle.inner.watchdog.get();
    let stuck = |index| StuckWorker {
        index,
        thread: scheduler.counters(index).thread.get(),
        poll: watchdog.and_then(|watchdog| watchdog.poll_of(index)),
    };
    scheduler.unended().into_iter().map(stuck).collect()
}

/// How long workers may take to come to the end of their polls before driver and timers close.
const GRACE: Duration = Duration::from_millis(20);

/// Runs `work`, which calls wakers and drops of the program, that may take longer than there is until `deadline`: on a
/// thread of its own, which is waited for until then, or a moment after (I3 of `shutdown`).
fn run_aside(
    handle: &Handle,
    deadline: Option<Instant>,
    work: impl FnOnce(&Handle) + Clone + Send + 'static,
) {
    let started = deadline.and_then(|deadline| {
        let (done, wait) = thread_channel();
        let (theirs, work) = (handle.clone(), work.clone());
        let run = move || {
            enter_context(&theirs, || work(&theirs));
            // Who waits may have given up.
            let _gone = done.try_send(());
        };
        let thread = start_library_thread("selkie-end", Box::new(run));
        thread.is_ok().then_some((deadline, wait))
    });
    match started {
        Some((deadline, wait)) => {
            let left = deadline.saturating_duration_since(Instant::now());
            let _ended = wait.recv_timeout(left.max(GRACE));
        }
        // There is no limit, or the system has no thread to give.
        None => enter_context(handle, || work(handle)),
    }
}
