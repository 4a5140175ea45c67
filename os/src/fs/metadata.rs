//! Metadata and permissions of a path.

use std::fs::{Metadata, Permissions};
use std::io;
use std::path::Path;

use super::offload::offload;

/// The metadata of the file at `path`; links are followed.
///
/// # Errors
/// What the system reports.
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
/// let path = std::env::temp_dir().join(format!("selkie-metadata-{}", std::process::id()));
/// fs::write(&path, "12345").await?;
/// let metadata = fs::metadata(&path).await?;
/// assert_eq!((metadata.is_file(), metadata.len()), (true, 5));
/// fs::remove_file(&path).await?;
/// # Ok(())
/// # }
/// ```
#[inline]
pub async fn metadata(path: impl AsRef<Path>) -> io::Result<Metadata> {
    let path = path.as_ref().to_owned();
    offload(move || std::fs::metadata(path)).await
}

/// The metadata of `path` itself; links are not followed.
///
/// # Errors
/// What the system reports.
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
/// let link = std::env::temp_dir().join(format!("selkie-symlink-metadata-{}", std::process::id()));
/// fs::symlink("/", &link).await?;
/// // The link, and not what it leads to.
/// assert!(fs::symlink_metadata(&link).await?.is_symlink());
/// assert!(fs::metadata(&link).await?.is_dir());
/// fs::remove_file(&link).await?;
/// # Ok(())
/// # }
/// ```
#[inline]
pub async fn symlink_metadata(path: impl AsRef<Path>) -> io::Result<Metadata> {
    let path = path.as_ref().to_owned();
    offload(move || std::fs::symlink_metadata(path)).await
}

/// Whether there is something at `path`; a broken link leads to nothing.
///
/// # Errors
/// If that cannot be known, for want of permissions for one.
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
/// let path = std::env::temp_dir().join(format!("selkie-exists-{}", std::process::id()));
/// assert!(!fs::try_exists(&path).await?);
/// fs::write(&path, "").await?;
/// assert!(fs::try_exists(&path).await?);
/// fs::remove_file(&path).await?;
/// # Ok(())
/// # }
/// ```
#[inline]
pub async fn try_exists(path: impl AsRef<Path>) -> io::Result<bool> {
    let path = path.as_ref().to_owned();
    offload(move || path.try_exists()).await
}

/// Sets the permissions of the file at `path`.
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
/// let path = std::env::temp_dir().join(format!("selkie-permissions-{}", std::process::id()));
/// fs::write(&path, "for reading").await?;
/// let mut permissions = fs::metadata(&path).await?.permissions();
/// permissions.set_readonly(true);
/// fs::set_permissions(&path, permissions).await?;
/// assert!(fs::metadata(&path).await?.permissions().readonly());
/// # fs::remove_file(&path).await?;
/// # Ok(())
/// # }
/// ```
#[inline]
pub async fn set_permissions(path: impl AsRef<Path>, perm: Permissions) -> io::Result<()> {
    let path = path.as_ref().to_owned();
    offload(move || std::fs::set_permissions(path, perm)).await
}
