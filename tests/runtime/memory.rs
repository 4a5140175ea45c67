//! The memory of a task, measured with a million of them.

use std::process::Command;
use std::time::Duration;

use selkie::task;
use selkie::time::sleep;

const TASKS: usize = 1_000_000;
/// Bytes that an idle task, and one that sleeps, may take.
const IDLE: usize = 80;
const ASLEEP: usize = 144;

/// Resident memory of this process in bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = status.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}

/// Bytes per task when `TASKS` of them wait.
fn cost<F>(spawn: impl Fn() -> F) -> usize
where
    F: Future<Output = ()> + Send + 'static,
{
    let runtime = selkie::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let before = resident();
        for _ in 0..TASKS {
            selkie::spawn(spawn());
            // Each is polled once, so that the queue stays short.
            if task::try_id().is_none() {
                task::yield_now().await;
            }
        }
        let metrics = selkie::runtime::Handle::current().metrics();
        assert_eq!(metrics.num_alive_tasks(), TASKS);
        (resident() - before) / TASKS
    })
}

/// Run in a process of its own by the test below.
#[test]
#[ignore = "run by `a_million_tasks_fit`"]
fn a_million_idle_tasks() {
    let bytes = cost(std::future::pending);
    println!("{bytes} B an idle task");
    assert!(bytes <= IDLE, "{bytes} of {IDLE} B");
}

/// Run in a process of its own by the test below.
#[test]
#[ignore = "run by `a_million_tasks_fit`"]
fn a_million_sleeping_tasks() {
    let bytes = cost(|| sleep(Duration::from_secs(3_600)));
    println!("{bytes} B a sleeping task");
    assert!(bytes <= ASLEEP, "{bytes} of {ASLEEP} B");
}

#[test]
#[cfg(target_os = "linux")]
fn a_million_tasks_fit() {
    for test in ["a_million_idle_tasks", "a_million_sleeping_tasks"] {
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", &format!("memory::{test}"), "--ignored"])
            .status()
            .unwrap();
        assert!(status.success());
    }
}
