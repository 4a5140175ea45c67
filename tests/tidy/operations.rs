//! Rules for what can be awaited: its docs say what happens when the future is dropped, and a sweep tests it.

use crate::source::Source;

/// Rooms whose asynchronous operations are swept.
const ROOMS: [&str; 3] = ["os/src/fs/", "os/src/process/", "os/src/signal/"];
/// Where the sweeps' table stands.
const TABLE: &str = "os/tests/sweeps/operations.rs";

/// A public asynchronous function.
struct Operation<'a> {
    path: &'a str,
    line: usize,
    name: String,
    is_method: bool,
    docs: Vec<&'a str>,
}

fn operations(sources: &[Source]) -> Vec<Operation<'_>> {
    let mut found = Vec::new();
    for source in sources {
        if !ROOMS.iter().any(|room| source.path.starts_with(room)) || source.is_test() {
            continue;
        }
        let text: Vec<&str> = source.text.lines().collect();
        for (number, line) in source.code.lines().enumerate() {
            let Some((before, after)) = line.split_once("pub async fn ") else {
                continue;
            };
            let name = after
                .chars()
                .take_while(|&c| c.is_alphanumeric() || c == '_');
            let above = text[..number].iter().rev().map(|line| line.trim());
            let docs = above.take_while(|line| line.starts_with("///") || line.starts_with("#["));
            found.push(Operation {
                path: &source.path,
                line: number + 1,
                name: name.collect(),
                is_method: !before.is_empty(),
                docs: docs.collect(),
            });
        }
    }
    found
}

/// Operations that do not say what becomes of them when their future drops.
pub(crate) fn without_cancel_safety(sources: &[Source]) -> Vec<String> {
    operations(sources)
        .into_iter()
        .filter(|operation| !operation.docs.contains(&"/// # Cancel safety"))
        .map(|operation| format!("{}:{}: {}", operation.path, operation.line, operation.name))
        .collect()
}

/// Operations that the table of the sweeps has not; Windows' are swept nowhere.
pub(crate) fn unswept(sources: &[Source]) -> Vec<String> {
    let table = sources.iter().find(|source| source.path == TABLE);
    let table = &table.expect("the table is there").code;
    let is_swept = |operation: &Operation<'_>| {
        let (name, path) = (&operation.name, operation.path);
        if operation.is_method {
            table.contains(&format!(".{name}(")) || table.contains(&format!("File::{name}("))
        } else if path.starts_with("os/src/fs/") {
            table.contains(&format!("fs::{name}("))
        } else {
            table.contains(&format!("{name}("))
        }
    };
    operations(sources)
        .into_iter()
        .filter(|operation| !operation.path.contains("windows") && !is_swept(operation))
        .map(|operation| format!("{}:{}: {}", operation.path, operation.line, operation.name))
        .collect()
}
