//! The program that is measured: ten connections, each of which sends a message, reads it back, and sleeps, for a minute.
//!
//! A binary says what `net` and `time` are.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::net::{TcpListener, TcpStream, spawn};
use crate::time::{Instant, sleep};

pub const CONNECTIONS: u64 = 10;
const LASTS: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(10);

pub async fn serve() -> io::Result<()> {
    let listener = TcpListener::bind("0.0.0.0:3000").await?;
    loop {
        let (mut stream, _) = listener.accept().await?;
        spawn(async move {
            let mut buffer = [0; 100];
            while stream.read_exact(&mut buffer).await.is_ok() {
                stream.write_all(&buffer).await.unwrap();
                // madsim sends nothing before this.
                stream.flush().await.unwrap();
            }
        });
    }
}

/// How many messages came back.
pub async fn call(server: &str) -> io::Result<u64> {
    let mut stream = TcpStream::connect(server).await?;
    let begun = Instant::now();
    let mut messages = 0;
    while begun.elapsed() < LASTS {
        stream.write_all(&[7; 100]).await?;
        stream.flush().await?;
        let mut buffer = [0; 100];
        stream.read_exact(&mut buffer).await?;
        messages += 1;
        sleep(PAUSE).await;
    }
    println!("{messages} messages");
    Ok(messages)
}
