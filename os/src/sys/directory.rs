//! An open directory, and what is done to the names in it.
//!
//! Idea        A path is looked up once, to open its directory; every later call names one component in that. So a
//!             process that changes its working directory, or somebody who moves this one, does not lead a call
//!             elsewhere, and the length of the path matters once.
//! Invariants  I1 a directory that may be searched but not read is opened so that its names can be found and
//!                changed, and nothing else: the system does not accept such a descriptor for `fsync`.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, OsStr};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::file_control::retry_interrupted;

/// Flags of every open. On 32-bit systems files may be longer than their offsets allow without `O_LARGEFILE`.
#[cfg(any(target_os = "linux", target_os = "android"))]
const ALWAYS: libc::c_int = libc::O_CLOEXEC | libc::O_LARGEFILE;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const ALWAYS: libc::c_int = libc::O_CLOEXEC;

#[cfg(not(any(target_os = "linux", target_os = "android")))]
use libc::{fstatat as stat_at, stat as Stat};
#[cfg(any(target_os = "linux", target_os = "android"))]
use libc::{fstatat64 as stat_at, stat64 as Stat};

/// The flag to open a directory that may be searched and not read, where there is one.
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
    /// A name that this program has made up.
    #[inline]
    pub(crate) fn new(name: String) -> Self {
        Self(CString::new(name).expect("the name has no zero in it"))
    }
}

/// Owner, group and mode of a file: who may use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owners {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// Permissions, and set-id bits.
    pub(crate) mode: u32,
}

impl Owners {
    /// `mode` is what `stat` returns.
    #[inline]
    pub(super) fn of(uid: u32, gid: u32, mode: impl Into<u32>) -> Self {
        let mode = mode.into() & 0o7777;
        Self { uid, gid, mode }
    }
}

impl Directory {
    /// Opens the directory of `path`, and returns it with the last component, the name.
    ///
    /// # Errors
    /// `InvalidInput` if `path` ends in no name, as `..` and `directory/` do; what the system reports
    /// otherwise.
    #[inline]
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

    #[inline]
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
    #[inline]
    pub(super) fn open_file(
        &self,
        name: &Name,
        flags: libc::c_int,
        mode: libc::c_uint,
    ) -> io::Result<File> {
        open_at(self.file.as_raw_fd(), &name.0, flags, mode)
    }

    /// Creates a file at `name`, to be written: for this user only if it is `private`, else with the usual
    /// mode.
    ///
    /// # Errors
    /// `AlreadyExists`; what the system reports otherwise. There may be a file then.
    #[inline]
    pub(crate) fn create(&self, name: &Name, private: bool) -> io::Result<File> {
        let flags = libc::O_WRONLY | libc::O_CREAT | libc::O_EXCL;
        self.open_file(name, flags, if private { 0o600 } else { 0o666 })
    }

    /// Removes the file at `name`.
    #[inline]
    pub(crate) fn remove(&self, name: &Name) -> io::Result<()> {
        // SAFETY: the name ends in zero.
        let removed = unsafe { libc::unlinkat(self.file.as_raw_fd(), name.0.as_ptr(), 0) };
        checked(removed)
    }

    /// Renames `file` from `from` to `to`, atomically; gives it back.
    #[inline]
    pub(crate) fn rename(&self, file: File, from: &Name, to: &Name) -> io::Result<File> {
        let (directory, from, to) = (self.file.as_raw_fd(), &from.0, &to.0);
        // SAFETY: both names end in zero.
        let renamed = unsafe { libc::renameat(directory, from.as_ptr(), directory, to.as_ptr()) };
        checked(renamed).map(|()| file)
    }

    /// Brings the names to the disk; `file` is one that is in the directory.
    ///
    /// The `fsync` cannot be asked of a directory that may not be read: then everything on the file system of
    /// the file is brought to the disk.
    #[inline]
    pub(crate) fn sync(&self, file: &File) -> io::Result<()> {
        if self.is_readable {
            self.file.sync_all()
        } else {
            sync_all_of(file) // I1
        }
    }

    /// The owners of the regular file at `name`, if there is one.
    #[inline]
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

#[inline]
fn open_at(
    directory: libc::c_int,
    name: &CStr,
    flags: libc::c_int,
    mode: libc::c_uint,
) -> io::Result<File> {
    let mut fd = -1;
    retry_interrupted(|| {
        // SAFETY: the name ends in zero.
        fd = unsafe { libc::openat(directory, name.as_ptr(), flags | ALWAYS, mode) };
        fd
    })?;
    // SAFETY: the system has just made the descriptor for us.
    Ok(unsafe { File::from_raw_fd(fd) })
}

#[inline]
fn checked(outcome: libc::c_int) -> io::Result<()> {
    match outcome {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Brings everything on the file system of `file` to the disk.
#[cfg(target_os = "linux")]
#[inline]
fn sync_all_of(file: &File) -> io::Result<()> {
    // SAFETY: the call takes a number.
    retry_interrupted(|| unsafe { libc::syncfs(file.as_raw_fd()) })
}

/// Never called: no directory is opened without being readable here.
#[cfg(not(target_os = "linux"))]
#[inline]
fn sync_all_of(file: &File) -> io::Result<()> {
    file.sync_all()
}
