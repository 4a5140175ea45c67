//! tokio-metrics, unmodified.

use std::time::Duration;

use tokio_metrics::{RuntimeMonitor, TaskMonitor};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_monitor_counts_polls_and_idle_time() {
    let monitor = TaskMonitor::new();
    let mut intervals = monitor.intervals();
    let task = tokio::spawn(monitor.instrument(async {
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }));
    task.await.unwrap();
    let interval = intervals.next().unwrap();
    assert_eq!(
        (interval.instrumented_count, interval.dropped_count),
        (1, 1)
    );
    assert!(interval.total_poll_count >= 12, "{interval:?}");
    assert!(
        interval.total_idle_duration >= Duration::from_millis(1),
        "{interval:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_runtime_monitor_counts_workers_and_their_work() {
    let monitor = RuntimeMonitor::new(&tokio::runtime::Handle::current());
    let mut intervals = monitor.intervals();
    intervals.next().unwrap();
    let tasks: Vec<_> = (0..100)
        .map(|_| tokio::spawn(tokio::task::yield_now()))
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let interval = intervals.next().unwrap();
    assert_eq!(interval.workers_count, 2);
    assert!(
        interval.total_busy_duration > Duration::ZERO,
        "{interval:?}"
    );
}
