//! What Linux, Android, the BSDs, macOS and their relatives have in common.
#![allow(unsafe_code)]

#[cfg(any(feature = "net", feature = "signal"))]
use std::io;
#[cfg(feature = "net")]
use std::mem::MaybeUninit;
#[cfg(feature = "net")]
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

/// Whether the poller is edge-triggered (epoll with `EPOLLET`, kqueue with `EV_CLEAR`). A level-triggered one
/// reports states, and there a short read says nothing about the next.
#[cfg(feature = "reactor")]
pub(crate) const EDGE_TRIGGERED: bool = cfg!(any(
    target_os = "android",
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "illumos",
    target_os = "ios",
    target_os = "linux",
    target_os = "macos",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "tvos",
    target_os = "visionos",
    target_os = "watchos",
));

/// The slices that every vectored call takes, if it is given more: with more than these its count says nothing
/// about the room that is left. POSIX guarantees 16.
#[cfg(feature = "reactor")]
pub(crate) const SLICES_PER_CALL: usize = if EDGE_TRIGGERED && !cfg!(target_os = "illumos") {
    1024
} else {
    16
};

/// The interest in out-of-band data.
#[cfg(all(feature = "reactor", any(target_os = "linux", target_os = "android")))]
pub(crate) const PRIORITY_INTEREST: mio::Interest = mio::Interest::PRIORITY;

/// The interest in out-of-band data, for which this poller has no interest of its own.
#[cfg(all(
    feature = "reactor",
    not(any(target_os = "linux", target_os = "android"))
))]
pub(crate) const PRIORITY_INTEREST: mio::Interest = mio::Interest::READABLE;

/// Whether `error` means that a connection is in progress.
#[cfg(feature = "net")]
pub(crate) fn is_in_progress(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EINPROGRESS)
}

/// Panics, in debug builds, if `socket` is in blocking mode: a read would stop the whole thread.
#[cfg(feature = "net")]
#[track_caller]
pub(crate) fn assert_nonblocking(socket: &impl AsFd) {
    if cfg!(debug_assertions) {
        // SAFETY: F_GETFL on an open descriptor has no other preconditions.
        let flags = unsafe { libc::fcntl(socket.as_fd().as_raw_fd(), libc::F_GETFL) };
        assert!(
            flags == -1 || flags & libc::O_NONBLOCK != 0,
            "registering a blocking socket with the runtime: set it to non-blocking mode first"
        );
    }
}

/// The access mode of a descriptor.
#[cfg(feature = "net")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AccessMode {
    Read,
    Write,
    ReadWrite,
}

/// The access mode of `fd`.
#[cfg(feature = "net")]
#[inline]
pub(crate) fn access_mode(fd: BorrowedFd<'_>) -> io::Result<AccessMode> {
    Ok(match status_flags(fd)? & libc::O_ACCMODE {
        libc::O_RDONLY => AccessMode::Read,
        libc::O_WRONLY => AccessMode::Write,
        _ => AccessMode::ReadWrite,
    })
}

/// Puts `fd` into non-blocking mode, or into blocking mode.
#[cfg(feature = "net")]
#[inline]
pub(crate) fn set_nonblocking(fd: BorrowedFd<'_>, nonblocking: bool) -> io::Result<()> {
    let flags = status_flags(fd)?;
    let wanted = if nonblocking {
        flags | libc::O_NONBLOCK
    } else {
        flags & !libc::O_NONBLOCK
    };
    if wanted == flags {
        return Ok(());
    }
    // SAFETY: F_SETFL on an open descriptor has no other preconditions.
    checked(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETFL, wanted) } as isize).map(drop)
}

#[cfg(feature = "net")]
#[inline]
fn status_flags(fd: BorrowedFd<'_>) -> io::Result<i32> {
    // SAFETY: F_GETFL on an open descriptor has no other preconditions.
    let flags = unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_GETFL) };
    checked(flags as isize).map(|_| flags)
}

#[cfg(feature = "net")]
#[inline]
fn checked(outcome: isize) -> io::Result<usize> {
    usize::try_from(outcome).map_err(|_| io::Error::last_os_error())
}

/// Reads once from `fd`, and returns how many bytes of `free` were written.
#[cfg(feature = "net")]
#[inline]
pub(crate) fn read(fd: BorrowedFd<'_>, free: &mut [MaybeUninit<u8>]) -> io::Result<usize> {
    // SAFETY: the system writes at most `free.len()` bytes to it.
    checked(unsafe { libc::read(fd.as_raw_fd(), free.as_mut_ptr().cast(), free.len()) })
}

