//! The `serve` example over loopback: axum, tower-http, tungstenite; reqwest asks.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use futures::{SinkExt, StreamExt};
use selkie_inspect::Inspector;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;

/// A server on a free port, until told to stop.
struct Server {
    at: SocketAddr,
    stop: oneshot::Sender<()>,
    done: JoinHandle<std::io::Result<()>>,
}

impl Server {
    async fn start() -> Self {
        let inspector = Inspector::builder().start().unwrap();
        Self::with(selkie_serve::routes::router(inspector.service())).await
    }

    async fn with(router: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let done = tokio::spawn(async move {
            axum::serve(listener, router)
                .with_graceful_shutdown(async move { drop(stopped.await) })
                .await
        });
        Self { at, stop, done }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.at)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn json_file_errors_and_a_limit() {
    let server = Server::start().await;
    let client = reqwest::Client::new();
    let hello: Value = client
        .get(server.url("/api/hello?name=sea"))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(hello, json!({ "hello": "sea", "runtime": "selkie" }));

    let file = client.get(server.url("/file")).send().await.unwrap();
    assert_eq!(file.headers()["content-type"], "text/plain");
    assert!(
        file.text()
            .await
            .unwrap()
            .starts_with("A selkie lives in the sea")
    );
    let range = client
        .get(server.url("/file"))
        .header("range", "bytes=2-7")
        .send()
        .await
        .unwrap();
    assert_eq!(
        (range.status().as_u16(), range.text().await.unwrap()),
        (206, "selkie".into())
    );

    let missing = client.get(server.url("/no/such")).send().await.unwrap();
    assert_eq!(missing.status(), 404);
    let bad = client
        .post(server.url("/api/burst?tasks=zero"))
        .send()
        .await
        .unwrap();
    assert_eq!(bad.status(), 400);
    let burst: Value = client
        .post(server.url("/api/burst?tasks=5000"))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(burst["tasks"], 5_000);

    let slept = client.get(server.url("/slow?ms=20")).send().await.unwrap();
    assert_eq!(slept.status(), 200);
    let started = Instant::now();
    let cut = client
        .get(server.url("/slow?ms=60000"))
        .send()
        .await
        .unwrap();
    assert_eq!(cut.status(), 504);
    assert!(started.elapsed() >= Duration::from_secs(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_and_its_figures() {
    let server = Server::start().await;
    let client = reqwest::Client::new();
    let page = client
        .get(server.url("/"))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(page.contains("Selkie at work") && !page.contains("src=\"http"));
    let read = || async {
        let answer = client.get(server.url("/api/stats")).send().await.unwrap();
        answer.json::<Value>().await.unwrap()
    };
    let (before, after) = (read().await, read().await);
    let polls = |stats: &Value| -> f64 {
        let workers = stats["workers"].as_array().unwrap().iter();
        workers.map(|w| w["polls_total"].as_f64().unwrap()).sum()
    };
    let figure = |stats: &Value, name: &str| stats["figures"][name].as_f64().unwrap();
    assert_eq!(after["workers"].as_array().unwrap().len(), 2);
    assert!(polls(&after) > polls(&before), "{before} {after}");
    let events = |stats| figure(stats, "io_ready_events_total");
    assert!(events(&after) > events(&before), "{before} {after}");
    assert!(figure(&after, "tasks_alive") > 0.0);
}

#[tokio::test]
async fn a_websocket_echoes() {
    let server = Server::start().await;
    let (mut socket, answer) = tokio_tungstenite::connect_async(format!("ws://{}/ws", server.at))
        .await
        .unwrap();
    assert_eq!(answer.status(), 101);
    for size in [0, 1, 125, 126, 70_000] {
        let text = "~".repeat(size);
        socket.send(Message::text(text.clone())).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), Message::text(text));
    }
    socket.close(None).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_in_flight_finish_after_the_stop() {
    let (reached, hold) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let router = Router::new().route("/", {
        let (reached, hold) = (reached.clone(), hold.clone());
        get(move || async move {
            reached.notify_one();
            hold.notified().await;
            "done"
        })
    });
    let server = Server::with(router).await;
    let slow = tokio::spawn(reqwest::get(server.url("/")));
    reached.notified().await;
    server.stop.send(()).unwrap();
    tokio::task::yield_now().await;
    hold.notify_one();
    assert_eq!(slow.await.unwrap().unwrap().text().await.unwrap(), "done");
    tokio::time::timeout(Duration::from_secs(10), server.done)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert!(
        reqwest::get(format!("http://{}/", server.at))
            .await
            .is_err()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_clients_at_once() {
    let server = Server::start().await;
    let client = reqwest::Client::new();
    let requests = futures::stream::iter(0..500).map(|number| {
        let request = client
            .get(server.url(&format!("/api/hello?name={number}")))
            .send();
        async move {
            let hello: Value = request.await.unwrap().json().await.unwrap();
            assert_eq!(hello["hello"], number.to_string());
        }
    });
    requests.buffer_unordered(64).collect::<()>().await;
}
