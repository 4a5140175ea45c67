//! Every place where the runtime calls code that it did not write, with what that code may do there: panic,
//! wake, spawn, drop handles, enter another runtime, block, end a runtime; on every kind of runtime; while
//! it runs, as it wakes, on another worker, and while it shuts down.
//!
//! The rule stands in `docs/panics.md`: a panic is contained, or the task sees it, or the caller; everybody
//! else goes on. After each row the other tasks have ended as they should, the runtime has been dropped,
//! and other runtimes work and see no task but their own.
//!
//! ```sh
//! SELKIE_FOREIGN_ONLY=hook. cargo test -p selkie --test foreign_code      # some rows
//! SELKIE_FOREIGN_KNOWN=1 cargo test -p selkie --test foreign_code         # with those that are known to fail
//! ```
#![cfg(target_os = "linux")]
#![allow(unsafe_code)]
#![allow(
    clippy::async_yields_async,
    reason = "a task is often joined by another runtime than the one that spawned it"
)]

mod action;
mod blocking;
mod call_site;
mod child;
mod driven_waits;
mod executors;
#[path = "../fixture/mod.rs"]
mod fixture;
mod hooks;
mod known_failures;
mod row;
mod sets;
mod stage;
mod tasks;
mod wait;
mod waits;
mod wakers;

use std::fmt::Write;

use row::{Row, rows};

/// The groups, each a test.
const GROUPS: [&str; 6] = [
    "tasks",
    "hooks",
    "blocking",
    "callers",
    "driven",
    "executors",
];

/// All rows of a group.
fn all_rows(name: &str) -> Vec<Row> {
    match name {
        "tasks" => rows(tasks::PLACES.iter().copied()),
        "hooks" => rows(hooks::PLACES.iter().copied()),
        "blocking" => rows(blocking::PLACES.iter().copied()),
        "callers" => rows(
            wakers::places(false)
                .into_iter()
                .chain(sets::PLACES.iter().copied()),
        ),
        "driven" => rows(wakers::places(true)),
        "executors" => rows(executors::PLACES.iter().copied()),
        _ => panic!("no such group: {name}"),
    }
}

/// The rows of a group that are to be run.
fn group(name: &str) -> Vec<Row> {
    let wants_known = child::wants_known();
    all_rows(name)
        .into_iter()
        .filter(|row| child::is_asked_for(&row.name()))
        .filter(|row| wants_known || known_failures::why(&row.name()).is_none())
        .collect()
}

fn check(name: &str) {
    let rows = group(name);
    let failed = child::run_group(name, &rows);
    let mut report = String::new();
    for (row, why) in &failed {
        writeln!(report, "  {row}: {why}").unwrap();
    }
    let (count, of) = (failed.len(), rows.len());
    assert!(failed.is_empty(), "{count} of {of} rows failed:\n{report}");
}

#[test]
fn tasks_and_roots() {
    check("tasks");
}

#[test]
fn hooks_and_names() {
    check("hooks");
}

#[test]
fn blocking_closures() {
    check("blocking");
}

#[test]
fn wakers_that_a_caller_wakes() {
    check("callers");
}

#[test]
fn wakers_that_the_runtime_wakes() {
    check("driven");
}

#[test]
fn executors_of_the_core() {
    check("executors");
}

#[test]
fn each_known_failure_is_a_row_of_the_table() {
    let rows = GROUPS.into_iter().flat_map(all_rows);
    let names: Vec<_> = rows.map(|row| row.name()).collect();
    for (pattern, _) in known_failures::KNOWN {
        let is_row = names.iter().any(|name| known_failures::fits(pattern, name));
        assert!(is_row, "no row is {pattern}");
    }
}

/// Run in a process of its own by the tests above.
#[test]
#[ignore = "run by the other tests"]
fn child() {
    let Some((name, first)) = child::asked() else {
        return;
    };
    child::run_rows(&group(&name), first);
}
