//! Which devices hold a local file system.
//!
//! Idea        What the system knows of an inode cannot be asked for on condition that it is at hand; it is
//!             for local file systems alone, and which device holds one is learned on the pool (`learn`), once a
//!             device.
//! States      a device: unknown ─learn→ local | not local, until its place in the table is needed.
//! Rejected    A plain `statx` in place: on NFS or FUSE it waits for a server that may be gone.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::sync::atomic::{AtomicUsize, Ordering};

use selkie_core::platform::AtomicU64;

use super::inode::{Inode, inode};
use super::{name, root};

/// Devices that are remembered.
const DEVICES: usize = 16;

/// Each a device's number, shifted by `SHIFT`, with `KNOWN` and what else is true of it; zero is a free
/// place.
static TABLE: [AtomicU64; DEVICES] = [const { AtomicU64::new(0) }; DEVICES];
static NEXT_PLACE: AtomicUsize = AtomicUsize::new(0);
const SHIFT: u32 = 4;
const KNOWN: u64 = 1;
const LOCAL: u64 = 2;
const IN_MEMORY: u64 = 4;
const REFUSES: u64 = 8;

/// File systems whose files are memory, by the numbers of `statfs`: tmpfs, ramfs.
const MEMORY_TYPES: [u32; 2] = [0x0102_1994, 0x8584_58F6];
/// Further ones whose inodes are in memory while they are open: ext, xfs, btrfs, overlay, f2fs, squashfs,
/// erofs, zfs, bcachefs.
const DISK_TYPES: [u32; 9] = [
    0xEF53,
    0x5846_5342,
    0x9123_683E,
    0x794C_7630,
    0xF2F5_2010,
    0x7371_7368,
    0xE0F5_E1E2,
    0x2FC1_2FC1,
    0xCA45_1A4E,
];

/// How the files of a device can be read in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reads {
    /// As far as they are cached.
    IfCached,
    /// In any case: they are memory, which may be swapped out as any other may.
    AtOnce,
    /// Not at all: the file system does not say what is cached.
    Never,
}

fn word(device: u64) -> Option<(&'static AtomicU64, u64)> {
    TABLE.iter().find_map(|place| {
        // Relaxed: the word is all there is.
        let word = place.load(Ordering::Relaxed);
        (word >> SHIFT == device && word & KNOWN != 0).then_some((place, word))
    })
}

/// Whether `device` is local; `None` if nothing is known of it.
pub(super) fn is_local(device: u64) -> Option<bool> {
    word(device).map(|(_, word)| word & LOCAL != 0)
}

impl Inode {
    /// How it is read in place.
    pub(crate) fn reads(&self) -> Reads {
        if !self.is_regular {
            return Reads::Never;
        }
        match word(self.device) {
            Some((_, word)) if word & IN_MEMORY != 0 => Reads::AtOnce,
            Some((_, word)) if word & REFUSES != 0 => Reads::Never,
            _ => Reads::IfCached,
        }
    }

    /// It cannot be read as far as it is cached: nor can any file of its device, which is remembered.
    pub(crate) fn refuses(&self) {
        if let Some((place, word)) = word(self.device) {
            // Relaxed: a hint, that saves calls. By exchange: the place may be another's by now.
            let refuses = word | REFUSES;
            let _ = place.compare_exchange(word, refuses, Ordering::Relaxed, Ordering::Relaxed);
        }
    }
}

/// What is true of the device of `fd`; `None` if the system does not say.
fn learned(fd: BorrowedFd<'_>) -> Option<u64> {
    let mut out = MaybeUninit::<libc::statfs>::zeroed();
    // SAFETY: the system writes at most one `statfs`.
    let outcome = unsafe { libc::fstatfs(fd.as_raw_fd(), out.as_mut_ptr()) };
    // SAFETY: zeros were a `statfs`, and so is whatever the system wrote.
    let kind = unsafe { out.assume_init() }.f_type as u32;
    let known = if MEMORY_TYPES.contains(&kind) {
        KNOWN | LOCAL | IN_MEMORY
    } else if DISK_TYPES.contains(&kind) {
        KNOWN | LOCAL
    } else {
        KNOWN
    };
    (outcome == 0).then_some(known)
}

/// Learns whether the device of `fd` is local, and the root's. Call it on the pool: the file systems
/// may wait.
pub(crate) fn learn(fd: BorrowedFd<'_>) {
    root::learn(|| {
        let root = std::fs::File::open("/").ok()?;
        let inode = inode(root.as_fd()).ok()?;
        Some((learned(root.as_fd())? & LOCAL != 0, inode.device))
    });
    let Ok(inode) = inode(fd) else { return };
    let Some(known) = learned(fd).filter(|_| is_local(inode.device).is_none()) else {
        return;
    };
    // Relaxed: a place taken twice costs a later question.
    let place = NEXT_PLACE.fetch_add(1, Ordering::Relaxed) % DEVICES;
    TABLE[place].store(inode.device << SHIFT | known, Ordering::Relaxed);
}

/// Whether `fd` is a regular file on a device known to be local; `None` if nothing is known of it.
pub(crate) fn is_local_file(fd: BorrowedFd<'_>) -> Option<bool> {
    let Ok(inode) = inode(fd) else {
        return Some(false);
    };
    is_local(inode.device).map(|is_local| is_local && inode.is_regular)
}

/// What is behind `fd`, if that is on a device known to be local.
pub(crate) fn known(fd: BorrowedFd<'_>) -> Option<Inode> {
    if !name::is_on() {
        return None;
    }
    inode(fd)
        .ok()
        .filter(|inode| is_local(inode.device) == Some(true))
}
