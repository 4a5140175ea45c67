//! Sources as file descriptors.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use mio::event::Source;

use super::evented::Evented;

// Code that sees the descriptor may duplicate it, and then closing it does not make the poller forget it.

impl<S: Source + AsRawFd> AsRawFd for Evented<S> {
    fn as_raw_fd(&self) -> RawFd {
        self.expose().as_raw_fd()
    }
}

impl<S: Source + AsFd> AsFd for Evented<S> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.expose().as_fd()
    }
}
