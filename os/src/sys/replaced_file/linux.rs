//! The file that is to be replaced, with its extended attributes and its access control list.
//!
//! Idea        The file is held by a descriptor that cannot be used to read it (`O_PATH`): the file need not be
//!             readable, no scanner is asked to permit the open, and mode, list and attributes belong to one file
//!             although another may have its name by now. The system gives the attributes of such a file by the
//!             name that the descriptor has in `/proc`. Without `/proc` the file is opened again, for reading.
//! Rejected    `getxattrat`: Linux has it since 6.13.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_char, c_void};
use std::fs::{File, Metadata};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;

use crate::sys::directory::{Directory, Name, Owners};

/// The limit of the system for a value, and for all names of one file.
const MAX_BYTES: usize = 64 * 1024;
/// Where Linux keeps a POSIX access control list.
const LIST: &CStr = c"system.posix_acl_access";

/// The file that was found at a name, held by a descriptor.
#[derive(Debug)]
pub(crate) struct ReplacedFile {
    owners: Owners,
    /// `None` if this process may not read them.
    source: Option<Source>,
    /// The names of its attributes, each with a zero byte behind it.
    names: Vec<u8>,
    /// The source may be the name of this descriptor in `/proc`.
    _held: File,
}

/// How the attributes of the file are read.
#[derive(Debug)]
enum Source {
    /// By the name that its descriptor has in `/proc`.
    Path(CString),
    /// By a descriptor that was opened for reading.
    File(File),
}

/// What the return value of a call means: a count, or an error.
#[inline]
fn checked(returned: libc::ssize_t) -> io::Result<usize> {
    usize::try_from(returned).map_err(|_| io::Error::last_os_error())
}

/// Whether `error` means that there is no such attribute, or that the file system has none.
#[inline]
fn is_none(error: &io::Error) -> bool {
    let number = error.raw_os_error().unwrap_or(0);
    [libc::ENODATA, libc::EOPNOTSUPP, libc::ENOSYS].contains(&number)
}

