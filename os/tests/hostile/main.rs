//! Every operation of files on hostile ones: on servers that answer late, never, short, with errors, or
//! die; above them; under listeners that have to permit; where there is no room, or nothing may be written.
//!
//! While an operation hangs in the system, every worker goes on; it ends as documented once it is let go; who
//! drops it goes on at once; runtimes end within their limits. Each part has mounts of its own, in a
//! process of its own. What this system does not allow is skipped, which a line on standard error says.
#![cfg(target_os = "linux")]
#![allow(unsafe_code)]

#[path = "../fixture/mod.rs"]
mod fixture;
#[path = "../sweeps/operations.rs"]
#[allow(dead_code, reason = "processes are not tried here")]
mod operations;
#[path = "../served/mod.rs"]
mod served;
#[path = "../sweeps/watchdog.rs"]
mod watchdog;

mod kinds;
mod listener;
mod mounts;
mod namespace;
mod others;
mod place;
mod points;
mod roots;
mod scene;
mod sheet;
mod stage;

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::PathBuf;

use fixture::{Folder, PART};
use kinds::{FEW, FEWEST, KINDS, none_in_place};
use place::Ground;
use served::ServerMode;
use sheet::Sheet;

const DIRECT: Ground = Ground::Served(ServerMode::Direct);
const CACHED: Ground = Ground::Served(ServerMode::Cached);

type Part = (&'static str, fn(&mut Sheet));

const PARTS: &[Part] = &[
    ("late", |sheet| points::late(sheet, DIRECT, &KINDS)),
    ("late cached", |sheet| points::late(sheet, CACHED, &FEW)),
    ("late below", |sheet| {
        points::late(sheet, Ground::Overlay, &FEW)
    }),
    ("late to open", |sheet| {
        points::late(sheet, Ground::Opened, &KINDS)
    }),
    ("late to read", |sheet| {
        let kinds: Vec<_> = none_in_place().collect();
        points::late(sheet, Ground::Read, &kinds);
    }),
    ("late to fetch", |sheet| {
        let kinds: Vec<_> = none_in_place().collect();
        points::late(sheet, Ground::Fetched, &kinds);
    }),
    ("not fetched", |sheet| {
        let kinds: Vec<_> = none_in_place().collect();
        points::fails(sheet, Ground::Fetched, &kinds, libc::EPERM);
    }),
    ("denied", |sheet| {
        points::fails(sheet, Ground::Opened, &KINDS, libc::EPERM)
    }),
    ("errors", |sheet| {
        for errno in [libc::EIO, libc::EINTR] {
            points::fails(sheet, DIRECT, &FEW, errno);
        }
        for errno in [libc::ENOSPC, libc::ESTALE, libc::EAGAIN] {
            points::fails(sheet, DIRECT, &FEWEST, errno);
        }
    }),
    ("short", |sheet| {
        points::short(sheet, Ground::Served(ServerMode::Short), &KINDS);
    }),
    ("given up", |sheet| points::given_up(sheet, DIRECT, &KINDS)),
    ("given up to open", |sheet| {
        points::given_up(sheet, Ground::Opened, &FEW);
    }),
    ("never", |sheet| points::ends(sheet, DIRECT)),
    ("never to open", |sheet| points::ends(sheet, Ground::Opened)),
    ("by the ring", mounts::by_ring),
    ("by the ring, with leave", mounts::by_ring_with_leave),
    ("a number given twice", mounts::number_given_twice),
    ("below and as the root", mounts::below_and_as_root),
    ("full", |sheet| {
        mounts::refused(sheet, "size=1m", "size=4m", libc::ENOSPC)
    }),
    ("read only", |sheet| {
        mounts::refused(sheet, "ro", "size=4m", libc::EROFS)
    }),
    ("vanished", mounts::vanished),
    ("not said", mounts::not_said),
    ("another root", roots::another),
    ("position", others::position),
    ("owners", others::owners),
    ("locks", others::locks),
    ("locks go", others::locks_go),
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
    let folder = Folder::new("hostile");
    let mut sheet = Sheet::new(PathBuf::from(folder.path()));
    part(&mut sheet);
    sheet.end();
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
