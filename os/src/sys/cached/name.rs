//! Opening paths, as far as all that leads there is cached.
//!
//! States      on ─the call is missing or refused→ off, for the process's life.
#![allow(unsafe_code)]

use std::ffi::CStr;
use std::io;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use super::kernel::{checked, is_fit};

/// Paths up to this many bytes are looked up here; longer ones take the pool.
const MAX_PATH_BYTES: usize = 512;

/// Whether the call is there.
static LOOKUPS: AtomicBool = AtomicBool::new(true);

/// Why nothing was opened.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The path leads to nothing.
    Missing,
    /// What it leads to is not at hand; or it leads to where it was not to lead.
    NotAtHand,
    /// It may not be opened, or who is asked does not know.
    Unknown,
}

/// Whether paths are looked up at all.
pub(super) fn is_on() -> bool {
    // Relaxed: a hint; the system is asked anew if it comes late.
    LOOKUPS.load(Ordering::Relaxed) && is_fit()
}

/// Opens `path`, if it leads where `resolve` allows.
pub(super) fn open(path: &Path, flags: libc::c_int, resolve: u64) -> Result<OwnedFd, Refusal> {
    if !is_on() {
        return Err(Refusal::Unknown);
    }
    let opened = with_c_path(path, |path| open_name(path, flags, resolve));
    opened
        .ok_or(Refusal::Unknown)?
        .map_err(|error| match error.raw_os_error() {
            Some(libc::ENOENT) => Refusal::Missing,
            // In a look-up that cannot wait the system gives up at a mount before it knows why.
            Some(libc::EAGAIN | libc::EXDEV) => Refusal::NotAtHand,
            Some(libc::ENOSYS) => turn_off(),
            // The kernel has the call and not the flag; or a device does not like to be opened.
            Some(libc::EINVAL) if flags & libc::O_PATH != 0 => turn_off(),
            _ => Refusal::Unknown,
        })
}

fn turn_off() -> Refusal {
    LOOKUPS.store(false, Ordering::Relaxed); // Relaxed: a hint.
    Refusal::Unknown
}

/// How a path is opened; see openat2(2).
#[repr(C)]
struct OpenHow {
    flags: u64,
    mode: u64,
    resolve: u64,
}

/// Opens `path`, as far as all that leads there is cached.
fn open_name(path: &CStr, flags: libc::c_int, resolve: u64) -> io::Result<OwnedFd> {
    let how = OpenHow {
        flags: (flags | libc::O_CLOEXEC) as u64,
        mode: 0,
        resolve: libc::RESOLVE_CACHED | resolve,
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
