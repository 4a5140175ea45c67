//! The program in madsim's simulation, with madsim's crates in the place of Tokio's. Built with `--cfg madsim`.

#[cfg(madsim)]
#[path = "../echo.rs"]
mod echo;

#[cfg(madsim)]
mod net {
    pub use madsim_tokio::net::{TcpListener, TcpStream};
    pub use madsim_tokio::spawn;
}

#[cfg(madsim)]
mod time {
    pub use madsim_tokio::time::{Instant, sleep};
}

#[cfg(madsim)]
fn main() {
    use std::time::Duration;

    let mut config = madsim::Config::default();
    config.net.send_latency = Duration::from_micros(100)..Duration::from_millis(1);
    let runtime = madsim::runtime::Runtime::with_seed_and_config(0, config);
    runtime.block_on(async {
        let handle = madsim::runtime::Handle::current();
        let server = handle
            .create_node()
            .name("server")
            .ip("10.0.0.1".parse().unwrap())
            .build();
        server.spawn(async { echo::serve().await.unwrap() });
        madsim::time::sleep(Duration::from_millis(10)).await;
        let clients: Vec<_> = (0..echo::CONNECTIONS)
            .map(|number| {
                let ip = format!("10.0.1.{}", number + 1).parse().unwrap();
                let client = handle
                    .create_node()
                    .name(format!("client{number}"))
                    .ip(ip)
                    .build();
                client.spawn(async { assert!(echo::call("10.0.0.1:3000").await.unwrap() > 2000) })
            })
            .collect();
        for client in clients {
            client.await.unwrap();
        }
    });
}

#[cfg(not(madsim))]
fn main() {
    panic!("built without `--cfg madsim`: nothing would be simulated");
}
