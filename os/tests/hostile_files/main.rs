//! Every operation of files on hostile ones: on servers that answer late, never, short, with errors, or
//! die; above them; under listeners that have to permit; where there is no room, or nothing may be written.
//!
//! While an operation hangs in the system, every worker goes on. The operation ends as documented once the server lets
//! it. A task that drops it goes on at once, and runtimes shut down within their limits. Each part has mounts of its own, in a
//! process of its own. What this system does not allow is skipped, which a line on standard error says.
#![cfg(target_os = "linux")]
#![allow(unsafe_code)]

#[path = "../fixture/mod.rs"]
mod fixture;
#[path = "../fuse_server/mod.rs"]
mod fuse_server;
#[path = "../sweeps/operations.rs"]
#[allow(dead_code, reason = "processes are not tried here")]
mod operations;
#[path = "../sweeps/watchdog.rs"]
mod watchdog;

mod contention;
mod kinds;
mod listener;
mod mounts;
mod namespace;
mod place;
mod points;
mod report;
mod roots;
mod scenario;
mod stage;

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::PathBuf;

use fixture::{PART, TempDir};
use fuse_server::ServerMode;
use kinds::{FEW, FEWEST, KINDS, none_in_place};
use place::FileSystemKind;
use report::PartReport;

const DIRECT: FileSystemKind = FileSystemKind::Served(ServerMode::Direct);
const CACHED: FileSystemKind = FileSystemKind::Served(ServerMode::Cached);

type Part = (&'static str, fn(&mut PartReport));

const PARTS: &[Part] = &[
    ("late", |report| points::late(report, DIRECT, &KINDS)),
    ("late cached", |report| points::late(report, CACHED, &FEW)),
    ("late below", |report| {
        points::late(report, FileSystemKind::Overlay, &FEW)
    }),
    ("late to open", |report| {
        points::late(report, FileSystemKind::Opened, &KINDS)
    }),
    ("late to read", |report| {
        let kinds: Vec<_> = none_in_place().collect();
        points::late(report, FileSystemKind::Read, &kinds);
    }),
    ("late to fetch", |report| {
        let kinds: Vec<_> = none_in_place().collect();
        points::late(report, FileSystemKind::Fetched, &kinds);
    }),
    ("not fetched", |report| {
        let kinds: Vec<_> = none_in_place().collect();
        points::fails(report, FileSystemKind::Fetched, &kinds, libc::EPERM);
    }),
    ("denied", |report| {
        points::fails(report, FileSystemKind::Opened, &KINDS, libc::EPERM)
    }),
    ("errors", |report| {
        for errno in [libc::EIO, libc::EINTR] {
            points::fails(report, DIRECT, &FEW, errno);
        }
        for errno in [libc::ENOSPC, libc::ESTALE, libc::EAGAIN] {
            points::fails(report, DIRECT, &FEWEST, errno);
        }
    }),
    ("short", |report| {
        points::short(report, FileSystemKind::Served(ServerMode::Short), &KINDS);
    }),
    ("given up", |report| {
        points::given_up(report, DIRECT, &KINDS)
    }),
    ("given up to open", |report| {
        points::given_up(report, FileSystemKind::Opened, &FEW);
    }),
    ("never", |report| points::ends(report, DIRECT)),
    ("never to open", |report| {
        points::ends(report, FileSystemKind::Opened)
    }),
    ("by the ring", mounts::by_ring),
    ("by the ring, with leave", mounts::by_ring_with_leave),
    ("a number given twice", mounts::number_given_twice),
    ("below and as the root", mounts::below_and_as_root),
    ("full", |report| {
        mounts::refused(report, "size=1m", "size=4m", libc::ENOSPC)
    }),
    ("read only", |report| {
        mounts::refused(report, "ro", "size=4m", libc::EROFS)
    }),
    ("vanished", mounts::vanished),
    ("not said", mounts::not_said),
    ("another root", roots::another),
    ("position", contention::position),
    ("owners", contention::owners),
    ("locks", contention::locks),
    ("locks go", contention::locks_go),
];

/// Says it to whoever runs the tests, also if they pass.
fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "hostile files, {line}");
}

/// Runs a part in a process with mounts of its own.
fn run(word: &str) {
    let output = match namespace::run(word, "one_part") {
        Ok(output) => output,
        Err(error) => return say(&format!("{word}: skipped: no namespace: {error}")),
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{word}: {text}\n{errors}");
    let mut said = BTreeSet::new();
    for line in text.lines() {
        let line = line.trim_start_matches("test one_part ... ");
        let is_told = line.starts_with("skipped") || line.starts_with("tried");
        if is_told && line != "tried 0 points" && said.insert(line) {
            say(&format!("{word}: {line}"));
        }
    }
}

#[test]
#[ignore = "a part of other tests, in a process of its own"]
fn one_part() {
    let Some(word) = std::env::var_os(PART) else {
        return;
    };
    let word = word.into_string().unwrap();
    let (_, part) = PARTS.iter().find(|(name, _)| *name == word).unwrap();
    let directory = TempDir::new("hostile");
    let mut report = PartReport::new(PathBuf::from(directory.path()));
    part(&mut report);
    report.end();
}

macro_rules! tests {
    ($($test:ident: $word:literal;)*) => {$(
        #[test]
        fn $test() {
            run($word);
        }
    )*};
}

tests! {
    nobody_waits_for_a_late_server: "late";
    nobody_waits_for_what_reads_ahead: "late cached";
    nobody_waits_for_a_server_below: "late below";
    regression_58_nobody_waits_for_leave_to_open: "late to open";
    nobody_waits_for_leave_to_read_with_nothing_in_place: "late to read";
    nobody_waits_for_content_that_is_fetched_with_nothing_in_place: "late to fetch";
    whose_content_is_not_fetched_is_told: "not fetched";
    who_may_not_open_is_told: "denied";
    errors_are_told: "errors";
    short_reads_and_writes_go_on: "short";
    who_gives_up_waits_for_no_server: "given up";
    who_gives_up_waits_for_no_leave: "given up to open";
    a_server_that_is_silent_keeps_no_runtime: "never";
    a_listener_that_is_silent_keeps_no_runtime: "never to open";
    regression_59_a_number_that_is_given_twice_is_not_trusted: "a number given twice";
    regression_82_the_ring_waits_for_no_server: "by the ring";
    the_ring_waits_for_no_leave_to_read_with_nothing_in_place: "by the ring, with leave";
    regression_95_what_lies_below_or_is_the_root_is_not_trusted: "below and as the root";
    what_finds_no_room_is_told: "full";
    what_may_not_be_written_is_told: "read only";
    files_that_vanish_are_told_of: "vanished";
    what_one_server_does_not_say_is_asked_of_others: "not said";
    what_has_begun_ends_under_another_root: "another root";
    regression_88_nobody_waits_for_whoever_reads_by_the_same_file: "position";
    nobody_waits_for_a_lease: "owners";
    nobody_waits_for_a_lock: "locks";
    a_lock_is_gone_with_its_file: "locks go";
}
