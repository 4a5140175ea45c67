//! Creating directories.

use std::io;
use std::path::Path;

use super::offload::offload;

/// How a directory is made.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::fs::{self, DirBuilder};
///
/// let base = std::env::temp_dir().join(format!("selkie-dir-builder-{}", std::process::id()));
/// DirBuilder::new().recursive(true).create(base.join("a/b")).await?;
/// assert!(fs::metadata(base.join("a/b")).await?.is_dir());
/// fs::remove_dir_all(&base).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct DirBuilder {
    recursive: bool,
    pub(super) mode: Option<u32>,
}

impl DirBuilder {
    /// A builder of one directory, as [`create_dir`] makes it.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::fs::{self, DirBuilder};
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-new-dir-{}", std::process::id()));
    /// DirBuilder::new().create(&path).await?;
    /// // Neither parents, nor one that is there already.
    /// assert!(DirBuilder::new().create(&path).await.is_err());
    /// assert!(DirBuilder::new().create(path.join("a/b")).await.is_err());
    /// fs::remove_dir(&path).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the directories above are made as well, and one that is there is good enough.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::fs::{self, DirBuilder};
    ///
    /// let base = std::env::temp_dir().join(format!("selkie-recursive-{}", std::process::id()));
    /// let mut builder = DirBuilder::new();
    /// builder.recursive(true).create(base.join("deep/down")).await?;
    /// // There already, and no error.
    /// builder.create(base.join("deep")).await?;
    /// fs::remove_dir_all(&base).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn recursive(&mut self, recursive: bool) -> &mut Self {
        self.recursive = recursive;
        self
    }

    /// Makes the directory at `path`.
    ///
    /// # Errors
    /// `AlreadyExists` if it is there and `recursive` is not set; what the system reports otherwise.
    ///
    /// # Cancel safety
    /// Once begun it is completed, even if the future is dropped.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::fs::{self, DirBuilder};
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-create-{}", std::process::id()));
    /// DirBuilder::new().create(&path).await?;
    /// assert!(fs::metadata(&path).await?.is_dir());
    /// fs::remove_dir(&path).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn create(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let path = path.as_ref().to_owned();
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(self.recursive);
        if let Some(mode) = self.mode {
            crate::sys::set_dir_mode(&mut builder, mode);
        }
        offload(move || builder.create(path)).await
    }
}

/// Makes the directory at `path`.
///
/// # Errors
/// `AlreadyExists` if it is there; `NotFound` if the directory above is not.
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
/// let path = std::env::temp_dir().join(format!("selkie-create-dir-{}", std::process::id()));
/// fs::create_dir(&path).await?;
/// let error = fs::create_dir(&path).await.unwrap_err();
/// assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
/// fs::remove_dir(&path).await?;
/// # Ok(())
/// # }
/// ```
#[inline]
pub async fn create_dir(path: impl AsRef<Path>) -> io::Result<()> {
    let path = path.as_ref().to_owned();
    offload(move || std::fs::create_dir(path)).await
}

/// Makes the directory at `path` and those above it, as far as they are not there.
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
/// let base = std::env::temp_dir().join(format!("selkie-create-dirs-{}", std::process::id()));
/// fs::create_dir_all(base.join("one/two")).await?;
/// fs::create_dir_all(base.join("one/two")).await?;
/// assert!(fs::metadata(base.join("one")).await?.is_dir());
/// fs::remove_dir_all(&base).await?;
/// # Ok(())
/// # }
/// ```
#[inline]
pub async fn create_dir_all(path: impl AsRef<Path>) -> io::Result<()> {
    let path = path.as_ref().to_owned();
    offload(move || std::fs::create_dir_all(path)).await
}
