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
pub async fn set_permissions(path: impl AsRef<Path>, perm: Permissions) -> io::Result<()> {
    let path = path.as_ref().to_owned();
    offload(move || std::fs::set_permissions(path, perm)).await
}
