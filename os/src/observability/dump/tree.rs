//! Backtraces as one tree: outermost call first, with a branch where they part.

use std::fmt;

use super::backtrace::{Backtrace, BacktraceSymbol};

/// The runtime's own functions around a poll, by how their names begin.
const MACHINERY: [&str; 19] = [
    "selkie::scheduler::current_thread::run",
    "selkie::runtime::current_thread",
    "selkie::runtime::multi_thread",
    "<selkie::observability::root_poll",
    "<selkie::observability::names::NamedFuture",
    "<selkie::trace::",
    "<selkie::observability::dump::trace::Root",
    "core::ops::function::FnOnce::call_once",
    "selkie_core::task::poll",
    "selkie_core::task::header",
    "selkie_core::task::vtable",
    "selkie_core::task::id",
    "selkie_core::platform",
    "selkie_core::coop",
    "<selkie_core::coop",
    "core::ptr::drop_in_place<selkie_core::coop",
    "std::panic",
    "core::panic",
    "<core::panic",
];

/// The same by the ends of their files' paths, where the debug information has lines alone and short names.
const MACHINERY_FILES: [&str; 11] = [
    "core/src/task/poll.rs",
    "core/src/task/header.rs",
    "core/src/task/vtable.rs",
    "core/src/task/id.rs",
    "core/src/coop/budget.rs",
    "core/src/platform/std_panic.rs",
    "core/src/platform/hosted.rs",
    "library/core/src/ops/function.rs",
    "library/core/src/panic/unwind_safe.rs",
    "library/std/src/panic.rs",
    "library/std/src/panicking.rs",
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
    let is_named = || MACHINERY.iter().any(|start| name.starts_with(start));
    name == "__rust_try"
        || is_named()
        || (!name.contains("::") || name.contains('#')) && is_of_machinery(symbol)
}

/// Whether the function stands in a file of the runtime's own, as the project or as a package of a registry has it.
fn is_of_machinery(symbol: &BacktraceSymbol) -> bool {
    let path = symbol.filename().and_then(|path| path.to_str());
    let is_file = |path: &str, file: &&str| {
        let packaged = file.strip_prefix("core/");
        let is_packaged = |file| path.contains("/selkie-core-") && path.ends_with(file);
        path.ends_with(file) || packaged.is_some_and(is_packaged)
    };
    path.is_some_and(|path| MACHINERY_FILES.iter().any(|file| is_file(path, file)))
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

/// Whether this is the function that polls a task, or the future of a `block_on`.
fn is_poll(symbol: &BacktraceSymbol) -> bool {
    let name = symbol.name_demangled().unwrap_or_default();
    name.starts_with("selkie_core::task::poll::")
        || name.starts_with("<selkie::observability::root_poll::WatchedFuture")
        || name.ends_with("CurrentThread>::drive")
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
