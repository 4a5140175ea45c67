//! Backtraces as one tree: outermost call first, with a branch where they part.

use std::fmt;

use super::backtrace::{Backtrace, BacktraceSymbol};

/// The runtime's own functions around a poll, by how their names begin.
const MACHINERY: [&str; 12] = [
    "<selkie::observability::dump::trace::Root",
    "core::ops::function::FnOnce::call_once",
    "selkie_core::task::poll",
    "selkie_core::task::header",
    "selkie_core::task::id",
    "selkie_core::platform",
    "selkie_core::coop",
    "<selkie_core::coop",
    "core::ptr::drop_in_place<selkie_core::coop",
    "std::panic",
    "core::panic",
    "<core::panic",
];

/// A call and those that it made.
struct Node {
    text: String,
    inner: Vec<Node>,
}

/// Writes the tree of `backtraces`.
pub(super) fn write(backtraces: &[Backtrace], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut roots = Vec::new();
    for backtrace in backtraces {
        insert(&mut roots, calls(backtrace).into_iter());
    }
    write_nodes(&roots, "", f)
}

fn is_machinery(symbol: &BacktraceSymbol) -> bool {
    let Some(name) = symbol.name_demangled() else {
        return true;
    };
    name == "__rust_try" || MACHINERY.iter().any(|start| name.starts_with(start))
}

/// The calls of one backtrace, outermost first, without the runtime's own at both ends.
fn calls(backtrace: &Backtrace) -> Vec<String> {
    let symbols = backtrace.frames().flat_map(|frame| frame.symbols());
    let mut symbols: Vec<_> = symbols.skip_while(|symbol| is_machinery(symbol)).collect();
    symbols.reverse();
    // What the runtime does until it polls the task.
    let poll = symbols.iter().position(|symbol| is_poll(symbol));
    symbols
        .into_iter()
        .skip(poll.unwrap_or(0))
        .skip_while(|symbol| is_machinery(symbol))
        .map(describe)
        .collect()
}

/// Whether this is the function that polls a task.
fn is_poll(symbol: &BacktraceSymbol) -> bool {
    let name = symbol.name_demangled().unwrap_or_default();
    name.starts_with("selkie_core::task::poll::poll_once")
}

fn describe(symbol: &BacktraceSymbol) -> String {
    let mut text = symbol.name_demangled().unwrap_or("<unknown>").to_owned();
    if let Some(file) = symbol.filename() {
        text += &format!(" at {}", file.display());
        if let Some(line) = symbol.lineno() {
            text += &format!(":{line}:{}", symbol.colno().unwrap_or(0));
        }
    }
    text
}

fn insert(mut nodes: &mut Vec<Node>, calls: impl Iterator<Item = String>) {
    for text in calls {
        // Only the last branch may be shared: backtraces come in the order of polls.
        if nodes.last().is_none_or(|node| node.text != text) {
            let inner = Vec::new();
            nodes.push(Node { text, inner });
        }
        let last = nodes.len() - 1;
        nodes = &mut nodes[last].inner;
    }
}

fn write_nodes(nodes: &[Node], indent: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (index, node) in nodes.iter().enumerate() {
        let is_last = index + 1 == nodes.len();
        let (branch, below) = match (nodes.len(), is_last) {
            (1, _) => ("", ""),
            (_, false) => ("├ ", "│ "),
            (_, true) => ("└ ", "  "),
        };
        writeln!(f, "{indent}{branch}{}", node.text)?;
        write_nodes(&node.inner, &format!("{indent}{below}"), f)?;
    }
    Ok(())
}
