//! What keeps a poll from returning: the watchdog shows the calls that the thread is in.
#![cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
#![allow(unsafe_code)]

use std::future::{Future, poll_fn};
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use selkie::runtime::dump::NoStack;
use selkie::runtime::{Builder, StalledPoll};
use selkie::signal::unix::{SignalKind, signal};
use selkie::task;

use crate::dump_operations::has_names;

const THRESHOLD: Duration = Duration::from_millis(20);
const LONG: Duration = Duration::from_secs(30);

/// What the watchdog of a runtime has reported.
struct Reports {
    received: mpsc::Receiver<StalledPoll>,
    /// How many were sent.
    count: Arc<AtomicUsize>,
}

impl Reports {
    /// Has the builder's watchdog send what it reports.
    fn of(builder: &mut Builder) -> Self {
        let (report, received) = mpsc::channel();
        let count = Arc::new(AtomicUsize::new(0));
        let sent = Arc::clone(&count);
        builder.watchdog_with(THRESHOLD, move |stalled| {
            let _gone = report.send(stalled.clone());
            sent.fetch_add(1, Ordering::Relaxed);
        });
        Self { received, count }
    }

    /// The next report.
    fn next(&self) -> StalledPoll {
        self.received.recv_timeout(LONG).expect("a report")
    }

    fn is_empty(&self) -> bool {
        self.received.try_recv().is_err()
    }

    /// A future whose poll sleeps until it has been reported.
    fn sleeping(&self) -> impl Future<Output = ()> + Send + 'static {
        let (count, before) = (Arc::clone(&self.count), self.count.load(Ordering::Relaxed));
        async move { sleeps_in_a_poll(|| count.load(Ordering::Relaxed) > before) }
    }
}

/// Says when to stop, also if a test fails.
struct StopGuard(Arc<AtomicBool>);

