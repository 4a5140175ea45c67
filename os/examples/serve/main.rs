//! `cargo run --release --example serve -- [--addr HOST:PORT] [--workers N]`

use std::future::IntoFuture;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use selkie_inspect::Inspector;
use selkie_serve::args::{self, Action, Options};
use selkie_serve::routes;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// How long requests that are being answered may take after Ctrl-C.
const LAST_REQUESTS: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let options = match args::parse(std::env::args_os().skip(1)) {
        Ok(Action::Serve(options)) => options,
        Ok(Action::Help) => {
            println!("{}", args::HELP);
            return ExitCode::SUCCESS;
        }
        Err(error) => return refuse(&format!("{error}; --help lists the options")),
    };
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if let Some(workers) = options.workers {
        builder.worker_threads(workers);
    }
    let runtime = match builder.enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return refuse(&format!("cannot start the runtime: {error}")),
    };
    let code = runtime.block_on(serve(options));
    runtime.shutdown_timeout(Duration::from_secs(1));
    code
}

/// One clear line, and the exit code of bad use.
fn refuse(why: &str) -> ExitCode {
    eprintln!("serve: {why}");
    ExitCode::from(2)
}

async fn serve(options: Options) -> ExitCode {
    let bound = TcpListener::bind(options.addr).await;
    let listener = match bound.and_then(|listener| listener.local_addr().map(|at| (listener, at))) {
        Ok((listener, at)) => {
            // A closed pipe is no reason to stop.
            let _ = greet(at);
            listener
        }
        Err(error) => return refuse(&format!("cannot listen on {}: {error}", options.addr)),
    };
    let inspector = match Inspector::builder().start() {
        Ok(inspector) => inspector.service(),
        Err(error) => return refuse(&error.to_string()),
    };
    let (stop, stopping) = watch::channel(());
    let graceful = axum::serve(listener, routes::router(inspector))
        .with_graceful_shutdown(closed(stopping.clone()))
        .into_future();
    let mut server = std::pin::pin!(graceful);
    tokio::select! {
        ended = &mut server => return ended_by_itself(ended),
        () = interrupted() => {}
    }
    println!("\nstopping: requests in flight may finish; Ctrl-C again stops at once");
    drop((stop, stopping));
    tokio::select! {
        _ = tokio::time::timeout(LAST_REQUESTS, server) => println!("stopped"),
        () = interrupted() => println!("\nstopped at once"),
    }
    ExitCode::SUCCESS
}

fn greet(at: SocketAddr) -> io::Result<()> {
    let mut out = io::stdout();
    writeln!(out, "Selkie serves http://{at}/   (Ctrl-C stops it)")?;
    writeln!(out, "  /            the runtime at work, live")?;
    writeln!(out, "  /try         something to do for it")?;
    writeln!(out, "  /metrics     for Prometheus")?;
    writeln!(out, "  /api/hello   JSON          /file   a file")?;
    writeln!(out, "  /slow?ms=500 with a limit  /ws     websocket echo")?;
    out.flush()
}

fn ended_by_itself(ended: io::Result<()>) -> ExitCode {
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("serve: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Ready once every sender of the channel is gone.
async fn closed(mut channel: watch::Receiver<()>) {
    while channel.changed().await.is_ok() {}
}

/// Ready at Ctrl-C; never, if that cannot be listened for.
async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
