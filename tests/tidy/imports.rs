//! The paths that a file imports.

use crate::source::Source;

/// One path in the code that begins with `crate`, `super` or `selkie_core`.
#[derive(Debug)]
pub(crate) struct Import {
    pub(crate) line: usize,
    pub(crate) parts: Vec<String>,
}

/// Every path of `source`; groups (`crate::{a, b}`) are taken apart.
pub(crate) fn imports(source: &Source) -> Vec<Import> {
    let lines = source.lines();
    let code = lines.join("\n");
    let mut found = Vec::new();
    for start in ["crate::", "super::", "selkie_core::"] {
        for (at, _) in code.match_indices(start) {
            let before = code[..at].chars().next_back().unwrap_or(' ');
            if before.is_alphanumeric() || matches!(before, '_' | ':' | '$') {
                continue;
            }
            let line = code[..at].matches('\n').count() + 1;
            let mut paths = Vec::new();
            take_apart(&code[at..], Vec::new(), &mut paths);
            found.extend(paths.into_iter().map(|parts| Import { line, parts }));
        }
    }
    found
}

/// Reads one path or group at the start of `code` and returns what follows it.
fn take_apart<'a>(code: &'a str, mut parts: Vec<String>, found: &mut Vec<Vec<String>>) -> &'a str {
    let mut rest = code.trim_start();
    loop {
        if let Some(inside) = rest.strip_prefix('{') {
            rest = inside;
            loop {
                rest = take_apart(rest, parts.clone(), found).trim_start();
                match rest.chars().next() {
                    Some(',') => rest = rest[1..].trim_start(),
                    Some('}') => return &rest[1..],
                    _ => return rest,
                }
                if let Some(after) = rest.strip_prefix('}') {
                    return after;
                }
            }
        }
        let name: String = rest
            .chars()
            .take_while(|&c| c.is_alphanumeric() || c == '_' || c == '*')
            .collect();
        if name.is_empty() {
            return rest;
        }
        rest = &rest[name.len()..];
        parts.push(name);
        match rest.trim_start().strip_prefix("::") {
            Some(after) => rest = after.trim_start(),
            None => {
                found.push(parts);
                return rest.trim_start_matches(|c: char| {
                    c == ' ' || c == '\n' || c.is_alphanumeric() || c == '_'
                });
            }
        }
    }
}
