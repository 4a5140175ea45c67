//! What Linux answers from its caches, without waiting for a disk or a network.
//!
//! Idea        Reads say `RWF_NOWAIT`, paths `RESOLVE_CACHED`: what is not cached is refused, and the
//!             caller asks the blocking pool. What the system knows of an inode cannot be asked for
//!             so; it is at hand for local file systems alone, and which device holds one is learned
//!             on the pool (`learn`), once a device.
//! States      a call of the system: on ─it is missing or refused→ off, for the process's life.
//!             A device: unknown ─learn→ local | not local, until its place in the table is needed.
//! Invariants  I1 no path is looked up, and no inode asked, on a device not known to be local.
//!             I2 a read that gives nothing is an end only for who has confirmed it: kernels 5.9 and
//!                5.10 told false ends, and are not asked at all.
//! Rejected    A plain `statx` in place: on NFS or FUSE it waits for a server that may be gone.
#![allow(unsafe_code)]

use std::ffi::CStr;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use selkie_core::platform::AtomicU64;

/// Paths up to this many bytes are looked up here; longer ones take the pool.
const MAX_PATH_BYTES: usize = 512;
/// Devices that are remembered.
const DEVICES: usize = 16;
/// The first kernel whose answers are true.
const FIRST_KERNEL: (u32, u32) = (5, 11);

/// Whether the calls are there; each goes off when it proves not to be.
static READS: AtomicBool = AtomicBool::new(true);
static LOOKUPS: AtomicBool = AtomicBool::new(true);

/// Each a device's number, shifted by two, with `KNOWN` and maybe `LOCAL`; zero is a free place.
static TABLE: [AtomicU64; DEVICES] = [const { AtomicU64::new(0) }; DEVICES];
static NEXT_PLACE: AtomicUsize = AtomicUsize::new(0);
const KNOWN: u64 = 1;
const LOCAL: u64 = 2;

/// File systems whose inodes are in memory while they are open, by the numbers of `statfs`: ext,
/// xfs, btrfs, tmpfs, overlay, f2fs, ramfs, squashfs, erofs, zfs, bcachefs.
const LOCAL_TYPES: [u32; 11] = [
    0xEF53,
    0x5846_5342,
    0x9123_683E,
    0x0102_1994,
    0x794C_7630,
    0xF2F5_2010,
    0x8584_58F6,
    0x7371_7368,
    0xE0F5_E1E2,
    0x2FC1_2FC1,
    0xCA45_1A4E,
];

/// The start of the system's `struct statx`, whole in size; see statx(2).
#[repr(C)]
struct Statx {
    head: [u32; 7],
    mode: u16,
    _pad: u16,
    ino: u64,
    size: u64,
    middle: [u64; 11],
    dev_major: u32,
    dev_minor: u32,
    _spare: [u64; 14],
}

/// How a path is opened; see openat2(2).
#[repr(C)]
struct OpenHow {
    flags: u64,
    mode: u64,
    resolve: u64,
}

/// What was found at a path or behind a descriptor.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Inode {
    pub(crate) is_regular: bool,
    pub(crate) size: u64,
    device: u64,
}

/// What a path leads to.
#[derive(Debug)]
pub(crate) enum Lookup {
    /// To this, on a local file system; the descriptor serves to ask about it, not to read it.
    Found(OwnedFd, Inode),
    /// To nothing.
    Missing,
    /// To a device of which nothing is known; [`learn`] on the pool.
    Stranger(OwnedFd),
    /// That is not at hand.
    Unknown,
}

/// Whether the kernel is one whose answers are true.
fn kernel_is_fit() -> bool {
    static FIT: OnceLock<bool> = OnceLock::new();
    *FIT.get_or_init(|| {
        // SAFETY: zeros are a `utsname`.
        let mut name: libc::utsname = unsafe { std::mem::zeroed() };
        // SAFETY: the system writes one `utsname`.
        if unsafe { libc::uname(&mut name) } != 0 {
            return false;
        }
        // SAFETY: the system's strings end with a zero.
        let release = unsafe { CStr::from_ptr(name.release.as_ptr()) };
        is_fit(&release.to_string_lossy())
    })
}

/// Whether `release`, as in `5.11.0-27-generic`, is [`FIRST_KERNEL`] or later.
fn is_fit(release: &str) -> bool {
    let mut numbers = release
        .split(|c: char| !c.is_ascii_digit())
        .map_while(|part| part.parse::<u32>().ok());
    matches!((numbers.next(), numbers.next()), (Some(major), Some(minor)) if (major, minor) >= FIRST_KERNEL)
}

