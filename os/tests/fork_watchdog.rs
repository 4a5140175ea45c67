//! A fork at the moment at which the parent's watchdog waits for the stack of a thread: the child's watchdog has stacks.
#![cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64"),
    feature = "taskdump"
))]
#![allow(unsafe_code)]

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use selkie::runtime::dump::NoStack;
use selkie::runtime::{Builder, Runtime};

const THRESHOLD: Duration = Duration::from_millis(20);
const LONG: Duration = Duration::from_secs(20);

/// A runtime, and what its watchdog says of stacks.
fn watched() -> (Runtime, mpsc::Receiver<Option<NoStack>>) {
    let (report, reports) = mpsc::channel();
    let runtime = Builder::new_current_thread()
        .watchdog_with(THRESHOLD, move |stalled| {
            let _gone = report.send(stalled.stack().err());
        })
        .build();
    (runtime.unwrap(), reports)
}

/// What the child does; its exit status.
fn in_the_child() -> i32 {
    let (runtime, reports) = watched();
    let report = runtime.block_on(async { reports.recv_timeout(LONG) });
    match report {
        Ok(None) => 0,
        Ok(Some(_)) => 1,
        Err(_) => 2,
    }
}

/// Waits for the child's end, within a limit.
fn status_of(child: libc::pid_t) -> i32 {
    let begun = Instant::now();
    let mut status = -1;
    while begun.elapsed() < 2 * LONG {
        // SAFETY: `child` is a child of this process, and `status` lives.
        if unsafe { libc::waitpid(child, &mut status, libc::WNOHANG) } == child {
            return status;
        }
        thread::sleep(THRESHOLD);
    }
    // SAFETY: as above.
    unsafe { libc::kill(child, libc::SIGKILL) };
    panic!("the child waits for somebody who is in the parent");
}

#[test]
fn a_child_has_stacks_though_its_parent_was_taking_one() {
    let (runtime, reports) = watched();
    let over = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&over);
    let (blocked, is_blocked) = mpsc::channel();
    let stalled = thread::spawn(move || {
        // SAFETY: zeros are a set of signals.
        let mut set: libc::sigset_t = unsafe { std::mem::zeroed() };
        // SAFETY: a set, and a signal.
        unsafe { libc::sigaddset(&mut set, libc::SIGURG) };
        // SAFETY: a set; this thread's mask alone changes.
        unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &set, std::ptr::null_mut()) };
        runtime.block_on(async {
            blocked.send(()).unwrap();
            while !stop.load(Ordering::Relaxed) {
                thread::sleep(THRESHOLD);
            }
        });
    });
    is_blocked.recv_timeout(LONG).unwrap();
    // The signal has been sent, and nobody answers it for half a second.
    thread::sleep(6 * THRESHOLD);
    // SAFETY: this test is the only one of its process; what its threads do at this moment the child does not use.
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "{}", io::Error::last_os_error());
    if child == 0 {
        let status = in_the_child();
        // SAFETY: it ends the child without what the parent registered for its own end.
        unsafe { libc::_exit(status) };
    }
    let status = status_of(child);
    over.store(true, Ordering::Relaxed);
    stalled.join().unwrap();
    assert_eq!(reports.recv_timeout(LONG).unwrap(), Some(NoStack::NoAnswer));
    assert_eq!(status, 0);
}
