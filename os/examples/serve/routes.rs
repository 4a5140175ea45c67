//! What the server answers.

use std::time::{Duration, Instant};

use axum::extract::Query;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Json, Router};
use selkie_inspect::InspectService;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tower_http::services::ServeFile;

/// How long `/slow` may take before it is cut off.
const SLOW_LIMIT: Duration = Duration::from_secs(2);
/// Tasks of one `/api/burst` at most.
const MAX_BURST: u32 = 100_000;

type Parameters = Query<std::collections::HashMap<String, String>>;

/// Every route of the server. What is none of its own the inspector answers: its page is at `/`.
pub fn router(inspector: InspectService) -> Router {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/file.txt");
    Router::new()
        .route("/try", get(page))
        .route("/api/hello", get(hello))
        .route("/api/burst", post(burst))
        .route("/slow", get(slow))
        .route("/ws", any(echo))
        .route_service("/file", ServeFile::new(file))
        .fallback_service(inspector)
}

async fn page() -> Html<&'static str> {
    Html(include_str!("page.html"))
}

async fn hello(Query(query): Parameters) -> Json<serde_json::Value> {
    let name = query.get("name").map_or("world", String::as_str);
    Json(json!({ "hello": name, "runtime": "selkie" }))
}

/// Spawns `tasks` tasks that each yield a few times, and waits for all.
async fn burst(Query(query): Parameters) -> Response {
    let tasks = query
        .get("tasks")
        .map_or(Ok(10_000), |text| text.parse::<u32>());
    let Ok(tasks @ 1..=MAX_BURST) = tasks else {
        let error = json!({ "error": format!("tasks must be a number from 1 to {MAX_BURST}") });
        return (StatusCode::BAD_REQUEST, Json(error)).into_response();
    };
    let started = Instant::now();
    let mut running = JoinSet::new();
    for _ in 0..tasks {
        running.spawn(async {
            for _ in 0..4 {
                tokio::task::yield_now().await;
            }
        });
    }
    while running.join_next().await.is_some() {}
    let micros = started.elapsed().as_micros() as u64;
    Json(json!({ "tasks": tasks, "micros": micros })).into_response()
}

/// Sleeps `ms` milliseconds (5000), but is cut off after two seconds.
async fn slow(Query(query): Parameters) -> Response {
    let millis = query
        .get("ms")
        .and_then(|text| text.parse().ok())
        .unwrap_or(5_000);
    match timeout(SLOW_LIMIT, sleep(Duration::from_millis(millis))).await {
        Ok(()) => Json(json!({ "slept_ms": millis })).into_response(),
        Err(elapsed) => {
            let error = json!({ "error": elapsed.to_string(), "limit_ms": 2_000 });
            (StatusCode::GATEWAY_TIMEOUT, Json(error)).into_response()
        }
    }
}

async fn echo(upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(echo_messages)
}

async fn echo_messages(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        let answer = match message {
            Message::Text(_) | Message::Binary(_) => socket.send(message).await,
            Message::Close(_) => return,
            Message::Ping(_) | Message::Pong(_) => Ok(()),
        };
        if answer.is_err() {
            return;
        }
    }
}
