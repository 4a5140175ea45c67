//! Cases that need a clock.

use std::future::Future;
use std::time::{Duration, Instant};

use tokio::runtime::Builder;
use tokio::time;

use crate::cases::Case;

/// The cases.
pub(crate) fn all() -> Vec<Case> {
    vec![
        Case::passes("sleeps end in order, none early", sleeps),
        Case::passes("a timeout ends a wait", timeout),
        Case::passes("an interval ticks", interval),
        Case::passes("a paused clock goes on by itself", paused),
    ]
}

fn block_on<F: Future>(paused: bool, future: F) -> F::Output {
    Builder::new_current_thread()
        .enable_time()
        .start_paused(paused)
        .build()
        .expect("a runtime")
        .block_on(future)
}

fn sleeps() {
    let start = Instant::now();
    block_on(false, async {
        let long = tokio::spawn(time::sleep(Duration::from_millis(30)));
        time::sleep(Duration::from_millis(10)).await;
        assert!(start.elapsed() >= Duration::from_millis(10));
        assert!(!long.is_finished());
        long.await.expect("a task that returns");
    });
    assert!(start.elapsed() >= Duration::from_millis(30));
}

fn timeout() {
    block_on(false, async {
        let never = std::future::pending::<()>();
        time::timeout(Duration::from_millis(5), never)
            .await
            .expect_err("nothing comes");
    });
}

fn interval() {
    block_on(false, async {
        let mut interval = time::interval(Duration::from_millis(2));
        let start = interval.tick().await;
        for _ in 0..5 {
            interval.tick().await;
        }
        assert!(start.elapsed() >= Duration::from_millis(10));
    });
}

fn paused() {
    let start = Instant::now();
    block_on(true, async { time::sleep(Duration::from_secs(3600)).await });
    assert!(start.elapsed() < Duration::from_secs(60));
}
