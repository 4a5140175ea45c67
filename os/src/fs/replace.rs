//! Replacing a file's content so that everybody sees the old or the new, whole.

use std::fs::{File, Metadata, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::offload::offload;
#[cfg(unix)]
use super::unix::{Folder, keep_access, keep_private};
#[cfg(windows)]
use super::windows::{Folder, keep_access, keep_private};

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
/// name, and the folder is brought to the disk. A link at `path` is replaced itself. A crash may leave the
/// new file behind, as `.selkie-….new`.
///
/// The new file has this process's owner, and the permissions of the old one, if there was one; until it is
/// whole nobody else can open it. If the owner or the group is another than before, set-id bits are not
/// kept; if the group is, it and all others may do what both were allowed. Linux' access control lists are
/// kept with the group, or else nobody but the owner is allowed anything; `user.*` attributes are kept where the
/// system lets them be. All else is not: capabilities, labels, other systems' lists and attributes.
///
/// # Errors
/// What the system says; `path` then is as it was, but for an error of the folder's `fsync` at the very
/// end.
///
/// # Cancel safety
/// Once begun it is done as a whole, also if the future drops.
///
/// # Cost
/// A copy of `contents`, one hop to the blocking pool, two waits for the disk; on Linux four system calls for lists
/// and attributes, and two for each attribute.
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
    if path.file_name().is_none() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let at = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // First: what cannot be brought to the disk is not begun.
    let folder = Folder::open(at)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    if old_file(path)?.is_some() {
        keep_private(&mut options);
    }
    let (mut file, new_path) = create_in(at, &options)?;
    let mut unfinished = Unfinished(Some(&new_path));
    file.write_all(contents)?;
    // Last, and as it is now: nobody has seen the content before who may not see it after.
    if let Some(old) = old_file(path)? {
        keep_access(path, &old, &file)?;
    }
    file.sync_all()?;
    drop(file);
    std::fs::rename(&new_path, path)?;
    unfinished.0 = None;
    folder.sync()
}

/// What the system knows of the file that is to be replaced, if it is one.
fn old_file(path: &Path) -> io::Result<Option<Metadata>> {
    match std::fs::symlink_metadata(path) {
        Ok(old) => Ok(Some(old).filter(Metadata::is_file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// A new file in `folder`, hidden, with a name of its own that nobody can foresee, and that is short
/// whatever the old one's is.
fn create_in(folder: &Path, options: &OpenOptions) -> io::Result<(File, PathBuf)> {
    let random = RandomState::new();
    for number in 0..MAX_NAMES {
        let name = format!(".selkie-{:016x}.new", random.hash_one(number));
        let new_path = folder.join(name);
        match options.open(&new_path) {
            Ok(file) => return Ok((file, new_path)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => {
                // A listener may forbid to open what has been created by then.
                let _ = std::fs::remove_file(&new_path);
                return Err(error);
            }
        }
    }
    Err(io::Error::new(
        io::ErrorKind::AlreadyExists,
        format!("no free name for the new file: {MAX_NAMES} of {MAX_NAMES} are taken"),
    ))
}
