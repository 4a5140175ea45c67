//! An axum program as its users write them: nothing in it knows of an inspector.

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() {
    tokio::spawn(async {
        loop {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    let router = Router::new().route("/", get(|| async { "hello" }));
    let server = axum::serve(listener, router);
    // Whoever started it has gone when its input ends.
    let ended = server.with_graceful_shutdown(async {
        let _end = tokio::io::stdin().read(&mut [0]).await;
    });
    ended.await.unwrap();
}
