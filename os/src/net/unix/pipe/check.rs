//! Checks that a descriptor is a pipe, opened for the right direction.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileTypeExt;

use crate::sys::{AccessMode, access_mode, set_nonblocking};

#[inline]
fn invalid(message: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

#[inline]
pub(super) fn ensure_pipe(file: &File) -> io::Result<()> {
    if file.metadata()?.file_type().is_fifo() {
        Ok(())
    } else {
        Err(invalid("not a pipe"))
    }
}

/// `fd` in non-blocking mode, if it is a pipe that can be read, or else written.
#[inline]
pub(super) fn ready_end(fd: OwnedFd, to_read: bool) -> io::Result<OwnedFd> {
    let file = File::from(fd);
    ensure_pipe(&file)?;
    match (access_mode(file.as_fd())?, to_read) {
        (AccessMode::ReadWrite, _) | (AccessMode::Read, true) | (AccessMode::Write, false) => {}
        (_, true) => return Err(invalid("not in O_RDONLY or O_RDWR access mode")),
        (_, false) => return Err(invalid("not in O_WRONLY or O_RDWR access mode")),
    }
    set_nonblocking(file.as_fd(), true)?;
    Ok(file.into())
}
