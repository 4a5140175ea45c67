//! A pool of connections, bb8's, before a small database that speaks lines.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bb8::{ManageConnection, Pool};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, BufStream};
use tokio::net::{TcpListener, TcpStream};

use super::setting::{disturb, ends, seeds};

/// Answers `set NAME VALUE` and `get NAME` with the value.
fn answer(values: &Mutex<HashMap<String, String>>, line: &str) -> String {
    let mut words = line.split_whitespace();
    let mut values = values.lock().unwrap();
    match (words.next(), words.next(), words.next()) {
        (Some("set"), Some(name), Some(value)) => {
            values.insert(name.to_owned(), value.to_owned());
            value.to_owned()
        }
        (Some("get"), Some(name), None) => values.get(name).cloned().unwrap_or_default(),
        _ => String::from("what?"),
    }
}

async fn serve() {
    let values = Arc::new(Mutex::new(HashMap::new()));
    let listener = TcpListener::bind("0.0.0.0:6379").await.unwrap();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let values = Arc::clone(&values);
        tokio::spawn(async move {
            let (reads, mut writes) = stream.into_split();
            let mut lines = BufReader::new(reads).lines();
            while let Some(line) = lines.next_line().await? {
                let answer = answer(&values, &line);
                writes.write_all(format!("{answer}\n").as_bytes()).await?;
            }
            Ok::<_, io::Error>(())
        });
    }
}

struct Connections;

/// A connection, and whether it has an answer to come that nobody waits for.
struct Connection {
    stream: BufStream<TcpStream>,
    is_broken: bool,
}

impl Connection {
    async fn ask(&mut self, question: &str) -> io::Result<String> {
        self.is_broken = true;
        self.stream
            .write_all(format!("{question}\n").as_bytes())
            .await?;
        self.stream.flush().await?;
        let mut line = String::new();
        if self.stream.read_line(&mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.is_broken = false;
        Ok(line.trim().to_owned())
    }
}

impl ManageConnection for Connections {
    type Connection = Connection;
    type Error = io::Error;

    async fn connect(&self) -> io::Result<Connection> {
        let stream = BufStream::new(TcpStream::connect("server:6379").await?);
        Ok(Connection {
            stream,
            is_broken: false,
        })
    }

    async fn is_valid(&self, connection: &mut Connection) -> io::Result<()> {
        connection.ask("get nothing").await.map(drop)
    }

    fn has_broken(&self, connection: &mut Connection) -> bool {
        connection.is_broken
    }
}

/// Ten tasks over four connections: each reads what it wrote.
async fn work(times: u32) {
    let pool = Pool::builder()
        .max_size(4)
        .connection_timeout(Duration::from_secs(2));
    let pool = pool.build_unchecked(Connections);
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..10 {
        let pool = pool.clone();
        tasks.spawn(async move {
            let mut done = 0;
            while done < times {
                let tried = async {
                    let mut connection = pool.get().await.map_err(io::Error::other)?;
                    connection.ask(&format!("set task{task} {done}")).await?;
                    connection.ask(&format!("get task{task}")).await
                };
                match tokio::time::timeout(Duration::from_secs(3), tried).await {
                    Ok(Ok(value)) => {
                        assert_eq!(value, done.to_string());
                        done += 1;
                    }
                    _ => tokio::time::sleep(Duration::from_millis(200)).await,
                }
            }
        });
    }
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
}

#[test]
fn a_pool_of_connections() {
    seeds().run(|world| async move {
        let _server = world.host("server").start(serve);
        world.sleep(Duration::from_secs(1)).await;
        let client = world.host("client").start(|| work(10));
        ends(&world, &client, Duration::from_secs(60)).await;
    });
}

#[test]
fn a_pool_of_connections_in_spite_of_faults() {
    seeds().run(|world| async move {
        let server = world.host("server").start(serve);
        let client = world.host("client").start(|| work(40));
        disturb(&world, &[&server, &client]).await;
        ends(&world, &client, Duration::from_secs(300)).await;
    });
}
