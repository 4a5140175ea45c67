//! No write that a file has accepted is lost, also when its runtime ends.
#![cfg(target_os = "linux")]

mod fixture;

use std::future::Future;
use std::path::PathBuf;
use std::sync::{Mutex, mpsc};
use std::task::Poll;
use std::time::Duration;

use selkie::fs::{self, File};
use selkie::io::AsyncWriteExt;
use selkie::runtime::Builder;
use selkie::task::coop;

use fixture::{PART, TempDir, can_trace, narrow, run_part};

/// The argument of a part; a part that nobody started has none and does nothing.
fn argument() -> Option<PathBuf> {
    std::env::var_os(PART).map(PathBuf::from)
}

#[test]
fn regression_27_a_runtime_that_stops_does_the_writes_first() {
    let directory = TempDir::new("stops-begun");
    let path = directory.0.join("file");
    let runtime = narrow();
    let file = runtime.block_on(async {
        let mut file = File::create(&path).await.unwrap();
        file.write_all(&vec![7; 100_000]).await.unwrap();
        file
    });
    drop(runtime);
    assert!(
        std::fs::read(&path).unwrap() == vec![7; 100_000],
        "not all was written"
    );
    let mut file = file;
    narrow().block_on(file.flush()).unwrap();
}

#[test]
fn regression_27_a_runtime_that_stops_does_a_write_that_waits_for_a_thread() {
    let directory = TempDir::new("stops-queued");
    let path = directory.0.join("file");
    let runtime = narrow();
    let (hold, held) = mpsc::channel::<()>();
    let (mut file, mut other) = runtime.block_on(async {
        let mut file = File::create(&path).await.unwrap();
        let other = File::create(directory.0.join("other")).await.unwrap();
        // It keeps the only thread; the write waits in the queue.
        selkie::task::spawn_blocking(move || held.recv());
        file.write_all(b"kept").await.unwrap();
        (file, other)
    });
    runtime.shutdown_background();
    drop(hold);
    narrow().block_on(file.flush()).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"kept");
    // The runtime that stopped takes no more: that is reported, not lost.
    let stopped = narrow();
    let handle = stopped.handle().clone();
    stopped.shutdown_background();
    let _context = handle.enter();
    let outcome = poll_once(other.write_all(b"lost"));
    assert!(matches!(outcome, Poll::Ready(Ok(()))));
    for _ in 0..2 {
        assert!(matches!(poll_once(other.flush()), Poll::Ready(Err(_))));
    }
}

#[test]
fn regression_27_a_runtime_that_stops_does_a_write_that_its_last_thread_left_behind() {
    let directory = TempDir::new("stops-left");
    let path = directory.0.join("file");
    let (leaves, has_left) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let released = Mutex::new(released);
    let runtime = Builder::new_current_thread()
        .max_blocking_threads(1)
        .thread_keep_alive(Duration::ZERO)
        .on_thread_stop(move || {
            leaves.send(()).ok();
            released.lock().unwrap().recv().ok();
        })
        .build()
        .unwrap();
    let file = std::fs::File::create(&path).unwrap();
    runtime.block_on(runtime.spawn_blocking(|| ())).unwrap();
    has_left.recv().unwrap();
    let mut file = runtime.block_on(async {
        let mut file = File::from_std(file);
        file.write_all(b"kept").await.unwrap();
        file
    });
    let releases = std::thread::spawn(move || {
        // The runtime stops meanwhile, as a rule.
        std::thread::sleep(Duration::from_millis(5));
        drop(release);
    });
    drop(runtime);
    assert_eq!(std::fs::read(&path).unwrap(), b"kept");
    releases.join().unwrap();
    narrow().block_on(file.flush()).unwrap();
}

fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    std::pin::pin!(future).poll(&mut cx)
}

#[test]
fn regression_27_reads_and_writes_of_nothing_are_done_at_once() {
    let directory = TempDir::new("of-nothing");
    let path = directory.0.join("file");
    narrow().block_on(async {
        let mut file = File::create(&path).await.unwrap();
        assert_eq!(file.write(&[]).await.unwrap(), 0);
        file.flush().await.unwrap();
        assert_eq!(fs::read(&path).await.unwrap(), b"");
    });
}

#[test]
fn a_file_dropped_with_unflushed_data_is_reported() {
    let directory = TempDir::new("unflushed");
    let output = run_part(&["env"], "dropped_unflushed", &directory.0).unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    let expected = usize::from(cfg!(debug_assertions));
    assert_eq!(
        told.matches("before what was written to it was flushed")
            .count(),
        expected,
        "{told}"
    );
}

#[test]
#[ignore = "a part of a_file_dropped_with_unflushed_data_is_reported"]
fn dropped_unflushed() {
    let Some(directory) = argument() else { return };
    let runtime = narrow();
    let (hold, held) = mpsc::channel::<()>();
    runtime.block_on(async {
        let mut flushed = File::create(directory.join("flushed")).await.unwrap();
        flushed.write_all(b"kept").await.unwrap();
        flushed.flush().await.unwrap();
        drop(flushed);
        let mut done = File::create(directory.join("done")).await.unwrap();
        done.write_all(b"kept").await.unwrap();
        // By the only thread, after the write.
        selkie::task::spawn_blocking(|| ()).await.unwrap();
        while coop::has_budget_remaining() {
            coop::consume_budget().await;
        }
        drop(done);
        selkie::task::yield_now().await;
        let mut unflushed = File::create(directory.join("unflushed")).await.unwrap();
        selkie::task::spawn_blocking(move || held.recv());
        unflushed.write_all(b"maybe").await.unwrap();
        drop(unflushed);
    });
    drop(hold);
}

#[test]
fn a_replaced_file_is_synced_before_its_rename_and_the_rename_before_the_end() {
    if !can_trace() {
        return;
    }
    let directory = TempDir::new("replaced-order");
    let log = directory.0.join("log");
    let traced = "trace=fsync,fdatasync,rename,renameat,renameat2";
    let launcher = ["strace", "-f", "-qq", "-y", "-e", traced, "-o"];
    let launcher = [&launcher[..], &[log.to_str().unwrap()]].concat();
    let output = run_part(&launcher, "replaces", &directory.0).unwrap();
    assert!(output.status.success());
    let told = std::fs::read_to_string(&log).unwrap();
    let called = |line: &str| {
        let call = line.split_once(' ')?.1.trim_start();
        let what = ["fsync", "rename"]
            .into_iter()
            .find(|name| call.starts_with(name))?;
        let is_directory = what == "fsync" && line.contains(&format!("{}>", directory.0.display()));
        Some((what, is_directory))
    };
    let calls: Vec<_> = told.lines().filter_map(called).collect();
    let expected = [("fsync", false), ("rename", false), ("fsync", true)];
    assert_eq!(calls, expected, "{told}");
}

#[test]
#[ignore = "a part of a_replaced_file_is_synced_before_its_rename_and_the_rename_before_the_end"]
fn replaces() {
    let Some(directory) = argument() else { return };
    narrow()
        .block_on(fs::replace(directory.join("file"), b"whole"))
        .unwrap();
}
