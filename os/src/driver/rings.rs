//! The completion rings of a driver; none in a build without files, or on a system without io_uring.

#[cfg(not(io_uring))]
use std::time::Instant;

#[cfg(not(io_uring))]
use mio::Token;

#[cfg(io_uring)]
pub(super) use super::uring::Rings;

/// The rings of a build that has none.
#[cfg(not(io_uring))]
#[derive(Debug)]
pub(super) struct Rings;

#[cfg(not(io_uring))]
impl Rings {
    pub(super) fn new(_is_wanted: bool, _workers: usize) -> Self {
        Self
    }

    pub(super) fn submit_and_reap(&self, _worker: usize) -> bool {
        false
    }

    pub(super) fn reap_of_reactor(&self, _reactor: usize) {}

    pub(super) fn reap(&self, _token: Token) -> bool {
        false
    }

    pub(super) fn set_shutdown_deadline(&self, _deadline: Instant) {}

    pub(super) fn in_flight(&self, _worker: usize) -> Option<usize> {
        None
    }

    pub(super) fn close(&self) {}
}
