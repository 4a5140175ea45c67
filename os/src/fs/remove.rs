//! Removing files and directories.

use std::io;
use std::path::Path;

use super::offload::offload;

/// Removes the file at `path`.
///
/// # Errors
/// What the system reports.
///
/// # Cancel safety
/// Once begun it is completed, even if the future is dropped.
pub async fn remove_file(path: impl AsRef<Path>) -> io::Result<()> {
    let path = path.as_ref().to_owned();
    offload(move || std::fs::remove_file(path)).await
}

/// Removes the empty directory at `path`.
///
/// # Errors
/// What the system reports; a directory that is not empty.
///
/// # Cancel safety
/// Once begun it is completed, even if the future is dropped.
pub async fn remove_dir(path: impl AsRef<Path>) -> io::Result<()> {
    let path = path.as_ref().to_owned();
    offload(move || std::fs::remove_dir(path)).await
}

/// Removes the directory at `path` and all that is in it; links are removed and not followed.
///
/// # Errors
/// What the system reports; a part may be removed then.
///
/// # Cancel safety
/// Once begun it is completed, even if the future is dropped.
pub async fn remove_dir_all(path: impl AsRef<Path>) -> io::Result<()> {
    let path = path.as_ref().to_owned();
    offload(move || std::fs::remove_dir_all(path)).await
}
