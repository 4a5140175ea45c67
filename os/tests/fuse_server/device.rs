//! `/dev/fuse`, in a descriptor table that only the serving thread has.
//!
//! Idea        The descriptor is in a table of the serving thread's own. When the process is killed while one of its
//!             threads waits for an answer, the table goes with the serving thread, and so does the device: whoever
//!             waits gets an error. In a table that all share, the waiting thread would keep open what it waits for.

use std::ffi::c_uint;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::mount::mount;

/// Gives this thread a table of descriptors of its own, with nothing but `kept` and the standard streams in it.
fn part_from_table(kept: RawFd) -> io::Result<()> {
    // SAFETY: the call takes a number.
    if unsafe { libc::unshare(libc::CLONE_FILES) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let kept = kept as c_uint;
    for (first, last) in [(3, kept - 1), (kept + 1, c_uint::MAX)] {
        if first <= last {
            // A kernel without the call leaves more open than need be.
            // SAFETY: the table is this thread's own, which uses no other descriptor.
            unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
        }
    }
    Ok(())
}

/// The device, whose file system is at `target` from now on. For a thread that does nothing else.
pub(super) fn open_at(target: &Path, kept: RawFd) -> io::Result<File> {
    part_from_table(kept)?;
    let mut options = OpenOptions::new();
    options
        .read(true)
        .write(true)
        .custom_flags(libc::O_NONBLOCK);
    let device = options.open("/dev/fuse")?;
    let number = device.as_raw_fd();
    // SAFETY: the call takes nothing.
    let user = unsafe { libc::getuid() };
    // SAFETY: the call takes nothing.
    let group = unsafe { libc::getgid() };
    let options = format!("fd={number},rootmode=40000,user_id={user},group_id={group}");
    mount("fuse", target, 0, &options)?;
    Ok(device)
}

/// Waits until one of both can be read.
pub(crate) fn wait(first: RawFd, second: RawFd) {
    let asked = |fd| libc::pollfd {
        fd,
        events: libc::POLLIN,
        revents: 0,
    };
    let mut both = [asked(first), asked(second)];
    // SAFETY: the system writes to both.
    unsafe { libc::poll(both.as_mut_ptr(), 2, -1) };
}
