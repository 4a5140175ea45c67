//! Memory that operations own, which a stub touches only while it is there.
#![allow(unsafe_code)]

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::entry::StubEntry;

/// Memory that operations own, as long as it is there.
pub(super) static WATCHED: Mutex<Vec<(usize, usize)>> = Mutex::new(Vec::new());

pub(super) fn lock<T: ?Sized>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A buffer whose memory the stub knows to be there.
pub(crate) struct WatchedBuffer {
    pub(super) bytes: Box<[u8]>,
    pub(super) _witness: Arc<()>,
}

impl WatchedBuffer {
    pub(crate) fn new(bytes: &[u8], witness: &Arc<()>) -> Self {
        let bytes: Box<[u8]> = bytes.into();
        lock(&WATCHED).push((bytes.as_ptr() as usize, bytes.len()));
        Self {
            bytes,
            _witness: Arc::clone(witness),
        }
    }
}

impl Drop for WatchedBuffer {
    fn drop(&mut self) {
        let start = self.bytes.as_ptr() as usize;
        lock(&WATCHED).retain(|&(other, _)| other != start);
    }
}

impl AsRef<[u8]> for WatchedBuffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl AsMut<[u8]> for WatchedBuffer {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

/// Asserts that the memory is there (I1).
pub(super) fn assert_there(wanted: &StubEntry) {
    let (start, len) = (wanted.address as usize, wanted.len as usize);
    let is_there = |&(at, size): &(usize, usize)| at <= start && start + len <= at + size;
    assert!(
        len == 0 || lock(&WATCHED).iter().any(is_there),
        "memory went while the system may touch it: {wanted:?}"
    );
}
