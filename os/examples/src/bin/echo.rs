//! A TCP server that sends back what it receives.
//!
//! ```sh
//! cargo run -p selkie-examples --bin echo -- 127.0.0.1:7000
//! ```

use std::io;

use selkie::net::{TcpListener, TcpStream};

async fn echo(mut connection: TcpStream) -> io::Result<u64> {
    let (mut reader, mut writer) = connection.split();
    selkie::io::copy(&mut reader, &mut writer).await
}

#[selkie::main]
async fn main() -> io::Result<()> {
    let address = std::env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:0")).await?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        let (connection, peer) = listener.accept().await?;
        selkie::spawn(async move {
            match echo(connection).await {
                Ok(bytes) => println!("{peer}: {bytes} bytes"),
                Err(error) => println!("{peer}: {error}"),
            }
        });
    }
}
