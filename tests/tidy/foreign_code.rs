//! Where the runtime calls code that it did not write: each file that does so stands here with the places
//! of `os/tests/foreign_code` that try it, or with the reason why what it calls is not foreign.

use crate::source::Source;

/// What a call of foreign code looks like.
const CALLS: &[&str] = &[
    ".wake()",
    ".wake_all()",
    ".wake_from_drop()",
    "wake_deferred(cx",
    "wake_each(",
    "panic.keep(",
    "wake_to_caller(",
    ".wake_keeping(",
    ".wake_by_ref()",
    "Waker::wake",
    "waker.clone()",
    "waker().clone()",
    ".clone_from(cx.waker())",
    "catch_panic(",
    "catch_unwind(",
    "contain_panic(",
    "drop_in_place(",
    ".poll(cx)",
    ".poll(&mut cx)",
    "hook()",
    "hook(",
    "(self.report)(",
    "(self.config.report)(",
    "config.thread_name)()",
];

/// Where the table of places stands.
const TABLE: &str = "os/tests/foreign_code/";

/// Files that call foreign code, and the places that try it. A wait of `waits.rs` is `waker.NAME`.
const CALLERS: &[(&str, &[&str])] = &[
    ("core/src/coop/budget.rs", &["waker.budget"]),
    ("core/src/executor/fixed.rs", &["fixed.root"]),
    ("core/src/executor/heap.rs", &["heap.root"]),
    ("core/src/executor/slot.rs", &["fixed.poll", "fixed.drop"]),
    ("core/src/sync/barrier.rs", &["waker.barrier"]),
    (
        "core/src/sync/broadcast/receiver.rs",
        &["waker.broadcast_receive"],
    ),
    (
        "core/src/sync/broadcast/shared.rs",
        &["waker.broadcast_receive"],
    ),
    (
        "core/src/sync/mpsc/chan.rs",
        &["waker.mpsc_receive", "waker.unbounded_receive"],
    ),
    (
        "core/src/sync/mpsc/handles.rs",
        &["waker.mpsc_receive", "waker.unbounded_receive"],
    ),
    (
        "core/src/sync/notify.rs",
        &["waker.notify_waiters", "waker.notify_one"],
    ),
    ("core/src/sync/notify_wait.rs", &["waker.notify_one"]),
    (
        "core/src/sync/oneshot/sender.rs",
        &["waker.oneshot_receive"],
    ),
    ("core/src/sync/oneshot/shared.rs", &["waker.oneshot_closed"]),
    (
        "core/src/sync/permits.rs",
        &[
            "waker.semaphore",
            "waker.semaphore_close",
            "waker.mpsc_send",
        ],
    ),
    (
        "core/src/sync/take.rs",
        &["waker.mutex", "waker.rwlock_read", "waker.rwlock_write"],
    ),
    (
        "core/src/sync/watch/shared.rs",
        &["waker.watch_changed", "waker.watch_closed"],
    ),
    (
        "core/src/sync/fixed/channel.rs",
        &["waker.fixed_receive", "waker.fixed_send"],
    ),
    (
        "core/src/sync/fixed/wait.rs",
        &["waker.fixed_receive", "waker.fixed_send"],
    ),
    ("core/src/sync/fixed/watch.rs", &["waker.fixed_watch"]),
    (
        "core/src/sync/fixed/watch_receiver.rs",
        &["waker.fixed_watch"],
    ),
    ("core/src/sync/signal.rs", &["waker.signal_of_chips"]),
    ("core/src/task/header.rs", &["waker.join_handle"]),
    (
        "core/src/task/join.rs",
        &["waker.join_handle", "task.output_with_its_handle"],
    ),
    (
        "core/src/task/poll.rs",
        &[
            "task.poll",
            "task.drop_after_its_end",
            "task.drop_when_aborted",
            "task.drop_in_a_panic",
            "task.output_of_nobody",
            "task.payload_of_nobody",
            "waker.join_handle",
        ],
    ),
    ("core/src/task/vtable.rs", &["task.poll"]),
    ("core/src/task/yield_now.rs", &["waker.yield_now"]),
    ("core/src/time/handle.rs", &["waker.sleep"]),
    ("core/src/time/list/timers.rs", &["waker.sleep"]),
    (
        "core/src/time/timers.rs",
        &["waker.sleep", "waker.interval"],
    ),
    ("core/src/wake/batch.rs", &["waker.notify_waiters"]),
    ("core/src/wake/cell.rs", &["waker.mpsc_receive"]),
    ("os/src/blocking/threads.rs", &["hook.thread_name"]),
    (
        "os/src/config.rs",
        &[
            "hook.thread_start",
            "hook.thread_stop",
            "hook.thread_park",
            "hook.thread_unpark",
        ],
    ),
    ("os/src/driver/signal.rs", &["waker.signal"]),
    ("os/src/driver/uring/shutdown.rs", &["waker.ring_read"]),
    ("os/src/driver/uring/operations.rs", &["waker.ring_read"]),
    ("os/src/driver/uring/buffer_pool.rs", &["waker.ring_read"]),
    ("os/src/driver/uring/ring.rs", &["waker.ring_read"]),
    (
        "os/src/driver/driver.rs",
        &["waker.readable", "waker.signal", "waker.ring_read"],
    ),
    (
        "os/src/driver/waiters.rs",
        &["waker.readable", "waker.poll_readable"],
    ),
    ("os/src/fs/timer_thread.rs", &["waker.file_lock"]),
    ("os/src/fs/file_state.rs", &["waker.file"]),
    (
        "os/src/async_io/memory/duplex.rs",
        &["waker.duplex_read", "waker.duplex_write"],
    ),
    ("os/src/async_io/memory/simplex.rs", &["waker.simplex_read"]),
    (
        "os/src/observability/probes.rs",
        &[
            "hook.task_spawn",
            "hook.before_poll",
            "hook.after_poll",
            "hook.task_terminate",
        ],
    ),
    ("os/src/fs/detached.rs", &["waker.notify_waiters"]),
    ("os/src/fs/offload.rs", &["waker.yield_now"]),
    (
        "os/src/observability/watchdog.rs",
        &["hook.watchdog_report"],
    ),
    (
        "os/src/runtime/start_watchdog.rs",
        &["hook.watchdog_report"],
    ),
    ("os/src/runtime/root_future.rs", &["root.poll", "root.drop"]),
    ("os/src/process/exit/unix.rs", &["waker.child"]),
    ("os/src/runtime/build_hooks.rs", &["hook.build"]),
    (
        "os/src/scheduler/current_thread/run.rs",
        &["root.poll", "root.drop", "waker.yield_now", "waker.budget"],
    ),
    (
        "os/src/scheduler/current_thread/core_context.rs",
        &["waker.yield_now", "waker.budget"],
    ),
    ("os/src/scheduler/multi_thread/worker.rs", &["waker.traced"]),
    (
        "os/src/scheduler/local.rs",
        &[
            "waker.set.clone",
            "waker.set.wake",
            "waker.set.replace",
            "waker.set.drop",
        ],
    ),
    (
        "os/src/scheduler/thread_parker.rs",
        &["root.poll", "root.drop"],
    ),
    ("os/src/task/join_set/ready.rs", &["waker.join_set"]),
    ("os/src/task/join_set/set.rs", &["waker.join_set"]),
    ("os/src/task/local_set.rs", &["waker.set.wake"]),
    ("os/src/task/scope.rs", &["waker.scope"]),
];

