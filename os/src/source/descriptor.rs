//! Sources as file descriptors.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use mio::event::Source;

use super::evented::Evented;

// Whoever sees the descriptor may duplicate it, so that closing it would not be its end.

impl<S: Source + AsRawFd> AsRawFd for Evented<S> {
    fn as_raw_fd(&self) -> RawFd {
        self.shown().as_raw_fd()
    }
}

impl<S: Source + AsFd> AsFd for Evented<S> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.shown().as_fd()
    }
}
