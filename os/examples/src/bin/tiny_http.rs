//! The smallest web server that a browser accepts, without a library: one page for each path, and `Connection: close`.
//!
//! It shows what a server has to see to: limits for the head's size and for the time that a client may take. For real
//! ones take hyper or axum, which run on Selkie as they are: see `os/examples/serve`.
//!
//! ```sh
//! cargo run -p selkie-examples --bin tiny_http -- 127.0.0.1:7000
//! ```

use std::io;
use std::time::Duration;

use selkie::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use selkie::net::{TcpListener, TcpStream};
use selkie::time::timeout;

/// How long a request's head may be.
const HEAD: u64 = 16 * 1024;
/// How long a client may take to send it.
const PATIENCE: Duration = Duration::from_secs(10);

/// The request's first line; the rest of the head is read, and not looked at.
async fn request_line(reader: impl selkie::io::AsyncRead + Unpin) -> io::Result<String> {
    let mut lines = BufReader::new(reader.take(HEAD)).lines();
    let first = lines.next_line().await?.unwrap_or_default();
    while let Some(line) = lines.next_line().await? {
        if line.is_empty() {
            return Ok(first);
        }
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidData,
        "a head that does not end within 16,384 bytes",
    ))
}

/// Status and body for a request's first line.
fn answer(line: &str) -> (&'static str, String) {
    match line.split(' ').collect::<Vec<_>>()[..] {
        ["GET", path, "HTTP/1.1" | "HTTP/1.0"] => ("200 OK", format!("this is {path}\n")),
        [_, _, "HTTP/1.1" | "HTTP/1.0"] => ("405 Method Not Allowed", "only GET\n".into()),
        _ => ("400 Bad Request", "no request of HTTP/1\n".into()),
    }
}

async fn serve(mut connection: TcpStream) -> io::Result<()> {
    let (reader, mut writer) = connection.split();
    let (status, body) = match timeout(PATIENCE, request_line(reader)).await {
        Ok(Ok(line)) => answer(&line),
        Ok(Err(error)) => ("400 Bad Request", format!("{error}\n")),
        Err(_limit) => ("408 Request Timeout", "too slow\n".into()),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    writer.write_all(head.as_bytes()).await?;
    writer.write_all(body.as_bytes()).await?;
    writer.shutdown().await
}

#[selkie::main]
async fn main() -> io::Result<()> {
    let address = std::env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:0")).await?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        let (connection, _peer) = listener.accept().await?;
        selkie::spawn(serve(connection));
    }
}
