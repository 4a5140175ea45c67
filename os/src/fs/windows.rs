//! What files have on Windows alone.

use std::io;
use std::path::Path;

use super::offload::offload;

/// Makes a symbolic link at `link` to the folder `original`.
///
/// # Errors
/// What the system says.
///
/// # Cancel safety
/// Once begun it is done, also if the future drops.
pub async fn symlink_dir(original: impl AsRef<Path>, link: impl AsRef<Path>) -> io::Result<()> {
    let (original, link) = (original.as_ref().to_owned(), link.as_ref().to_owned());
    offload(move || std::os::windows::fs::symlink_dir(original, link)).await
}

/// Makes a symbolic link at `link` to the file `original`.
///
/// # Errors
/// What the system says.
///
/// # Cancel safety
/// Once begun it is done, also if the future drops.
pub async fn symlink_file(original: impl AsRef<Path>, link: impl AsRef<Path>) -> io::Result<()> {
    let (original, link) = (original.as_ref().to_owned(), link.as_ref().to_owned());
    offload(move || std::os::windows::fs::symlink_file(original, link)).await
}

/// Windows brings names to the disk by itself.
pub(super) fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}
