//! A cache before a store: a reader that was slow puts back what a writer has just replaced.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use reqwest::Client;
use selkie_sim::World;

use super::setting::{ask, client, finds, passes, serve};

type Values = Arc<Mutex<HashMap<String, String>>>;

async fn store() {
    let read = |State(values): State<Values>, Path(name): Path<String>| async move {
        values
            .lock()
            .unwrap()
            .get(&name)
            .cloned()
            .unwrap_or_default()
    };
    let write = |State(values): State<Values>, Path(name): Path<String>, value: String| async move {
        values.lock().unwrap().insert(name, value);
    };
    serve(
        Router::new()
            .route("/{name}", get(read).put(write))
            .with_state(Values::default()),
    )
    .await;
}

/// What the cache's service knows.
struct Cache {
    values: Mutex<HashMap<String, String>>,
    /// How often something was written.
    writes: Mutex<u64>,
    store: Client,
    is_right: bool,
}

async fn read(State(cache): State<Arc<Cache>>, Path(name): Path<String>) -> String {
    if let Some(value) = cache.values.lock().unwrap().get(&name) {
        return value.clone();
    }
    let writes = *cache.writes.lock().unwrap();
    let value = ask(cache.store.get(format!("http://store/{name}")))
        .await
        .unwrap();
    let mut values = cache.values.lock().unwrap();
    if !cache.is_right || writes == *cache.writes.lock().unwrap() {
        values.insert(name, value.clone());
    }
    value
}

async fn write(State(cache): State<Arc<Cache>>, Path(name): Path<String>, value: String) {
    ask(cache.store.put(format!("http://store/{name}")).body(value))
        .await
        .unwrap();
    let mut values = cache.values.lock().unwrap();
    *cache.writes.lock().unwrap() += 1;
    values.remove(&name);
}

async fn serve_cache(is_right: bool) {
    let cache = Cache {
        values: Mutex::default(),
        writes: Mutex::default(),
        store: client(Duration::from_secs(10)),
        is_right,
    };
    serve(
        Router::new()
            .route("/{name}", get(read).put(write))
            .with_state(Arc::new(cache)),
    )
    .await;
}

/// Writes while somebody reads; whoever reads later sees what was written last.
async fn use_it() {
    let client = client(Duration::from_secs(10));
    for round in 0..20 {
        let address = format!("http://cache/{round}");
        ask(client.put(&address).body("old")).await.unwrap();
        let writes = ask(client.put(&address).body("new"));
        let (written, read) = tokio::join!(writes, ask(client.get(&address)));
        written.unwrap();
        read.unwrap();
        let last = ask(client.get(&address)).await.unwrap();
        assert_eq!(last, "new", "a stale value stays in the cache");
    }
}

async fn play(world: World, is_right: bool) {
    let _store = world.host("store").start(store);
    let _cache = world.host("cache").start(move || serve_cache(is_right));
    world.sleep(Duration::from_secs(1)).await;
    let client = world.host("client").start(use_it);
    world
        .eventually(Duration::from_secs(60), "the client ends", || {
            client.ended().is_some()
        })
        .await;
    client.ended().unwrap().unwrap();
}

#[test]
fn a_race_in_a_cache_is_found() {
    finds("a stale value stays in the cache", |world| {
        play(world, false)
    });
}

#[test]
fn nothing_is_found_where_readers_notice_writers() {
    passes(|world| play(world, true));
}
