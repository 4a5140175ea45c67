//! Examples in the documentation of what users of `selkie` meet: each type has one, and so has a share of the functions.
//!
//! What users meet is what `os/src` makes public, and of `core/src` what `os/src` re-exports. Types that have no name outside (the
//! futures of methods) are not in `docs/shapes.md`, and not looked at, nor is what only Windows and the BSDs have: no test
//! runs its examples here. A macro's function counts once, however often the macro is used.
//!
//! A function is trivial, and needs no example, if
//! - it is a getter: it takes nothing but the value, does not wait, and returns a number, a flag, a time, an address, a
//!   name, a reference, an identity, or an option of one of these, or an error of the system instead;
//! - it is an accessor that all wrappers have (`get_mut`, `into_inner`, …);
//! - it is called `poll_…`: futures that are written by hand call it, and the function without that prefix has the example;
//! - it is deprecated: nobody shall write it.
//!
//! Implementations of traits are not looked at.

use std::collections::BTreeSet;

use crate::source::Source;

/// Of the functions that are not trivial, how many have an example, in percent at least; it never falls.
const FLOORS: [(&str, usize); 2] = [("core/src/", 98), ("os/src/", 91)];

/// Rooms of the core that `selkie` shows.
const CORE_ROOMS: [&str; 5] = [
    "core/src/coop/",
    "core/src/macros/",
    "core/src/sync/",
    "core/src/task/",
    "core/src/time/",
];

/// Parts of paths whose documentation is not built on Linux, or is nobody's.
const ELSEWHERE: [&str; 6] = [
    "windows",
    "bsd",
    "os/src/sys/",
    "disabled",
    "/aio.rs",
    "core/src/time/list/", // A chip's own, of the same names.
];

/// What only chips have, though its type is everybody's.
const CHIPS: [&str; 10] = [
    "core/src/sync/fixed/batch.rs",
    "core/src/sync/fixed/pipe.rs",
    "core/src/sync/fixed/pipe_ends.rs",
    "core/src/sync/fixed/sink.rs",
    "core/src/sync/fixed/stream.rs",
    "core/src/sync/fixed/watch_stream.rs",
    "core/src/sync/pin_wait.rs",
    // Only with a feature that `selkie` does not turn on.
    "core/src/sync/broadcast/stream.rs",
    "core/src/sync/mpsc/sink.rs",
    "core/src/sync/watch/stream.rs",
];

/// Methods of all wrappers.
const ACCESSORS: [&str; 9] = [
    "as_raw_fd",
    "capacity",
    "get_mut",
    "get_pin_mut",
    "get_ref",
    "into_inner",
    "into_raw_fd",
    "is_empty",
    "len",
];

/// What a getter's type begins with.
const PLAIN: [&str; 22] = [
    "&",
    "Duration",
    "Id",
    "Instant",
    "Interest",
    "Option<",
    "Ready",
    "SocketAddr",
    "String",
    "bool",
    "c_int",
    "f64",
    "i128",
    "i16",
    "i32",
    "i64",
    "i8",
    "u128",
    "u16",
    "u32",
    "u64",
    "usize",
];

/// A public item with its documentation.
#[derive(Debug)]
struct Item<'a> {
    path: &'a str,
    line: usize,
    /// The type or trait that the function belongs to.
    owner: Option<String>,
    name: String,
    /// From the name to the body, if it is a function.
    signature: Option<String>,
    docs: Vec<&'a str>,
}

impl Item<'_> {
    fn place(&self) -> String {
        let owner = self.owner.iter().map(|owner| format!("{owner}::"));
        let owner: String = owner.collect();
        format!("{}:{}: {owner}{}", self.path, self.line, self.name)
    }

    fn has_example(&self) -> bool {
        let mut is_inside = false;
        for line in &self.docs {
            let Some(kind) = line
                .strip_prefix("/// ```")
                .or(line.strip_prefix("//! ```"))
            else {
                continue;
            };
            if !is_inside && ["", "no_run", "should_panic"].contains(&kind) {
                return true;
            }
            is_inside = !is_inside;
        }
        false
    }

    fn is_trivial(&self) -> bool {
        let signature = self.signature.as_deref().unwrap_or_default();
        let is_known = self.name.starts_with("poll_") || ACCESSORS.contains(&self.name.as_str());
        let (before, after) = signature.split_once(" -> ").unwrap_or_default();
        let takes_itself = ["(&self)", "(&'a self)", "(self)"]
            .iter()
            .any(|own| before.ends_with(own));
        let returned = after.strip_prefix("io::Result<").unwrap_or(after);
        let is_plain = PLAIN.iter().any(|plain| returned.starts_with(plain));
        let is_deprecated = self
            .docs
            .iter()
            .any(|line| line.starts_with("#[deprecated"));
        is_known || is_deprecated || takes_itself && is_plain && !signature.starts_with("async ")
    }
}

