//! The standard streams as Windows' handles.

use std::io;
use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, RawHandle};
use std::sync::OnceLock;

use super::input::Stdin;
use super::output::{Stderr, Stdout};

macro_rules! as_handle {
    ($($stream:ident => $std:ident),*) => {$(
        impl AsRawHandle for $stream {
            #[inline]
            fn as_raw_handle(&self) -> RawHandle {
                io::$std().as_raw_handle()
            }
        }

        impl AsHandle for $stream {
            #[inline]
            fn as_handle(&self) -> BorrowedHandle<'_> {
                // A static, so that the borrow lives as long as it has to.
                static STREAM: OnceLock<io::$stream> = OnceLock::new();
                STREAM.get_or_init(io::$std).as_handle()
            }
        }
    )*};
}

as_handle!(Stdin => stdin, Stdout => stdout, Stderr => stderr);
