//! The guide's program: an order that is sent again is taken twice, and the simulation finds it.

use std::collections::HashMap;
use std::panic::catch_unwind;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use selkie::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use selkie::net::{TcpListener, TcpStream};
use selkie::time::timeout;
use selkie_sim::{Builder, Faults};

/// The service; `take` counts an order.
async fn serve_by(take: fn(&mut u32)) -> std::io::Result<()> {
    let orders = Arc::new(Mutex::new(HashMap::<String, u32>::new()));
    let listener = TcpListener::bind("0.0.0.0:3000").await?;
    loop {
        let (stream, _) = listener.accept().await?;
        let orders = Arc::clone(&orders);
        selkie::spawn(async move {
            let mut stream = BufReader::new(stream);
            let mut name = String::new();
            while stream.read_line(&mut name).await? > 0 {
                let count = {
                    let mut orders = orders.lock().unwrap();
                    let count = orders.entry(name.trim().to_owned()).or_default();
                    take(count);
                    *count
                };
                stream.write_all(format!("{count}\n").as_bytes()).await?;
                name.clear();
            }
            std::io::Result::Ok(())
        });
    }
}

async fn serve() -> std::io::Result<()> {
    serve_by(|count| *count += 1).await
}

/// The customer's name is the number of the order: it is known when it comes again.
async fn serve_once() -> std::io::Result<()> {
    serve_by(|count| *count = 1).await
}

async fn order(name: &str) -> std::io::Result<u32> {
    let mut stream = BufReader::new(TcpStream::connect("server:3000").await?);
    stream.write_all(format!("{name}\n").as_bytes()).await?;
    let mut count = String::new();
    stream.read_line(&mut count).await?;
    count.trim().parse().map_err(std::io::Error::other)
}

/// Asks until there is an answer.
async fn order_surely(name: &str) -> u32 {
    loop {
        if let Ok(Ok(count)) = timeout(Duration::from_secs(1), order(name)).await {
            return count;
        }
    }
}

fn no_order_is_taken_twice<F>(runs: u64, serve: impl Fn() -> F + Send + Sync + 'static)
where
    F: Future,
{
    Builder::new().runs(runs).run(|world| async move {
        let server = world.host("server").start(serve);
        let client = world.host("client").start(|| async {
            for number in 0..20 {
                selkie::time::sleep(Duration::from_millis(500)).await;
                let name = format!("customer {number}");
                assert_eq!(order_surely(&name).await, 1, "{name} ordered once");
            }
        });
        // Crashes would lose the orders, which are in memory: not the question here.
        let faults = Faults::rough().crashes(0);
        world
            .faults(&faults, &[&server, &client], Duration::from_secs(30))
            .await;
        world
            .eventually(Duration::from_secs(60), "the client ends", || {
                client.ended().is_some()
            })
            .await;
    });
}

#[test]
fn an_order_that_is_sent_again_is_taken_twice() {
    let found = catch_unwind(|| no_order_is_taken_twice(200, serve));
    let found = found.expect_err("an order is taken twice");
    let said = found.downcast_ref::<String>().expect("a text");
    println!("{said}");
    assert!(said.contains("ordered once"), "{said}");
}

#[test]
fn an_order_that_is_known_when_it_comes_again_is_taken_once() {
    no_order_is_taken_twice(200, serve_once);
}
