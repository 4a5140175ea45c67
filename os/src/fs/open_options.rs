//! How a file is opened.

use std::io;
use std::path::Path;

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
#[derive(Debug, Clone)]
pub struct OpenOptions(pub(super) std::fs::OpenOptions);

macro_rules! switches {
    ($($name:ident, $what:literal;)*) => {$(
        #[doc = $what]
        pub fn $name(&mut self, $name: bool) -> &mut OpenOptions {
            self.0.$name($name);
            self
        }
    )*};
}

impl OpenOptions {
    /// Options of which none is set.
    pub fn new() -> Self {
        Self(std::fs::OpenOptions::new())
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
    /// What the system says; options that do not go together.
    pub async fn open(&self, path: impl AsRef<Path>) -> io::Result<File> {
        let (path, options) = (path.as_ref().to_owned(), self.0.clone());
        offload(move || options.open(path))
            .await
            .map(File::from_std)
    }
}

impl File {
    /// Options to open a file with.
    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }
}

impl From<std::fs::OpenOptions> for OpenOptions {
    fn from(options: std::fs::OpenOptions) -> Self {
        Self(options)
    }
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self::new()
    }
}
