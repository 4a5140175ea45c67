//! Files as file descriptors.
#![allow(unsafe_code)]

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use super::file::File;

impl AsRawFd for File {
    #[inline]
    fn as_raw_fd(&self) -> RawFd {
        self.std.close_inline();
        self.shared().as_raw_fd()
    }
}

impl AsFd for File {
    #[inline]
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.std.close_inline();
        self.shared().as_fd()
    }
}

impl From<OwnedFd> for File {
    #[inline]
    fn from(fd: OwnedFd) -> Self {
        Self::from_std(fd.into())
    }
}

impl FromRawFd for File {
    /// # Safety
    /// `fd` is an open descriptor that nobody else owns.
    #[inline]
    unsafe fn from_raw_fd(fd: RawFd) -> Self {
        // SAFETY: by the caller's promise.
        let std = unsafe { std::fs::File::from_raw_fd(fd) };
        Self::from_std(std)
    }
}