/// Whether a read from `fd` would return at once: something is there, or the end.
#[cfg(all(feature = "net", feature = "io-std"))]
#[inline]
pub(crate) fn has_input(fd: BorrowedFd<'_>) -> io::Result<bool> {
    let mut asked = libc::pollfd {
        fd: fd.as_raw_fd(),
        events: libc::POLLIN,
        revents: 0,
    };
    // SAFETY: the system reads and writes one `pollfd`.
    let ready = unsafe { libc::poll(&mut asked, 1, 0) };
    checked(ready as isize).map(|ready| ready > 0)
}

/// Whether `fd` is a regular file, without asking a server.
#[cfg(all(feature = "net", feature = "io-std"))]
#[inline]
pub(crate) fn is_regular_file(fd: BorrowedFd<'_>) -> io::Result<bool> {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: zeros are a `statx`.
        let mut known: libc::statx = unsafe { std::mem::zeroed() };
        let flags = libc::AT_EMPTY_PATH | libc::AT_STATX_DONT_SYNC;
        // SAFETY: the path ends in zero, and the system writes one `statx`.
        let asked = unsafe {
            libc::syscall(
                libc::SYS_statx,
                fd.as_raw_fd(),
                c"".as_ptr(),
                flags,
                libc::STATX_TYPE,
                &raw mut known,
            )
        };
        if asked == 0 {
            return Ok(u32::from(known.stx_mode) & libc::S_IFMT == libc::S_IFREG);
        }
    }
    // SAFETY: zeros are a `stat`.
    let mut known: libc::stat = unsafe { std::mem::zeroed() };
    // SAFETY: the system writes one `stat`.
    checked(unsafe { libc::fstat(fd.as_raw_fd(), &raw mut known) } as isize)?;
    Ok(known.st_mode & libc::S_IFMT == libc::S_IFREG)
}

/// Signals have numbers below this.
#[cfg(feature = "signal")]
pub(crate) const SIGNALS: usize = if cfg!(any(target_os = "linux", target_os = "android")) {
    65
} else if cfg!(any(target_os = "illumos", target_os = "solaris")) {
    76 // Real-time signals included; `SIGINFO` is 41.
} else {
    33
};

/// Whether the listing of a directory has the types of its entries.
#[cfg(feature = "fs")]
pub(crate) const LISTING_TELLS_TYPE: bool = cfg!(target_os = "linux");

/// Sets the permissions of directories that `builder` makes.
#[cfg(feature = "fs")]
pub(crate) fn set_dir_mode(builder: &mut std::fs::DirBuilder, mode: u32) {
    std::os::unix::fs::DirBuilderExt::mode(builder, mode);
}

/// There are no pidfds here.
#[cfg(all(feature = "process", not(target_os = "linux")))]
#[inline]
pub(crate) fn pidfd_open(_pid: u32) -> io::Result<std::os::fd::OwnedFd> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Whether the child `pid` has ended; it stays to be reaped.
///
/// A stop is not an end, although the tracer of a child is notified of both in the same way.
#[cfg(feature = "process")]
#[inline]
pub(crate) fn has_ended(pid: u32) -> io::Result<bool> {
    // SAFETY: zeros are a `siginfo_t`, without a signal and without a code.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    // SAFETY: the system writes at most one `siginfo_t`.
    while unsafe { libc::waitid(libc::P_PID, pid as libc::id_t, &mut info, options) } != 0 {
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    Ok(matches!(
        info.si_code,
        libc::CLD_EXITED | libc::CLD_KILLED | libc::CLD_DUMPED
    ))
}

/// What a process does on a signal.
#[cfg(feature = "signal")]
#[derive(Clone, Copy)]
pub(crate) struct Disposition(libc::sigaction);

#[cfg(feature = "signal")]
impl std::fmt::Debug for Disposition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Disposition")
            .field(&self.0.sa_sigaction)
            .finish()
    }
}

/// The disposition of `signal` in this process.
#[cfg(feature = "signal")]
pub(crate) fn disposition(signal: i32) -> io::Result<Disposition> {
    // SAFETY: zeros are a `sigaction`.
    let mut now: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: the system writes one `sigaction`, and reads none where null is.
    match unsafe { libc::sigaction(signal, std::ptr::null(), &mut now) } {
        0 => Ok(Disposition(now)),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Sets the disposition of `signal` to `to`, an earlier one of this process.
#[cfg(feature = "signal")]
pub(crate) fn set_disposition(signal: i32, to: &Disposition) -> io::Result<()> {
    // SAFETY: `to` comes from the system, and a handler in it is part of this program for good.
    match unsafe { libc::sigaction(signal, &to.0, std::ptr::null_mut()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
