//! The program, on the registry's Tokio, in Selkie's simulation.

#[path = "../echo.rs"]
mod echo;

mod net {
    pub use tokio::net::{TcpListener, TcpStream};
    pub use tokio::spawn;
}

mod time {
    pub use std::time::Instant;
    pub use tokio::time::sleep;
}

use std::time::Duration;

use selkie_sim::Builder;

fn block_on<T>(program: impl Future<Output = T>) -> T {
    // As the other simulations run it: on one thread.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(program)
}

fn main() {
    Builder::new().runs(1).run(|world| async move {
        let _server = world
            .host("server")
            .start_main(|| block_on(echo::serve()).unwrap());
        world.sleep(Duration::from_millis(10)).await;
        let clients: Vec<_> = (0..echo::CONNECTIONS)
            .map(|number| {
                let client = world.host(&format!("client{number}"));
                client.start_main(|| assert!(block_on(echo::call("server:3000")).unwrap() > 4000))
            })
            .collect();
        let is_over = || clients.iter().all(|client| client.ended().is_some());
        world
            .eventually(Duration::from_secs(70), "the clients end", is_over)
            .await;
        for client in clients {
            assert_eq!(client.ended(), Some(Ok(())));
        }
    });
}