impl Drop for StopGuard {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[inline(never)]
fn spins_until_stopped(stop: &AtomicBool) -> u64 {
    let mut turns = 0_u64;
    while !stop.load(Ordering::Relaxed) {
        turns = black_box(turns).wrapping_add(1);
    }
    turns
}

#[inline(never)]
fn sleeps_in_a_poll(is_over: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_over() && begun.elapsed() < LONG {
        thread::sleep(THRESHOLD);
    }
    black_box(());
}

#[inline(never)]
fn waits_for_a_lock(mutex: &Mutex<u32>) -> u32 {
    black_box(*mutex.lock().unwrap())
}

/// Whether the stack shows a call of `function`, and ends where the task is polled.
fn check(stalled: &StalledPoll, function: &str) {
    let stack = stalled.stack().unwrap();
    let text = stack.to_string();
    assert!(!has_names() || text.contains(function), "{text}");
    assert!(stack.is_whole(), "{text}");
    let backtrace = stack.resolve_backtrace();
    assert!(backtrace.frames().count() > 3);
}

#[test]
fn a_task_that_computes_is_shown_in_its_function() {
    for mut builder in [Builder::new_multi_thread(), Builder::new_current_thread()] {
        let reports = Reports::of(&mut builder);
        let runtime = builder.build().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let task = runtime.spawn(async move { spins_until_stopped(&stopped) });
        thread::scope(|scope| {
            let _stop = StopGuard(stop);
            let driver = scope.spawn(|| runtime.block_on(task));
            let stalled = reports.next();
            check(&stalled, "spins_until_stopped");
            drop(_stop);
            driver.join().unwrap().unwrap();
        });
    }
}

#[test]
fn a_sleep_in_a_poll_goes_on_to_its_end_and_is_shown() {
    let mut builder = Builder::new_multi_thread();
    let reports = Reports::of(&mut builder);
    let runtime = builder.build().unwrap();
    let task = runtime.spawn(async {
        let begun = Instant::now();
        thread::sleep(50 * THRESHOLD);
        begun.elapsed()
    });
    check(&reports.next(), "nanosleep");
    let took = runtime.block_on(task).unwrap();
    assert!(took >= 50 * THRESHOLD, "the signal ended the sleep");
}

#[test]
fn a_task_that_waits_for_a_lock_is_shown_there() {
    let mut builder = Builder::new_multi_thread();
    let reports = Reports::of(&mut builder);
    let runtime = builder.build().unwrap();
    let mutex = Arc::new(Mutex::new(7));
    let held = mutex.lock().unwrap();
    let theirs = Arc::clone(&mutex);
    let task = runtime.spawn(async move { waits_for_a_lock(&theirs) });
    let stalled = reports.next();
    drop(held);
    check(&stalled, "waits_for_a_lock");
    assert_eq!(runtime.block_on(task).unwrap(), 7);
}

#[test]
fn the_future_of_block_on_is_watched_on_each_kind_of_runtime() {
    for mut builder in [Builder::new_multi_thread(), Builder::new_current_thread()] {
        let reports = Reports::of(&mut builder);
        let runtime = builder.build().unwrap();
        for with_handle in [false, true] {
            let future = reports.sleeping();
            let line = line!() + 2;
            if with_handle {
                runtime.handle().block_on(future);
            } else {
                runtime.block_on(future);
            }
            let stalled = reports.next();
            assert_eq!((stalled.worker(), stalled.task_id()), (None, None));
            assert_eq!(stalled.spawned_at().file(), file!());
            let called = stalled.spawned_at().line();
            assert!((line..line + 4).contains(&called), "{called}");
            check(&stalled, "sleeps_in_a_poll");
            assert!(
                stalled
                    .to_string()
                    .starts_with("block_on polls its future, called at")
            );
            assert!(reports.is_empty());
        }
    }
}

#[test]
fn local_tasks_are_watched_in_sets_and_local_runtimes() {
    let mut builder = Builder::new_current_thread();
    let reports = Reports::of(&mut builder);
    let runtime = builder.build().unwrap();
    let local = task::LocalSet::new();
    let id = runtime.block_on(local.run_until(async {
        let builder = task::Builder::new().name("local");
        let task = builder.spawn_local(reports.sleeping()).unwrap();
        let id = task.id();
        task.await.unwrap();
        id
    }));
    let stalled = reports.next();
    assert_eq!(stalled.task_id(), Some(id));
    assert_eq!(stalled.task_name(), Some("local"));
    check(&stalled, "sleeps_in_a_poll");
    drop(runtime);

    let mut builder = Builder::new_current_thread();
    let reports = Reports::of(&mut builder);
    let runtime = builder.build_local(Default::default()).unwrap();
    let task = runtime.spawn_local(reports.sleeping());
    let id = task.id();
    runtime.block_on(task).unwrap();
    let stalled = reports.next();
    assert_eq!((stalled.task_id(), stalled.worker()), (Some(id), Some(0)));
    assert!(reports.is_empty(), "one poll is one report");
}

#[test]
fn many_samples_in_a_row_while_others_allocate_end_in_time() {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(1);
    let reports = Reports::of(&mut builder);
    let runtime = builder.build().unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let begun = Instant::now();
    thread::scope(|scope| {
        let _stop = StopGuard(Arc::clone(&stop));
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let boxes: Vec<_> = (0..100).map(|n| Box::new([n; 100])).collect();
                    black_box(boxes);
                }
            });
        }
        for _ in 0..100 {
            // The stalled thread allocates, too: the handler finds it with the allocator's locks.
            let (count, before) = (
                Arc::clone(&reports.count),
                reports.count.load(Ordering::Relaxed),
            );
            let task = runtime.spawn(poll_fn(move |_| {
                while count.load(Ordering::Relaxed) == before {
                    black_box((0..50).map(|n| Box::new([n; 50])).collect::<Vec<_>>());
                }
                Poll::Ready(())
            }));
            let stack = reports.next().stack().unwrap();
            assert!(stack.resolve_backtrace().frames().count() > 3);
            while !task.is_finished() {
                thread::yield_now();
            }
        }
    });
    assert!(begun.elapsed() < 4 * LONG);
    assert_eq!(runtime.metrics().stalled_poll_count(), 100);
}

#[test]
fn threads_that_end_while_they_are_looked_at_are_left_alone() {
    let mut builder = Builder::new_current_thread();
    let (report, reports) = mpsc::channel();
    builder.watchdog_with(Duration::from_millis(1), move |stalled| {
        let _gone = report.send(stalled.stack().err());
    });
    let runtime = Arc::new(builder.build().unwrap());
    for round in 0..200 {
        let runtime = Arc::clone(&runtime);
        let driver = thread::spawn(move || {
            let blocked = Duration::from_micros(1000 + 20 * (round % 50));
            runtime.block_on(async move { thread::sleep(blocked) });
        });
        driver.join().unwrap();
    }
    drop(runtime);
    for missing in reports.try_iter().flatten() {
        assert_eq!(missing, NoStack::Ended);
    }
}

