//! What a program's manifest and lock file see of the facade: the names of features, what they turn on, and
//! which versions of other packages are demanded.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::source::Source;

/// Every feature of Tokio 1.54, its dependencies' names included.
const FEATURES: &[&str] = &[
    "default",
    "full",
    "fs",
    "io-util",
    "io-std",
    "macros",
    "net",
    "process",
    "rt",
    "rt-multi-thread",
    "signal",
    "sync",
    "test-util",
    "time",
    "taskdump",
    "tracing",
    "io-uring",
    "schedule-latency",
    "bytes",
    "libc",
    "mio",
    "parking_lot",
    "signal-hook-registry",
    "socket2",
    "tokio-macros",
    "windows-sys",
];

/// Our own, which no program of Tokio's asks for by accident.
const OWN_FEATURES: &[&str] = &["inspect"];

/// What Tokio's `full` turns on.
const FULL: &[&str] = &[
    "fs",
    "io-util",
    "io-std",
    "macros",
    "net",
    "parking_lot",
    "process",
    "rt",
    "rt-multi-thread",
    "signal",
    "sync",
    "time",
];

/// The oldest versions that Tokio 1.54.1 takes.
const FLOORS: &[(&str, &str)] = &[
    ("backtrace", "0.3.58"),
    ("bytes", "1.2.1"),
    ("io-uring", "0.7.11"),
    ("libc", "0.2.168"),
    ("mio", "1.2.0"),
    ("pin-project-lite", "0.2.11"),
    ("signal-hook-registry", "1.1.1"),
    ("socket2", "0.6.3"),
    ("tracing", "0.1.29"),
    ("windows-sys", "0.61"),
];

/// What Tokio does not take, and why we do.
const BEYOND: &[(&str, &str)] = &[
    ("selkie", "ourselves"),
    ("selkie-core", "ourselves"),
    ("selkie-inspect", "ourselves"),
    ("selkie-macros", "ourselves"),
    ("critical-section", "the core's locks on chips"),
    ("portable-atomic", "the core's atomics on chips"),
    (
        "portable-atomic-util",
        "the core's counted pointers on chips",
    ),
    ("defmt", "only for its feature"),
    ("embedded-hal", "only for its feature"),
    ("embedded-hal-async", "only for its feature"),
    ("embedded-io-async", "only for its feature"),
    ("futures-core", "only for its feature"),
    ("futures-sink", "only for its feature"),
    ("heapless", "only for its feature"),
    ("serde_json", "only for its feature"),
    ("framehop", "stacks of stalled threads, for taskdump"),
    ("loom", "only for its feature"),
];

fn text(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The lines of a manifest's sections whose headings `wanted` takes, as names and values.
fn entries(manifest: &str, wanted: impl Fn(&str) -> bool) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut is_wanted = false;
    for line in manifest.lines() {
        if let Some(heading) = line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            is_wanted = wanted(heading);
        } else if let (true, Some((name, value))) = (is_wanted, line.split_once(" = ")) {
            if !name.starts_with('#') {
                found.push((name.to_string(), value.to_string()));
            }
        }
    }
    found
}

fn quoted(value: &str) -> Vec<&str> {
    value.split('"').skip(1).step_by(2).collect()
}

/// The facade has the features that Tokio has, and none beyond but [`OWN_FEATURES`], and `full` is Tokio's.
pub(crate) fn features() -> Vec<String> {
    let manifest = text("os/tokio/Cargo.toml");
    let declared: BTreeMap<_, _> = entries(&manifest, |heading| heading == "features")
        .into_iter()
        .collect();
    let missing = FEATURES
        .iter()
        .filter(|name| !declared.contains_key(**name));
    let mut violations: Vec<_> = missing.map(|name| format!("{name} is missing")).collect();
    let more = declared
        .keys()
        .filter(|name| !FEATURES.contains(&name.as_str()))
        .filter(|name| !OWN_FEATURES.contains(&name.as_str()));
    violations.extend(more.map(|name| format!("Tokio has no feature {name}")));
    let mut full = declared
        .get("full")
        .map(|value| quoted(value))
        .unwrap_or_default();
    full.sort_unstable();
    let mut wanted = FULL.to_vec();
    wanted.sort_unstable();
    if full != wanted {
        violations.push(format!("full is {full:?}"));
    }
    violations
}

/// The facade names what it offers, so that the compiler can name the feature that is missing.
pub(crate) fn exports() -> Vec<String> {
    let mut violations = Vec::new();
    for path in ["os/tokio/src/lib.rs", "os/tokio/src/io.rs"] {
        let text = text(path);
        let globs = text
            .lines()
            .filter(|line| line.starts_with("pub use") && line.contains('*'));
        violations.extend(globs.map(|line| format!("{path}: {line}")));
    }
    violations
}

/// A version's numbers; what is not said is zero.
fn version(text: &str) -> [u32; 3] {
    let mut numbers = [0; 3];
    for (number, part) in numbers.iter_mut().zip(text.split('.')) {
        *number = part.parse().unwrap_or(u32::MAX);
    }
    numbers
}

/// No package is demanded in a newer version than Tokio demands, and none that Tokio does not, but for
/// those with a reason.
pub(crate) fn floors() -> Vec<String> {
    let mut violations = Vec::new();
    for path in ["os/Cargo.toml", "core/Cargo.toml", "os/tokio/Cargo.toml"] {
        let manifest = text(path);
        let is_ours = |heading: &str| {
            let names = heading == "dependencies" || heading.ends_with(".dependencies");
            names && !heading.contains("cfg(loom)")
        };
        for (name, value) in entries(&manifest, is_ours) {
            let name = name.strip_suffix(".workspace").unwrap_or(&name);
            if BEYOND.iter().any(|beyond| beyond.0 == name) {
                continue;
            }
            let demanded = match value.split_once("version = ") {
                Some((_, rest)) => quoted(rest)[0],
                None => quoted(&value).first().copied().unwrap_or_default(),
            };
            match FLOORS.iter().find(|floor| floor.0 == name) {
                None => violations.push(format!("{path}: Tokio takes no {name}")),
                Some((_, floor)) if version(demanded) > version(floor) => {
                    violations.push(format!(
                        "{path}: {name} {demanded}, and Tokio takes {floor}"
                    ));
                }
                Some(_) => {}
            }
        }
    }
    violations
}

/// Each test that the list of changes names is there. A name has four words at least; shorter ones are
/// files and functions.
pub(crate) fn changes(sources: &[Source]) -> Vec<String> {
    let list = text("tests/conformance/changelog.md");
    let published = text("tests/conformance/baseline-tokio-1.54-unstable.txt");
    let is_name = |name: &&str| {
        let is_word = name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        is_word && name.matches('_').count() >= 4
    };
    let quoted = list.split('`').skip(1).step_by(2);
    let names: BTreeSet<&str> = quoted.filter(is_name).collect();
    assert!(names.len() > 20, "the list was not found");
    let is_there = |name: &str| {
        let function = format!("fn {name}(");
        published.contains(&format!("{name}::"))
            || sources.iter().any(|source| source.text.contains(&function))
    };
    let missing = names.into_iter().filter(|name| !is_there(name));
    missing
        .map(|name| format!("tests/conformance/changelog.md: {name}"))
        .collect()
}
