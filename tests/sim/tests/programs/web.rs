//! A web service of axum with a client of reqwest.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use reqwest::Client;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use super::setting::{disturb, ends, seeds};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Order {
    item: String,
    count: u64,
}

#[derive(Default)]
struct Service {
    sold: AtomicU64,
    closes: Notify,
}

async fn sell(State(shop): State<Arc<Service>>, Json(order): Json<Order>) -> Json<u64> {
    let before = shop.sold.fetch_add(order.count, Ordering::SeqCst);
    Json(before + order.count)
}

async fn close(State(shop): State<Arc<Service>>) -> &'static str {
    shop.closes.notify_one();
    // Answered after the service takes no more connections.
    tokio::time::sleep(Duration::from_secs(2)).await;
    "closed"
}

async fn serve() {
    let shop = Arc::new(Service::default());
    let app = Router::new()
        .route(
            "/greet/{name}",
            get(|Path(name): Path<String>| async move { format!("hello, {name}") }),
        )
        .route("/orders", post(sell))
        .route("/close", post(close))
        .with_state(shop.clone());
    let listener = TcpListener::bind("0.0.0.0:3000").await.unwrap();
    axum::serve(listener, app)
        .with_graceful_shutdown(async move { shop.closes.notified().await })
        .await
        .unwrap();
}

async fn shop() {
    let client = Client::new();
    let greeting = client
        .get("http://server:3000/greet/ann")
        .send()
        .await
        .unwrap();
    assert_eq!(greeting.text().await.unwrap(), "hello, ann");
    let orders = (1..=10).map(|count| {
        let (client, item) = (client.clone(), String::from("tea"));
        tokio::spawn(async move {
            let sent = client
                .post("http://server:3000/orders")
                .json(&Order { item, count })
                .send();
            sent.await.unwrap().json::<u64>().await.unwrap()
        })
    });
    let mut most = 0;
    for order in orders.collect::<Vec<_>>() {
        most = most.max(order.await.unwrap());
    }
    assert_eq!(most, 55);
    let closed = client
        .post("http://server:3000/close")
        .send()
        .await
        .unwrap();
    assert_eq!(closed.text().await.unwrap(), "closed");
    tokio::time::sleep(Duration::from_secs(1)).await;
    client
        .get("http://server:3000/greet/bob")
        .send()
        .await
        .unwrap_err();
}

#[test]
fn a_service_sells_and_closes() {
    seeds().run(|world| async move {
        let server = world.host("server").start(serve);
        world.sleep(Duration::from_secs(1)).await;
        let client = world.host("client").start(shop);
        ends(&world, &client, Duration::from_secs(30)).await;
        ends(&world, &server, Duration::from_secs(30)).await;
    });
}

/// Each order is repeated until it is answered, as often as that takes.
async fn insist() {
    let client = Client::builder()
        .timeout(Duration::from_secs(1))
        .build()
        .unwrap();
    let mut answered = 0;
    while answered < 30 {
        let order = Order {
            item: String::from("tea"),
            count: 1,
        };
        if let Ok(answer) = client
            .post("http://server:3000/orders")
            .json(&order)
            .send()
            .await
        {
            if let Ok(sold) = answer.json::<u64>().await {
                answered += 1;
                assert!(sold >= answered, "{sold} sold, {answered} answered");
            }
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[test]
fn a_service_sells_in_spite_of_faults() {
    seeds().run(|world| async move {
        let server = world.host("server").start(serve);
        let client = world.host("client").start(insist);
        disturb(&world, &[&server, &client]).await;
        ends(&world, &client, Duration::from_secs(120)).await;
    });
}
