//! Children whose descriptors the system refuses for now.

use std::process::Stdio;

use libc::{EAGAIN, ECHILD, EINTR, EMFILE, ENFILE, ENOMEM, SYS_pidfd_open, SYS_waitid};
use selkie::process::{Child, Command};
use selkie::runtime::Builder;

use super::argument::argument;
use super::faults::{Call, Faults};
use super::watchdog::Watchdog;
use crate::fixture::{TempDir, run_part};

/// What says nothing about the next child.
const PASSING: &[i32] = &[EMFILE, ENFILE, ENOMEM, EAGAIN, EINTR, ECHILD];
const CALLS: &[Call] = &[(SYS_pidfd_open, PASSING), (SYS_waitid, PASSING)];

#[test]
fn regression_90_a_pidfd_that_was_refused_once_is_opened_for_the_next_child() {
    let directory = TempDir::new("pidfd");
    for errno in PASSING {
        for call in ["pidfd_open", "waitid"] {
            let word = directory.path().join(format!("{call} {errno}"));
            let output = run_part(&["env"], "pidfd::is_refused", &word).unwrap();
            println!("{}", String::from_utf8_lossy(&output.stdout));
            assert!(output.status.success(), "{call}, {errno}: {output:?}");
        }
    }
}

/// How many descriptors of children this process has.
fn pidfds() -> usize {
    let entries = std::fs::read_dir("/proc/self/fd").unwrap();
    let links = entries.filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok());
    links
        .filter(|link| link.to_string_lossy().contains("pidfd"))
        .count()
}

fn child() -> Child {
    let mut command = Command::new("cat");
    command.stdin(Stdio::piped()).spawn().unwrap()
}

#[test]
#[ignore = "a part of regression_90_a_pidfd_that_was_refused_once_is_opened_for_the_next_child"]
fn is_refused() {
    let Some((_, word)) = argument() else { return };
    let (call, errno) = word.split_once(' ').unwrap();
    let faults = match Faults::install(CALLS) {
        Ok(faults) => faults,
        Err(error) => return println!("skipped: no filter that asks: {error}"),
    };
    let watchdog = Watchdog::new();
    watchdog.begin(&word);
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let nth = if call == "pidfd_open" { 1 } else { 2 };
        faults.arm(errno.parse().unwrap(), nth);
        let mut first = child();
        let failed = faults.disarm();
        let number = if nth == 1 { SYS_pidfd_open } else { SYS_waitid };
        assert_eq!(failed, Some(number));
        assert_eq!(pidfds(), 0, "the first was refused");
        let mut second = child();
        assert_eq!(pidfds(), 1, "it was refused for good");
        for child in [&mut first, &mut second] {
            drop(child.stdin.take());
            assert!(child.wait().await.unwrap().success());
        }
    });
}
