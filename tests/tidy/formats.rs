//! Whether each public type of the core implements `defmt::Format`: by a derive on the type, or by a line of the one
//! table, `core/src/format.rs`, which the compiler checks.

use crate::source::Source;

/// The table.
const TABLE: &str = "core/src/format.rs";

/// Public types that have neither the derive nor a line for each of their name.
pub(crate) fn without(sources: &[Source]) -> Vec<String> {
    let table = sources.iter().find(|source| source.path == TABLE);
    let table = table.expect("the table is there");
    let lines: Vec<&str> = table.code.lines().collect();
    let mut wanting = Vec::new();
    for source in sources {
        if !source.path.starts_with("core/src/") || source.is_test() {
            continue;
        }
        for name in underived(&source.text, &source.lines()) {
            if !lines.iter().any(|line| formats(line, &name)) {
                wanting.push(format!("{}: {name}", source.path));
            }
        }
    }
    wanting
}

/// Whether a line of the table formats the type `name`: `[generics] path::Name<…>,`.
fn formats(line: &str, name: &str) -> bool {
    let Some((generics, rest)) = line.trim().split_once("] ") else {
        return line.trim().starts_with("impl<") && line.contains(&format!(" {name}<"));
    };
    let path: &str = rest.split(['<', ',']).next().unwrap_or_default();
    generics.starts_with('[') && path.rsplit("::").next() == Some(name)
}

/// Names of the public types that do not derive it.
fn underived(text: &str, lines: &[&str]) -> Vec<String> {
    let text: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let line = line.trim();
        let Some(rest) = ["pub struct ", "pub enum ", "pub union "]
            .iter()
            .find_map(|start| line.strip_prefix(start))
        else {
            continue;
        };
        let name: String = rest
            .chars()
            .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
            .collect();
        let derives = text[..number]
            .iter()
            .rev()
            .map(|line| line.trim())
            .take_while(|line| line.starts_with("#[") || line.starts_with("//"))
            .any(|line| line.contains("defmt::Format"));
        // A macro names its types where it is used.
        if !name.is_empty() && !derives {
            found.push(name);
        }
    }
    found
}

/// What the rule says of three types, one of which it finds.
pub(crate) fn example() -> Vec<String> {
    let example = Source::example;
    let types =
        "#[derive(defmt::Format)]\npub struct Derived;\npub enum Listed {}\npub struct Bare;\n";
    let table = "by_debug! {\n    [T: Debug] door::Listed<T>,\n}\n";
    without(&[example("core/src/example.rs", types), example(TABLE, table)])
        .iter()
        .map(|place| place.replace("core/src/", ""))
        .collect()
}
