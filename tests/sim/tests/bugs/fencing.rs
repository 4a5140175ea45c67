//! A lease without fencing: whoever had it may still write when somebody else has it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use reqwest::Client;
use selkie_sim::{Faults, World};

use super::setting::{ask, client, finds, passes, serve};

/// How long a lease is good for.
const TERM: Duration = Duration::from_secs(1);

/// The last lease: its number, and when it ends.
type Lease = Arc<Mutex<(u64, Option<Instant>)>>;

async fn acquire(State(lease): State<Lease>) -> Result<String, StatusCode> {
    let mut lease = lease.lock().unwrap();
    if lease.1.is_some_and(|end| Instant::now() < end) {
        return Err(StatusCode::CONFLICT);
    }
    *lease = (lease.0 + 1, Some(Instant::now() + TERM));
    Ok(lease.0.to_string())
}

async fn release(State(lease): State<Lease>, Path(number): Path<u64>) {
    let mut lease = lease.lock().unwrap();
    if lease.0 == number {
        lease.1 = None;
    }
}

async fn serve_leases() {
    let app = Router::new()
        .route("/acquire", post(acquire))
        .route("/release/{number}", post(release));
    serve(app.with_state(Lease::default())).await;
}

#[derive(Default)]
struct Store {
    value: u64,
    /// The highest lease that has been seen.
    fence: u64,
    is_fenced: bool,
}

impl Store {
    fn check(&mut self, lease: u64) -> Result<(), StatusCode> {
        if self.is_fenced && lease < self.fence {
            return Err(StatusCode::CONFLICT);
        }
        self.fence = self.fence.max(lease);
        Ok(())
    }
}

type Shared = Arc<Mutex<Store>>;

async fn read(State(store): State<Shared>, Path(lease): Path<u64>) -> Result<String, StatusCode> {
    let mut store = store.lock().unwrap();
    store.check(lease)?;
    Ok(store.value.to_string())
}

async fn write(
    State(store): State<Shared>,
    Path((lease, value)): Path<(u64, u64)>,
) -> Result<(), StatusCode> {
    let mut store = store.lock().unwrap();
    store.check(lease)?;
    store.value = value;
    Ok(())
}

async fn serve_store(is_fenced: bool) {
    let store = Arc::new(Mutex::new(Store {
        is_fenced,
        ..Store::default()
    }));
    let app = Router::new()
        .route("/read/{lease}", get(read))
        .route("/write/{lease}/{value}", put(write));
    serve(app.with_state(store)).await;
}

/// Adds one to the value under a lease.
async fn add(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let lease: u64 = ask(client.post("http://leases/acquire")).await?.parse()?;
    let until = Instant::now() + TERM;
    let value: u64 = ask(client.get(format!("http://store/read/{lease}")))
        .await?
        .parse()?;
    if Instant::now() > until {
        return Err("the lease is over".into());
    }
    // What it needs the lease for takes a while.
    tokio::time::sleep(TERM / 4).await;
    ask(client.put(format!("http://store/write/{lease}/{}", value + 1))).await?;
    // Not heard of, it ends by itself.
    let _released = ask(client.post(format!("http://leases/release/{lease}"))).await;
    Ok(())
}

async fn work(added: Arc<AtomicU64>) {
    let client = client(Duration::from_secs(3));
    for _ in 0..25 {
        if add(&client).await.is_ok() {
            added.fetch_add(1, Ordering::SeqCst);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn play(world: World, is_fenced: bool) {
    let leases = world.host("leases").start(serve_leases);
    let store = world.host("store").start(move || serve_store(is_fenced));
    let added = Arc::new(AtomicU64::new(0));
    let workers = ["one", "two"].map(|name| {
        let added = Arc::clone(&added);
        world.host(name).start(move || work(Arc::clone(&added)))
    });
    let hosts = [&leases, &store, &workers[0], &workers[1]];
    world
        .faults(
            &Faults::hostile().crashes(0),
            &hosts,
            Duration::from_secs(8),
        )
        .await;
    let is_over = || workers.iter().all(|worker| worker.ended().is_some());
    world
        .eventually(Duration::from_secs(600), "the workers end", is_over)
        .await;
    let client = client(Duration::from_secs(5));
    let value: u64 = ask(client.get(format!("http://store/read/{}", u64::MAX)))
        .await
        .unwrap()
        .parse()
        .unwrap();
    let added = added.load(Ordering::SeqCst);
    assert!(value >= added, "{added} were added, {value} are there");
}

#[test]
fn a_lease_without_fencing_is_found() {
    finds("were added", |world| play(world, false));
}

#[test]
fn nothing_is_found_with_fencing() {
    passes(|world| play(world, true));
}
