//! What a file says of itself beside its mode: extended attributes and the list of who may use it.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_void};
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The system's limit of a value, and of all names of one file.
const MAX_BYTES: usize = 64 * 1024;
/// Where Linux keeps a POSIX access control list.
const LIST: &CStr = c"system.posix_acl_access";

/// What the number that a call returned says: how much, or an error.
fn checked(returned: libc::ssize_t) -> io::Result<usize> {
    usize::try_from(returned).map_err(|_| io::Error::last_os_error())
}

/// Whether `error` says that there is no such attribute, or nobody here may see or set it.
fn is_absent(error: &io::Error) -> bool {
    let number = error.raw_os_error().unwrap_or(0);
    [
        libc::ENODATA,
        libc::EOPNOTSUPP,
        libc::ENOSYS,
        libc::EACCES,
        libc::EPERM,
    ]
    .contains(&number)
}

fn as_c(path: &Path) -> io::Result<CString> {
    CString::new(path.as_os_str().as_bytes()).map_err(|_| io::ErrorKind::InvalidInput.into())
}

/// The attribute `name` of what is at `path` itself, in `room`; `None` if there is none to be had.
fn attribute<'a>(path: &CStr, name: &CStr, room: &'a mut [u8]) -> io::Result<Option<&'a [u8]>> {
    let value = room.as_mut_ptr().cast::<c_void>();
    // SAFETY: both names end in zero, and the system writes at most as much as there is room for.
    let read = unsafe { libc::lgetxattr(path.as_ptr(), name.as_ptr(), value, room.len()) };
    match checked(read) {
        Ok(len) => Ok(Some(&room[..len])),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Gives `file` the attribute; says whether that is possible.
fn set_attribute(file: &File, name: &CStr, value: &[u8]) -> io::Result<bool> {
    let bytes = value.as_ptr().cast::<c_void>();
    // SAFETY: the name ends in zero, and the system reads `value`.
    let set = unsafe { libc::fsetxattr(file.as_raw_fd(), name.as_ptr(), bytes, value.len(), 0) };
    match checked(set as libc::ssize_t) {
        Ok(_) => Ok(true),
        Err(error) if is_absent(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Gives `file` the attributes that users have given to what is at `path`, as far as they are to be had.
pub(crate) fn copy_attributes(path: &Path, file: &File) -> io::Result<()> {
    let path = as_c(path)?;
    let mut names = vec![0_u8; MAX_BYTES];
    let room = names.as_mut_ptr().cast::<libc::c_char>();
    // SAFETY: the path ends in zero, and the system writes at most as much as there is room for.
    let listed = unsafe { libc::llistxattr(path.as_ptr(), room, names.len()) };
    match checked(listed) {
        Ok(len) => names.truncate(len),
        Err(error) if is_absent(&error) => return Ok(()),
        Err(error) => return Err(error),
    }
    let mut room = Vec::new();
    for name in names.split_inclusive(|byte| *byte == 0) {
        if name.starts_with(b"user.") {
            room.resize(MAX_BYTES, 0);
            let name = CStr::from_bytes_with_nul(name).expect("split at zeros");
            if let Some(value) = attribute(&path, name, &mut room)? {
                set_attribute(file, name, value)?;
            }
        }
    }
    Ok(())
}

/// Gives `file` the access control list of what is at `path`, or none if that has none, unless it may not be `taken`.
/// Says whether the mode alone tells now who may use `file` as it did before: not if there was a list that it has not.
pub(crate) fn move_access_list(path: &Path, file: &File, taken: bool) -> io::Result<bool> {
    let path = as_c(path)?;
    let mut room = vec![0; MAX_BYTES];
    let list = attribute(&path, LIST, &mut room)?;
    if let (Some(list), true) = (list, taken) {
        if set_attribute(file, LIST, list)? {
            return Ok(true);
        }
    }
    // It may have one that the folder gives to what is created in it.
    // SAFETY: the name ends in zero.
    let removed = unsafe { libc::fremovexattr(file.as_raw_fd(), LIST.as_ptr()) };
    match checked(removed as libc::ssize_t) {
        Err(error) if !is_absent(&error) => Err(error),
        _ => Ok(list.is_none()),
    }
}