/// Files whose calls look so and are not foreign, or are a task's own.
const OWN: &[(&str, &str)] = &[
    ("os/src/driver/operation.rs", "its own future of readiness"),
    (
        "os/src/observability/observer.rs",
        "declares functions whose names end so; `probes.rs` calls hooks",
    ),
    (
        "core/src/coop/deferred_waker.rs",
        "the waker of the poll that it is in, where no scheduler defers: its panic is the task's",
    ),
    (
        "core/src/coop/futures.rs",
        "a future inside the one that is polled: its panic is the task's",
    ),
    (
        "core/src/trace/operation.rs",
        "the primitive's own future, inside its span",
    ),
    (
        "os/src/trace/span.rs",
        "a task's future in its task: as without the span",
    ),
    (
        "os/src/runtime/recording_files.rs",
        "the process's panic hook, which there was before",
    ),
    (
        "os/src/trace/waker.rs",
        "the scheduler's own waker, for whoever wakes",
    ),
    ("core/src/interrupts/executors.rs", "tests of chips"),
    ("core/src/interrupts/harness.rs", "tests of chips"),
    ("core/src/interrupts/heap.rs", "tests of chips"),
    ("core/src/interrupts/signals.rs", "tests of chips"),
    ("core/src/interrupts/wakes.rs", "tests of chips"),
    ("core/src/platform/bare.rs", "the caller's future"),
    (
        "core/src/platform/std_panic.rs",
        "what others contain panics with",
    ),
    (
        "core/src/platform/hosted.rs",
        "what others catch panics with; the caller's future",
    ),
    (
        "core/src/sync/deadlock_detection.rs",
        "the waker of the poll that goes on, in that poll",
    ),
    ("core/src/sync/broadcast/stream.rs", "its own wait"),
    ("core/src/sync/fixed/pipe.rs", "its own `Notified`"),
    ("core/src/sync/fixed/watch_stream.rs", "its own wait"),
    ("core/src/sync/watch/stream.rs", "its own wait"),
    ("core/src/task/boxed.rs", "a task's future, for poll.rs"),
    ("core/src/task/erased_future.rs", "a task's future"),
    ("core/src/task/spawn.rs", "a task's future, for poll.rs"),
    ("core/src/time/interval.rs", "its own sleep"),
    (
        "core/src/time/timeout.rs",
        "a future inside the one that is polled: its panic is the task's",
    ),
    (
        "os/src/driver/reactor.rs",
        "the waker of its own worker, and the poller's own",
    ),
    ("os/src/fs/read_dir.rs", "the handle of its own closure"),
    (
        "os/src/async_io/split.rs",
        "the other half's waker, at the end of a poll, which sees its panic",
    ),
    (
        "core/src/macros/maybe_done.rs",
        "a future inside the one that is polled: its panic is the task's",
    ),
    ("os/src/net/addr.rs", "the handle of its own closure"),
    (
        "os/src/async_io/interrupted.rs",
        "the waker of the poll that goes on, in that poll",
    ),
    (
        "os/src/observability/dump/trace.rs",
        "a future inside the one that is polled: its panic is the task's",
    ),
    (
        "os/src/observability/names.rs",
        "a future inside the one that is polled: its panic is the task's",
    ),
    ("os/src/process/child.rs", "its own futures"),
    ("os/src/signal/unix_action.rs", "its own futures"),
    (
        "os/src/process/exit/windows.rs",
        "Windows: the table runs on Linux",
    ),
    (
        "os/src/process/stdio/windows.rs",
        "Windows: the table runs on Linux",
    ),
    (
        "os/src/scheduler/multi_thread/spawn.rs",
        "the waker of a timer shard, for itself",
    ),
    ("os/src/signal/unix.rs", "its own listener"),
    (
        "os/src/signal/windows/events.rs",
        "Windows: the table runs on Linux",
    ),
    (
        "os/src/signal/windows/listeners.rs",
        "Windows: the table runs on Linux",
    ),
    ("os/src/stdio/output.rs", "the handle of its own closure"),
    ("os/src/stdio/input_thread.rs", "its own answer"),
    ("os/src/task/abort_on_drop.rs", "the handle that it owns"),
    ("os/src/task/library_job.rs", "the task that it owns"),
    (
        "os/src/task/local_key.rs",
        "a future inside the one that is polled: its panic is the task's",
    ),
    (
        "os/src/uring/runtime_rings.rs",
        "the waker of the poll that it is in: its panic is the task's",
    ),
];

