//! A process that listens to no signal has no pipe for them.
#![cfg(target_os = "linux")]

use selkie::runtime::Builder;
use selkie::signal::unix::{SignalKind, signal};

/// How many sockets this process has open.
fn sockets() -> usize {
    std::fs::read_dir("/proc/self/fd")
        .unwrap()
        .filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok())
        .filter(|target| target.to_string_lossy().starts_with("socket:"))
        .count()
}

#[test]
fn the_pipe_is_made_by_the_first_listener() {
    let before = sockets();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    assert_eq!(sockets(), before);
    let listener = runtime.block_on(async { signal(SignalKind::hangup()) });
    assert_eq!(sockets(), before + 2);
    let other = Builder::new_current_thread().enable_all().build().unwrap();
    let second = other.block_on(async { signal(SignalKind::hangup()) });
    assert_eq!(sockets(), before + 2, "one pair serves the process");
    drop((listener, second));
}
