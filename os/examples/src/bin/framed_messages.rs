//! Framing by tokio-util: a service whose messages are lines of bounded length, as a stream and a sink.
//!
//! ```sh
//! cargo run -p selkie-examples --bin framed_messages -- 127.0.0.1:7000
//! ```

use std::io;

use futures::{SinkExt, StreamExt};
use selkie::net::{TcpListener, TcpStream};
use tokio_util::codec::{Framed, LinesCodec, LinesCodecError};

/// The longest line, in bytes.
const LONGEST: usize = 80;

async fn serve(connection: TcpStream) -> Result<(), LinesCodecError> {
    let codec = LinesCodec::new_with_max_length(LONGEST);
    let mut lines = Framed::new(connection, codec);
    while let Some(line) = lines.next().await {
        match line {
            Ok(line) => lines.send(line.chars().rev().collect::<String>()).await?,
            // A stream of frames ends with its first error.
            Err(LinesCodecError::MaxLineLengthExceeded) => {
                let message = format!("no more than {LONGEST} bytes per line");
                return lines.send(message).await;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
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
