//! metrics-exporter-prometheus, which serves what a program counts, and what tokio-metrics tells it of the runtime.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_metrics::RuntimeMetricsReporterBuilder;

/// The longest that a metric is waited for.
const LIMIT: Duration = Duration::from_secs(60);

/// An address that was free a moment ago.
async fn free_address() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    listener.local_addr().unwrap()
}

/// What the exporter answers.
async fn scrape(address: SocketAddr) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// The value of `name` in the exporter's answer.
fn value(answer: &str, name: &str) -> Option<f64> {
    let line = answer.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().parse().ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_exporter_serves_figures_of_the_runtime() {
    let address = free_address().await;
    PrometheusBuilder::new()
        .with_http_listener(address)
        .install()
        .unwrap();
    let reporter =
        RuntimeMetricsReporterBuilder::default().with_interval(Duration::from_millis(10));
    let reporter = tokio::spawn(reporter.describe_and_run());
    let answered = async {
        loop {
            let answer = scrape(address).await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
            let polls = value(&answer, "tokio_total_polls_count");
            if polls.is_some_and(|polls| polls > 0.0) {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let answer = tokio::time::timeout(LIMIT, answered).await.unwrap();
    assert_eq!(value(&answer, "tokio_workers_count"), Some(2.0), "{answer}");
    reporter.abort();
}
