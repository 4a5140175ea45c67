//! A listener that must permit what is opened or read on a mount, as a virus scanner is.
#![allow(unsafe_code)]

use std::fs::File;
use std::io::{self, Read, Write};
use std::mem::{MaybeUninit, size_of};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use crate::fuse_server::{Gate, RequestInfo, Verdict, c_string, wait};

/// Before the content of a file is used: Linux 6.14. A listener of another class gets this event.
pub(crate) const PRE_ACCESS: u64 = 0x0010_0000;

/// Has the gate asked before anything below `at`, a mount, is done that `mask` names, until it is closed.
pub(crate) fn listen(at: &Path, mask: u64, gate: &Arc<Gate>) -> io::Result<()> {
    let class = if mask & PRE_ACCESS == 0 {
        libc::FAN_CLASS_CONTENT
    } else {
        libc::FAN_CLASS_PRE_CONTENT
    };
    let flags = class | libc::FAN_CLOEXEC | libc::FAN_NONBLOCK;
    // SAFETY: the call takes numbers.
    let fd = unsafe { libc::fanotify_init(flags | libc::FAN_REPORT_TID, libc::O_RDONLY as u32) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it was just made, and is nobody else's.
    let group = unsafe { File::from_raw_fd(fd) };
    let path = c_string(at);
    let add = libc::FAN_MARK_ADD | libc::FAN_MARK_MOUNT;
    // SAFETY: the string ends, and is alive for the call.
    let outcome = unsafe { libc::fanotify_mark(fd, add, mask, libc::AT_FDCWD, path.as_ptr()) };
    if outcome != 0 {
        return Err(io::Error::last_os_error());
    }
    let gate = Arc::clone(gate);
    thread::spawn(move || {
        let mut kept = Vec::new();
        while !gate.is_closed() {
            turn(&group, &gate, &mut kept);
        }
    });
    Ok(())
}

/// The file that is asked about; gone, whoever asks waits no longer.
struct PermissionEvent(OwnedFd);

fn permit(group: &File, asked: &PermissionEvent, verdict: u32) {
    let mut group = group;
    let mut answer = [0; 8];
    answer[..4].copy_from_slice(&asked.0.as_raw_fd().to_ne_bytes());
    answer[4..].copy_from_slice(&verdict.to_ne_bytes());
    // It fails if who asked is gone.
    let _ = group.write_all(&answer);
}

fn turn(mut group: &File, gate: &Gate, kept: &mut Vec<PermissionEvent>) {
    const SIZE: usize = size_of::<libc::fanotify_event_metadata>();
    wait(group.as_raw_fd(), gate.bell());
    if gate.has_opened() {
        for asked in kept.drain(..) {
            permit(group, &asked, libc::FAN_ALLOW);
        }
    }
    let mut bytes = [0; 64 * SIZE];
    let Ok(count) = group.read(&mut bytes) else {
        return;
    };
    let mut rest = &bytes[..count];
    while rest.len() >= SIZE {
        let event = &rest[..SIZE];
        let mut read = MaybeUninit::<libc::fanotify_event_metadata>::zeroed();
        // SAFETY: both have as many bytes.
        unsafe { std::ptr::copy_nonoverlapping(event.as_ptr(), read.as_mut_ptr().cast(), SIZE) };
        // SAFETY: any bytes are one, and the system has written these.
        let event = unsafe { read.assume_init() };
        // What follows it says where in the file, in some.
        rest = &rest[(event.event_len as usize).clamp(SIZE, rest.len())..];
        // SAFETY: the system has made it for us.
        let asked = PermissionEvent(unsafe { OwnedFd::from_raw_fd(event.fd) });
        let request = RequestInfo {
            kind: event.mask as u32,
            thread: event.pid as u32,
        };
        match gate.ask(request) {
            Verdict::Reply => permit(group, &asked, libc::FAN_ALLOW),
            Verdict::Fail(_) => permit(group, &asked, libc::FAN_DENY),
            Verdict::Keep => kept.push(asked),
        }
    }
}
