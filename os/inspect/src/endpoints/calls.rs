//! The calls of a backtrace: which are the program's, and what it waits for.
//!
//! With full debug information functions have their paths. With line tables alone async functions have none,
//! `{async_fn#0}`, and others only their own name: then the file says whose they are.

use selkie::runtime::dump::BacktraceSymbol;
use serde_json::{Value, json};

/// What the functions of the runtime, and what it calls of the standard library, begin with.
const CRATES: [&str; 5] = ["selkie::", "selkie_core::", "core::", "std::", "alloc::"];
/// What the paths of the runtime's files have in them, in a checkout and in cargo's registry.
const FOLDERS: [&str; 4] = ["/os/src/", "/core/src/", "/selkie-0.", "/selkie-core-0."];

fn name(symbol: &BacktraceSymbol) -> &str {
    symbol.name_demangled().unwrap_or("<unknown>")
}

fn file(symbol: &BacktraceSymbol) -> Option<String> {
    let file = symbol.filename()?;
    Some(file.display().to_string().replace('\\', "/"))
}

/// Whether a name says where its function is.
fn has_path(name: &str) -> bool {
    let name = name.split('<').find(|part| !part.is_empty());
    name.is_some_and(|name| name.contains("::"))
}

/// Whether a function is the runtime's, or what it calls of the standard library.
fn is_machinery(symbol: &BacktraceSymbol) -> bool {
    let name = name(symbol);
    if has_path(name) {
        let name = name.trim_start_matches('<');
        return CRATES.iter().any(|start| name.starts_with(start));
    }
    let file = file(symbol).unwrap_or_default();
    name == "__rust_try" || FOLDERS.iter().any(|part| file.contains(part))
}

/// The calls, outermost first, without those of the runtime before the task's future.
pub(super) fn calls(mut symbols: Vec<&BacktraceSymbol>) -> Vec<&BacktraceSymbol> {
    symbols.reverse();
    let is_poll = |symbol: &&BacktraceSymbol| {
        let name = name(symbol);
        name.starts_with("selkie_core::task::poll::poll_once") || name.starts_with("poll_once<")
    };
    let poll = symbols.iter().rposition(is_poll).map_or(0, |at| at + 1);
    let own = symbols[poll..]
        .iter()
        .take_while(|symbol| is_machinery(symbol));
    let first = poll + own.count();
    // A future of the runtime's own, spawned as it is.
    let first = if first == symbols.len() { poll } else { first };
    symbols.split_off(first)
}

/// The operation of the runtime that is waited for: the outermost of its functions at the inner end.
pub(super) fn operation(trace: &[&BacktraceSymbol]) -> Option<String> {
    let inner = trace.iter().rev();
    let last = inner.take_while(|symbol| is_machinery(symbol)).last()?;
    let name = name(last);
    if has_path(name) {
        return Some(short(name));
    }
    let file = file(last)?;
    let mut parts = file.rsplitn(3, '/');
    let (file, folder) = (parts.next()?, parts.next().unwrap_or_default());
    Some(format!("{folder}/{file}:{}", last.lineno()?))
}

/// `TcpListener::accept` of `selkie::net::tcp::listener::TcpListener::accept::{{closure}}`.
fn short(name: &str) -> String {
    let name = name.trim_end_matches("::{{closure}}");
    // `<selkie::time::sleep::Sleep as core::future::future::Future>::poll`
    if let Some((kind, method)) = name.trim_start_matches('<').split_once(" as ") {
        let kind = kind.split('<').next().unwrap_or(kind);
        let kind = kind.rsplit("::").next().unwrap_or(kind);
        let method = method.rsplit("::").next().unwrap_or(method);
        return match method {
            "poll" => kind.to_owned(),
            method => format!("{kind}::{method}"),
        };
    }
    let plain = without_generics(name);
    let parts: Vec<&str> = plain.split("::").filter(|part| !part.is_empty()).collect();
    // A method has its type before it; a function stands alone.
    let is_type = |part: &&str| part.starts_with(|c: char| c.is_uppercase());
    let from = parts.iter().rposition(is_type);
    parts[from.unwrap_or(parts.len() - 1)..].join("::")
}

fn without_generics(name: &str) -> String {
    let mut depth = 0;
    let outside = name.chars().filter(|letter| {
        depth += i32::from(*letter == '<');
        let is_outside = depth == 0;
        depth -= i32::from(*letter == '>');
        is_outside
    });
    outside.collect()
}

/// The calls as JSON; `runtime` says which are the runtime's own, or what those call.
pub(super) fn frames(trace: &[&BacktraceSymbol]) -> Vec<Value> {
    let frame = |symbol: &&BacktraceSymbol| {
        json!({
            "function": name(symbol),
            "file": file(symbol),
            "line": symbol.lineno(),
            "runtime": is_machinery(symbol),
        })
    };
    trace.iter().map(frame).collect()
}

#[cfg(test)]
mod tests {
    use super::{has_path, short};

    #[test]
    fn operations_have_short_names() {
        for (name, operation) in [
            (
                "selkie::net::tcp::listener::TcpListener::accept::{{closure}}",
                "TcpListener::accept",
            ),
            (
                "<selkie::time::sleep::Sleep as core::future::future::Future>::poll",
                "Sleep",
            ),
            (
                "<selkie::a::Recv<T> as core::future::future::Future>::poll",
                "Recv",
            ),
            (
                "<selkie::net::TcpStream as selkie::AsyncRead>::poll_read",
                "TcpStream::poll_read",
            ),
            (
                "selkie_core::sync::mpsc::Receiver<a::B<T>>::recv::{{closure}}",
                "Receiver::recv",
            ),
            ("selkie::signal::ctrl_c::{{closure}}", "ctrl_c"),
        ] {
            assert_eq!(short(name), operation, "{name}");
        }
    }

    #[test]
    fn names_of_line_tables_have_no_path() {
        for (name, has) in [
            ("{async_fn#0}", false),
            ("poll_leaf", false),
            ("{async_fn#0}<mio::net::TcpListener>", false),
            (
                "<selkie::Readiness as core::future::future::Future>::poll",
                true,
            ),
            ("selkie::net::accept", true),
        ] {
            assert_eq!(has_path(name), has, "{name}");
        }
    }
}
