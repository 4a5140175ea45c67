//! `#[must_use]`, `#[track_caller]` and `const`, where Tokio has them: `attributes.txt` lists the items that both crates
//! have.
//!
//! `#[must_use]` must be the same in both directions, because one more warning breaks programs that deny warnings. One
//! more `#[track_caller]`, or one more `const fn`, breaks nothing.

use std::collections::BTreeSet;

use super::list;

/// What Tokio has no name for, or none without `--cfg tokio_unstable`, and what users cannot name.
const OWN: &[&str] = &[
    "AbortOnDrop",
    "LogHistogramBuilder::max_error",
    "LogHistogramBuilder::max_value",
    "LogHistogramBuilder::min_value",
    "LogHistogramBuilder::precision_exact",
    "PreciseSleep",
    "ReadBufFuture",
    "ReadNumber",
    "Root",
    "WriteNumber",
    // The core's, with its feature `futures`.
    "BroadcastStream",
    "FixedSink",
    "FixedStream",
    "FixedWatchStream",
    "SenderSink",
    "WatchStream",
    // The core's, for who builds a runtime or an executor.
    "ClockGuard",
    "ClosingTasks",
    "LocalRuntime::shutdown_with_report",
    "OwnedTasks",
    "ParkLimit",
    "Runtime::shutdown_with_report",
    "TimersOwner",
];

/// The attributes of the public items of one file, as `ATTRIBUTE NAME`.
fn attributes(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let (mut owner, mut pending) = (None, Vec::new());
    for line in text.lines() {
        let item = line.trim();
        if let Some(rest) = line
            .strip_prefix("impl")
            .or(line.strip_prefix("unsafe impl"))
        {
            owner = implemented(rest);
        } else if line.starts_with("pub trait") || line.starts_with("mod ") {
            owner = None;
        }
        if item.starts_with("#[must_use") {
            pending.push("must_use");
        } else if item.starts_with("#[track_caller") {
            pending.push("track_caller");
        } else if let Some(item) = item.strip_prefix("pub ") {
            let (name, is_const) = named(item);
            if let Some(name) = name {
                let is_method = line.starts_with(' ') && item.contains("fn ");
                let name = match &owner {
                    Some(owner) if is_method => format!("{owner}::{name}"),
                    _ => name,
                };
                pending.extend(is_const.then_some("const"));
                found.extend(
                    pending
                        .iter()
                        .map(|attribute| format!("{attribute} {name}")),
                );
            }
            pending.clear();
        } else if !item.starts_with("//") && !item.starts_with('#') && !item.starts_with(')') {
            pending.clear();
        }
    }
    found
}

/// The type that an inherent `impl` is of.
fn implemented(rest: &str) -> Option<String> {
    if rest.contains(" for ") {
        return None;
    }
    let mut depth = 0;
    let rest = rest.trim_start_matches(|c| {
        depth += i32::from(c == '<') - i32::from(c == '>');
        depth > 0 || c == '>' || c == ' '
    });
    let name: String = rest.chars().take_while(|c| c.is_alphanumeric()).collect();
    (!name.is_empty()).then_some(name)
}

/// The name of a function or type, and whether it is a `const fn`.
fn named(item: &str) -> (Option<String>, bool) {
    let mut is_const = false;
    let mut words = item.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    while let Some(word) = words.next() {
        match word {
            "const" => is_const = true,
            "async" | "unsafe" => {}
            "fn" => return (words.next().map(str::to_string), is_const),
            "struct" | "enum" => return (words.next().map(str::to_string), false),
            _ => break,
        }
    }
    (None, false)
}

#[test]
fn attributes_of_functions_are_the_same_as_tokios() {
    let listed: BTreeSet<String> = include_str!("attributes.txt")
        .lines()
        .map(str::to_string)
        .collect();
    let found: BTreeSet<String> = list::sources()
        .iter()
        .flat_map(|text| attributes(text))
        .collect();
    // `const` stands in a macro where a model has none.
    let missing: Vec<_> = listed
        .difference(&found)
        .filter(|name| !name.starts_with("const "))
        .collect();
    let more: Vec<_> = found
        .difference(&listed)
        .filter_map(|line| line.strip_prefix("must_use "))
        // A macro's parameter is no name.
        .filter(|name| !name.is_empty() && !OWN.contains(name))
        .collect();
    assert!(
        missing.is_empty() && more.is_empty(),
        "Tokio has, and the source has not: {missing:#?}\nmust_use, and not in Tokio: {more:#?}"
    );
}

/// What is `const` in Tokio is of use in statics.
#[test]
fn const_functions_are_const_as_in_tokio() {
    use selkie::sync::{Mutex, Notify, OnceCell, RwLock, Semaphore, SetOnce};
    static MUTEX: Mutex<u8> = Mutex::const_new(1);
    static LOCK: RwLock<u8> = RwLock::const_new(1);
    static FEW: RwLock<u8> = RwLock::const_with_max_readers(1, 2);
    static SEMAPHORE: Semaphore = Semaphore::const_new(1);
    static NOTIFY: Notify = Notify::const_new();
    static CELL: OnceCell<u8> = OnceCell::const_new();
    static FULL: OnceCell<u8> = OnceCell::const_new_with(1);
    static ONCE: SetOnce<u8> = SetOnce::const_new();
    static SET: SetOnce<u8> = SetOnce::const_new_with(1);
    const BOTH: selkie::io::Interest =
        selkie::io::Interest::READABLE.add(selkie::io::Interest::WRITABLE);
    const SIGNAL: selkie::signal::unix::SignalKind = selkie::signal::unix::SignalKind::hangup();
    assert!(BOTH.is_readable() && SIGNAL.as_raw_value() > 0);
    assert!(MUTEX.try_lock().is_ok() && LOCK.try_read().is_ok() && FEW.try_write().is_ok());
    assert!(SEMAPHORE.try_acquire().is_ok() && FULL.initialized() && SET.get() == Some(&1));
    assert!(CELL.get().is_none() && ONCE.get().is_none());
    NOTIFY.notify_one();
}
