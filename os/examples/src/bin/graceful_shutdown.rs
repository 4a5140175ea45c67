//! A server that ends well: on Ctrl-C or SIGTERM it takes no new connections, finishes the requests that have begun, and
//! gives up after a limit.
//!
//! ```sh
//! cargo run -p selkie-examples --bin graceful_shutdown -- 127.0.0.1:7000
//! ```

use std::io;
use std::time::Duration;

use selkie::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use selkie::net::{TcpListener, TcpStream};
use selkie::task::{JoinSet, StopToken};
use selkie::time::{sleep, timeout};

/// How long requests may take that have begun.
const LIMIT: Duration = Duration::from_secs(10);

/// Ready when somebody asks the program to end.
async fn end_is_requested() -> io::Result<()> {
    #[cfg(unix)]
    {
        use selkie::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        selkie::select! {
            outcome = selkie::signal::ctrl_c() => outcome,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    selkie::signal::ctrl_c().await
}

/// Answers each line after a while; stops between two requests, never within one.
async fn serve(mut connection: TcpStream, stop: StopToken) -> io::Result<()> {
    let (reader, mut writer) = connection.split();
    let mut lines = BufReader::new(reader).lines();
    loop {
        let line = selkie::select! {
            () = stop.stopped() => return Ok(()),
            line = lines.next_line() => line?,
        };
        let Some(line) = line else { return Ok(()) };
        sleep(Duration::from_millis(300)).await;
        writer
            .write_all(format!("done: {line}\n").as_bytes())
            .await?;
    }
}

#[selkie::main]
async fn main() -> io::Result<()> {
    let address = std::env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:0")).await?;
    println!("listening on {}", listener.local_addr()?);
    let stop = StopToken::new();
    let mut connections = JoinSet::new();
    let end = end_is_requested();
    selkie::pin!(end);
    loop {
        selkie::select! {
            outcome = &mut end => break outcome?,
            accepted = listener.accept() => {
                let (connection, _peer) = accepted?;
                connections.spawn(serve(connection, stop.clone()));
            }
            Some(_ended) = connections.join_next() => {}
        }
    }
    drop(listener);
    println!("ending: {} connections", connections.len());
    stop.stop();
    let all = async { while connections.join_next().await.is_some() {} };
    match timeout(LIMIT, all).await {
        Ok(()) => println!("all have ended"),
        Err(_limit) => println!("{} were given up", connections.len()),
    }
    Ok(())
}
