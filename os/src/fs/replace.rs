//! Replacing a file's content so that everybody sees the old or the new, whole.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::offload::offload;
#[cfg(unix)]
use super::unix::sync_folder;
#[cfg(windows)]
use super::windows::sync_folder;

/// Names that are tried for the new file before giving up.
const MAX_NAMES: u32 = 64;

/// Removes the new file unless it took its place.
struct Unfinished<'a>(Option<&'a Path>);

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if let Some(path) = self.0 {
            // It fails if somebody else removed it, which is as well.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Makes `contents` the whole content of the file at `path`, at once: whoever opens it, and whoever
/// finds it after a crash, sees the old content or the new.
///
/// The content is written to a new file in the same folder and brought to the disk; the file takes the
/// name, and the folder is brought to the disk. The new file has the permissions of the old one, if
/// there was one, and this process's owner; a link at `path` is replaced itself.
///
/// # Errors
/// What the system says; `path` then is as it was, but for an error of the folder's `fsync` at the very
/// end.
///
/// # Cancel safety
/// Once begun it is done as a whole, also if the future drops.
///
/// # Cost
/// A copy of `contents`, one hop to the blocking pool, two waits for the disk.
///
/// # Example
/// ```
/// # fn main() -> std::io::Result<()> {
/// # selkie::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let path = std::env::temp_dir().join(format!("selkie-doc-replace-{}", std::process::id()));
/// selkie::fs::replace(&path, b"low").await?;
/// selkie::fs::replace(&path, b"high").await?;
/// assert_eq!(selkie::fs::read(&path).await?, b"high");
/// # selkie::fs::remove_file(&path).await?;
/// # Ok(())
/// # })
/// # }
/// ```
pub async fn replace(path: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> io::Result<()> {
    let (path, contents) = (path.as_ref().to_owned(), contents.as_ref().to_owned());
    offload(move || replace_now(&path, &contents)).await
}

fn replace_now(path: &Path, contents: &[u8]) -> io::Result<()> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let (mut file, new_path) = create_beside(folder, name.to_owned())?;
    let mut unfinished = Unfinished(Some(&new_path));
    file.write_all(contents)?;
    match std::fs::symlink_metadata(path) {
        Ok(old) if old.is_file() => file.set_permissions(old.permissions())?,
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    file.sync_all()?;
    drop(file);
    std::fs::rename(&new_path, path)?;
    unfinished.0 = None;
    sync_folder(folder)
}

/// A new file in `folder`, hidden, with a name of its own that begins with `name`.
fn create_beside(folder: &Path, name: OsString) -> io::Result<(File, PathBuf)> {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    for _ in 0..MAX_NAMES {
        // Relaxed: each number is given once, and orders nothing.
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let mut new_name = OsString::from(".");
        new_name.push(&name);
        new_name.push(format!(".{}-{number}.new", std::process::id()));
        let new_path = folder.join(new_name);
        match OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&new_path)
        {
            Ok(file) => return Ok((file, new_path)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(
        io::ErrorKind::AlreadyExists,
        format!("no free name for the new file: {MAX_NAMES} of {MAX_NAMES} are taken"),
    ))
}
