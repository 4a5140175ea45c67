//! A client that waits for ever: when its server loses power after the request, no answer and no reset will come.

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use selkie_sim::{Faults, World};

use super::setting::{ask, client, finds, passes, serve};

async fn server() {
    let answer = || async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        "here"
    };
    serve(Router::new().route("/", get(answer))).await;
}

async fn answers(client: reqwest::Client) {
    let mut answers = 0;
    while answers < 50 {
        answers += u32::from(ask(client.get("http://server/")).await.is_ok());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn play(world: World, client: fn() -> reqwest::Client) {
    let server = world.host("server").start(server);
    let client = world.host("client").start(move || answers(client()));
    let faults = Faults::hostile().pauses(0).clock_shifts(0);
    world
        .faults(&faults, &[&server], Duration::from_secs(6))
        .await;
    let is_over = || client.ended().is_some();
    world
        .eventually(
            Duration::from_secs(120),
            "the client has its answers",
            is_over,
        )
        .await;
}

#[test]
fn a_missing_timeout_is_found() {
    finds("not within 120s: the client has its answers", |world| {
        play(world, reqwest::Client::new)
    });
}

#[test]
fn nothing_is_found_with_a_timeout() {
    passes(|world| play(world, || client(Duration::from_secs(2))));
}
