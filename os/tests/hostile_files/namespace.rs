//! A process of this program in a mount namespace of its own: nobody else sees its mounts, and they end with it.
#![allow(unsafe_code)]

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, Output};

use crate::fixture::PART;

fn result(outcome: i32) -> io::Result<()> {
    if outcome == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Parts from everybody else's mounts, and their users if need be. Makes system calls alone: it runs in a child
/// that is not yet a program.
fn part(flags: i32) -> io::Result<()> {
    // SAFETY: the call takes a number.
    result(unsafe { libc::unshare(flags) })?;
    // SAFETY: the strings end; a kind and options are not looked at.
    result(unsafe {
        libc::mount(
            std::ptr::null(),
            c"/".as_ptr(),
            std::ptr::null(),
            libc::MS_REC | libc::MS_PRIVATE,
            std::ptr::null(),
        )
    })
}

/// Makes the user of this process the one and only of its user namespace.
fn map(file: &str, id: u32) {
    // Refused where the process has nothing to say: then it may mount nothing.
    let _ = std::fs::write(file, format!("0 {id} 1"));
}

fn command(word: &str, test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", "--nocapture", test]);
    command.env(PART, word);
    command
}

/// Runs the ignored `test` of this program with mounts of its own; `word` tells it what to do.
///
/// # Errors
/// Why this system lets us have none.
pub(crate) fn run(word: &str, test: &str) -> io::Result<Output> {
    let mut as_root = command(word, test);
    // SAFETY: it makes system calls alone.
    unsafe { as_root.pre_exec(|| part(libc::CLONE_NEWNS)) };
    let refused = match as_root.output() {
        Ok(output) => return Ok(output),
        Err(error) => error,
    };
    // SAFETY: the calls take nothing.
    let user = unsafe { libc::getuid() };
    // SAFETY: as above.
    let group = unsafe { libc::getgid() };
    let mut as_user = command(word, test);
    let parts = move || {
        part(libc::CLONE_NEWUSER | libc::CLONE_NEWNS)?;
        let _ = std::fs::write("/proc/self/setgroups", "deny");
        map("/proc/self/uid_map", user);
        map("/proc/self/gid_map", group);
        Ok(())
    };
    // SAFETY: it makes system calls, and texts of a few bytes; std's allocator is ready for a fork.
    unsafe { as_user.pre_exec(parts) };
    as_user.output().map_err(|_| refused)
}
