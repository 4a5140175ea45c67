//! How a file is opened.

use std::path::Path;
use std::{fmt, io};

use super::file::File;

/// How a file is opened; nothing is set at first.
///
/// # Examples
/// ```no_run
/// # fn main() -> std::io::Result<()> {
/// # selkie::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let log = selkie::fs::OpenOptions::new().append(true).create(true).open("log.txt").await?;
/// # drop(log);
/// # Ok(())
/// # })
/// # }
/// ```
#[derive(Clone)]
pub struct OpenOptions {
    std: std::fs::OpenOptions,
}

macro_rules! switches {
    ($($name:ident, $what:literal;)*) => {$(
        #[doc = $what]
        pub fn $name(&mut self, $name: bool) -> &mut OpenOptions {
            self.std_mut().$name($name);
            self
        }
    )*};
}

impl OpenOptions {
    /// Options of which none is set.
    pub fn new() -> Self {
        Self {
            std: std::fs::OpenOptions::new(),
        }
    }

    /// The options, to be changed.
    pub(super) fn std_mut(&mut self) -> &mut std::fs::OpenOptions {
        &mut self.std
    }

    switches! {
        read, "Whether the file can be read.";
        write, "Whether the file can be written.";
        append, "Whether each write goes to the end.";
        truncate, "Whether the file is emptied; it must be writable.";
        create, "Whether the file is created if there is none; it must be writable.";
        create_new, "Whether the file is created and must not have been there.";
    }

    /// Opens the file at `path`.
    ///
    /// # Errors
    /// What the system reports; options that do not go together.
    ///
    /// # Cancel safety
    /// Once begun it is done, creating the file for one; a file that nobody takes any more is
    /// closed.
    pub async fn open(&self, path: impl AsRef<Path>) -> io::Result<File> {
        let (path, options) = (path.as_ref().to_owned(), self.std.clone());
        File::open_by(move || options.open(path)).await
    }
}

impl File {
    /// Options to open a file with.
    #[must_use]
    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }
}

impl From<std::fs::OpenOptions> for OpenOptions {
    fn from(options: std::fs::OpenOptions) -> Self {
        Self { std: options }
    }
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for OpenOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OpenOptions").field(&self.std).finish()
    }
}
