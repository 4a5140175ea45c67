//! Timers.

use std::future::pending;
use std::time::{Duration, Instant};

use selkie::task::JoinSet;
use selkie::time::{interval as every, sleep, timeout};

pub(crate) async fn thousand() {
    let mut set = JoinSet::new();
    for number in 0..1_000_u64 {
        set.spawn(async move {
            let asked = Duration::from_millis(number % 97);
            let start = Instant::now();
            sleep(asked).await;
            assert!(start.elapsed() >= asked, "a sleep ended early");
        });
    }
    while let Some(ended) = set.join_next().await {
        ended.expect("no panic");
    }
}

pub(crate) async fn interval() {
    let start = Instant::now();
    let mut ticks = every(Duration::from_millis(5));
    for _ in 0..6 {
        ticks.tick().await;
    }
    assert!(start.elapsed() >= Duration::from_millis(25));
}

pub(crate) async fn timeout_ends() {
    let waited = timeout(Duration::from_millis(5), pending::<()>()).await;
    assert!(waited.is_err());
    let ready = timeout(Duration::from_secs(5), async { 1 }).await;
    assert_eq!(ready, Ok(1));
}
