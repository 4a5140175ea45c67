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
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::fs;
///
/// let path = std::env::temp_dir().join(format!("selkie-remove-file-{}", std::process::id()));
/// fs::write(&path, "").await?;
/// fs::remove_file(&path).await?;
/// let error = fs::remove_file(&path).await.unwrap_err();
/// assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
/// # Ok(())
/// # }
/// ```
#[inline]
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
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::fs;
///
/// let path = std::env::temp_dir().join(format!("selkie-remove-dir-{}", std::process::id()));
/// fs::create_dir(&path).await?;
/// fs::write(path.join("file"), "").await?;
/// assert!(fs::remove_dir(&path).await.is_err(), "it is not empty");
/// fs::remove_file(path.join("file")).await?;
/// fs::remove_dir(&path).await?;
/// assert!(!fs::try_exists(&path).await?);
/// # Ok(())
/// # }
/// ```
#[inline]
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
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::fs;
///
/// let path = std::env::temp_dir().join(format!("selkie-remove-all-{}", std::process::id()));
/// fs::create_dir_all(path.join("a/b/c")).await?;
/// fs::remove_dir_all(&path).await?;
/// assert!(!fs::try_exists(&path).await?);
/// # Ok(())
/// # }
/// ```
#[inline]
pub async fn remove_dir_all(path: impl AsRef<Path>) -> io::Result<()> {
    let path = path.as_ref().to_owned();
    offload(move || std::fs::remove_dir_all(path)).await
}
