//! The standard streams as file descriptors.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use super::input::Stdin;
use super::output::{Stderr, Stdout};

macro_rules! as_fd {
    ($($stream:ident => $std:ident),*) => {$(
        impl AsRawFd for $stream {
            #[inline]
            fn as_raw_fd(&self) -> RawFd {
                io::$std().as_raw_fd()
            }
        }

        impl AsFd for $stream {
            #[inline]
            fn as_fd(&self) -> BorrowedFd<'_> {
                // SAFETY: the process has its standard streams for as long as it lives; std borrows them in this way, too.
                unsafe { BorrowedFd::borrow_raw(io::$std().as_raw_fd()) }
            }
        }
    )*};
}

as_fd!(Stdin => stdin, Stdout => stdout, Stderr => stderr);
