//! The user's wish to end.

use std::io;

/// Waits for a Ctrl-C.
///
/// While the future lives, a Ctrl-C does not end the process.
///
/// # Errors
/// If the event cannot be listened to.
///
/// # Cancel safety
/// A Ctrl-C that comes when nobody listens ends the process.
pub async fn ctrl_c() -> io::Result<()> {
    super::windows::ctrl_c()?.recv().await;
    Ok(())
}
