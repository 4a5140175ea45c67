//! Mounts.

use std::ffi::{CString, c_ulong};
use std::io;
use std::path::Path;

/// A string of the system's.
pub(crate) fn c_string(path: &Path) -> CString {
    CString::new(path.to_str().expect("a name of ours")).expect("without a zero")
}

/// Mounts a file system of `kind` at `target`.
pub(crate) fn mount(kind: &str, target: &Path, flags: c_ulong, options: &str) -> io::Result<()> {
    mount_from(Path::new("selkie"), kind, target, flags, options)
}

/// Mounts the directory at `target` where it is, so that there is a mount of its own.
pub(crate) fn bind(target: &Path) -> io::Result<()> {
    mount_from(target, "", target, libc::MS_BIND, "")
}

fn mount_from(
    source: &Path,
    kind: &str,
    target: &Path,
    flags: c_ulong,
    options: &str,
) -> io::Result<()> {
    let source = c_string(source);
    let (target, kind) = (c_string(target), CString::new(kind)?);
    let options = CString::new(options)?;
    // SAFETY: all strings end, and are alive for the call.
    let outcome = unsafe {
        libc::mount(
            source.as_ptr(),
            target.as_ptr(),
            kind.as_ptr(),
            flags,
            options.as_ptr().cast(),
        )
    };
    if outcome == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Unmounts what is at `target`; nothing happens if nothing is there.
pub(crate) fn unmount(target: &Path, flags: i32) {
    let target = c_string(target);
    // SAFETY: the string ends, and is alive for the call.
    unsafe { libc::umount2(target.as_ptr(), flags) };
}
