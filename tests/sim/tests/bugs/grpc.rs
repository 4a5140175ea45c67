//! A client of tonic that watches a service's state: its connection says nothing while nothing changes, so a server that lost its
//! power is waited for without end, unless the connection is asked whether it lives.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use selkie_sim::{Faults, World};
use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Endpoint, Server};
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::setting::{finds, passes};

const SERVICE: &str = "shop";
/// How often the state changes.
const CHANGES: Duration = Duration::from_secs(2);

async fn serve() {
    let (reporter, service) = tonic_health::server::health_reporter();
    tokio::spawn(async move {
        let states = [ServingStatus::Serving, ServingStatus::NotServing];
        for status in states.into_iter().cycle() {
            reporter.set_service_status(SERVICE, status).await;
            tokio::time::sleep(CHANGES).await;
        }
    });
    let listener = TcpListener::bind("0.0.0.0:50051").await.unwrap();
    let server = Server::builder().add_service(service);
    let incoming = TcpIncoming::from(listener);
    server.serve_with_incoming(incoming).await.unwrap();
}

/// Watches over one connection, until it is lost.
async fn watch(
    endpoint: &Endpoint,
    seen: &AtomicU64,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut client = HealthClient::new(endpoint.connect().await?);
    let service = String::from(SERVICE);
    let mut states = client
        .watch(HealthCheckRequest { service })
        .await?
        .into_inner();
    while states.message().await?.is_some() {
        seen.fetch_add(1, Ordering::SeqCst);
    }
    Ok(())
}

async fn watch_always(is_right: bool, seen: Arc<AtomicU64>) {
    let endpoint =
        Endpoint::from_static("http://server:50051").connect_timeout(Duration::from_secs(1));
    let endpoint = match is_right {
        true => endpoint
            .http2_keep_alive_interval(Duration::from_secs(1))
            .keep_alive_timeout(Duration::from_secs(1)),
        false => endpoint,
    };
    loop {
        let _lost = watch(&endpoint, &seen).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn play(world: World, is_right: bool) {
    let server = world.host("server").start(serve);
    let seen = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&seen);
    let watcher = world
        .host("watcher")
        .start(move || watch_always(is_right, Arc::clone(&counted)));
    let faults = Faults::hostile().pauses(0).clock_shifts(0);
    let hosts = [&server, &watcher];
    world
        .faults(&faults.crashes(2), &hosts, Duration::from_secs(8))
        .await;
    let before = seen.load(Ordering::SeqCst);
    let is_seen = || seen.load(Ordering::SeqCst) > before;
    world
        .eventually(Duration::from_secs(60), "the next state is seen", is_seen)
        .await;
}

#[test]
fn a_watcher_that_never_asks_whether_the_server_lives_is_found() {
    finds("not within 60s: the next state is seen", |world| {
        play(world, false)
    });
}

#[test]
fn nothing_is_found_in_a_watcher_that_asks() {
    passes(|world| play(world, true));
}