fn checked(outcome: libc::c_long) -> io::Result<libc::c_long> {
    if outcome < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(outcome)
}

/// Reads what is cached at `offset`, or from where `file` stands, and then moves it on.
///
/// # Errors
/// `WouldBlock` if it is not cached, `Unsupported` if `file` can never be read so; then nothing was
/// read. Nothing at all may or may not be the end (I2).
pub(crate) fn read(
    file: BorrowedFd<'_>,
    free: &mut [MaybeUninit<u8>],
    offset: Option<u64>,
) -> io::Result<usize> {
    // Relaxed: a hint; the system is asked anew if it comes late.
    if !READS.load(Ordering::Relaxed) || !kernel_is_fit() {
        return Err(io::ErrorKind::Unsupported.into());
    }
    let vector = libc::iovec {
        iov_base: free.as_mut_ptr().cast(),
        iov_len: free.len(),
    };
    // Where the file stands is -1. The system takes the offset in two words, and on 64 bits reads
    // the first alone.
    let offset = offset.map_or(-1, |offset| offset as i64);
    // SAFETY: the system writes at most `free.len()` bytes to it.
    let outcome = unsafe {
        libc::syscall(
            libc::SYS_preadv2,
            file.as_raw_fd(),
            &raw const vector,
            1,
            offset as libc::c_long,
            (offset >> 32) as libc::c_long,
            libc::RWF_NOWAIT,
        )
    };
    match checked(outcome) {
        Ok(n) => Ok(n as usize),
        Err(error) => Err(match error.raw_os_error() {
            Some(libc::EAGAIN | libc::EINTR) => io::ErrorKind::WouldBlock.into(),
            Some(libc::ENOSYS) => {
                READS.store(false, Ordering::Relaxed); // Relaxed: a hint.
                io::ErrorKind::Unsupported.into()
            }
            // EOPNOTSUPP, EINVAL, and what a read by the pool will tell again.
            _ => io::ErrorKind::Unsupported.into(),
        }),
    }
}

/// Opens `path`, as far as all that leads there is cached.
fn open_at(path: &CStr, flags: libc::c_int) -> io::Result<OwnedFd> {
    let how = OpenHow {
        flags: (flags | libc::O_CLOEXEC) as u64,
        mode: 0,
        resolve: libc::RESOLVE_CACHED,
    };
    // SAFETY: the system reads a string that ends with a zero, and one `OpenHow`.
    let fd = unsafe {
        libc::syscall(
            libc::SYS_openat2,
            libc::AT_FDCWD,
            path.as_ptr(),
            &raw const how,
            size_of::<OpenHow>(),
        )
    };
    let fd = checked(fd)?;
    // SAFETY: the system has just made the descriptor for us.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as RawFd) })
}

/// Calls `f` with `path` as the system takes it; `None` if it is too long or no name.
fn with_c_path<R>(path: &Path, f: impl FnOnce(&CStr) -> R) -> Option<R> {
    let bytes = path.as_os_str().as_bytes();
    let mut space = [0_u8; MAX_PATH_BYTES + 1];
    space.get_mut(..bytes.len())?.copy_from_slice(bytes);
    let name = CStr::from_bytes_with_nul(space.get(..=bytes.len())?).ok()?;
    Some(f(name))
}

/// What is known of the inode behind `fd` without asking further than memory.
fn inode(fd: BorrowedFd<'_>) -> io::Result<Inode> {
    let mut out = MaybeUninit::<Statx>::zeroed();
    // SAFETY: the system reads an empty string and writes at most one `statx`.
    let outcome = unsafe {
        libc::syscall(
            libc::SYS_statx,
            fd.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_EMPTY_PATH | libc::AT_STATX_DONT_SYNC,
            libc::STATX_TYPE | libc::STATX_SIZE,
            out.as_mut_ptr(),
        )
    };
    checked(outcome)?;
    // SAFETY: zeros were a `Statx`, and so is whatever the system wrote.
    let out = unsafe { out.assume_init() };
    Ok(Inode {
        is_regular: u32::from(out.mode) & libc::S_IFMT == libc::S_IFREG,
        size: out.size,
        device: u64::from(out.dev_major) << 32 | u64::from(out.dev_minor),
    })
}

