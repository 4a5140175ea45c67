//! Names of files: links, renames and canonical paths.

use std::io;
use std::path::{Path, PathBuf};

use super::offload::offload;

/// The absolute path of `path`, without links and dots.
///
/// # Errors
/// What the system reports; a part that is not there.
///
/// # Cancel safety
/// Nothing changes when the future is dropped.
pub async fn canonicalize(path: impl AsRef<Path>) -> io::Result<PathBuf> {
    let path = path.as_ref().to_owned();
    offload(move || std::fs::canonicalize(path)).await
}

/// Gives the file at `original` another name, `link`.
///
/// # Errors
/// What the system reports; another file system.
///
/// # Cancel safety
/// Once begun it is completed, even if the future is dropped.
pub async fn hard_link(original: impl AsRef<Path>, link: impl AsRef<Path>) -> io::Result<()> {
    let (original, link) = (original.as_ref().to_owned(), link.as_ref().to_owned());
    offload(move || std::fs::hard_link(original, link)).await
}

/// What the link at `path` says.
///
/// # Errors
/// What the system reports; no link.
///
/// # Cancel safety
/// Nothing changes when the future is dropped.
pub async fn read_link(path: impl AsRef<Path>) -> io::Result<PathBuf> {
    let path = path.as_ref().to_owned();
    offload(move || std::fs::read_link(path)).await
}

/// Gives the file at `from` the name `to`, which a file that has it loses.
///
/// # Errors
/// What the system reports; another file system.
///
/// # Cancel safety
/// Once begun it is completed, even if the future is dropped.
pub async fn rename(from: impl AsRef<Path>, to: impl AsRef<Path>) -> io::Result<()> {
    let (from, to) = (from.as_ref().to_owned(), to.as_ref().to_owned());
    offload(move || std::fs::rename(from, to)).await
}
