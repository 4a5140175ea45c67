//! The file system of an open file, and so what may be asked about the file where a task runs.
//!
//! Idea        An open file keeps its file system for as long as it is open: a mount that is gone, a device number
//!             that is given to another file system, a root that changes, a path that leads elsewhere by now
//!             concern only what is opened later. So the question is asked once per file, of the file itself, on
//!             the pool, where the answer may take its time.
//! Rejected    To remember mounts or devices, and to look paths up: where a path leads is known only when it has
//!             been looked up, and that may already wait (a directory of a server that is looked at again, see
//!             path_resolution(7)), or start something (an automount, a permission request to a scanner). Overlays:
//!             the file systems below them cannot be found out.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::sys::cached_access::FileClass;

/// File systems whose files are in memory, by the numbers of `statfs`: tmpfs, ramfs.
const MEMORY_TYPES: [u32; 2] = [0x0102_1994, 0x8584_58F6];
/// File systems on a local disk whose inodes are in memory while they are open, and which can tell what is
/// cached: ext, xfs, btrfs, f2fs, bcachefs.
const DISK_TYPES: [u32; 5] = [0xEF53, 0x5846_5342, 0x9123_683E, 0xF2F5_2010, 0xCA45_1A4E];

/// File systems that ask a server when a file is closed: FUSE, NFS, CIFS and SMB, 9p, Ceph, AFS.
const REMOTE_TYPES: [u32; 8] = [
    0x6573_5546,
    0x6969,
    0xFF53_4D42,
    0xFE53_4D42,
    0x517B,
    0x0102_1997,
    0x00C3_6400,
    0x6B41_4653,
];

/// Whether the call may be made: no seccomp filter has refused it yet.
static IS_ALLOWED: AtomicBool = AtomicBool::new(true);

/// Finds out what `file` is. Call it on the pool: the file system may wait.
#[inline]
pub(super) fn classify(file: &std::fs::File) -> FileClass {
    // Every local file system knows the metadata; only a server fails here.
    let Ok(metadata) = file.metadata() else {
        return FileClass::Remote;
    };
    let file_type = metadata.file_type();
    if file_type.is_block_device() {
        return FileClass::MayBlock;
    }
    if !file_type.is_file() {
        return FileClass::Unseekable;
    }
    match kind(file) {
        Ok(kind) if MEMORY_TYPES.contains(&kind) => FileClass::Memory,
        Ok(kind) if DISK_TYPES.contains(&kind) => FileClass::Disk,
        Ok(kind) if REMOTE_TYPES.contains(&kind) => FileClass::Remote,
        Err(KindError::Failed) => FileClass::Remote,
        Ok(_) | Err(KindError::NotAllowed) => FileClass::MayBlock,
    }
}

/// Why the kind of a file system is not known.
enum KindError {
    /// A seccomp filter refuses the call.
    NotAllowed,
    Failed,
}

/// The number of the file system that `file` is on.
#[inline]
fn kind(file: &std::fs::File) -> Result<u32, KindError> {
    // Relaxed: a hint; if it comes late, the system is asked once more.
    if !IS_ALLOWED.load(Ordering::Relaxed) {
        return Err(KindError::NotAllowed);
    }
    let mut out = MaybeUninit::<libc::statfs>::zeroed();
    // SAFETY: the system writes at most one `statfs`.
    let outcome = unsafe { libc::fstatfs(file.as_raw_fd(), out.as_mut_ptr()) };
    if outcome != 0 {
        let error = std::io::Error::last_os_error().raw_os_error();
        // A server may return these, too, but for its own files only.
        if matches!(error, Some(libc::ENOSYS | libc::EPERM)) && is_filtered() {
            IS_ALLOWED.store(false, Ordering::Relaxed); // Relaxed: a hint.
            return Err(KindError::NotAllowed);
        }
        return Err(KindError::Failed);
    }
    // SAFETY: zeros were a `statfs`, and so is whatever the system wrote.
    Ok(unsafe { out.assume_init() }.f_type as u32)
}

/// Whether a filter refuses the call for any file: it is made on a socket, which asks no server.
#[cold]
#[inline]
fn is_filtered() -> bool {
    let Ok((socket, _peer)) = UnixStream::pair() else {
        return false;
    };
    let mut out = MaybeUninit::<libc::statfs>::zeroed();
    // SAFETY: the system writes at most one `statfs`.
    unsafe { libc::fstatfs(socket.as_raw_fd(), out.as_mut_ptr()) != 0 }
}

/// Whether each write to `file` goes to its end.
#[inline]
pub(super) fn appends(file: &std::fs::File) -> bool {
    // SAFETY: F_GETFL on an open descriptor has no other preconditions.
    let flags = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_GETFL) };
    flags < 0 || flags & libc::O_APPEND != 0
}
