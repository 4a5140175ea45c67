//! Rows run in children of this program, so that one that aborts, crashes or hangs is only a result.
//!
//! Idea        A child runs rows one after the other and prints which one it has reached. If it dies, that row has
//!             failed, and another child continues with the next.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;

use crate::action::LIMIT;
use crate::row::Row;

/// Which group of rows a child runs, and from which row on.
const GROUP: &str = "SELKIE_FOREIGN_GROUP";
const FIRST: &str = "SELKIE_FOREIGN_FIRST";
/// Runs only rows whose name has this in it.
const ONLY: &str = "SELKIE_FOREIGN_ONLY";
/// Also runs the rows that are known to fail.
const KNOWN: &str = "SELKIE_FOREIGN_KNOWN";

/// Lines of what a child wrote that a report shows.
const SHOWN_LINES: usize = 12;

/// Whether rows that are known to fail are to be run too.
pub(crate) fn wants_known() -> bool {
    std::env::var_os(KNOWN).is_some()
}

/// Whether the row is asked for.
pub(crate) fn is_asked_for(name: &str) -> bool {
    std::env::var(ONLY).map_or(true, |only| name.contains(&only))
}

/// The rows of `group` that failed, each with why.
pub(crate) fn run_group(group: &str, rows: &[Row]) -> BTreeMap<String, String> {
    let mut failed = BTreeMap::new();
    let mut first = 0;
    while first < rows.len() {
        first = run_from(group, rows, first, &mut failed);
    }
    failed
}

/// Runs rows in one child; returns the first that it did not come to.
fn run_from(
    group: &str,
    rows: &[Row],
    first: usize,
    failed: &mut BTreeMap<String, String>,
) -> usize {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "child",
            "--ignored",
            "--nocapture",
            "--test-threads",
            "1",
        ])
        .env(GROUP, group)
        .env(FIRST, first.to_string())
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut errors = child.stderr.take().expect("piped");
    let errors = thread::spawn(move || {
        let mut text = Vec::new();
        let _read = errors.read_to_end(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    });
    let mut at = None;
    for line in BufReader::new(child.stdout.take().expect("piped")).lines() {
        let Ok(line) = line else { break };
        if let Some(index) = line.strip_prefix("@begin ") {
            at = index.parse::<usize>().ok();
        } else if let Some(why) = line.strip_prefix("@failed ") {
            let row = at.take().expect("a row that fails has begun");
            eprintln!("{}: {why}", rows[row].name());
            failed.insert(rows[row].name(), why.to_owned());
        } else if line == "@passed" {
            at = None;
        }
    }
    let status = child.wait().unwrap();
    let errors = errors.join().unwrap();
    let Some(died) = at else {
        assert!(
            status.success(),
            "a child failed outside its rows: {errors}"
        );
        return rows.len();
    };
    let lines: Vec<_> = errors.lines().collect();
    let shown = lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n    ");
    let why = format!("the process died: {status}\n    {shown}");
    if !rows[died].may_abort(&why) {
        eprintln!("{}: {why}", rows[died].name());
        failed.insert(rows[died].name(), why);
    }
    died + 1
}

/// The group that this child runs, and its first row.
pub(crate) fn asked() -> Option<(String, usize)> {
    let group = std::env::var(GROUP).ok()?;
    let first = std::env::var(FIRST).ok()?.parse().ok()?;
    Some((group, first))
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n{line}").unwrap();
    out.flush().unwrap();
}

/// The child's part.
pub(crate) fn run_rows(rows: &[Row], first: usize) {
    for (index, row) in rows.iter().enumerate().skip(first) {
        say(&format!("@begin {index}"));
        let (done, ends) = mpsc::channel();
        let row = row.clone();
        thread::spawn(move || {
            let outcome = catch_unwind(AssertUnwindSafe(|| row.run()));
            let _sent = done.send(outcome.map_err(|payload| {
                let text = payload.downcast_ref::<String>().cloned();
                text.or_else(|| {
                    payload
                        .downcast_ref::<&str>()
                        .map(|text| (*text).to_owned())
                })
                .unwrap_or_else(|| {
                    std::mem::forget(payload);
                    "a payload that is no text".to_owned()
                })
            }));
        });
        match ends.recv_timeout(3 * LIMIT) {
            Ok(Ok(())) => say("@passed"),
            Ok(Err(why)) => say(&format!("@failed {}", why.replace('\n', " "))),
            Err(_) => {
                // The row is still at it, and so may be its runtime: the next rows get a new process.
                eprintln!("hangs");
                std::process::abort();
            }
        }
    }
}
