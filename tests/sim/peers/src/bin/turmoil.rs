//! The program in turmoil's simulation, with turmoil's types in the place of Tokio's.

#[path = "../echo.rs"]
mod echo;

mod net {
    pub use tokio::spawn;
    pub use turmoil::net::{TcpListener, TcpStream};
}

mod time {
    pub use tokio::time::{Instant, sleep};
}

use std::time::Duration;

fn main() {
    let mut simulation = turmoil::Builder::new()
        .simulation_duration(Duration::from_secs(120))
        .min_message_latency(Duration::from_micros(100))
        .max_message_latency(Duration::from_millis(1))
        .rng_seed(0)
        .build();
    simulation.host("server", || async { Ok(echo::serve().await?) });
    for number in 0..echo::CONNECTIONS {
        simulation.client(format!("client{number}"), async {
            let messages = echo::call("server:3000").await?;
            assert!(messages > 2000, "{messages}");
            Ok(())
        });
    }
    simulation.run().unwrap();
}
