//! Creating directories.

use std::io;
use std::path::Path;

use super::offload::offload;

/// How a directory is made.
#[derive(Debug, Default)]
pub struct DirBuilder {
    recursive: bool,
    pub(super) mode: Option<u32>,
}

impl DirBuilder {
    /// A builder of one directory, as [`create_dir`] makes it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the directories above are made as well, and one that is there is good enough.
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
pub async fn create_dir_all(path: impl AsRef<Path>) -> io::Result<()> {
    let path = path.as_ref().to_owned();
    offload(move || std::fs::create_dir_all(path)).await
}
