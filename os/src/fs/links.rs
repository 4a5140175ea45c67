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
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::fs;
///
/// let path = fs::canonicalize("/tmp/..").await?;
/// assert_eq!(path, std::path::Path::new("/"));
/// # Ok(())
/// # }
/// ```
#[inline]
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
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::fs;
///
/// let base = std::env::temp_dir().join(format!("selkie-hard-link-{}", std::process::id()));
/// fs::create_dir(&base).await?;
/// fs::write(base.join("one"), "the same file").await?;
/// fs::hard_link(base.join("one"), base.join("two")).await?;
/// fs::remove_file(base.join("one")).await?;
/// assert_eq!(fs::read_to_string(base.join("two")).await?, "the same file");
/// fs::remove_dir_all(&base).await?;
/// # Ok(())
/// # }
/// ```
#[inline]
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
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::fs;
///
/// let link = std::env::temp_dir().join(format!("selkie-read-link-{}", std::process::id()));
/// fs::symlink("somewhere/else", &link).await?;
/// assert_eq!(fs::read_link(&link).await?, std::path::Path::new("somewhere/else"));
/// fs::remove_file(&link).await?;
/// # Ok(())
/// # }
/// ```
#[inline]
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
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::fs;
///
/// let base = std::env::temp_dir().join(format!("selkie-rename-{}", std::process::id()));
/// fs::create_dir(&base).await?;
/// let (new, name) = (base.join("settings.new"), base.join("settings"));
/// fs::write(&name, "old").await?;
/// fs::write(&new, "new").await?;
/// // Whoever reads sees the old contents or the new, and nothing in between.
/// fs::rename(&new, &name).await?;
/// assert_eq!(fs::read_to_string(&name).await?, "new");
/// fs::remove_dir_all(&base).await?;
/// # Ok(())
/// # }
/// ```
#[inline]
pub async fn rename(from: impl AsRef<Path>, to: impl AsRef<Path>) -> io::Result<()> {
    let (from, to) = (from.as_ref().to_owned(), to.as_ref().to_owned());
    offload(move || std::fs::rename(from, to)).await
}
