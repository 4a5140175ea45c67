//! What files have on Windows only.

use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io;
use std::os::windows::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::offload::offload;
use super::open_options::OpenOptions;

/// Makes a symbolic link at `link` to the directory `original`.
///
/// Windows tells links to directories from links to files: for a file use [`symlink_file`].
///
/// # Errors
/// What the system says: that this process may not make links, for one, which takes a privilege or the
/// developer mode.
///
/// # Cancel safety
/// Once begun it is completed, even if the future is dropped.
pub async fn symlink_dir(original: impl AsRef<Path>, link: impl AsRef<Path>) -> io::Result<()> {
    let (original, link) = (original.as_ref().to_owned(), link.as_ref().to_owned());
    offload(move || std::os::windows::fs::symlink_dir(original, link)).await
}

/// Makes a symbolic link at `link` to the file `original`.
///
/// Windows tells links to files from links to directories: for a directory use [`symlink_dir`].
///
/// # Errors
/// What the system says: that this process may not make links, for one, which takes a privilege or the
/// developer mode.
///
/// # Cancel safety
/// Once begun it is completed, even if the future is dropped.
pub async fn symlink_file(original: impl AsRef<Path>, link: impl AsRef<Path>) -> io::Result<()> {
    let (original, link) = (original.as_ref().to_owned(), link.as_ref().to_owned());
    offload(move || std::os::windows::fs::symlink_file(original, link)).await
}

/// A directory; Windows brings names to the disk by itself.
pub(super) struct Directory(PathBuf);

/// The name of a file in a directory.
pub(super) struct Name(OsString);

impl Name {
    /// A name that somebody here made up.
    pub(super) fn new(name: String) -> Self {
        Self(name.into())
    }
}

/// What the system knows of the file that is to be replaced.
pub(super) struct ReplacedFile(Metadata);

impl ReplacedFile {
    /// What is at `name`, if it is a file.
    pub(super) fn find(directory: &Directory, name: &Name) -> io::Result<Option<Self>> {
        directory.file_at(name).map(|old| old.map(Self))
    }
}

impl Directory {
    /// The directory of what `path` names, and the name.
    pub(super) fn of(path: &Path) -> io::Result<(Self, Name)> {
        let Some(name) = path.file_name() else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let directory = match path.parent() {
            Some(directory) if !directory.as_os_str().is_empty() => directory,
            _ => Path::new("."),
        };
        Ok((Self(directory.to_owned()), Name(name.to_owned())))
    }

    fn path_of(&self, name: &Name) -> PathBuf {
        self.0.join(&name.0)
    }

    /// What the system knows of the file at `name`, if it is one.
    pub(super) fn file_at(&self, name: &Name) -> io::Result<Option<Metadata>> {
        match std::fs::symlink_metadata(self.path_of(name)) {
            Ok(old) => Ok(Some(old).filter(Metadata::is_file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A new file at `name`. Who may use it is the directory's to say.
    pub(super) fn create(&self, name: &Name, _private: bool) -> io::Result<File> {
        File::create_new(self.path_of(name))
    }

    /// Removes the file at `name`.
    pub(super) fn remove(&self, name: &Name) -> io::Result<()> {
        std::fs::remove_file(self.path_of(name))
    }

    /// Has `file`, which is at `from`, take the name `to`, at once.
    pub(super) fn rename(&self, file: File, from: &Name, to: &Name) -> io::Result<()> {
        drop(file);
        std::fs::rename(self.path_of(from), self.path_of(to))
    }

    pub(super) fn sync(&self, _renamed: &()) -> io::Result<()> {
        Ok(())
    }
}

/// Gives `file` the permissions that `old` has.
pub(super) fn keep_access(old: &ReplacedFile, file: &File) -> io::Result<()> {
    file.set_permissions(old.0.permissions())
}

impl OpenOptions {
    /// The rights to the file that the system is asked for (`dwDesiredAccess` of `CreateFile`), in place of
    /// those that follow from [`read`](Self::read), [`write`](Self::write) and [`append`](Self::append).
    ///
    /// # Examples
    /// ```no_run
    /// # fn main() -> std::io::Result<()> {
    /// # selkie::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// use selkie::fs::OpenOptions;
    ///
    /// // Without any right: the metadata of the file can be read, and nothing else.
    /// let file = OpenOptions::new().access_mode(0).open("data.bin").await?;
    /// println!("{} bytes", file.metadata().await?.len());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn access_mode(&mut self, access: u32) -> &mut OpenOptions {
        self.std_mut().access_mode(access);
        self
    }

    /// What others may do with the file while this handle is open (`dwShareMode` of `CreateFile`); reading,
    /// writing and deleting if never set.
    ///
    /// With zero nobody can open the file a second time, this process included, until it is closed.
    ///
    /// # Examples
    /// ```no_run
    /// # fn main() -> std::io::Result<()> {
    /// # selkie::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// use selkie::fs::OpenOptions;
    ///
    /// let journal = OpenOptions::new().write(true).create(true).share_mode(0).open("journal").await?;
    /// assert!(OpenOptions::new().read(true).open("journal").await.is_err());
    /// # drop(journal);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn share_mode(&mut self, share: u32) -> &mut OpenOptions {
        self.std_mut().share_mode(share);
        self
    }

    /// Further flags of `CreateFile` (`FILE_FLAG_WRITE_THROUGH` and its like), in place of those that were
    /// set by this before.
    ///
    /// Do not set `FILE_FLAG_OVERLAPPED`: the file's operations expect to be done when they return.
    pub fn custom_flags(&mut self, flags: u32) -> &mut OpenOptions {
        self.std_mut().custom_flags(flags);
        self
    }

    /// The attributes that a file gets if it is created (`FILE_ATTRIBUTE_HIDDEN` and its like), or if it is
    /// there and [`truncate`](Self::truncate) was set.
    pub fn attributes(&mut self, attributes: u32) -> &mut OpenOptions {
        self.std_mut().attributes(attributes);
        self
    }

    /// What a server may do in this process's name if the path is that of a named pipe: the system's flags
    /// of security of service, to which `SECURITY_SQOS_PRESENT` is added.
    ///
    /// Without them a server that may do so can act as this process's user. What leads to a pipe need not
    /// look like one: a path with a link in it, say, that somebody else chose.
    pub fn security_qos_flags(&mut self, flags: u32) -> &mut OpenOptions {
        self.std_mut().security_qos_flags(flags);
        self
    }
}
