//! No ring: files were not asked for, or the system has none.

use std::time::Instant;

use mio::Token;

/// Never a ring.
#[derive(Debug)]
pub(super) struct Rings;

impl Rings {
    pub(super) fn new(_is_wanted: bool, _workers: usize) -> Self {
        Self
    }

    pub(super) fn settle(&self, _worker: usize) -> bool {
        false
    }

    pub(super) fn reap_watched_by(&self, _reactor: usize) {}

    pub(super) fn reap(&self, _token: Token) -> bool {
        false
    }

    pub(super) fn end_by(&self, _deadline: Instant) {}

    pub(super) fn close(&self) {}
}
