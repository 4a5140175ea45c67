//! The rules that look at one file at a time.

use crate::source::Source;

/// Lines of a file at most.
const MAX_FILE: usize = 600;
/// Lines of a file that gives no reason for its length (`//! Length …`).
const LONG_FILE: usize = 400;
/// Lines of a function at most.
const MAX_FUNCTION: usize = 70;

/// Doors that hold more, and why.
const DOORS: &[(&str, &str)] = &[(
    "core/src/platform/mod.rs",
    "macros whose arms are chosen by the platform's cfgs",
)];

/// Files that may ask for the platform, and why.
const CFG_FILES: &[(&str, &str)] = &[
    ("core/src/platform/", "the place where it is chosen"),
    ("os/src/sys/", "the place where the operating system is"),
    ("os/src/driver/", "back-ends, each for some systems"),
    ("os/src/net/", "Tokio offers methods on some systems only"),
    ("os/src/fs/", "Tokio offers methods on some systems only"),
    (
        "os/src/process/",
        "Tokio offers methods on some systems only",
    ),
    (
        "os/src/signal/",
        "Tokio offers methods on some systems only",
    ),
    ("core/src/lib.rs", "`no_std` is an attribute of the crate"),
];

/// Doors with more than docs, attributes, `mod` and `use`.
pub(crate) fn doors(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources
        .iter()
        .filter(|source| source.path.ends_with("/mod.rs"))
    {
        if DOORS.iter().any(|(path, _)| *path == source.path) {
            continue;
        }
        let (mut in_use, mut in_attribute) = (false, false);
        for (number, line) in source.lines().iter().enumerate() {
            let line = line.trim();
            let starts = [
                "mod ",
                "pub mod ",
                "pub(crate) mod ",
                "pub(super) mod ",
                "#[",
                "#![",
                "compile_error!(",
            ];
            let uses = ["use ", "pub use ", "pub(crate) use ", "pub(super) use "];
            in_use |= uses.iter().any(|start| line.starts_with(start));
            let begins = starts.iter().any(|s| line.starts_with(s));
            let is_fine = line.is_empty() || in_use || in_attribute || begins;
            // An attribute may go over several lines.
            in_attribute = (in_attribute || line.starts_with('#')) && !line.ends_with(']');
            if !is_fine {
                wrong.push(format!("{}:{}: {line}", source.path, number + 1));
            }
            in_use &= !line.ends_with(';');
        }
    }
    wrong
}

/// Lines of examples in documentation, with their fences and headings: what a user reads, and nobody has to keep in mind with
/// the code.
fn example_lines(source: &Source) -> usize {
    let (mut count, mut is_inside) = (0, false);
    for line in source.text.lines().take(source.lines().len()) {
        let line = line.trim_start();
        let docs = ["/// ", "//! "]
            .iter()
            .find_map(|start| line.strip_prefix(start));
        let is_fence = docs.is_some_and(|docs| docs.starts_with("```"));
        count += usize::from(is_inside || is_fence);
        // The heading, and the empty line before it.
        count += 2 * usize::from(!is_inside && docs == Some("# Examples"));
        is_inside ^= is_fence;
    }
    count
}

/// Files over the limits; examples in their documentation do not count.
pub(crate) fn file_lengths(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources {
        let lines = source.lines().len() - example_lines(source);
        let has_reason = source
            .text
            .lines()
            .any(|line| line.starts_with("//! Length "));
        if lines > MAX_FILE {
            wrong.push(format!("{}: {lines} of {MAX_FILE} lines", source.path));
        } else if lines > LONG_FILE && !has_reason {
            let path = &source.path;
            wrong.push(format!(
                "{path}: {lines} lines, over {LONG_FILE}, without `//! Length …`"
            ));
        }
    }
    wrong
}

/// Functions over the limit.
pub(crate) fn function_lengths(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources {
        for (at, _) in source.code.match_indices("fn ") {
            let before = source.code[..at].chars().next_back().unwrap_or(' ');
            let name: String = source.code[at + 3..]
                .chars()
                .take_while(|&c| c.is_alphanumeric() || c == '_')
                .collect();
            if before.is_alphanumeric() || before == '_' || name.is_empty() {
                continue;
            }
            let Some(length) = function_length(&source.code[at..]) else {
                continue;
            };
            if length > MAX_FUNCTION {
                let line = source.code[..at].matches('\n').count() + 1;
                let path = &source.path;
                wrong.push(format!(
                    "{path}:{line}: {name}: {length} of {MAX_FUNCTION} lines"
                ));
            }
        }
    }
    wrong
}

