//! The files of recordings: written on a signal, at a panic, for a long poll, on request.
#![cfg(all(feature = "full", feature = "trace-events"))]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use selkie::runtime::{Builder, RecordingConfig};
use selkie::sync::Notify;
use selkie::task;
use serde_json::Value;

#[cfg(unix)]
#[test]
fn a_file_is_written_on_a_signal() {
    let folder = folder("signal");
    let mut builder = Builder::new_multi_thread();
    builder
        .worker_threads(1)
        .record_events(RecordingConfig::new());
    let kind = selkie::signal::unix::SignalKind::user_defined2();
    builder.write_recording_on_signal(kind, &folder);
    let runtime = builder.build().expect("it builds");
    for _ in 0..5 {
        runtime
            .block_on(runtime.spawn(task::yield_now()))
            .expect("it ends");
    }
    let me = std::process::id().to_string();
    let killed = std::process::Command::new("kill")
        .args(["-USR2", &me])
        .status();
    assert!(killed.expect("it is there").success());
    let limit = Instant::now() + Duration::from_secs(10);
    let whole = |path: &PathBuf| {
        path.extension()
            .is_some_and(|extension| extension == "json")
    };
    let written = loop {
        // The files are all that there is to see of another thread's work.
        if let Some(path) = files(&folder).into_iter().find(whole) {
            break path;
        }
        assert!(Instant::now() < limit, "no file");
        std::thread::yield_now();
    };
    assert_is_trace(&written);
    std::fs::remove_dir_all(&folder).expect("it is gone");
}

/// A folder of this test's own, empty.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("selkie-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("it is made");
    folder
}

fn files(folder: &PathBuf) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("it is there");
    entries
        .map(|entry| entry.expect("it is read").path())
        .collect()
}

fn assert_is_trace(path: &PathBuf) {
    let text = std::fs::read(path).expect("it is there");
    let file: Value = serde_json::from_slice(&text).expect("it is JSON");
    assert!(
        file["traceEvents"]
            .as_array()
            .is_some_and(|all| all.len() > 5)
    );
}

#[test]
fn a_file_is_written_when_something_panics_or_stalls() {
    let folder = folder("recordings");
    let mut config = RecordingConfig::new();
    config.write_on_panic(&folder).write_on_stall(&folder);
    let stuck = Arc::new(Notify::new());
    let reported = Arc::clone(&stuck);
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(2).enable_all();
    builder.watchdog_with(Duration::from_millis(5), move |_| reported.notify_one());
    let runtime = builder.build().expect("it builds");
    let recording = runtime.handle().start_recording(&config);
    assert!(runtime.handle().recording().is_some());

    let panics = runtime.spawn(async { panic!("on purpose") });
    assert!(runtime.block_on(panics).unwrap_err().is_panic());
    let is_over = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&is_over);
    let stalls = runtime.spawn(async move {
        while !theirs.load(Ordering::Relaxed) {
            std::thread::yield_now();
        }
    });
    runtime.block_on(stuck.notified());
    is_over.store(true, Ordering::Relaxed);
    runtime.block_on(stalls).expect("it ends");

    // Five seconds have not gone by.
    let panics = runtime.spawn(async { panic!("on purpose, again") });
    assert!(runtime.block_on(panics).unwrap_err().is_panic());
    let files = files(&folder);
    for reason in ["panic", "stall"] {
        let of_reason = |path: &&PathBuf| path.to_string_lossy().contains(reason);
        assert_eq!(files.iter().filter(of_reason).count(), 1, "{files:?}");
    }
    files.iter().for_each(assert_is_trace);
    let path = folder.join("asked for.json");
    recording.write_to(&path).expect("it is written");
    assert_is_trace(&path);
    assert!(recording.write_to(folder.join("no/such")).is_err());
    std::fs::remove_dir_all(&folder).expect("it is gone");
}
