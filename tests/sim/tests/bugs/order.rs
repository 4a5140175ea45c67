//! A client that sends its order again when no answer came: the service sells twice, unless the order has a key.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::{get, post};
use selkie_sim::{Faults, World};

use super::setting::{ask, client, finds, passes, serve};

const KEY: &str = "idempotency-key";
const COUNT: u64 = 30;

#[derive(Default)]
struct Orders {
    sold: u64,
    keys: BTreeSet<String>,
}

async fn sell(State(shop): State<Arc<Mutex<Orders>>>, headers: HeaderMap) {
    let mut shop = shop.lock().unwrap();
    let key = headers.get(KEY).map(|key| key.to_str().unwrap().to_owned());
    if key.is_none_or(|key| shop.keys.insert(key)) {
        shop.sold += 1;
    }
}

async fn server() {
    let shop = Arc::new(Mutex::new(Orders::default()));
    let sold = |State(shop): State<Arc<Mutex<Orders>>>| async move {
        shop.lock().unwrap().sold.to_string()
    };
    serve(
        Router::new()
            .route("/orders", post(sell))
            .route("/sold", get(sold))
            .with_state(shop),
    )
    .await;
}

async fn buy(has_key: bool) {
    let client = client(Duration::from_secs(1));
    for number in 0..COUNT {
        loop {
            let mut order = client.post("http://server/orders");
            if has_key {
                order = order.header(KEY, number.to_string());
            }
            if ask(order).await.is_ok() {
                break;
            }
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn play(world: World, has_key: bool) {
    let server = world.host("server").start(server);
    let buyer = world.host("client").start(move || buy(has_key));
    let faults = Faults::hostile().crashes(0).clock_shifts(0);
    world
        .faults(&faults, &[&server, &buyer], Duration::from_secs(6))
        .await;
    world
        .eventually(Duration::from_secs(300), "all is bought", || {
            buyer.ended().is_some()
        })
        .await;
    let sold = ask(client(Duration::from_secs(5)).get("http://server/sold"))
        .await
        .unwrap();
    assert_eq!(sold, COUNT.to_string(), "an order was sold twice");
}

#[test]
fn a_retry_that_doubles_an_order_is_found() {
    finds("an order was sold twice", |world| play(world, false));
}

#[test]
fn nothing_is_found_with_a_key() {
    passes(|world| play(world, true));
}