/// Lines from `fn` to the brace that closes the body; `None` without a body.
fn function_length(code: &str) -> Option<usize> {
    let (mut parens, mut braces) = (0_i32, 0_i32);
    for (at, byte) in code.bytes().enumerate() {
        match byte {
            b'(' | b'[' => parens += 1,
            b')' | b']' => parens -= 1,
            b';' if parens == 0 && braces == 0 => return None,
            b'{' => braces += 1,
            b'}' => {
                braces -= 1;
                if braces == 0 && parens == 0 {
                    return Some(code[..at].matches('\n').count() + 1);
                }
                if braces < 0 {
                    return None;
                }
            }
            _ => {}
        }
    }
    None
}

/// Attributes that ask for the platform, out of their place.
///
/// A whole module, or the `use` of one, may depend on the platform; what stands in it may not.
pub(crate) fn platform_cfgs(sources: &[Source]) -> Vec<String> {
    let asks = [
        "loom",
        "\"std\"",
        "unix",
        "windows",
        "target_os",
        "target_arch",
        "target_family",
        "target_pointer_width",
        "target_endian",
        "target_env",
        // `os/build.rs` says it, for some systems.
        "(io_uring",
    ];
    let mut wrong = Vec::new();
    for source in sources.iter().filter(|source| !source.is_test()) {
        if CFG_FILES
            .iter()
            .any(|(path, _)| source.path.starts_with(path))
        {
            continue;
        }
        let (text, code): (Vec<&str>, Vec<&str>) = (source.text.lines().collect(), source.lines());
        for (number, line) in code.iter().enumerate() {
            // The code has its strings blanked; features are read in the text.
            let attribute = text[number];
            let is_cfg =
                line.contains("cfg(") || line.contains("cfg!(") || line.contains("cfg_attr(");
            let asked = is_cfg && asks.iter().any(|ask| attribute.contains(ask));
            let for_test = attribute.contains("all(test") || attribute.contains("cfg(test");
            let mut next = code[number + 1..].iter().map(|line| line.trim());
            let item = next.find(|line| !line.is_empty() && !line.starts_with("#["));
            let whole = [
                "mod ",
                "pub mod ",
                "pub(crate) mod ",
                "pub use ",
                "pub(crate) use ",
                "pub(super) use ",
                "pub(super) mod ",
            ];
            let is_whole =
                item.is_some_and(|item| whole.iter().any(|start| item.starts_with(start)));
            if asked && !for_test && !is_whole {
                wrong.push(format!(
                    "{}:{}: {}",
                    source.path,
                    number + 1,
                    attribute.trim()
                ));
            }
        }
    }
    wrong
}

/// Unsafe blocks and impls without a `SAFETY:` in the lines before.
pub(crate) fn safety(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources {
        let text: Vec<&str> = source.text.lines().collect();
        for (number, line) in source.code.lines().enumerate() {
            let is_unsafe = line.contains("unsafe {") || line.contains("unsafe impl");
            let first = number.saturating_sub(8);
            let has_reason = text[first..=number]
                .iter()
                .any(|line| line.contains("SAFETY:"));
            let is_tokens = text[number].contains("quote");
            if is_unsafe && !has_reason && !is_tokens {
                wrong.push(format!("{}:{}: {}", source.path, number + 1, line.trim()));
            }
        }
    }
    wrong
}

/// Macros that say that something is missing, and notes without a number.
pub(crate) fn unfinished(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources {
        for (number, line) in source.code.lines().enumerate() {
            if line.contains("todo!(") || line.contains("unimplemented!(") {
                wrong.push(format!("{}:{}: {}", source.path, number + 1, line.trim()));
            }
        }
    }
    wrong
}

/// Files that show other files' public names as their own, whatever those are.
const FACADES: [&str; 2] = ["os/tokio/src/lib.rs", "core/src/raw.rs"];

/// Glob imports outside the facades.
pub(crate) fn globs(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources
        .iter()
        .filter(|source| !FACADES.contains(&source.path.as_str()))
    {
        for (number, line) in source.code.lines().enumerate() {
            let is_use = line.trim_start().starts_with("use ") || line.contains("pub use ");
            if is_use && line.contains("::*") {
                wrong.push(format!("{}:{}: {}", source.path, number + 1, line.trim()));
            }
        }
    }
    wrong
}

