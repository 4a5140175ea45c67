//! The shape of every public type: variance, auto traits. `docs/shapes.md` is the list;
//! `SHAPES=write cargo test -p selkie-tests --test shapes` writes its traits again.
//!
//! `tests/ui/cases/invariant.rs` holds that the parameters which the list calls invariant are not covariant.
#![cfg(target_os = "linux")]

mod attributes;
mod covariant;
mod list;
mod probe;
mod table;

use std::collections::BTreeSet;

use list::{List, Row};

/// What users cannot name, or what runtimes and executors alone hold.
const NOT_LISTED: &[&str] = &[
    // For schedulers alone: lent for the time of a call.
    "UnspawnedTask",
    // What a sealed trait of the splice gives: nobody outside can name it.
    "SpliceEnd",
    // Futures of the extension traits: as their stream and their buffers.
    "FillBuf",
    "Read",
    "ReadExact",
    "ReadBufFuture",
    "ReadLine",
    "ReadNumber",
    "ReadToEnd",
    "ReadToString",
    "ReadUntil",
    "Seek",
    "WriteAllBuf",
    "WriteBuf",
    "WriteNumber",
    // What macros and bounds of the hosted layer are made of.
    "Addrs",
    "BiasedRotator",
    "SpliceEnd",
    "Lookup",
    "NameLookup",
    "MaybeDone",
    "Rotator",
    "TryIoError",
    // The core's, with features that serve chips' drivers.
    "BroadcastStream",
    "FixedSink",
    "FixedStream",
    "FixedWatchStream",
    "NotifiedPin",
    "PolledPin",
    "SenderSink",
    "WatchStream",
    // The core's, for who builds a runtime or an executor.
    "BoxedFuture",
    "Budget",
    "BusyDelay",
    "Clock",
    "AtEnd",
    "ClockError",
    "ClockGuard",
    "Current",
    "CurrentIdRef",
    "Delay",
    "FutureVtable",
    "Header",
    "ListedState",
    "ListedTask",
    "VisibleTasks",
    "TimersHandle",
    "ClockMode",
    "ClosingTasks",
    "OwnedTasks",
    "ErasedFuture",
    "ParkLimit",
    "Timers",
    "TimersOwner",
];

#[test]
fn auto_traits_are_as_listed() {
    let list = List::read();
    let shapes = table::shapes();
    if std::env::var("SHAPES").is_ok_and(|wish| wish == "write") {
        list.with_traits(&shapes).write();
        return;
    }
    let listed: BTreeSet<_> = list.rows.iter().map(Row::traits).collect();
    let found: BTreeSet<_> = shapes.iter().map(Row::traits_of).collect();
    let gone: Vec<_> = listed.difference(&found).collect();
    let new: Vec<_> = found.difference(&listed).collect();
    assert!(
        gone.is_empty() && new.is_empty(),
        "docs/shapes.md and the types differ\nlisted: {gone:#?}\nfound: {new:#?}"
    );
}

/// A variance that only the list claims is held by nothing.
#[test]
fn variance_is_compiled_as_listed() {
    let refused = list::refused();
    let narrowed: BTreeSet<_> = covariant::NAMES
        .iter()
        .map(|name| (*name).to_string())
        .collect();
    let (mut covariant, mut invariant) = (BTreeSet::new(), BTreeSet::new());
    for row in &List::read().rows {
        for (parameter, is_covariant) in row.variance() {
            let name = format!("{}_{parameter}", row.name.replace("::", "_"));
            match is_covariant {
                true => covariant.insert(name),
                false => invariant.insert(name),
            };
        }
    }
    assert_eq!(
        covariant, narrowed,
        "left: the list; right: tests/shapes/covariant.rs"
    );
    assert_eq!(
        invariant, refused,
        "left: the list; right: tests/ui/cases/invariant.rs"
    );
}

#[test]
fn every_public_type_is_listed() {
    let list = List::read();
    let listed: BTreeSet<_> = list
        .rows
        .iter()
        .filter_map(|row| row.name.rsplit("::").next())
        .chain(NOT_LISTED.iter().copied())
        .collect();
    let missing: Vec<_> = list::public_types()
        .into_iter()
        .filter(|(name, _)| !listed.contains(name.as_str()))
        .collect();
    assert!(missing.is_empty(), "not in docs/shapes.md: {missing:#?}");
}

/// Where a type has less than Tokio's: name, trait, and the reason.
const LESS: &[(&str, &str, &str)] = &[
    (
        "io::ReadHalf",
        "Sync",
        "the halves share a lock, which is `Sync` if what it guards is `Send`",
    ),
    ("io::WriteHalf", "Sync", "as the other half"),
];

/// What a cell of the list demands; `None` if the trait is never there.
fn demands(cell: &str) -> Option<BTreeSet<(String, String)>> {
    let mut demands = BTreeSet::new();
    match cell.trim() {
        "never" => return None,
        "always" => {}
        bounds => {
            for bound in bounds.split(", ") {
                let (parameter, traits) =
                    bound.split_once(": ").expect("a parameter and its traits");
                demands.extend(
                    traits
                        .split(" + ")
                        .map(|one| (parameter.to_string(), one.to_string())),
                );
            }
        }
    }
    Some(demands)
}

/// Each type has every auto trait that Tokio's has, under no more bounds.
#[test]
fn auto_traits_are_tokios_or_stronger() {
    let list = List::read();
    let mut weaker = Vec::new();
    let mut compared = 0;
    for line in include_str!("tokio.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
    {
        let (name, theirs) = line.split_once(": ").expect("a name and its traits");
        let row = list.rows.iter().find(|row| row.name == name);
        let row = row.unwrap_or_else(|| panic!("{name} is not in docs/shapes.md"));
        let ours = row.traits();
        let ours = ours.split_once(": ").expect("a name and its traits").1;
        for ((theirs, ours), auto) in theirs.split('|').zip(ours.split('|')).zip(probe::TRAITS) {
            let Some(theirs) = demands(theirs) else {
                continue;
            };
            let stronger = demands(ours).is_some_and(|ours| ours.is_subset(&theirs));
            let known = LESS.iter().any(|less| (less.0, less.1) == (name, auto));
            if !stronger && !known {
                weaker.push(format!("{name}: {auto}"));
            }
        }
        compared += 1;
    }
    assert!(compared > 150, "only {compared} types were compared");
    assert!(weaker.is_empty(), "weaker than Tokio's: {weaker:#?}");
}