/// Whether `error` means that this process may not read or set it, or that there is nothing at the name by
/// which it is read.
#[inline]
fn is_hidden(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// The value of an attribute.
#[derive(Debug, PartialEq, Eq)]
enum Attribute {
    Is(Vec<u8>),
    None,
    /// This process may not read it.
    Hidden,
}

impl Source {
    #[inline]
    fn get(&self, name: &CStr, room: &mut [u8]) -> io::Result<usize> {
        let (value, len) = (room.as_mut_ptr().cast::<c_void>(), room.len());
        checked(match self {
            // SAFETY: both names end in zero, and the system writes at most as much as there is room for.
            Self::Path(path) => unsafe { libc::getxattr(path.as_ptr(), name.as_ptr(), value, len) },
            // SAFETY: the name ends in zero, and the system writes at most as much as there is room for.
            Self::File(file) => unsafe {
                libc::fgetxattr(file.as_raw_fd(), name.as_ptr(), value, len)
            },
        })
    }

    /// The names of all attributes; none if there can be none.
    #[inline]
    fn names(&self) -> io::Result<Vec<u8>> {
        let mut names = vec![0; MAX_BYTES];
        match self.list(&mut names) {
            Ok(len) => names.truncate(len),
            Err(error) if is_none(&error) => names.clear(),
            Err(error) => return Err(error),
        }
        Ok(names)
    }

    #[inline]
    fn list(&self, room: &mut [u8]) -> io::Result<usize> {
        let (names, len) = (room.as_mut_ptr().cast::<c_char>(), room.len());
        checked(match self {
            // SAFETY: the path ends in zero, and the system writes at most as much as there is room for.
            Self::Path(path) => unsafe { libc::listxattr(path.as_ptr(), names, len) },
            // SAFETY: the system writes at most as much as there is room for.
            Self::File(file) => unsafe { libc::flistxattr(file.as_raw_fd(), names, len) },
        })
    }
}

/// Sets an attribute of `file`; returns whether that is possible.
#[inline]
fn set_attribute(file: &File, name: &CStr, value: &[u8]) -> io::Result<bool> {
    let bytes = value.as_ptr().cast::<c_void>();
    // SAFETY: the name ends in zero, and the system reads `value`.
    let set = unsafe { libc::fsetxattr(file.as_raw_fd(), name.as_ptr(), bytes, value.len(), 0) };
    match checked(set as libc::ssize_t) {
        Ok(_) => Ok(true),
        Err(error) if is_none(&error) || is_hidden(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Opens the file at `name` for reading, if it still is `held`.
#[inline]
fn reopen(directory: &Directory, name: &Name, held: &Metadata) -> Option<File> {
    let flags = libc::O_RDONLY | libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let file = directory.open_file(name, flags, 0).ok()?;
    let opened = file.metadata().ok()?;
    ((opened.dev(), opened.ino()) == (held.dev(), held.ino())).then_some(file)
}

impl ReplacedFile {
    /// The regular file at `name`, if there is one.
    #[inline]
    pub(crate) fn find(directory: &Directory, name: &Name) -> io::Result<Option<Self>> {
        let file = match directory.open_file(name, libc::O_PATH | libc::O_NOFOLLOW, 0) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Ok(None);
        }
        let path = format!("/proc/thread-self/fd/{}", file.as_raw_fd());
        let by_path = Source::Path(CString::new(path).expect("no zero in it"));
        let (source, names) = match by_path.names() {
            Ok(names) => (Some(by_path), names),
            Err(error) if is_hidden(&error) => {
                let by_file = reopen(directory, name, &metadata).map(Source::File);
                // Without names there are no attributes that are copied.
                let names = by_file.as_ref().and_then(|file| file.names().ok());
                (by_file, names.unwrap_or_default())
            }
            Err(error) => return Err(error),
        };
        Ok(Some(Self {
            owners: Owners::of(metadata.uid(), metadata.gid(), metadata.mode()),
            source,
            names,
            _held: file,
        }))
    }

    #[inline]
    pub(crate) fn owners(&self) -> Owners {
        self.owners
    }

    /// Copies the attributes that users have set to `file`, as far as possible.
    #[inline]
    pub(crate) fn copy_attributes(&self, file: &File) -> io::Result<()> {
        for name in self.names.split_inclusive(|byte| *byte == 0) {
            if name.starts_with(b"user.") {
                let name = CStr::from_bytes_with_nul(name).expect("split at zeros");
                if let Attribute::Is(value) = self.attribute(name)? {
                    set_attribute(file, name, &value)?;
                }
            }
        }
        Ok(())
    }

    /// Copies the access control list to `file`, or removes the list of `file` if there is none or it may not
    /// be `taken`. Returns whether the mode alone now says who may use `file`, as it did for this one: not if
    /// there was a list that `file` did not get, or if this process may not read whether there was one.
    #[inline]
    pub(crate) fn move_access_list(&self, file: &File, taken: bool) -> io::Result<bool> {
        let list = self.attribute(LIST)?;
        if let (Attribute::Is(list), true) = (&list, taken) {
            if set_attribute(file, LIST, list)? {
                return Ok(true);
            }
        }
        // It may have inherited one from the directory.
        // SAFETY: the name ends in zero.
        let removed = unsafe { libc::fremovexattr(file.as_raw_fd(), LIST.as_ptr()) };
        match checked(removed as libc::ssize_t) {
            Err(error) if !is_none(&error) && !is_hidden(&error) => Err(error),
            _ => Ok(list == Attribute::None),
        }
    }

    #[inline]
    fn attribute(&self, name: &CStr) -> io::Result<Attribute> {
        let Some(source) = &self.source else {
            return Ok(Attribute::Hidden);
        };
        let mut value = vec![0; MAX_BYTES];
        match source.get(name, &mut value) {
            Ok(len) => {
                value.truncate(len);
                Ok(Attribute::Is(value))
            }
            Err(error) if is_none(&error) => Ok(Attribute::None),
            Err(error) if is_hidden(&error) => Ok(Attribute::Hidden),
            Err(error) => Err(error),
        }
    }
}
