//! A mutex that was granted to a future which its task does not poll any more.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use selkie::sync::Mutex;
use selkie::time::{interval, sleep, timeout};

use crate::flavors::both;

const LONG: Duration = Duration::from_secs(30);

/// Queues for a mutex, puts that future aside, and polls another wait with a ticker until a timer drops
/// the first.
async fn wait_beside_a_forgotten_one() {
    let mutex = Arc::new(Mutex::new(1));
    let held = mutex.lock().await;
    let mut aside = Some(Box::pin(Arc::clone(&mutex).lock_owned()));
    {
        let first = aside.as_mut().expect("just made");
        let polled = timeout(Duration::ZERO, first).await;
        assert!(polled.is_err(), "the mutex is held");
    }
    let second = mutex.lock();
    let mut second = std::pin::pin!(second);
    assert!(timeout(Duration::ZERO, &mut second).await.is_err());
    drop(held);
    let mut end = std::pin::pin!(sleep(Duration::from_millis(30)));
    let mut ticks = interval(Duration::from_millis(1));
    let guard = loop {
        selkie::select! {
            biased;
            guard = &mut second => break guard,
            () = &mut end, if aside.is_some() => drop(aside.take()),
            _ = ticks.tick() => {}
        }
    };
    assert_eq!(*guard, 1);
}

/// Regression 43: debug builds panicked in a program that only waits.
#[test]
fn regression_43_a_timer_drops_the_forgotten_wait() {
    for runtime in both(|_| ()) {
        runtime.block_on(async {
            let waits = timeout(LONG, wait_beside_a_forgotten_one());
            waits.await.expect("the timer drops the first wait");
        });
    }
}

/// Run in a process of its own by the test below.
#[test]
#[ignore = "run by `a_forgotten_wait_is_named_once`"]
fn forgets_a_wait() {
    for runtime in both(|_| ()).take(1) {
        runtime.block_on(wait_beside_a_forgotten_one());
    }
}

#[test]
fn a_forgotten_wait_is_named_once() {
    let done = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "abandoned_waiter::forgets_a_wait", "--ignored"])
        .arg("--nocapture")
        .output()
        .unwrap();
    assert!(done.status.success());
    let text = String::from_utf8_lossy(&done.stderr);
    let told = text.matches("selkie: a task waits for a mutex").count();
    assert_eq!(told, usize::from(cfg!(debug_assertions)), "{text}");
}
