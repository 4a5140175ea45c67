//! Files as Windows' handles.
#![allow(unsafe_code)]

use std::os::windows::io::{
    AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle, RawHandle,
};

use super::file::File;

impl AsRawHandle for File {
    #[inline]
    fn as_raw_handle(&self) -> RawHandle {
        self.std.close_inline();
        self.std.as_raw_handle()
    }
}

impl AsHandle for File {
    #[inline]
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.std.close_inline();
        self.std.as_handle()
    }
}

impl From<OwnedHandle> for File {
    #[inline]
    fn from(handle: OwnedHandle) -> Self {
        Self::from_std(handle.into())
    }
}

impl FromRawHandle for File {
    /// # Safety
    /// `handle` is an open handle of a file that nobody else owns, and was not opened for overlapped I/O.
    #[inline]
    unsafe fn from_raw_handle(handle: RawHandle) -> Self {
        // SAFETY: by the caller's promise.
        let std = unsafe { std::fs::File::from_raw_handle(handle) };
        Self::from_std(std)
    }
}
