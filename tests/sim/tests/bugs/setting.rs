//! How services are run, and what is expected of a seed.

use std::panic::catch_unwind;
use std::time::Duration;

use axum::Router;
use selkie_sim::{Builder, World};
use tokio::net::TcpListener;

/// The seeds within which a bug is found.
const SEEDS: u64 = 1000;
/// The seeds that find nothing in a right version.
const RIGHT: u64 = 60;

/// Plays `script` until a seed fails, and checks that it fails with what `says` is.
pub(super) fn finds<Fut: Future<Output = ()> + 'static>(says: &str, script: fn(World) -> Fut) {
    let found = catch_unwind(|| Builder::new().runs(SEEDS).run(script));
    let Err(found) = found else {
        // A child has run its one seed, or another test's.
        assert!(
            std::env::var_os("SELKIE_SIM_CHILD").is_some(),
            "not found in {SEEDS} seeds"
        );
        return;
    };
    let said = found.downcast_ref::<String>().expect("a text");
    println!("{said}");
    assert!(said.contains(says), "another failure: {said}");
}

/// Plays `script`, and finds nothing.
pub(super) fn passes<Fut: Future<Output = ()> + 'static>(script: fn(World) -> Fut) {
    passes_seeds(RIGHT, script);
}

/// Plays `script` with so many seeds, and finds nothing.
pub(super) fn passes_seeds<Fut: Future<Output = ()> + 'static>(
    seeds: u64,
    script: fn(World) -> Fut,
) {
    Builder::new().runs(seeds).run(script);
}

/// Serves `app` on port 80.
pub(super) async fn serve(app: Router) {
    let listener = TcpListener::bind("0.0.0.0:80").await.unwrap();
    axum::serve(listener, app).await.unwrap();
}

pub(super) fn client(timeout: Duration) -> reqwest::Client {
    reqwest::Client::builder().timeout(timeout).build().unwrap()
}

/// The text that `request` is answered with, if it is answered well.
pub(super) async fn ask(request: reqwest::RequestBuilder) -> Result<String, reqwest::Error> {
    request.send().await?.error_for_status()?.text().await
}
