//! Checks a hosted runtime on whatever system this is started: natively, under an emulator, as the
//! first process of a guest. One line a case; the exit status is 0 if every case passed.
//!
//! `--child` makes it the child of its own case, `--events` that of one of Windows'. As process 1 it mounts what it needs, tells its
//! status by a line `exit status: N`, and powers the machine off.

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
mod sockets;
mod suite;
mod tasks;
mod timers;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(any(unix, windows))]
    if std::env::args().nth(1).as_deref() == Some("--child") {
        return child::be_the_child();
    }
    #[cfg(windows)]
    if std::env::args().nth(1).as_deref() == Some("--events") {
        return windows::hear_events();
    }
    #[cfg(target_os = "linux")]
    if std::process::id() == 1 {
        init::prepare();
        let failed = suite::run();
        init::power_off(u8::from(failed != 0));
    }
    ExitCode::from(u8::from(suite::run() != 0))
}
