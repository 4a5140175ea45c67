//! Rows that are known to fail, and why: the list is to become empty.

/// A row's name, with `*` for any part of it, and why it fails.
pub(crate) const KNOWN: &[(&str, &str)] = &[
    (
        "*/End/*/*",
        "a runtime that is dropped in async context panics before it cancels its tasks",
    ),
    (
        "waker.signal.Wake/Panic/*/*",
        "the driver wakes listeners without containing their panics",
    ),
    (
        "waker.signal.Wake/Bomb/*/*",
        "the driver wakes listeners without containing their panics",
    ),
    (
        "waker.signal.Wake/Block/*/*",
        "the driver wakes listeners without containing their panics",
    ),
    (
        "waker.ring_read.Wake/Panic/*/*",
        "the ring's completions are woken without containing their panics",
    ),
    (
        "waker.ring_read.Wake/Bomb/*/*",
        "the ring's completions are woken without containing their panics",
    ),
    (
        "waker.ring_read.Wake/Block/*/*",
        "the ring's completions are woken without containing their panics",
    ),
    (
        "hook.thread_name/*/*/*",
        "threads are named under the pool's lock, and a panic unwinds from there",
    ),
];

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
