//! What each path answers.

use std::future::{pending, poll_fn};
use std::io::Write;
use std::process::{Command, Stdio};

use futures::executor::block_on;
use http_body::Body;
use selkie_inspect::Inspector;

use crate::client::{get, inspected, port, runtime, send};

/// Fails if promtool, where it is installed, finds fault with `metrics`.
fn check_by_promtool(metrics: &str) {
    let mut command = Command::new("promtool");
    command.args(["check", "metrics"]);
    command.stdin(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut promtool) = command.spawn() else {
        eprintln!("promtool is not installed: the format is not checked by it");
        return;
    };
    let mut input = promtool.stdin.take().unwrap();
    input.write_all(metrics.as_bytes()).unwrap();
    drop(input);
    let output = promtool.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
}

#[test]
fn metrics_are_prometheus_text() {
    let (runtime, inspector, at) = inspected();
    let other = crate::client::runtime("land\"\\\n");
    inspector.attach(other.handle());
    runtime.block_on(async {
        for _ in 0..100 {
            selkie::spawn(async {}).await.unwrap();
        }
    });
    let metrics = runtime.metrics();
    while metrics.worker_poll_count(0) + metrics.worker_poll_count(1) < 100 {
        std::thread::yield_now();
    }
    let answer = get(at, "/metrics");
    assert_eq!(answer.status, 200);
    assert!(
        answer
            .head
            .contains("content-type: text/plain; version=0.0.4"),
        "{}",
        answer.head
    );
    check_by_promtool(&answer.body);
    let value = |series: &str| -> f64 {
        let line = answer.body.lines().find(|line| line.starts_with(series));
        let line = line.unwrap_or_else(|| panic!("no {series} in {}", answer.body));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    assert_eq!(value("selkie_workers{runtime=\"sea\"}"), 2.0);
    assert_eq!(value("selkie_tasks_spawned_total{runtime=\"sea\"}"), 100.0);
    assert_eq!(
        value("selkie_tasks_spawned_total{runtime=\"land\\\"\\\\\\n\"}"),
        0.0
    );
    let polls = |worker| {
        value(&format!(
            "selkie_worker_polls_total{{runtime=\"sea\",worker=\"{worker}\"}}"
        ))
    };
    assert!(polls(0) + polls(1) >= 100.0);
    assert_eq!(
        value("selkie_poll_duration_seconds_count{runtime=\"sea\"}"),
        100.0
    );
    let last = "selkie_poll_duration_seconds_bucket{runtime=\"sea\",le=\"+Inf\"}";
    assert_eq!(value(last), 100.0);
    assert!(value("selkie_poll_duration_seconds_sum{runtime=\"sea\"}") > 0.0);
    assert_eq!(
        value("selkie_schedule_latency_seconds_count{runtime=\"sea\"}"),
        100.0
    );
    assert_eq!(
        answer
            .body
            .matches("# TYPE selkie_worker_polls_total counter")
            .count(),
        1
    );
}

#[test]
fn the_page_needs_nothing_else() {
    let (_runtime, _inspector, at) = inspected();
    let page = get(at, "/");
    assert_eq!(page.status, 200);
    assert!(page.head.contains("content-type: text/html; charset=utf-8"));
    assert!(page.head.contains("default-src 'none'; script-src 'nonce-"));
    assert!(page.body.starts_with("<!doctype html>") && page.body.ends_with("</html>\n"));
    for outside in ["src=\"http", "href=\"http", "@import", "url(", "innerHTML"] {
        assert!(!page.body.contains(outside), "{outside}");
    }
    assert!(!page.body.contains("NONCE"));
    let nonce = page
        .head
        .split("'nonce-")
        .nth(1)
        .unwrap()
        .split('\'')
        .next()
        .unwrap();
    assert_eq!(page.body.matches(&format!("nonce=\"{nonce}\"")).count(), 2);
    assert!(!get(at, "/").body.contains(nonce), "a number is used once");
}

#[test]
fn stats_have_the_figures_of_one_runtime() {
    let (runtime, inspector, at) = inspected();
    let other = crate::client::runtime("land");
    inspector.attach(other.handle());
    let _task = runtime.spawn(pending::<()>());
    let stats = get(at, "/api/stats").json();
    assert_eq!(stats["runtime"], "sea");
    assert_eq!(stats["figures"]["tasks_alive"], 1.0);
    assert_eq!(stats["workers"].as_array().unwrap().len(), 2);
    assert!(stats["workers"][0]["busy_seconds_total"].is_number());
    assert!(stats["poll_duration"]["buckets"][0][0].is_number());
    assert_eq!(stats["runtimes"][1]["label"], "land");
    assert_eq!(stats["runtimes"][1]["flavor"], "MultiThread");
    let land = get(at, "/api/stats?runtime=land").json();
    assert_eq!(
        (&land["runtime"], &land["figures"]["tasks_alive"]),
        (&"land".into(), &0.0.into())
    );
    let none = get(at, "/api/stats?runtime=sky");
    assert_eq!(
        (none.status, &*none.body),
        (404, "no runtime \"sky\"; there are: sea, land\n")
    );
}

#[test]
fn other_paths_and_methods_get_clear_answers() {
    let (_runtime, _inspector, at) = inspected();
    let missing = get(at, "/metrics/");
    assert_eq!(missing.status, 404);
    assert!(
        missing.body.contains("there are /, /metrics, "),
        "{}",
        missing.body
    );
    let post = format!("POST /metrics HTTP/1.1\r\nhost: {at}\r\ncontent-length: 2\r\n\r\nhi");
    let refused = send(at, &post);
    assert_eq!(refused.status, 405);
    assert!(
        refused.head.contains("allow: get, head"),
        "{}",
        refused.head
    );
    let head = format!("HEAD /metrics HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\n\r\n");
    let head = send(at, &head);
    assert_eq!((head.status, &*head.body), (200, ""));
    assert!(!head.head.contains("content-length: 0"), "{}", head.head);
}

#[test]
fn a_request_costs_the_runtime_nothing() {
    let (runtime, _inspector, at) = inspected();
    let metrics = runtime.metrics();
    // A worker counts its sleep when it is among the sleepers already.
    let is_asleep = |worker| metrics.worker_park_count(worker) > 0;
    while metrics.num_sleeping_workers() < 2 || !(is_asleep(0) && is_asleep(1)) {
        std::thread::yield_now();
    }
    let figures = || {
        let of = |worker| {
            (
                metrics.worker_poll_count(worker),
                metrics.worker_park_count(worker),
            )
        };
        (of(0), of(1), metrics.spawned_tasks_count())
    };
    let before = figures();
    for path in ["/", "/metrics", "/api/stats"] {
        assert_eq!(get(at, path).status, 200);
    }
    assert_eq!(figures(), before);
}

#[test]
fn a_service_answers_without_a_socket() {
    use tower_service::Service;

    let runtime = runtime("sea");
    let inspector = Inspector::builder()
        .attach(runtime.handle())
        .start()
        .unwrap();
    assert!(inspector.address().is_none());
    let mut service = inspector.service();
    drop(inspector);
    let request = http::Request::builder()
        .uri("/metrics")
        .body("of any type")
        .unwrap();
    // Whoever waits needs no runtime of any kind.
    let answer = block_on(service.call(request)).unwrap();
    assert_eq!(answer.status(), 200);
    let mut body = Box::pin(answer.into_body());
    let length = body.size_hint().exact();
    let frame = poll_fn(|cx| body.as_mut().poll_frame(cx));
    let bytes = block_on(frame).unwrap().unwrap().into_data().unwrap();
    assert!(bytes.starts_with(b"# HELP selkie_build_info"));
    assert_eq!(length, Some(bytes.len() as u64));
    assert!(body.is_end_stream());
}

#[test]
fn the_runtime_of_the_caller_is_shown() {
    let error = selkie_inspect::serve("127.0.0.1:0").unwrap_err();
    assert_eq!(error.to_string(), "the calling thread is in no runtime");
    let runtime = runtime("own");
    let inspector = runtime
        .block_on(async { selkie_inspect::serve("localhost:0") })
        .unwrap();
    let stats = get(port(&inspector), "/api/stats").json();
    assert_eq!(stats["runtime"], "own");
}
