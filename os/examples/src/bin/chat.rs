//! A chat room: what one client writes, all others read.
//!
//! One `broadcast` channel carries the lines. A client that reads too slowly misses lines, and sees how many;
//! nobody waits for it.
//! Lines may be of any length here; `framed_messages` shows how a real server bounds them.
//!
//! ```sh
//! cargo run -p selkie-examples --bin chat -- 127.0.0.1:7000
//! nc 127.0.0.1 7000
//! ```

use std::io;
use std::net::SocketAddr;

use selkie::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use selkie::net::{TcpListener, TcpStream};
use selkie::sync::broadcast::{self, error::RecvError};

/// A line, and who wrote it.
#[derive(Debug, Clone)]
struct Message {
    from: SocketAddr,
    text: String,
}

/// How many lines a slow client may be behind.
const BACKLOG: usize = 64;

async fn client(
    mut connection: TcpStream,
    own: SocketAddr,
    room: broadcast::Sender<Message>,
) -> io::Result<()> {
    let mut lines = room.subscribe();
    let (reader, mut writer) = connection.split();
    let mut reader = BufReader::new(reader).lines();
    writer.write_all(b"welcome\n").await?;
    loop {
        // Both are cancel safe: the one that is not ready loses nothing.
        selkie::select! {
            text = reader.next_line() => {
                let Some(text) = text? else { return Ok(()) };
                // Fails if nobody is in the room, but this client is.
                let _heard_by = room.send(Message { from: own, text });
            }
            line = lines.recv() => {
                let said = match line {
                    Ok(line) if line.from == own => continue,
                    Ok(line) => format!("{}: {}\n", line.from, line.text),
                    Err(RecvError::Lagged(missed)) => format!("({missed} lines were missed)\n"),
                    Err(RecvError::Closed) => return Ok(()),
                };
                writer.write_all(said.as_bytes()).await?;
            }
        }
    }
}

#[selkie::main]
async fn main() -> io::Result<()> {
    let address = std::env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:0")).await?;
    println!("listening on {}", listener.local_addr()?);
    let (room, _) = broadcast::channel(BACKLOG);
    loop {
        let (connection, peer) = listener.accept().await?;
        selkie::spawn(client(connection, peer, room.clone()));
    }
}
