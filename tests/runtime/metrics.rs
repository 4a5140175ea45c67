//! What a runtime says of its workers' timers, reactors and rings, and of the memory of tasks.

use std::time::Duration;

use selkie::net::{TcpListener, TcpStream};
use selkie::runtime::{Builder, Handle, RuntimeMetrics};
use selkie::task::yield_now;
use selkie::time::sleep;

/// What a block of slots has.
const BLOCK: usize = 32 * 1024;

fn metrics() -> RuntimeMetrics {
    Handle::current().metrics()
}

#[selkie::test]
async fn timers_are_counted_per_worker() {
    assert_eq!(metrics().worker_timer_count(0), 0);
    let task = selkie::spawn(sleep(Duration::from_secs(3600)));
    yield_now().await;
    assert_eq!(metrics().worker_timer_count(0), 1);
    task.abort();
    let _cancelled = task.await;
    assert_eq!(metrics().worker_timer_count(0), 0);
}

#[selkie::test]
async fn watched_sources_and_their_events_are_counted_per_worker() {
    let before = metrics();
    let (sources, events) = (
        before.worker_io_source_count(0),
        before.worker_io_ready_count(0),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let accept = selkie::spawn(async move { listener.accept().await.unwrap() });
    yield_now().await;
    assert_eq!(metrics().worker_io_source_count(0), sources + 1);
    let _client = TcpStream::connect(address).await.unwrap();
    let _server = accept.await.unwrap();
    assert!(metrics().worker_io_ready_count(0) > events);
}

#[selkie::test]
async fn memory_of_tasks_grows_by_blocks() {
    let before = metrics().task_memory_bytes();
    assert_eq!(before % BLOCK, 0);
    let tasks: Vec<_> = (0..10_000)
        .map(|_| selkie::spawn(std::future::pending::<()>()))
        .collect();
    let after = metrics().task_memory_bytes();
    assert_eq!(after % BLOCK, 0);
    // A slot has 32 bytes at least.
    assert!(
        after - before >= tasks.len() * 32 - BLOCK,
        "{before}, {after}"
    );
    tasks.iter().for_each(selkie::task::JoinHandle::abort);
}

#[test]
fn each_worker_has_a_reactor_where_there_are_three() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(3)
        .enable_all()
        .build()
        .unwrap();
    let metrics = runtime.metrics();
    for worker in 0..3 {
        // Asked of each; only the first has a poller before there is a source.
        let _sources = metrics.worker_io_source_count(worker);
        assert_eq!(metrics.worker_timer_count(worker), 0);
        assert_eq!(metrics.worker_ring_in_flight(worker), None);
    }
    assert!(format!("{metrics:?}").contains("ring_in_flight: None"));
}

#[test]
#[should_panic(expected = "worker 1 of 1 workers")]
fn one_worker_too_many_is_refused() {
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.metrics().worker_timer_count(1);
}
