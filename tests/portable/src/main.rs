//! Checks a hosted runtime on whatever system this is started: natively, under an emulator, as the
//! first process of a guest. It prints one line per case; the exit status is 0 if every case passed.
//!
//! With `--child` it is the child process of one of its own cases, with `--events`, `--status` or `--arguments` that of a
//! case for Windows. As process 1 it mounts what it needs, prints its status as `exit status: N`, and powers the machine
//! off.

#[cfg(target_os = "linux")]
mod gpio;
#[cfg(target_os = "linux")]
mod init;
#[cfg(target_os = "linux")]
mod ring;

mod channels;
#[cfg(any(unix, windows))]
mod child;
mod files;
mod options;
mod sockets;
mod suite;
mod tasks;
mod timers;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;
#[cfg(windows)]
mod windows_children;
#[cfg(windows)]
mod windows_files;
#[cfg(windows)]
mod windows_sockets;

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(any(unix, windows))]
    if std::env::args().nth(1).as_deref() == Some("--child") {
        return child::be_the_child();
    }
    #[cfg(windows)]
    match std::env::args().nth(1).as_deref() {
        Some("--events") => return windows::hear_events(),
        Some("--status") => return windows_children::end_with(std::env::args().nth(2)),
        Some("--arguments") => return windows_children::say_arguments(),
        _ => {}
    }
    #[cfg(target_os = "linux")]
    if std::process::id() == 1 {
        init::prepare();
        let failed = suite::run();
        init::power_off(u8::from(failed != 0));
    }
    ExitCode::from(u8::from(suite::run() != 0))
}