/// What `os/src` re-exports of the core: types, functions, and modules.
fn shown(sources: &[Source]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for source in sources {
        if !source.path.starts_with("os/src/") {
            continue;
        }
        for (at, _) in source.code.match_indices("pub use selkie_core::") {
            let rest = &source.code[at + "pub use selkie_core::".len()..];
            let rest = &rest[..rest.find(';').unwrap_or(rest.len())];
            let words = rest.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
            // The last part of a path, or what stands in braces.
            let braced = rest.contains('{');
            let rooms = ["sync", "task", "time", "coop"];
            let words = words.filter(|word| !word.is_empty() && (!braced || !rooms.contains(word)));
            names.extend(words.map(str::to_owned));
        }
    }
    names
}

/// Whether users see what stands in `source` under `name`, which is a type's or a function's.
fn is_shown(source: &Source, name: &str, shown: &BTreeSet<String>) -> bool {
    if source.path.starts_with("os/src/") {
        return true;
    }
    let modules = ["broadcast", "futures", "mpsc", "oneshot", "watch"];
    let mut parts = source.path.split(['/', '.']);
    shown.contains(name)
        || parts.any(|part| modules.contains(&part)) && source.path.starts_with("core/src/sync/")
}

/// The documentation and attributes above a line.
fn above<'a>(text: &[&'a str], number: usize) -> Vec<&'a str> {
    let lines = text[..number].iter().rev().map(|line| line.trim());
    let ends = |line: &&str| {
        let is_comment = line.starts_with("//");
        !line.is_empty() && (is_comment || !line.ends_with(['{', '}', ';']))
    };
    let mut docs: Vec<&str> = lines.take_while(ends).collect();
    docs.reverse();
    docs
}

fn word(text: &str) -> String {
    let is_part = |letter: &char| letter.is_alphanumeric() || ['_', '$'].contains(letter);
    text.chars().take_while(is_part).collect()
}

/// The type or trait of the block in which a line stands, and whether it is a trait's declaration.
fn owner(lines: &[&str], number: usize) -> Option<(String, bool)> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let own = indent(lines[number]);
    let outer = lines[..number]
        .iter()
        .rev()
        .filter(|line| !line.trim().is_empty() && indent(line) < own);
    for line in outer {
        let line = line.trim();
        if let Some(name) = line.strip_prefix("pub trait ") {
            return Some((word(name), true));
        }
        if let Some(rest) = line
            .strip_prefix("unsafe ")
            .unwrap_or(line)
            .strip_prefix("impl")
        {
            return (!rest.contains(" for ")).then(|| (implemented(rest), false));
        }
    }
    None
}

/// The name of the type in what follows `impl`: `<'a, T: X<Y>> path::Name<T> {`.
fn implemented(rest: &str) -> String {
    let mut depth = 0_i32;
    let mut before = ' ';
    let end = rest.char_indices().find(|(_, letter)| {
        depth += match letter {
            '<' => 1,
            '>' if before != '-' => -1,
            _ => 0,
        };
        before = *letter;
        depth == 0 && *letter == ' '
    });
    let name = rest[end.map_or(0, |(at, _)| at)..].trim_start();
    let path = name.split(['<', ' ']).next().unwrap_or_default();
    path.rsplit("::").next().unwrap_or_default().to_owned()
}

/// The public items of the crates: types with traits, and functions.
fn items(sources: &[Source]) -> Vec<Item<'_>> {
    let shown = shown(sources);
    let mut found = Vec::new();
    for source in sources {
        let is_room = source.path.starts_with("os/src/")
            || CORE_ROOMS.iter().any(|room| source.path.starts_with(room));
        if !is_room || source.is_test() || ELSEWHERE.iter().any(|part| source.path.contains(part)) {
            continue;
        }
        let text: Vec<&str> = source.text.lines().collect();
        let lines = source.lines();
        for number in 0..lines.len() {
            let Some(item) = item(source, &lines, &text, number) else {
                continue;
            };
            let visible = item.owner.as_deref().unwrap_or(&item.name);
            let is_hidden = item.docs.contains(&"#[doc(hidden)]");
            if is_shown(source, visible, &shown) && !is_hidden {
                found.push(item);
            }
        }
    }
    found
}

/// The item that a line declares, if it is public.
fn item<'a>(
    source: &'a Source,
    lines: &[&str],
    text: &[&'a str],
    number: usize,
) -> Option<Item<'a>> {
    let line = lines[number].trim();
    let declared = line.strip_prefix("pub ");
    let kinds = ["struct ", "enum ", "union ", "trait ", "unsafe trait "];
    let kind = declared.and_then(|rest| kinds.iter().find_map(|kind| rest.strip_prefix(kind)));
    let place = |owner, name, signature| Item {
        path: &source.path,
        line: number + 1,
        owner,
        name,
        signature,
        docs: above(text, number),
    };
    if let Some(rest) = kind {
        return Some(place(None, word(rest), None)).filter(|item| !item.name.starts_with('$'));
    }
    let mut rest = declared.unwrap_or(line);
    while let Some(next) = ["const ", "async ", "unsafe "]
        .iter()
        .find_map(|word| rest.strip_prefix(word))
    {
        rest = next;
    }
    let name = rest.strip_prefix("fn ")?;
    let is_inner = lines[number].starts_with(' ');
    let owner = if is_inner { owner(lines, number) } else { None };
    let is_public = declared.is_some() || matches!(owner, Some((_, true)));
    let end = (number..lines.len()).find(|at| lines[*at].contains(['{', ';']))?;
    let signature: Vec<&str> = lines[number..=end].iter().map(|line| line.trim()).collect();
    let signature = signature.join(" ");
    let signature = signature
        .strip_prefix("pub ")
        .unwrap_or(&signature)
        .to_owned();
    is_public.then(|| place(owner.map(|(name, _)| name), word(name), Some(signature)))
}

