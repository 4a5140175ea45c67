//! A service with a pool of connections to a database: a request that is given up leaves an answer in its connection, and whoever
//! gets the connection next reads it.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use bb8::{ManageConnection, Pool};
use selkie_sim::{Faults, World};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::setting::{ask, client, finds, passes, serve};

/// How long the service waits for the database.
const PATIENCE: Duration = Duration::from_millis(300);
const USERS: u64 = 3;
const ROUNDS: u64 = 30;

/// A database that speaks lines: `NAME VALUE` sets, `NAME` asks; both are answered with the value.
async fn database() {
    let values = Arc::new(Mutex::new(HashMap::<String, String>::new()));
    let listener = TcpListener::bind("0.0.0.0:5432").await.unwrap();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let values = Arc::clone(&values);
        tokio::spawn(async move {
            let (reads, mut writes) = stream.into_split();
            let mut lines = BufReader::new(reads).lines();
            while let Some(line) = lines.next_line().await? {
                let answer = {
                    let mut values = values.lock().unwrap();
                    if let Some((name, value)) = line.split_once(' ') {
                        values.insert(name.to_owned(), value.to_owned());
                    }
                    let name = line.split(' ').next().unwrap_or_default();
                    values.get(name).cloned().unwrap_or_default() + "\n"
                };
                writes.write_all(answer.as_bytes()).await?;
            }
            Ok::<_, io::Error>(())
        });
    }
}

struct Connections {
    is_right: bool,
}

struct Connection {
    stream: BufStream<TcpStream>,
    /// Whether an answer is to come.
    is_asked: bool,
}

impl Connection {
    async fn ask(&mut self, question: &str) -> io::Result<String> {
        self.is_asked = true;
        let line = format!("{question}\n");
        self.stream.write_all(line.as_bytes()).await?;
        self.stream.flush().await?;
        let mut line = String::new();
        if self.stream.read_line(&mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.is_asked = false;
        Ok(line.trim().to_owned())
    }
}

impl ManageConnection for Connections {
    type Connection = Connection;
    type Error = io::Error;

    async fn connect(&self) -> io::Result<Connection> {
        let stream = TcpStream::connect("database:5432").await?;
        let stream = BufStream::new(stream);
        Ok(Connection {
            stream,
            is_asked: false,
        })
    }

    async fn is_valid(&self, _: &mut Connection) -> io::Result<()> {
        Ok(())
    }

    fn has_broken(&self, connection: &mut Connection) -> bool {
        self.is_right && connection.is_asked
    }
}

async fn answer(pool: &Pool<Connections>, question: &str) -> Result<String, StatusCode> {
    let asked = async {
        let mut connection = pool.get().await.map_err(io::Error::other)?;
        connection.ask(question).await
    };
    let answer = timeout(PATIENCE, asked).await;
    let answer = answer.map_err(|_| StatusCode::GATEWAY_TIMEOUT)?;
    answer.map_err(|_| StatusCode::BAD_GATEWAY)
}

async fn service(is_right: bool) {
    let pool = Pool::builder().max_size(2).test_on_check_out(false);
    let pool = pool.build_unchecked(Connections { is_right });
    let read = |State(pool): State<Pool<Connections>>, Path(name): Path<String>| async move {
        answer(&pool, &name).await
    };
    let write = |State(pool): State<Pool<Connections>>, Path(name): Path<String>, value: String| async move {
        answer(&pool, &format!("{name} {value}")).await
    };
    let app = Router::new().route("/{name}", get(read).put(write));
    serve(app.with_state(pool)).await;
}

/// Each user has a value of its own, and finds there what it has written.
async fn users() {
    let users = (0..USERS).map(|user| {
        tokio::spawn(async move {
            let client = client(Duration::from_secs(5));
            let address = format!("http://service/user{user}");
            for round in 0..ROUNDS {
                let value = format!("{user}-{round}");
                while ask(client.put(&address).body(value.clone())).await.is_err() {}
                let read = ask(client.get(&address)).await;
                if let Ok(read) = read {
                    assert_eq!(read, value, "an answer to somebody else");
                }
            }
        })
    });
    for user in users.collect::<Vec<_>>() {
        user.await.unwrap();
    }
}

async fn play(world: World, is_right: bool) {
    let database = world.host("database").start(database);
    let service = world.host("service").start(move || service(is_right));
    world.sleep(Duration::from_secs(1)).await;
    let users = world.host("users").start(users);
    let faults = Faults::hostile().crashes(0).clock_shifts(0);
    world
        .faults(&faults, &[&database, &service], Duration::from_secs(6))
        .await;
    let is_over = || users.ended().is_some();
    world
        .eventually(Duration::from_secs(120), "the users end", is_over)
        .await;
}

#[test]
fn a_connection_that_comes_back_with_an_answer_is_found() {
    finds("an answer to somebody else", |world| play(world, false));
}

#[test]
fn nothing_is_found_where_such_connections_are_closed() {
    passes(|world| play(world, true));
}