/// Atomics of 64 bits that are std's: some of our targets have none. `platform` has one for all.
pub(crate) fn wide_atomics(sources: &[Source]) -> Vec<String> {
    let shipped = |source: &&Source| {
        let path = &source.path;
        (path.starts_with("core/src") || path.starts_with("os/src"))
            && !path.contains("/tests/")
            && !path.contains("/platform/")
    };
    let mut wrong = Vec::new();
    for source in sources.iter().filter(shipped) {
        for (number, line) in source.code.lines().enumerate() {
            let is_wide = line.contains("AtomicU64") || line.contains("AtomicI64");
            if is_wide && (line.contains("std::sync") || line.contains("core::sync")) {
                wrong.push(format!("{}:{}: {}", source.path, number + 1, line.trim()));
            }
        }
    }
    wrong
}

/// Files that know wakers and have mutexes of std's, which guard none.
const OTHER_MUTEXES: &[&str] = &[
    // Workers' cores and the slab of tasks that no worker has.
    "os/src/scheduler/multi_thread/spawn.rs",
];

/// Mutexes of std's beside wakers: no test sees what happens under them. `platform::Lock` is counted.
pub(crate) fn uncounted_mutexes(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources.iter().filter(|source| !source.is_test()) {
        let is_layer = source.path.starts_with("os/src") && !source.path.ends_with("model.rs");
        let knows_wakers = source.code.contains("Waker");
        if !is_layer || !knows_wakers || OTHER_MUTEXES.contains(&source.path.as_str()) {
            continue;
        }
        for (number, line) in source.code.lines().enumerate() {
            if line.contains("Mutex") && line.trim_start().starts_with("use ") {
                wrong.push(format!("{}:{}: {}", source.path, number + 1, line.trim()));
            }
        }
    }
    wrong
}

/// Paths that exist on one machine only.
pub(crate) fn machine_paths(sources: &[Source]) -> Vec<String> {
    let places = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
    ];
    let mut wrong = Vec::new();
    for source in sources {
        for (number, line) in source.text.lines().enumerate() {
            if places.iter().any(|place| line.contains(place)) {
                wrong.push(format!("{}:{}: {}", source.path, number + 1, line.trim()));
            }
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::{Source, doors, file_lengths, function_lengths, safety};

    fn example(path: &str, text: &str) -> [Source; 1] {
        [Source::example(path, text)]
    }

    #[test]
    fn a_long_file_is_found_in_any_directory() {
        for folder in [
            "boards/src",
            "benches/side/src",
            "macros/src",
            "tests/runtime",
        ] {
            let path = format!("{folder}/long.rs");
            let check = |head: &str, lines: usize| {
                let text = format!("{head}\n{}", "use a::b;\n".repeat(lines - 1));
                file_lengths(&example(&path, &text)).len()
            };
            assert_eq!(check("//! A file.", 400), 0);
            assert_eq!(check("//! A file.", 401), 1);
            assert_eq!(check("//! Length      One table.", 600), 0);
            assert_eq!(check("//! Length      One table.", 601), 1);
            assert_eq!(check("/// ```\n/// use a::b;\n/// ```", 400), 0);
        }
    }

    #[test]
    fn a_door_with_an_item_is_found_in_any_directory() {
        let door = "//! A room.\n#![allow(\n    dead_code,\n    reason = \"it\"\n)]\nmod a;\npub use a::{\n    B,\n};\n";
        assert!(doors(&example("benches/x/src/y/mod.rs", door)).is_empty());
        let more = format!("{door}const A: u8 = 0;\n");
        assert_eq!(doors(&example("benches/x/src/y/mod.rs", &more)).len(), 1);
    }

    #[test]
    fn a_long_function_is_found() {
        let function = |lines: usize| format!("fn f() {{\n{}}}\n", "    f();\n".repeat(lines - 2));
        let check = |lines| function_lengths(&example("boards/src/a.rs", &function(lines))).len();
        assert_eq!([check(70), check(71)], [0, 1]);
    }

    #[test]
    fn unsafe_code_without_a_reason_is_found() {
        let check = |text: &str| safety(&example("benches/a/src/a.rs", text)).len();
        assert_eq!(check("fn f() {\n    unsafe { g() }\n}\n"), 1);
        assert_eq!(
            check("fn f() {\n    // SAFETY: it is.\n    unsafe { g() }\n}\n"),
            0
        );
    }
}
