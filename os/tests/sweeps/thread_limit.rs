//! Locks that are waited for where the system gives no thread.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use libc::{EAGAIN, SYS_clone3};
use selkie::fs::{self, File};
use selkie::runtime::Builder;

use super::argument::argument;
use super::faults;
use super::watchdog::Watchdog;
use crate::fixture::{TempDir, run_part};

#[test]
fn a_lock_is_waited_for_without_the_timer_thread() {
    let directory = TempDir::new("threadless");
    let at = directory.path().join("file");
    let output = run_part(&["env"], "thread_limit::waits", &at).unwrap();
    println!("{}", String::from_utf8_lossy(&output.stdout));
    assert!(output.status.success(), "{output:?}");
}

#[test]
#[ignore = "a part of a_lock_is_waited_for_without_the_timer_thread, which takes threads away"]
fn waits() {
    let Some((at, word)) = argument() else { return };
    let Some(faults) = faults() else { return };
    let path = at.join(word);
    let watchdog = Watchdog::new();
    let runtime = Builder::new_current_thread()
        .max_blocking_threads(1)
        .build()
        .unwrap();
    let (held, waiting) = runtime.block_on(async {
        // The pool has its thread by then.
        fs::write(&path, "").await.unwrap();
        let held = std::fs::File::open(&path).unwrap();
        held.lock().unwrap();
        (held, File::open(&path).await.unwrap())
    });
    faults.refuse(SYS_clone3, EAGAIN);
    if std::thread::Builder::new().spawn(|| ()).is_ok() {
        return println!("skipped: threads are made by another call");
    }
    watchdog.begin("a lock");
    runtime.block_on(async {
        let mut lock = pin!(waiting.lock());
        let polled = lock.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
        held.unlock().unwrap();
        lock.await.unwrap();
    });
    assert!(held.try_lock().is_err(), "it has the lock");
}
