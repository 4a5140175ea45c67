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
    ($($name:ident, $what:literal, $example:literal;)*) => {$(
        #[doc = $what]
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        /// use selkie::fs::{self, OpenOptions};
        /// use selkie::io::{AsyncReadExt, AsyncWriteExt};
        ///
        #[doc = concat!("let path = std::env::temp_dir().join(format!(\"selkie-", stringify!($name), "-{}\", std::process::id()));")]
        #[doc = $example]
        /// # fs::remove_file(&path).await?;
        /// # Ok(())
        /// # }
        /// ```
        #[inline]
        pub fn $name(&mut self, $name: bool) -> &mut OpenOptions {
            self.std_mut().$name($name);
            self
        }
    )*};
}

impl OpenOptions {
    /// Options of which none is set.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::fs::OpenOptions;
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-open-options-{}", std::process::id()));
    /// // Neither to be read nor to be written: nothing to open it for.
    /// assert!(OpenOptions::new().open(&path).await.is_err());
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn new() -> Self {
        Self {
            std: std::fs::OpenOptions::new(),
        }
    }

    /// The options, to be changed.
    #[inline]
    pub(super) fn std_mut(&mut self) -> &mut std::fs::OpenOptions {
        &mut self.std
    }

    switches! {
        read, "Whether the file can be read.",
            "fs::write(&path, \"contents\").await?;\n\
             let mut file = OpenOptions::new().read(true).open(&path).await?;\n\
             let mut text = String::new();\n\
             file.read_to_string(&mut text).await?;\n\
             assert_eq!(text, \"contents\");";
        write, "Whether the file can be written.",
            "fs::write(&path, \"0123\").await?;\n\
             let mut file = OpenOptions::new().write(true).open(&path).await?;\n\
             file.write_all(b\"ab\").await?;\n\
             file.flush().await?;\n\
             // From the start, and what is behind stays.\n\
             assert_eq!(fs::read(&path).await?, b\"ab23\");";
        append, "Whether each write goes to the end.",
            "fs::write(&path, \"one \").await?;\n\
             let mut file = OpenOptions::new().append(true).open(&path).await?;\n\
             file.write_all(b\"two\").await?;\n\
             file.flush().await?;\n\
             assert_eq!(fs::read(&path).await?, b\"one two\");";
        truncate, "Whether the file is emptied; it must be writable.",
            "fs::write(&path, \"what was there\").await?;\n\
             let file = OpenOptions::new().write(true).truncate(true).open(&path).await?;\n\
             assert_eq!(file.metadata().await?.len(), 0);";
        create, "Whether the file is created if there is none; it must be writable.",
            "let mut options = OpenOptions::new();\n\
             assert!(options.write(true).open(&path).await.is_err(), \"there is none\");\n\
             assert!(options.create(true).open(&path).await.is_ok());";
        create_new, "Whether the file is created and must not have been there.",
            "let mut options = OpenOptions::new();\n\
             options.write(true).create_new(true);\n\
             assert!(options.open(&path).await.is_ok());\n\
             assert!(options.open(&path).await.is_err(), \"there is one\");";
    }

    /// Opens the file at `path`.
    ///
    /// # Errors
    /// What the system reports; options that do not go together.
    ///
    /// # Cancel safety
    /// Once begun it is done, creating the file for one; a file that nobody takes any more is
    /// closed.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::fs::{self, OpenOptions};
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-options-open-{}", std::process::id()));
    /// let mut options = OpenOptions::new();
    /// options.write(true).create_new(true);
    /// options.open(&path).await?;
    /// assert!(options.open(&path).await.is_err(), "it is there now");
    /// fs::remove_file(&path).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn open(&self, path: impl AsRef<Path>) -> io::Result<File> {
        let (path, options) = (path.as_ref().to_owned(), self.std.clone());
        File::open_by(move || options.open(path)).await
    }
}

impl File {
    /// Options to open a file with.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::{fs::{self, File}, io::AsyncWriteExt};
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-options-{}", std::process::id()));
    /// for line in ["one\n", "two\n"] {
    ///     let mut log = File::options().append(true).create(true).open(&path).await?;
    ///     log.write_all(line.as_bytes()).await?;
    ///     log.flush().await?;
    /// }
    /// assert_eq!(fs::read_to_string(&path).await?, "one\ntwo\n");
    /// fs::remove_file(&path).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    #[inline]
    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }
}

impl From<std::fs::OpenOptions> for OpenOptions {
    #[inline]
    fn from(options: std::fs::OpenOptions) -> Self {
        Self { std: options }
    }
}

impl Default for OpenOptions {
    #[inline]
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for OpenOptions {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OpenOptions").field(&self.std).finish()
    }
}
