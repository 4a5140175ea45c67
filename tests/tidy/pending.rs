//! Whatever waits says so to a dump of tasks.
//!
//! A trace sees an operation that asks the budget at its head, or calls `poll_leaf` there, or `note_pending` where it is
//! pending. So each library file that says `Poll::Pending` by itself, or keeps a waker, has one of these calls, or is in
//! the list below with the reason why none is needed.

use super::source::Source;

/// What tells a dump that an operation is pending.
const TELLS: [&str; 6] = [
    "poll_proceed(",
    "coop::poll_proceed",
    "poll_spare(",
    "poll_leaf(",
    "note_pending(",
    "take_unit(",
];

/// What shows that a file is pending by itself.
const SHOWS: [&str; 3] = [
    "Poll::Pending",
    "cx.waker().clone()",
    "register(cx.waker())",
];

/// Files that need not tell, and why.
const NEED_NOT: [(&str, &str); 11] = [
    ("core/src/interrupts/executors.rs", "tests"),
    ("core/src/interrupts/heap.rs", "tests"),
    ("core/src/interrupts/wakes.rs", "tests"),
    ("os/src/async_io/ext/buf_read.rs", "its reader is pending"),
    (
        "os/src/async_io/interrupted.rs",
        "never waits: it wakes its task at once",
    ),
    ("os/src/driver/slot.rs", "Registration tells"),
    ("os/src/fs/detached.rs", "the operations of files tell"),
    (
        "os/src/fs/offload.rs",
        "never waits: it wakes its task at once",
    ),
    ("os/src/process/child.rs", "its parts are pending"),
    ("os/src/task/join_set/ready.rs", "JoinSet tells"),
    (
        "os/src/uring/runtime_rings.rs",
        "never waits: it wakes its task at once",
    ),
];

/// Files that are pending by themselves and do not tell it; and entries of the list that are of no use.
pub(crate) fn silent(sources: &[Source]) -> Vec<String> {
    let is_silent = |source: &&Source| {
        let lines = source.lines();
        let has = |parts: &[&str]| {
            lines
                .iter()
                .any(|line| parts.iter().any(|part| line.contains(part)))
        };
        !source.is_test() && has(&SHOWS) && !has(&TELLS)
    };
    let silent: Vec<_> = sources
        .iter()
        .filter(is_silent)
        .map(|source| &source.path)
        .collect();
    let is_listed = |path: &str| NEED_NOT.iter().any(|(listed, _)| *listed == path);
    let missing = silent.iter().filter(|path| !is_listed(path));
    let missing = missing.map(|path| format!("{path}: waits, and no dump of tasks shows it"));
    let stale = NEED_NOT
        .iter()
        .filter(|(listed, _)| !silent.iter().any(|path| path == listed));
    let stale =
        stale.map(|(listed, _)| format!("{listed}: is in the list of pending.rs without need"));
    missing.chain(stale).collect()
}

#[test]
fn a_file_that_waits_without_a_word_is_found() {
    let waits =
        "fn poll(cx: &mut Context<'_>) -> Poll<()> { keep(cx.waker().clone()); Poll::Pending }";
    let tells = format!("fn f() {{ ready!(coop::poll_leaf(cx)); }}\n{waits}");
    let found = |text: &str| {
        let found = silent(&[Source::example("os/src/net/made_up.rs", text)]);
        found.iter().any(|line| line.contains("made_up"))
    };
    assert!(found(waits));
    assert!(!found(&tells));
    assert!(!found("/// It may be `Poll::Pending`.\nfn poll() {}"));
}