/// Whether a type or trait has a name outside.
fn is_named(item: &Item<'_>) -> bool {
    let shapes = include_str!("../../docs/shapes.md");
    let traits = [
        "AsyncRead",
        "AsyncWrite",
        "AsyncBufRead",
        "AsyncSeek",
        "ToSocketAddrs",
        "SpliceSource",
        "SpliceTarget",
    ];
    let name = &item.name;
    shapes.contains(&format!("::{name}` |"))
        || traits.iter().any(|start| {
            name.strip_prefix(start)
                .is_some_and(|end| ["", "Ext"].contains(&end))
        })
}

/// Types without an example.
pub(crate) fn types_without(sources: &[Source]) -> Vec<String> {
    items(sources)
        .into_iter()
        .filter(|item| item.signature.is_none() && is_named(item))
        .filter(|item| !item.has_example())
        .map(|item| item.place())
        .collect()
}

/// Examples of what `selkie` shows that name the crate below it: whoever copies one has no such crate.
pub(crate) fn below(sources: &[Source]) -> Vec<String> {
    items(sources)
        .into_iter()
        .filter(|item| !CHIPS.contains(&item.path))
        .filter(|item| {
            let mut docs = item.docs.iter().filter(|line| line.starts_with("///"));
            docs.any(|line| line.contains("selkie_core"))
        })
        .map(|item| item.place())
        .collect()
}

/// Functions that are not trivial and have no example, of crates that have fewer examples than their floor.
pub(crate) fn functions_without(sources: &[Source]) -> Vec<String> {
    let functions: Vec<_> = items(sources)
        .into_iter()
        .filter(|item| item.signature.is_some() && !item.is_trivial())
        .collect();
    let mut wanting = Vec::new();
    for (root, floor) in FLOORS {
        let (with, without): (Vec<_>, Vec<_>) = functions
            .iter()
            .filter(|item| item.path.starts_with(root))
            .partition(|item| item.has_example());
        let all = with.len() + without.len();
        let share = with.len() * 100 / all.max(1);
        let line = format!(
            "{root}: {} of {all} functions have an example: {share} %",
            with.len()
        );
        println!("{line}");
        if share < floor {
            wanting.push(format!("{line}, and {floor} % had one before"));
            wanting.extend(without.iter().map(|item| item.place()));
        }
    }
    wanting
}

#[cfg(test)]
mod tests {
    use super::{Source, below, functions_without, items, types_without};

    #[test]
    fn a_function_is_trivial_or_not() {
        let text = "impl<T: Fn() -> u8> Lock<T> {\n    pub fn len(&self) -> usize {}\n    \
                    pub fn flag(&self) -> io::Result<bool> {}\n    pub async fn size(&self) -> u64 {}\n    \
                    pub fn add(&self, n: u32) -> bool {}\n    pub fn poll_it(&self) -> Poll<()> {}\n}\n";
        let sources = [Source::example("os/src/lock.rs", text)];
        let found = items(&sources);
        let trivial: Vec<_> = found
            .iter()
            .map(|item| (item.name.as_str(), item.is_trivial()))
            .collect();
        let expected = [
            ("len", true),
            ("flag", true),
            ("size", false),
            ("add", false),
            ("poll_it", true),
        ];
        assert_eq!(trivial, expected);
        assert!(
            found
                .iter()
                .all(|item| item.owner.as_deref() == Some("Lock"))
        );
    }

    #[test]
    fn a_type_and_a_function_without_an_example_are_found() {
        let text = "/// ```\n/// ```\npub struct Mutex;\n/// ```text\n/// ```\npub struct Notify;\npub struct Unnamed;\npub fn run(n: u8) {}\n";
        let sources = [Source::example("os/src/types.rs", text)];
        assert_eq!(types_without(&sources), ["os/src/types.rs:6: Notify"]);
        assert!(functions_without(&sources).contains(&"os/src/types.rs:8: run".to_owned()));
    }

    #[test]
    fn an_example_on_the_crate_below_is_found() {
        let text = "/// ```\n/// use selkie_core::sync::Notify;\n/// ```\npub struct Notify;\n";
        let sources = [Source::example("os/src/types.rs", text)];
        assert_eq!(below(&sources), ["os/src/types.rs:4: Notify"]);
    }
}
