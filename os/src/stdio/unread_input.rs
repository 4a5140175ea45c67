//! What was read of the input, and handed out to nobody.
//!
//! Idea        A reader that is dropped puts back what it has read, or what its thread reads for it. The next one takes it
//!             before it reads on.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// In the order in which it was read.
static UNREAD: Mutex<Vec<u8>> = Mutex::new(Vec::new());

#[inline]
fn lock() -> MutexGuard<'static, Vec<u8>> {
    UNREAD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes all there is.
#[inline]
pub(super) fn take_unread() -> Vec<u8> {
    std::mem::take(&mut *lock())
}

/// Keeps `bytes` for the next reader, before whatever is kept.
#[inline]
pub(super) fn put_back(bytes: &[u8]) {
    if !bytes.is_empty() {
        lock().splice(0..0, bytes.iter().copied());
    }
}