fn calls_foreign_code(source: &Source) -> bool {
    let lines = source.lines();
    lines
        .iter()
        .any(|line| CALLS.iter().any(|call| line.contains(call)))
}

/// Files that call foreign code and stand in neither list; lines of the lists that hold no more; places
/// that no test plays.
pub(crate) fn unlisted(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    let is_listed = |path: &str| {
        CALLERS.iter().any(|(file, _)| *file == path) || OWN.iter().any(|(file, _)| *file == path)
    };
    let libraries = |source: &&Source| {
        let path = &source.path;
        (path.starts_with("core/src/") || path.starts_with("os/src/")) && !source.is_test()
    };
    let callers: Vec<&str> = sources
        .iter()
        .filter(libraries)
        .filter(|source| calls_foreign_code(source))
        .map(|source| source.path.as_str())
        .collect();
    for path in &callers {
        if !is_listed(path) {
            wrong.push(format!(
                "{path}: calls foreign code, and foreign.rs does not say so"
            ));
        }
    }
    let listed = CALLERS
        .iter()
        .map(|line| line.0)
        .chain(OWN.iter().map(|line| line.0));
    for file in listed.filter(|file| !callers.contains(file)) {
        wrong.push(format!(
            "{file}: stands in foreign.rs, and calls no foreign code"
        ));
    }
    let places: Vec<&Source> = sources
        .iter()
        .filter(|s| s.path.starts_with(TABLE))
        .collect();
    for place in CALLERS.iter().flat_map(|line| line.1) {
        let short = place.strip_prefix("waker.").unwrap_or(place);
        let (name, short) = (format!("\"{place}\""), format!("\"{short}\""));
        let is_played =
            |source: &&Source| source.text.contains(&name) || source.text.contains(&short);
        if !places.iter().any(is_played) {
            wrong.push(format!("foreign.rs: nothing in {TABLE} plays {place}"));
        }
    }
    wrong
}

/// What the rule says of a file that wakes, and of one that does not.
pub(crate) fn example() -> usize {
    let example = Source::example;
    let sources = [
        example(
            "core/src/one.rs",
            "fn one(waker: Waker) {\n    waker.wake();\n}\n",
        ),
        example("core/src/two.rs", "fn two() {\n    wake();\n}\n"),
    ];
    let wrong = unlisted(&sources);
    let found = wrong.iter().filter(|line| line.contains("does not say so"));
    found.count()
}
