//! Rows that are known to fail, and why: the list is to become empty.

/// A row's name, with `*` for any part of it, and why it fails.
pub(crate) const KNOWN: &[(&str, &str)] = &[];

/// Why the row `name` is known to fail.
pub(crate) fn why(name: &str) -> Option<&'static str> {
    let known = KNOWN.iter().find(|(pattern, _)| fits(pattern, name));
    known.map(|(_, why)| *why)
}

/// Whether the row `name` is one of `pattern`.
pub(crate) fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.split('/'), name.split('/'));
    pattern.clone().count() == name.clone().count()
        && pattern
            .zip(name)
            .all(|(pattern, part)| pattern == "*" || pattern == part)
}
