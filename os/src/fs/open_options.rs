//! How a file is opened.

use std::path::Path;
use std::{fmt, io};

use super::file::File;
use super::offload::offload;

/// How a file is opened; nothing is set at first.
///
/// # Example
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
    reads: bool,
    /// Nothing but `read` was ever set.
    is_plain: bool,
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
            reads: false,
            is_plain: true,
        }
    }

    /// Options that may be more than `read` from now on.
    pub(super) fn std_mut(&mut self) -> &mut std::fs::OpenOptions {
        self.is_plain = false;
        &mut self.std
    }

    /// Whether the file can be read.
    pub fn read(&mut self, read: bool) -> &mut OpenOptions {
        self.std.read(read);
        self.reads = read;
        self
    }

    switches! {
        write, "Whether the file can be written.";
        append, "Whether each write goes to the end.";
        truncate, "Whether the file is emptied; it must be writable.";
        create, "Whether the file is created if there is none; it must be writable.";
        create_new, "Whether the file is created and must not have been there.";
    }

    /// Opens the file at `path`.
    ///
    /// # Errors
    /// What the system says; options that do not go together.
    ///
    /// # Cancel safety
    /// Once begun it is done, creating the file for one; a file that nobody takes any more is
    /// closed.
    pub async fn open(&self, path: impl AsRef<Path>) -> io::Result<File> {
        if self.is_plain && self.reads {
            return File::open(path).await;
        }
        let (path, options) = (path.as_ref().to_owned(), self.std.clone());
        offload(move || options.open(path))
            .await
            .map(File::from_std)
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
        Self {
            std: options,
            reads: false,
            is_plain: false,
        }
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
