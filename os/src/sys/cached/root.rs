//! The file system that the root of all paths is on.
//!
//! Idea        A path that crosses into no other mount ends on the root's file system. Is that a local one, a
//!             single call opens what is there, and nothing has to be asked before.
//! States      unknown ─learn→ local | not local, for the process's life.
//!             A folder: unknown ─a path of it was found on another device→ elsewhere, until its place is needed.
//! Invariants  I1 nothing is opened here unless the root's file system is known to be local.
//! Rejected    To resolve beneath the descriptor of another mount: nobody could unmount it.

use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};

use selkie_core::platform::AtomicU64;

use super::name::{self, Refusal};

static ROOT: AtomicU8 = AtomicU8::new(UNKNOWN);
const UNKNOWN: u8 = 0;
const LOCAL: u8 = 1;
const NOT_LOCAL: u8 = 2;
/// Its number, once it is known.
static DEVICE: AtomicU64 = AtomicU64::new(0);

/// Folders that are remembered to lie elsewhere, so that they are not tried in vain each time.
const FOLDERS: usize = 64;
/// Each a folder's hash, at a place that it determines; zero is a free one.
static ELSEWHERE: [AtomicU32; FOLDERS] = [const { AtomicU32::new(0) }; FOLDERS];

/// Learns by `ask` whether the root's file system is local, and what device it is, unless that is known.
pub(super) fn learn(ask: impl FnOnce() -> Option<(bool, u64)>) {
    // Relaxed: each word is all there is, and whoever asks learns the same.
    if ROOT.load(Ordering::Relaxed) == UNKNOWN {
        if let Some((is_local, device)) = ask() {
            DEVICE.store(device, Ordering::Relaxed);
            let word = if is_local { LOCAL } else { NOT_LOCAL };
            ROOT.store(word, Ordering::Relaxed);
        }
    }
}

/// Whether files on the root's file system are read as far as they are cached.
static READS: AtomicBool = AtomicBool::new(true);

/// Remembers that they are not; to open them in place is then in vain.
pub(super) fn refuses() {
    READS.store(false, Ordering::Relaxed); // Relaxed: a hint, that saves calls.
}

pub(super) fn is_read() -> bool {
    READS.load(Ordering::Relaxed) // Relaxed: as above.
}

/// The hash of the folder that `path` names something in (FNV-1a, by Fowler, Noll and Vo).
fn folder(path: &[u8]) -> u32 {
    let end = path.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
    path[..end].iter().fold(0x811C_9DC5, |hash: u32, &byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

fn place(folder: u32) -> &'static AtomicU32 {
    &ELSEWHERE[folder as usize % FOLDERS]
}

/// Opens `path` if it is on the root's file system, and that is local; `NotAtHand` if it may be
/// elsewhere.
///
/// Devices are left out: where they lie on the root's file system, one may wait, or begin something, when it is
/// opened.
pub(super) fn open(path: &Path, flags: libc::c_int) -> Result<OwnedFd, Refusal> {
    let bytes = path.as_os_str().as_bytes();
    let is_absolute = bytes.first() == Some(&b'/');
    // Relaxed: the word is all there is (I1).
    if ROOT.load(Ordering::Relaxed) != LOCAL || !is_absolute || bytes.starts_with(b"/dev/") {
        return Err(Refusal::NotAtHand);
    }
    let folder = folder(bytes);
    // Relaxed: a hint, that saves a call.
    if place(folder).load(Ordering::Relaxed) == folder {
        return Err(Refusal::NotAtHand);
    }
    name::open(path, flags, libc::RESOLVE_NO_XDEV)
}

/// Remembers that the folder of `path` lies elsewhere, if `device` is not the root's.
pub(super) fn found(path: &Path, device: u64) {
    // Relaxed: hints, both.
    if device != DEVICE.load(Ordering::Relaxed) {
        let folder = folder(path.as_os_str().as_bytes());
        place(folder).store(folder, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::folder;

    #[test]
    fn names_of_one_folder_share_a_hash_and_others_do_not() {
        assert_eq!(folder(b"/srv/www/a"), folder(b"/srv/www/index.html"));
        assert_ne!(folder(b"/srv/www/a"), folder(b"/srv/wwx/a"));
        assert_ne!(folder(b"/srv/www/a"), folder(b"/srv/a"));
    }
}
