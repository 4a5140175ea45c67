//! The user's wish to end.

use std::io;

use super::unix::{SignalKind, signal};

/// Waits for a Ctrl-C, or another interrupt.
///
/// Once this was polled an interrupt no longer ends the process, also after the future dropped:
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
/// # Example
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
pub async fn ctrl_c() -> io::Result<()> {
    signal(SignalKind::interrupt())?.recv().await;
    Ok(())
}
