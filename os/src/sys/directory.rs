//! A directory that is held open, and what is done to the names in it.
//!
//! Idea        A path is looked up once, for the directory; every later call names one component in it. So a process that
//!             changes its directory, and whoever moves this one, do not lead a call elsewhere, and the length of the path
//!             matters once.
//! Invariants  I1 a directory that may not be read is opened so that its names can be found and changed, and nothing else:
//!                the system does not take such a descriptor for what is to be brought to the disk.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, OsStr};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::file_control::until_done;

/// Flags of every file that is opened here. On systems of 32 bits files may be longer than those can say.
#[cfg(any(target_os = "linux", target_os = "android"))]
const ALWAYS: libc::c_int = libc::O_CLOEXEC | libc::O_LARGEFILE;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const ALWAYS: libc::c_int = libc::O_CLOEXEC;

#[cfg(not(any(target_os = "linux", target_os = "android")))]
use libc::{fstatat as stat_at, stat as Stat};
#[cfg(any(target_os = "linux", target_os = "android"))]
use libc::{fstatat64 as stat_at, stat64 as Stat};

/// With what a directory is opened that may be searched and not read, where there is such a flag.
#[cfg(target_os = "linux")]
const TO_SEARCH: Option<libc::c_int> = Some(libc::O_PATH);
#[cfg(not(target_os = "linux"))]
const TO_SEARCH: Option<libc::c_int> = None;

/// An open directory.
#[derive(Debug)]
pub(crate) struct Directory {
    file: File,
    /// Whether it was opened to be read (I1).
    is_readable: bool,
}

/// The name of a file in a directory: one component of a path.
#[derive(Debug)]
pub(crate) struct Name(CString);

impl Name {
    /// A name that somebody here made up.
    pub(crate) fn new(name: String) -> Self {
        Self(CString::new(name).expect("the name has no zero in it"))
    }
}

/// What the system knows of a file, as far as it matters to who may use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owners {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// Permissions, and set-id bits.
    pub(crate) mode: u32,
}

impl Owners {
    /// `mode` is as the system tells it.
    pub(super) fn of(uid: u32, gid: u32, mode: impl Into<u32>) -> Self {
        let mode = mode.into() & 0o7777;
        Self { uid, gid, mode }
    }
}

impl Directory {
    /// Opens the directory of what `path` names, and tells the name.
    ///
    /// # Errors
    /// `InvalidInput` if `path` ends in no name, as `..` and `directory/` do; what the system says otherwise.
    pub(crate) fn of(path: &Path) -> io::Result<(Self, Name)> {
        let invalid = || io::Error::from(io::ErrorKind::InvalidInput);
        let bytes = path.as_os_str().as_bytes();
        let (directory, name) = match bytes.iter().rposition(|&byte| byte == b'/') {
            Some(0) => (&bytes[..1], &bytes[1..]),
            Some(slash) => (&bytes[..slash], &bytes[slash + 1..]),
            None => (&b"."[..], bytes),
        };
        if [&b""[..], b".", b".."].contains(&name) {
            return Err(invalid());
        }
        let name = CString::new(name).map_err(|_| invalid())?;
        Ok((Self::open(OsStr::from_bytes(directory))?, Name(name)))
    }

    fn open(path: &OsStr) -> io::Result<Self> {
        let path = CString::new(path.as_bytes())?;
        let open_with = |flag, is_readable| -> io::Result<Self> {
            let file = open_at(libc::AT_FDCWD, &path, flag | libc::O_DIRECTORY, 0)?;
            Ok(Self { file, is_readable })
        };
        let opened = open_with(libc::O_RDONLY, true);
        match (opened, TO_SEARCH) {
            (Err(error), Some(flag)) if error.raw_os_error() == Some(libc::EACCES) => {
                open_with(flag, false)
            }
            (outcome, _) => outcome,
        }
    }

    /// Opens what is at `name`, with the system's `flags`; a file that is created has `mode`.
    pub(super) fn open_file(
        &self,
        name: &Name,
        flags: libc::c_int,
        mode: libc::c_uint,
    ) -> io::Result<File> {
        open_at(self.file.as_raw_fd(), &name.0, flags, mode)
    }

    /// A new file at `name`, that can be written to: for this user alone if it is `private`, else as any that is created.
    ///
    /// # Errors
    /// `AlreadyExists`; what the system says otherwise. There may be a file then.
    pub(crate) fn create(&self, name: &Name, private: bool) -> io::Result<File> {
        let flags = libc::O_WRONLY | libc::O_CREAT | libc::O_EXCL;
        self.open_file(name, flags, if private { 0o600 } else { 0o666 })
    }

    /// Removes the file at `name`.
    pub(crate) fn remove(&self, name: &Name) -> io::Result<()> {
        // SAFETY: the name ends in zero.
        let removed = unsafe { libc::unlinkat(self.file.as_raw_fd(), name.0.as_ptr(), 0) };
        checked(removed)
    }

    /// Has `file`, which is at `from`, take the name `to`, at once; gives it back.
    pub(crate) fn rename(&self, file: File, from: &Name, to: &Name) -> io::Result<File> {
        let (directory, from, to) = (self.file.as_raw_fd(), &from.0, &to.0);
        // SAFETY: both names end in zero.
        let renamed = unsafe { libc::renameat(directory, from.as_ptr(), directory, to.as_ptr()) };
        checked(renamed).map(|()| file)
    }

    /// Brings its names to the disk; `file` is one that is in it.
    ///
    /// A directory that may not be read is not opened so that this can be asked of it: then everything is brought there that
    /// is on the file's file system.
    pub(crate) fn sync(&self, file: &File) -> io::Result<()> {
        if self.is_readable {
            self.file.sync_all()
        } else {
            sync_all_of(file) // I1
        }
    }

    /// Whose the regular file at `name` is, if there is one.
    pub(crate) fn file_at(&self, name: &Name) -> io::Result<Option<Owners>> {
        // SAFETY: zeros are a `stat`.
        let mut stat: Stat = unsafe { std::mem::zeroed() };
        let (directory, name) = (self.file.as_raw_fd(), name.0.as_ptr());
        // SAFETY: the name ends in zero, and the system writes one `stat`.
        let asked = unsafe { stat_at(directory, name, &mut stat, libc::AT_SYMLINK_NOFOLLOW) };
        match checked(asked) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
            Ok(()) if stat.st_mode & libc::S_IFMT != libc::S_IFREG => Ok(None),
            Ok(()) => Ok(Some(Owners::of(stat.st_uid, stat.st_gid, stat.st_mode))),
        }
    }
}

fn open_at(
    directory: libc::c_int,
    name: &CStr,
    flags: libc::c_int,
    mode: libc::c_uint,
) -> io::Result<File> {
    let mut fd = -1;
    until_done(|| {
        // SAFETY: the name ends in zero.
        fd = unsafe { libc::openat(directory, name.as_ptr(), flags | ALWAYS, mode) };
        fd
    })?;
    // SAFETY: the system has just made the descriptor for us.
    Ok(unsafe { File::from_raw_fd(fd) })
}

fn checked(outcome: libc::c_int) -> io::Result<()> {
    match outcome {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Brings all that is on the file system of `file` to the disk.
#[cfg(target_os = "linux")]
fn sync_all_of(file: &File) -> io::Result<()> {
    // SAFETY: the call takes a number.
    until_done(|| unsafe { libc::syncfs(file.as_raw_fd()) })
}

/// As if it were done: no directory is opened so.
#[cfg(not(target_os = "linux"))]
fn sync_all_of(file: &File) -> io::Result<()> {
    file.sync_all()
}
