//! An echo server by io_uring: one operation accepts all connections, and one receives all that arrives at a socket.
//!
//! ```sh
//! cargo run -p selkie-examples --bin ring_sockets -- 127.0.0.1:7000
//! ```

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
#[selkie::main]
async fn main() -> std::io::Result<()> {
    use selkie::net::TcpListener;
    use selkie::uring::{Buffers, Incoming};

    // 256 buffers of 4 KiB, which the system fills as it needs them.
    let buffers = match Buffers::new(256, 4096) {
        Ok(buffers) => buffers,
        Err(error) => {
            println!("this system has no ring: {error}");
            return Ok(());
        }
    };
    let address = std::env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:0")).await?;
    println!("listening on {}", listener.local_addr()?);
    let mut incoming = Incoming::new(listener.into_std()?)?;
    loop {
        let socket = incoming.next().await?;
        let mut received = socket.receive(&buffers);
        selkie::spawn(async move {
            while let Some(Ok(bytes)) = received.next().await {
                let (sent, _buffer) = socket.send_all(bytes).await;
                if sent.is_err() {
                    return;
                }
            }
        });
    }
}

#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
fn main() {
    println!("this system has no ring");
}
