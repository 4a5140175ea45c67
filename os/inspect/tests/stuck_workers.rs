//! A runtime that does nothing any more, as it is seen from outside.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::client::{get, inspected};

/// Ends the polls that hold the workers, also when a test fails.
struct ReleaseGuard(Arc<AtomicBool>);

impl Drop for ReleaseGuard {
    fn drop(&mut self) {
        // Relaxed: the polls look again and again.
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_runtime_whose_workers_are_all_stuck_is_shown() {
    let (runtime, _inspector, at) = inspected();
    let (released, running) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let release = ReleaseGuard(Arc::clone(&released));
    for _ in 0..2 {
        let (released, running) = (Arc::clone(&released), Arc::clone(&running));
        let spin = async move {
            running.fetch_add(1, Ordering::Relaxed);
            while !released.load(Ordering::Relaxed) {
                std::hint::spin_loop();
            }
        };
        let name = selkie::task::Builder::new().name("spinner");
        name.spawn_on(spin, runtime.handle()).unwrap();
    }
    while running.load(Ordering::Relaxed) < 2 {
        std::thread::yield_now();
    }
    let _queued = runtime.spawn(async {});
    assert_eq!(get(at, "/").status, 200);
    let metrics = get(at, "/metrics").body;
    assert!(
        metrics.contains("selkie_tasks_alive{runtime=\"sea\"} 3\n"),
        "{metrics}"
    );
    let dump = get(at, "/dump").json();
    assert_eq!(dump["stuck_workers"], serde_json::json!([0, 1]));
    let states = |state: &str| {
        let tasks = dump["tasks"].as_array().unwrap();
        tasks.iter().filter(|task| task["state"] == state).count()
    };
    assert_eq!((states("running"), states("untraced")), (2, 1), "{dump}");
    assert_eq!(dump["tasks"][0]["name"], "spinner");
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        let calls = dump["tasks"][0]["traces"][0].to_string();
        assert!(calls.contains("stuck_workers.rs"), "{calls}");
    }
    assert!(dump["tasks"][0]["poll_seconds"].as_f64().unwrap() > 0.0);
    drop(release);
    runtime.block_on(async { selkie::spawn(async {}).await.unwrap() });
}

#[test]
fn polls_that_the_watchdog_reports_are_counted() {
    let mut builder = selkie::runtime::Builder::new_multi_thread();
    builder.worker_threads(1).enable_all().name("slow");
    builder.watchdog_with(std::time::Duration::from_millis(10), |_| {});
    let runtime = builder.build().unwrap();
    let inspector = selkie_inspect::Inspector::builder().attach(runtime.handle());
    let inspector = inspector.serve("127.0.0.1:0").unwrap();
    let at = crate::client::port(&inspector);
    let (released, release) = std::sync::mpsc::channel::<()>();
    let stalled = runtime.spawn(async move {
        // A task that should not do this.
        let _gone = release.recv();
    });
    let figure = |name: &str| {
        let stats = get(at, "/api/stats").json();
        stats["figures"][name].as_f64().unwrap()
    };
    while figure("stalled_polls_total") < 1.0 {
        std::thread::yield_now();
    }
    assert!(figure("longest_stalled_poll_seconds") >= 0.01);
    drop(released);
    runtime.block_on(stalled).unwrap();
}
