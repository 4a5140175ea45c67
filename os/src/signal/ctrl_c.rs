//! Ctrl-C: the request of the user that the process ends.

use std::io;

#[cfg(unix)]
use super::unix::{SignalKind, signal};

/// Waits for a Ctrl-C, or another interrupt.
///
/// Once this was polled an interrupt no longer ends the process, even after the future is dropped:
/// call it again, or end the process.
///
/// # Errors
/// If the signal cannot be listened to.
///
/// # Panics
/// Outside of a runtime with I/O enabled.
///
/// # Cancel safety
/// An interrupt that comes when nobody listens is lost.
///
/// # Examples
/// ```no_run
/// # fn main() -> std::io::Result<()> {
/// # selkie::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// println!("press Ctrl-C");
/// selkie::signal::ctrl_c().await?;
/// println!("ending");
/// # Ok(())
/// # })
/// # }
/// ```
#[cfg(unix)]
pub async fn ctrl_c() -> io::Result<()> {
    signal(SignalKind::interrupt())?.recv().await;
    Ok(())
}

/// Waits for a Ctrl-C.
///
/// While the future lives, a Ctrl-C does not end the process.
///
/// # Errors
/// If the event cannot be listened to.
///
/// # Cancel safety
/// A Ctrl-C that comes when nobody listens ends the process.
#[cfg(windows)]
pub async fn ctrl_c() -> io::Result<()> {
    super::windows::ctrl_c()?.recv().await;
    Ok(())
}
