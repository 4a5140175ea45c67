//! What files have on Unix only.

use std::fs::Permissions;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use super::dir_builder::DirBuilder;
use super::file::File;
use super::offload::offload;
use super::open_options::OpenOptions;
use super::read_dir::DirEntry;
use crate::sys::{Owners, ReplacedFile, allocate_file};

/// Makes a symbolic link at `link` that says `original`.
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
/// let base = std::env::temp_dir().join(format!("selkie-symlink-{}", std::process::id()));
/// fs::create_dir(&base).await?;
/// fs::write(base.join("release-7"), "seven").await?;
/// fs::symlink("release-7", base.join("current")).await?;
/// assert_eq!(fs::read_to_string(base.join("current")).await?, "seven");
/// fs::remove_dir_all(&base).await?;
/// # Ok(())
/// # }
/// ```
#[inline]
pub async fn symlink(original: impl AsRef<Path>, link: impl AsRef<Path>) -> io::Result<()> {
    let (original, link) = (original.as_ref().to_owned(), link.as_ref().to_owned());
    offload(move || std::os::unix::fs::symlink(original, link)).await
}

/// Lets those use `file` who may use `old`, and nobody else.
///
/// Set-id bits lend the owner's rights, and are left out if the owner is another. With another group, the
/// group and all others get what both had: each of them may have been the other.
#[inline]
pub(super) fn keep_access(old: &ReplacedFile, file: &std::fs::File) -> io::Result<()> {
    let new = file.metadata()?;
    old.copy_attributes(file)?;
    let Owners { uid, gid, mut mode } = old.owners();
    let same_group = new.gid() == gid;
    let mode_says_all = old.move_access_list(file, same_group)?;
    if !same_group || new.uid() != uid {
        mode &= 0o1777;
    }
    if !same_group {
        let both = mode & (mode >> 3) & 0o007;
        mode = mode & 0o7700 | both << 3 | both;
    }
    if !mode_says_all {
        mode &= 0o7700;
    }
    file.set_permissions(Permissions::from_mode(mode))
}

impl File {
    /// Sees to it that there is room on the disk for `len` bytes from `offset` on, and makes the file
    /// as long as that if it is shorter: a later write there does not fail for want of room.
    ///
    /// # Errors
    /// `StorageFull`, `Unsupported` by the file system or by an operating system other than Linux;
    /// what the system reports otherwise.
    ///
    /// # Cancel safety
    /// Once begun it is completed, even if the future is dropped.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::fs::File;
    ///
    /// # if cfg!(target_os = "linux") {
    /// let path = std::env::temp_dir().join(format!("selkie-fallocate-{}", std::process::id()));
    /// let file = File::create(&path).await?;
    /// match file.fallocate(0, 4096).await {
    ///     // There is room: writes there do not fail for want of it.
    ///     Ok(()) => assert_eq!(file.metadata().await?.len(), 4096),
    ///     Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::Unsupported),
    /// }
    /// # selkie::fs::remove_file(&path).await?;
    /// # }
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn fallocate(&self, offset: u64, len: u64) -> io::Result<()> {
        self.idle().await;
        self.change(move |std| allocate_file(std.as_fd(), offset, len))
            .await
    }
}

impl DirBuilder {
    /// The permissions of new directories, before the process's mask; 0o777 if never set.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::os::unix::fs::PermissionsExt;
    /// use selkie::fs::{self, DirBuilder};
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-dir-mode-{}", std::process::id()));
    /// // For this user alone.
    /// DirBuilder::new().mode(0o700).create(&path).await?;
    /// assert_eq!(fs::metadata(&path).await?.permissions().mode() & 0o777, 0o700);
    /// fs::remove_dir(&path).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn mode(&mut self, mode: u32) -> &mut Self {
        self.mode = Some(mode);
        self
    }
}

impl OpenOptions {
    /// The permissions that the file gets if it is created, before the process's mask; 0o666 if
    /// never set.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::os::unix::fs::PermissionsExt;
    /// use selkie::fs::{self, OpenOptions};
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-mode-{}", std::process::id()));
    /// // A key, for this user alone.
    /// OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).await?;
    /// assert_eq!(fs::metadata(&path).await?.permissions().mode() & 0o777, 0o600);
    /// fs::remove_file(&path).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn mode(&mut self, mode: u32) -> &mut OpenOptions {
        OpenOptionsExt::mode(self.std_mut(), mode);
        self
    }

    /// Further flags for the system's `open`, without those of the access mode.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::fs::{self, OpenOptions};
    ///
    /// let link = std::env::temp_dir().join(format!("selkie-flags-{}", std::process::id()));
    /// fs::symlink("/dev/null", &link).await?;
    /// // A link is not followed.
    /// let refused = OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW).open(&link).await;
    /// assert!(refused.is_err());
    /// fs::remove_file(&link).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn custom_flags(&mut self, flags: i32) -> &mut OpenOptions {
        OpenOptionsExt::custom_flags(self.std_mut(), flags);
        self
    }
}

impl DirEntry {
    /// The number of the entry's inode.
    #[inline]
    pub fn ino(&self) -> u64 {
        std::os::unix::fs::DirEntryExt::ino(&*self.std)
    }
}