#[test]
fn a_thread_that_blocks_the_signal_has_no_stack_and_is_reported_all_the_same() {
    let mut builder = Builder::new_current_thread();
    builder.stack_signal(Some(SignalKind::window_change()));
    let reports = Reports::of(&mut builder);
    let runtime = builder.build().unwrap();
    runtime.block_on(async {
        let change = |how| {
            // SAFETY: zeros are a set of signals.
            let mut set: libc::sigset_t = unsafe { std::mem::zeroed() };
            // SAFETY: a set, and a signal.
            unsafe { libc::sigaddset(&mut set, libc::SIGWINCH) };
            // SAFETY: a set; this thread's mask alone changes.
            unsafe { libc::pthread_sigmask(how, &set, std::ptr::null_mut()) };
        };
        change(libc::SIG_BLOCK);
        reports.sleeping().await;
        // It comes late, and finds that nobody wants it.
        change(libc::SIG_UNBLOCK);
    });
    let stalled = reports.next();
    assert_eq!(stalled.stack().unwrap_err(), NoStack::NoAnswer);
    runtime.block_on(reports.sleeping());
    assert!(reports.next().stack().is_ok());
}

#[test]
fn stacks_can_be_disabled_and_faults_are_no_signals_for_them() {
    let mut builder = Builder::new_current_thread();
    builder.stack_signal(None);
    let reports = Reports::of(&mut builder);
    let runtime = builder.build().unwrap();
    runtime.block_on(reports.sleeping());
    let stalled = reports.next();
    assert_eq!(stalled.stack().unwrap_err(), NoStack::Disabled);
    for number in [libc::SIGSEGV, libc::SIGKILL, 0, -1, 1000] {
        builder.stack_signal(Some(SignalKind::from_raw(number)));
        assert!(builder.build().is_err(), "{number}");
    }
}

#[test]
fn the_signal_still_reaches_who_listens_for_it() {
    // No other test has this one: the listener's handler is there before that for stacks, and the other way round.
    for (number, listens_first) in [(libc::SIGUSR2, true), (libc::SIGURG, false)] {
        let kind = SignalKind::from_raw(number);
        let listening = Builder::new_current_thread().enable_all().build().unwrap();
        let listen = || listening.block_on(async { signal(kind).unwrap() });
        let before = listens_first.then(listen);
        let mut builder = Builder::new_current_thread();
        builder.stack_signal(Some(kind));
        let reports = Reports::of(&mut builder);
        let runtime = builder.build().unwrap();
        let mut signals = before.unwrap_or_else(listen);
        runtime.block_on(reports.sleeping());
        check(&reports.next(), "sleeps_in_a_poll");
        // SAFETY: the signal is handled.
        assert_eq!(unsafe { libc::raise(number) }, 0);
        listening.block_on(signals.recv()).unwrap();
    }
}

#[test]
fn a_report_can_make_a_dump() {
    let mut builder = Builder::new_multi_thread();
    let (report, reports) = mpsc::channel();
    builder
        .worker_threads(2)
        .enable_time()
        .watchdog_with(THRESHOLD, move |stalled| {
            let _gone = report.send(stalled.dump().map(|dump| dump.to_string()));
        });
    let runtime = builder.build().unwrap();
    let waits = task::Builder::new().name("waits");
    let waits = waits
        .spawn_on(async { selkie::time::sleep(LONG).await }, runtime.handle())
        .unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let blocks = task::Builder::new().name("blocks");
    let blocked = async move { spins_until_stopped(&stopped) };
    blocks.spawn_on(blocked, runtime.handle()).unwrap();
    let _stop = StopGuard(stop);
    let dump = reports.recv_timeout(LONG).unwrap().unwrap();
    assert!(dump.contains("(waits), spawned at"), "{dump}");
    assert!(dump.contains("(blocks), spawned at"), "{dump}");
    assert!(dump.contains("in a poll, for about"), "{dump}");
    waits.abort();
}