/// Whether `device` is local; `None` if nothing is known of it.
fn is_local(device: u64) -> Option<bool> {
    TABLE.iter().find_map(|place| {
        // Relaxed: the word is all there is.
        let word = place.load(Ordering::Relaxed);
        (word >> 2 == device && word & KNOWN != 0).then_some(word & LOCAL != 0)
    })
}

/// Learns whether the device of `fd` is local. Call it on the pool: the file system may wait.
pub(crate) fn learn(fd: BorrowedFd<'_>) {
    let Ok(inode) = inode(fd) else { return };
    let mut out = MaybeUninit::<libc::statfs>::zeroed();
    // SAFETY: the system writes at most one `statfs`.
    if unsafe { libc::fstatfs(fd.as_raw_fd(), out.as_mut_ptr()) } != 0
        || is_local(inode.device).is_some()
    {
        return;
    }
    // SAFETY: zeros were a `statfs`, and so is whatever the system wrote.
    let kind = unsafe { out.assume_init() }.f_type as u32;
    let local = if LOCAL_TYPES.contains(&kind) {
        LOCAL
    } else {
        0
    };
    // Relaxed: a place taken twice costs a later question.
    let place = NEXT_PLACE.fetch_add(1, Ordering::Relaxed) % DEVICES;
    TABLE[place].store(inode.device << 2 | KNOWN | local, Ordering::Relaxed);
}

/// Looks `path` up, following a link at its end or not.
pub(crate) fn look_up(path: &Path, follow: bool) -> Lookup {
    // Relaxed: a hint; the system is asked anew if it comes late.
    if !LOOKUPS.load(Ordering::Relaxed) || !kernel_is_fit() {
        return Lookup::Unknown;
    }
    let links = if follow { 0 } else { libc::O_NOFOLLOW };
    let Some(opened) = with_c_path(path, |path| open_at(path, libc::O_PATH | links)) else {
        return Lookup::Unknown;
    };
    let fd = match opened {
        Ok(fd) => fd,
        Err(error) => {
            return match error.raw_os_error() {
                Some(libc::ENOENT) => Lookup::Missing,
                // EINVAL: the kernel has the call and not the flag.
                Some(libc::ENOSYS | libc::EINVAL) => {
                    LOOKUPS.store(false, Ordering::Relaxed); // Relaxed: a hint.
                    Lookup::Unknown
                }
                _ => Lookup::Unknown,
            };
        }
    };
    let borrowed = std::os::fd::AsFd::as_fd(&fd);
    match inode(borrowed).map(|inode| (is_local(inode.device), inode)) {
        Ok((Some(true), inode)) => Lookup::Found(fd, inode),
        Ok((None, _)) => Lookup::Stranger(fd),
        _ => Lookup::Unknown,
    }
}

/// What is behind `fd`, if that is on a device known to be local.
pub(crate) fn known(fd: BorrowedFd<'_>) -> Option<Inode> {
    // Relaxed: a hint, as in `look_up`.
    if !LOOKUPS.load(Ordering::Relaxed) || !kernel_is_fit() {
        return None;
    }
    inode(fd)
        .ok()
        .filter(|inode| is_local(inode.device) == Some(true))
}

/// Opens the regular file at `path`, which [`look_up`] has just found, to be read.
///
/// Should something else stand there by now, or somebody hold a lease on it, opening does not wait;
/// the file is in non-blocking mode for that, which regular files do not heed.
pub(crate) fn open(path: &Path) -> io::Result<OwnedFd> {
    let flags = libc::O_RDONLY | libc::O_LARGEFILE | libc::O_NONBLOCK;
    with_c_path(path, |path| open_at(path, flags))
        .unwrap_or_else(|| Err(io::ErrorKind::WouldBlock.into()))
}

/// Puts what [`open`] has opened into blocking mode, as it would be had it been opened otherwise.
pub(crate) fn make_blocking(file: BorrowedFd<'_>) -> io::Result<()> {
    let flags = libc::O_RDONLY | libc::O_LARGEFILE;
    // SAFETY: F_SETFL on an open descriptor has no other preconditions.
    checked(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETFL, flags) }.into()).map(drop)
}

#[cfg(test)]
mod tests {
    use super::is_fit;

    #[test]
    fn kernels_are_told_apart() {
        for fit in ["5.11", "5.11.0-27-generic", "6.1", "10.0.0"] {
            assert!(is_fit(fit), "{fit}");
        }
        for unfit in ["5.10.99", "5.9", "4.19.0", "", "x", "5"] {
            assert!(!is_fit(unfit), "{unfit}");
        }
    }
}
