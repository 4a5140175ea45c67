//! Signals: reads its configuration again on SIGHUP, and ends on SIGTERM or Ctrl-C.
//!
//! ```sh
//! cargo run -p selkie-examples --bin signal_listener
//! kill -HUP PID
//! ```

#[cfg(unix)]
#[selkie::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    use selkie::signal::unix::{SignalKind, signal};

    let mut reload = signal(SignalKind::hangup())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    println!("process {}", std::process::id());
    let mut version = 1;
    loop {
        selkie::select! {
            _ = reload.recv() => {
                version += 1;
                println!("configuration {version}");
            }
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
        }
    }
    println!("ending");
    Ok(())
}

#[cfg(not(unix))]
#[selkie::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    selkie::signal::ctrl_c().await?;
    println!("ending");
    Ok(())
}
