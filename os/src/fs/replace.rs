//! Replacing the content of a file, so that everybody sees either the whole old content or the whole new one.

use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::path::Path;

use super::offload::offload;
#[cfg(unix)]
use super::unix::keep_access;
#[cfg(windows)]
use super::windows::{Directory, Name, ReplacedFile, keep_access};
#[cfg(unix)]
use crate::sys::{Directory, Name, ReplacedFile};

/// Names that are tried for the new file before giving up.
const MAX_NAMES: u32 = 64;

/// Removes the new file unless it took its place.
struct RemoveGuard<'a>(Option<(&'a Directory, &'a Name)>);

impl Drop for RemoveGuard<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some((directory, name)) = self.0 {
            // It fails if somebody else has removed it, and that does no harm.
            let _ = directory.remove(name);
        }
    }
}

/// Makes `contents` the whole content of the file at `path`, at once: whoever opens it, and whoever
/// finds it after a crash, sees the old content or the new.
///
/// The content is written to a new file in the same directory and brought to the disk; the file takes the
/// name, and the directory is brought to the disk. A link at `path` is replaced itself. A crash may leave the
/// new file behind, as `.selkie-….new`. The directory is looked up once: whoever moves it, or has the process change its
/// directory, does not lead the file elsewhere.
///
/// The new file has this process's owner, and the permissions of the old one, if there was one; until it is
/// whole nobody else can open it. If the owner or the group is another than before, set-id bits are not
/// kept; if the group is, it and all others may do what both were allowed. Linux' access control lists are
/// kept with the group; else, or if the system does not tell them, nobody but the owner is allowed anything. `user.*`
/// attributes are kept where the system lets them be. All else is not: capabilities, labels, other systems' lists and attributes.
///
/// # Errors
/// `InvalidInput` if `path` ends in no name, as `..` does; what the system reports otherwise. `path` then is as it was, but
/// for an error of the directory's `fsync` at the very end.
///
/// # Cancel safety
/// Once begun it is completed as a whole, even if the future is dropped.
///
/// # Cost
/// A copy of `contents`, one hop to the blocking pool, two waits for the disk; on Linux six system calls for lists
/// and attributes, and two for each attribute. If the directory may not be read, all that is on its file system is waited
/// for in its place.
///
/// # Examples
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
#[inline]
pub async fn replace(path: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> io::Result<()> {
    let (path, contents) = (path.as_ref().to_owned(), contents.as_ref().to_owned());
    offload(move || replace_now(&path, &contents)).await
}

#[inline]
fn replace_now(path: &Path, contents: &[u8]) -> io::Result<()> {
    // First: what cannot be brought to the disk is not begun.
    let (directory, name) = Directory::of(path)?;
    let has_old = directory.file_at(&name)?.is_some();
    let (mut file, new_name) = create_in(&directory, has_old)?;
    let mut unfinished = RemoveGuard(Some((&directory, &new_name)));
    file.write_all(contents)?;
    // Last, and as it is now: nobody has seen the content before who may not see it after.
    if let Some(old) = ReplacedFile::find(&directory, &name)? {
        keep_access(&old, &file)?;
    }
    file.sync_all()?;
    let renamed = directory.rename(file, &new_name, &name)?;
    unfinished.0 = None;
    directory.sync(&renamed)
}

/// A new file in `directory`, hidden, with a name of its own that nobody can foresee, and that is short
/// whatever the old one's is.
#[inline]
fn create_in(directory: &Directory, private: bool) -> io::Result<(File, Name)> {
    let random = RandomState::new();
    for number in 0..MAX_NAMES {
        let name = Name::new(format!(".selkie-{:016x}.new", random.hash_one(number)));
        match directory.create(&name, private) {
            Ok(file) => return Ok((file, name)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => {
                // A listener may forbid to open what has been created by then.
                let _ = directory.remove(&name);
                return Err(error);
            }
        }
    }
    Err(io::Error::new(
        io::ErrorKind::AlreadyExists,
        format!("no free name for the new file: {MAX_NAMES} of {MAX_NAMES} are taken"),
    ))
}
