//! A key-value store: one task owns the table, connections send it requests.
//! Lines may be of any length here; `framed_messages` shows how a real server bounds them.
//!
//! ```sh
//! cargo run -p selkie-examples --bin key_value_store -- 127.0.0.1:7000
//! printf 'SET coat hidden\nGET coat\n' | nc -N 127.0.0.1 7000
//! ```

use std::collections::HashMap;
use std::io;

use selkie::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use selkie::net::{TcpListener, TcpStream};
use selkie::sync::{mpsc, oneshot};

/// What a connection asks the table's owner for, and where the answer goes.
struct Request {
    command: Command,
    answer: oneshot::Sender<String>,
}

enum Command {
    Get(String),
    Set(String, String),
    Delete(String),
}

impl Command {
    fn parse(line: &str) -> Result<Self, &'static str> {
        let mut words = line.splitn(3, ' ');
        match (words.next(), words.next(), words.next()) {
            (Some("GET"), Some(key), None) => Ok(Self::Get(key.into())),
            (Some("SET"), Some(key), Some(value)) => Ok(Self::Set(key.into(), value.into())),
            (Some("DELETE"), Some(key), None) => Ok(Self::Delete(key.into())),
            _ => Err("ERROR expected GET key, SET key value, or DELETE key"),
        }
    }
}

/// Owns the table; ends when the last connection and the listener are gone.
async fn table(mut requests: mpsc::Receiver<Request>) {
    let mut entries = HashMap::new();
    while let Some(Request { command, answer }) = requests.recv().await {
        let text = match command {
            Command::Get(key) => match entries.get(&key) {
                Some(value) => format!("VALUE {value}"),
                None => "NONE".into(),
            },
            Command::Set(key, value) => {
                entries.insert(key, value);
                "OK".into()
            }
            Command::Delete(key) => match entries.remove(&key) {
                Some(_) => "OK".into(),
                None => "NONE".into(),
            },
        };
        // The connection may have gone meanwhile.
        let _gone = answer.send(text);
    }
}

async fn serve(mut connection: TcpStream, table: mpsc::Sender<Request>) -> io::Result<()> {
    let (reader, mut writer) = connection.split();
    let mut lines = BufReader::new(reader).lines();
    while let Some(line) = lines.next_line().await? {
        let text = match Command::parse(&line) {
            Ok(command) => {
                let (answer, answered) = oneshot::channel();
                let gone = |_| io::Error::other("the table's task has ended");
                let request = Request { command, answer };
                table.send(request).await.map_err(|_| gone(()))?;
                answered.await.map_err(|_| gone(()))?
            }
            Err(usage) => usage.into(),
        };
        writer.write_all(format!("{text}\n").as_bytes()).await?;
    }
    Ok(())
}

#[selkie::main]
async fn main() -> io::Result<()> {
    let address = std::env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:0")).await?;
    println!("listening on {}", listener.local_addr()?);
    let (requests, receiver) = mpsc::channel(128);
    selkie::spawn(table(receiver));
    loop {
        let (connection, _peer) = listener.accept().await?;
        selkie::spawn(serve(connection, requests.clone()));
    }
}
