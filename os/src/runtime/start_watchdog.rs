//! Starts the watchdog of a runtime that was just built.

use std::fmt;
use std::io;
use std::sync::Arc;

use selkie_core::raw::platform::contain_panic;

use crate::context::Handle;
use crate::observability::{DumpClosure, StalledPoll, Watchdog, WatchdogConfig, WatchedRuntime};
use crate::sys::{prepare_stack_signal, report_line};
use crate::trace::{StalledEvent, emit_stalled};

/// Starts the watchdog.
///
/// # Errors
/// If the system gives no thread.
#[inline]
pub(super) fn start_watchdog(config: &WatchdogConfig, handle: &Handle) -> io::Result<()> {
    prepare_stack_signal(handle.inner.stack_signal)?;
    let report = Arc::clone(&config.report);
    let observed = handle.inner.spawner.clone();
    let with_event = WatchdogConfig {
        report: Arc::new(move |stalled| {
            // A subscriber's panic must not keep the report from being called.
            contain_panic(|| emit(stalled));
            if let Some(hook) = observed.probes().and_then(|probes| probes.stall_hook()) {
                contain_panic(|| hook());
            }
            report(stalled);
        }),
        ..config.clone()
    };
    let spawner = handle.inner.spawner.clone();
    let runtime = WatchedRuntime {
        workers: spawner.workers(),
        look: Box::new(move |worker| spawner.look_at(worker)),
        signal: handle.inner.stack_signal,
        dumper: dumper(handle),
    };
    let watchdog = Watchdog::start(with_event, runtime)?;
    handle.inner.watchdog.get_or_init(|| Box::new(watchdog));
    Ok(())
}

#[cfg(feature = "taskdump")]
#[inline]
fn dumper(handle: &Handle) -> Option<DumpClosure> {
    let inner = Arc::downgrade(&handle.inner);
    Some(Arc::new(move || {
        let inner = inner.upgrade()?;
        Some(Handle { inner }.dump_here())
    }))
}

#[cfg(not(feature = "taskdump"))]
#[inline]
fn dumper(_handle: &Handle) -> Option<DumpClosure> {
    None
}

#[inline]
fn emit(stalled: &StalledPoll) {
    let stack = stack_of(stalled);
    emit_stalled(&StalledEvent {
        worker: stalled.worker(),
        task: stalled.task_id(),
        name: stalled.task_name(),
        location: stalled.spawned_at(),
        lasts: stalled.duration(),
        stack: stack.as_ref().map(|stack| stack as &dyn fmt::Display),
    });
}

#[cfg(feature = "taskdump")]
#[inline]
fn stack_of(stalled: &StalledPoll) -> Option<impl fmt::Display + use<>> {
    stalled.stack().ok()
}

#[cfg(not(feature = "taskdump"))]
#[inline]
fn stack_of(_stalled: &StalledPoll) -> Option<String> {
    None
}

/// What a watchdog writes to standard error, unless the builder was given something else to call.
#[inline]
pub(super) fn write_report(stalled: &StalledPoll) {
    match stack_of(stalled) {
        Some(stack) => report_line(format_args!("selkie: {stalled}, in\n{stack}")),
        None => report_line(format_args!("selkie: {stalled}")),
    }
}
