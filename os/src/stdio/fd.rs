//! The standard streams as file descriptors.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::OnceLock;

use super::input::Stdin;
use super::output::{Stderr, Stdout};

macro_rules! as_fd {
    ($($stream:ident => $std:ident),*) => {$(
        impl AsRawFd for $stream {
            fn as_raw_fd(&self) -> RawFd {
                io::$std().as_raw_fd()
            }
        }

        impl AsFd for $stream {
            fn as_fd(&self) -> BorrowedFd<'_> {
                // A static, so that the borrow lives as long as it has to.
                static STREAM: OnceLock<io::$stream> = OnceLock::new();
                STREAM.get_or_init(io::$std).as_fd()
            }
        }
    )*};
}

as_fd!(Stdin => stdin, Stdout => stdout, Stderr => stderr);
