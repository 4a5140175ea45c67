//! Runtimes shut down at their time limit at the latest, report what still runs, and leave nothing behind.

use std::process::Command;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use selkie::runtime::{BlockingKind, Builder};

use crate::flavors::both;

const LIMIT: Duration = Duration::from_millis(30);
const LONG: Duration = Duration::from_secs(30);

#[test]
fn an_idle_runtime_shuts_down_at_once_and_completely() {
    for runtime in both(|_| ()) {
        runtime.spawn(std::future::pending::<()>());
        runtime.block_on(runtime.spawn_blocking(|| ())).unwrap();
        let begun = Instant::now();
        let report = runtime.shutdown_with_report(LONG);
        assert!(report.is_complete(), "{report}");
        assert!(begun.elapsed() < LONG);
    }
}

#[test]
fn a_stuck_closure_is_reported_with_its_location_and_time() {
    for runtime in both(|_| ()) {
        let (release, released) = mpsc::channel();
        let (started, starts) = mpsc::channel();
        let line = line!() + 1;
        let task = runtime.spawn_blocking(move || {
            started.send(()).unwrap();
            released.recv_timeout(LONG).unwrap();
        });
        starts.recv_timeout(LONG).unwrap();
        let report = runtime.shutdown_with_report(LIMIT);
        let [stuck] = report.blocking() else {
            panic!("one closure is stuck: {report}");
        };
        assert_eq!(stuck.kind(), BlockingKind::Closure);
        assert_eq!(
            (stuck.spawned_at().file(), stuck.spawned_at().line()),
            (file!(), line)
        );
        assert!(stuck.runs_for() >= LIMIT);
        assert!(report.workers().is_empty());
        assert!(report.to_string().contains("a blocking closure"));
        // It still ends as it should, though its runtime is gone.
        release.send(()).unwrap();
        while !task.is_finished() {
            std::thread::yield_now();
        }
    }
}

#[test]
fn a_lookup_and_a_read_are_reported_by_their_kinds() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    // A fifo that nobody writes to: opening it to read blocks.
    let directory = std::env::temp_dir().join(format!("selkie-fifo-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let fifo = directory.join("fifo");
    assert!(
        Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    let path = fifo.clone();
    runtime.spawn(async move { selkie::fs::read(path).await });
    while runtime.metrics().num_blocking_threads() == 0 {
        runtime.block_on(selkie::task::yield_now());
    }
    let report = loop_until_running(runtime);
    assert_eq!(report.blocking()[0].kind(), BlockingKind::File);
    // Lets the reader go.
    drop(std::fs::OpenOptions::new().write(true).open(&fifo));
    std::fs::remove_dir_all(directory).unwrap();
}

/// Ends `runtime`; the limit is long enough for the one closure to be running.
fn loop_until_running(runtime: selkie::runtime::Runtime) -> selkie::runtime::ShutdownReport {
    let report = runtime.shutdown_with_report(10 * LIMIT);
    assert_eq!(report.blocking().len(), 1, "{report}");
    report
}

#[test]
fn a_stuck_poll_is_reported_by_its_worker_and_with_a_watchdog_by_its_task() {
    for watched in [false, true] {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(2);
        if watched {
            builder.watchdog_with(LONG, |_| ());
        }
        let runtime = builder.build().unwrap();
        let (release, released) = mpsc::channel();
        let (started, starts) = mpsc::channel();
        let task = runtime.spawn(async move {
            started.send(std::thread::current().id()).unwrap();
            released.recv_timeout(LONG).unwrap();
        });
        let thread = starts.recv_timeout(LONG).unwrap();
        let report = runtime.shutdown_with_report(LIMIT);
        let [stuck] = report.workers() else {
            panic!("one worker is stuck: {report}");
        };
        assert_eq!(stuck.thread_id(), Some(thread));
        let named = stuck.poll().and_then(|poll| poll.task_id());
        assert_eq!(named, watched.then(|| task.id()));
        release.send(()).unwrap();
        while !task.is_finished() {
            std::thread::yield_now();
        }
    }
}

/// Threads and descriptors of this process.
fn resources() -> (usize, usize) {
    let count = |what: &str| {
        std::fs::read_dir(format!("/proc/self/{what}"))
            .unwrap()
            .count()
    };
    (count("task"), count("fd"))
}

/// Run in a process of its own by the test below: threads of other tests would count, too.
#[test]
#[ignore = "run by `nothing_is_left_behind`"]
fn in_a_process_of_its_own() {
    let before = resources();
    for round in 0..20 {
        for runtime in both(|builder| {
            builder.watchdog(LONG);
        }) {
            let (release, released) = mpsc::channel::<()>();
            runtime.spawn_blocking(move || released.recv_timeout(LONG));
            runtime.block_on(async {
                let listener = selkie::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                let address = listener.local_addr().unwrap();
                selkie::spawn(async move { listener.accept().await });
                selkie::net::TcpStream::connect(address).await.unwrap();
            });
            if round % 2 == 0 {
                let _report = runtime.shutdown_with_report(Duration::from_millis(1));
                release.send(()).ok();
            } else {
                release.send(()).ok();
                drop(runtime);
            }
        }
    }
    let deadline = Instant::now() + LONG;
    while resources() != before && Instant::now() < deadline {
        std::thread::yield_now();
    }
    assert_eq!(resources(), before, "(threads, descriptors)");
}

#[test]
fn nothing_is_left_behind() {
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "shutdown::in_a_process_of_its_own", "--ignored"])
        .args(["--test-threads", "1"])
        .status()
        .unwrap();
    assert!(status.success());
}
