//! A TCP proxy: each connection goes on to another address, in both directions.
//!
//! ```sh
//! cargo run -p selkie-examples --bin proxy -- example.com:80 127.0.0.1:7000
//! ```

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use selkie::io::copy_bidirectional;
use selkie::net::{TcpListener, TcpStream};
use selkie::time::timeout;

/// How long the target may take to accept.
const CONNECT: Duration = Duration::from_secs(10);

async fn forward(mut client: TcpStream, target: &str) -> io::Result<(u64, u64)> {
    let mut server = timeout(CONNECT, TcpStream::connect(target)).await??;
    copy_bidirectional(&mut client, &mut server).await
}

async fn serve(target: String, address: &str) -> io::Result<()> {
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        let (client, peer) = listener.accept().await?;
        let target = target.clone();
        selkie::spawn(async move {
            match forward(client, &target).await {
                Ok((sent, received)) => println!("{peer}: {sent} bytes there, {received} back"),
                Err(error) => println!("{peer}: {error}"),
            }
        });
    }
}

#[selkie::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(target) = arguments.next() else {
        eprintln!("usage: proxy TARGET [ADDRESS]");
        return ExitCode::from(2);
    };
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:0".into());
    match serve(target, &address).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{address}: {error}");
            ExitCode::FAILURE
        }
    }
}
