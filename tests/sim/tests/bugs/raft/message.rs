//! What replicas and clients say to each other: one line with JSON for each request, and one for its answer.

use std::io;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

const PORT: u16 = 7000;

/// What a client wants done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Command {
    /// A leader's first entry, whose commit commits those of older terms.
    Nothing,
    Write {
        key: u64,
        value: u64,
    },
    Read {
        key: u64,
    },
}

/// An entry of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) term: u64,
    pub(super) command: Command,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Request {
    Vote {
        term: u64,
        candidate: String,
        /// The term and the index of its last entry.
        last: (u64, usize),
    },
    Append {
        term: u64,
        leader: String,
        /// How many entries stand before these, and the term of the last of them.
        previous: (u64, usize),
        entries: Vec<Entry>,
        commit: usize,
    },
    Client(Command),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Answer {
    Vote {
        term: u64,
        is_granted: bool,
    },
    /// How many entries are the leader's; none if those before these are not.
    Append {
        term: u64,
        matched: Option<usize>,
    },
    /// It is done, and this is the value now.
    Done {
        value: u64,
    },
    /// Nothing was done; somebody else may lead.
    NotLeader {
        leader: Option<String>,
    },
    /// It may be done some time, or never.
    Unknown,
}

fn line_of(message: &impl Serialize) -> io::Result<String> {
    Ok(serde_json::to_string(message)? + "\n")
}

/// Asks `host`, and waits so long at most.
pub(super) async fn ask(host: &str, request: &Request, limit: Duration) -> io::Result<Answer> {
    let asked = async {
        let mut stream = TcpStream::connect((host, PORT)).await?;
        stream.set_nodelay(true)?;
        stream.write_all(line_of(request)?.as_bytes()).await?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).await?;
        Ok(serde_json::from_str(&line)?)
    };
    tokio::time::timeout(limit, asked).await?
}

/// Answers everybody.
pub(super) async fn serve<F>(answer: impl Fn(Request) -> F + Clone + Send + 'static)
where
    F: Future<Output = Answer> + Send,
{
    let listener = TcpListener::bind(("0.0.0.0", PORT)).await.unwrap();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let answer = answer.clone();
        tokio::spawn(async move {
            let mut stream = BufReader::new(stream);
            let mut line = String::new();
            stream.read_line(&mut line).await?;
            let answer = answer(serde_json::from_str(&line)?).await;
            stream.write_all(line_of(&answer)?.as_bytes()).await
        });
    }
}
