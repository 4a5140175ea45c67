//! What things are called: the noun of each type, file and module is the field's (`nouns.txt`) or a term of
//! `docs/glossary.md`.

use std::collections::BTreeSet;

use crate::glossary::Glossary;
use crate::source::Source;

/// The field's nouns.
const NOUNS: &str = include_str!("nouns.txt");

/// Words that no part of a name may be, not only its noun. A word of several parts has `_` between them.
/// With each stand the paths where it is the field's own word.
const OLD_WORDS: &[(&str, &[&str])] = &[
    ("bell", &[]),
    ("birth", &[]),
    ("crowd", &[]),
    ("handover", &[]),
    ("home", &[]),
    ("late_source", &[]),
    // Linux has leases on files, distributed systems have them on what one of them may do.
    ("lease", &["os/tests/hostile_files/", "tests/sim/"]),
    ("parcel", &[]),
    ("seat", &[]),
    ("shelter", &[]),
];

/// Files whose names are chosen to collide with others.
const COLLIDING: &[&str] = &["tests/macros/colliding_names.rs"];

/// A name that the project gives.
#[derive(Debug)]
struct Name {
    /// `path` or `path:line`.
    at: String,
    path: String,
    /// What is named, as it is written.
    what: String,
    words: Vec<String>,
}

/// What is wrong with the names of `sources`.
pub(crate) fn unknown(sources: &[Source], glossary: &Glossary) -> Vec<String> {
    let nouns: BTreeSet<&str> = NOUNS
        .lines()
        .filter(|line| !line.starts_with('#'))
        .flat_map(str::split_whitespace)
        .collect();
    let is_known = |word: &str| {
        let is_term = |word: &str| nouns.contains(word) || glossary.has_noun(word);
        singulars(word).iter().any(|word| is_term(word))
    };
    let mut wrong = Vec::new();
    for name in sources.iter().flat_map(names) {
        let Name {
            at,
            path,
            what,
            words,
        } = name;
        let joined = format!("_{}_", words.join("_"));
        let is_old = |&&(old, except): &&(&str, &[&str])| {
            joined.contains(&format!("_{old}_"))
                && !except.iter().any(|room| path.starts_with(room))
        };
        if let Some((old, _)) = OLD_WORDS.iter().find(is_old) {
            wrong.push(format!("{at}: {what}: `{old}` is an old word"));
            continue;
        }
        let Some(noun) = words.last() else {
            continue;
        };
        if !is_known(noun) {
            wrong.push(format!(
                "{at}: {what}: `{noun}` is neither in tests/tidy/nouns.txt nor in docs/glossary.md"
            ));
        } else if let Some((term, rooms)) = glossary.elsewhere(&words, &path) {
            wrong.push(format!(
                "{at}: {what}: `{term}` is a word of {rooms} only (docs/glossary.md)"
            ));
        }
    }
    wrong
}

/// The names of a file's types and modules, and its own.
fn names(source: &Source) -> Vec<Name> {
    if COLLIDING.contains(&source.path.as_str()) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut add = |at: String, kind: &str, name: &str| {
        found.push(Name {
            at,
            path: source.path.clone(),
            what: format!("{kind} {name}"),
            words: words(name),
        });
    };
    let mut parts = source.path.rsplit('/');
    let file = parts.next().unwrap_or_default().trim_end_matches(".rs");
    let folder = parts.next().unwrap_or_default();
    match file {
        "lib" => {}
        "main" | "mod" if folder == "src" => {}
        "main" | "mod" => add(source.path.clone(), "folder", folder),
        file => add(source.path.clone(), "file", file),
    }
    for (number, line) in source.code.lines().enumerate() {
        if let Some((kind, name)) = declared(line) {
            add(format!("{}:{}", source.path, number + 1), kind, name);
        }
    }
    found
}

/// The type or module that a line declares.
fn declared(line: &str) -> Option<(&str, &str)> {
    let mut rest = line.trim_start();
    if let Some(after) = rest.strip_prefix("pub") {
        rest = match after.strip_prefix('(') {
            Some(inside) => inside.split_once(')')?.1,
            None => after,
        };
    }
    let mut tokens = rest.split_whitespace();
    let mut kind = tokens.next()?;
    while matches!(kind, "unsafe" | "auto") {
        kind = tokens.next()?;
    }
    if !matches!(kind, "struct" | "enum" | "union" | "trait" | "type" | "mod") {
        return None;
    }
    let name = tokens.next()?;
    let end = name.find(|c: char| !c.is_alphanumeric() && c != '_');
    let name = &name[..end.unwrap_or(name.len())];
    (!name.is_empty()).then_some((kind, name))
}

/// The words of a name in snake or camel case, in lower case, without digits at their ends.
fn words(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().collect();
    let mut words = vec![String::new()];
    for (at, &letter) in letters.iter().enumerate() {
        let (before, after) = (at.checked_sub(1).map(|at| letters[at]), letters.get(at + 1));
        let is_start = letter.is_uppercase()
            && before.is_some_and(|before| {
                !before.is_uppercase() || after.is_some_and(|after| after.is_lowercase())
            });
        if matches!(letter, '_' | '-') {
            words.push(String::new());
            continue;
        }
        if is_start {
            words.push(String::new());
        }
        words
            .last_mut()
            .expect("there is one at least")
            .extend(letter.to_lowercase());
    }
    words.retain(|word| !word.is_empty());
    words
}

/// What `word` may be the plural of, and itself.
fn singulars(word: &str) -> Vec<String> {
    let without_number = word.trim_end_matches(|c: char| c.is_ascii_digit());
    let mut found = vec![word.to_owned(), without_number.to_owned()];
    for (ending, singular) in [("ies", "y"), ("es", ""), ("s", "")] {
        if let Some(stem) = word.strip_suffix(ending) {
            found.push(format!("{stem}{singular}"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Glossary, Source, unknown, words};

    fn check(text: &str) -> Vec<String> {
        let glossary = Glossary::parse(
            "| term | rooms |\n|---|---|\n| wobble | os/src/net |\n\n\
             | term | meaning | from |\n|---|---|---|\n| wobble | It wobbles. | us |\n\
             | frob cell | A cell. | us |\n",
        );
        let sources = [Source::example("os/src/fs/file.rs", text)];
        unknown(&sources, &glossary)
    }

    #[test]
    fn a_noun_that_nobody_knows_is_found() {
        let wrong = check("pub(crate) struct FileFrobnicator<T>(T);");
        assert_eq!(wrong.len(), 1, "{wrong:?}");
        assert!(wrong[0].starts_with("os/src/fs/file.rs:1: struct FileFrobnicator: `frobnicator`"));
    }

    #[test]
    fn an_old_word_is_found_in_any_part() {
        let wrong = check("enum HomePool {}\nstruct LateSourceId;");
        assert_eq!(wrong.len(), 2, "{wrong:?}");
        assert!(wrong[0].contains("`home` is an old word"));
    }

    #[test]
    fn a_word_of_another_room_is_found() {
        let wrong = check("trait Wobble {}");
        assert!(wrong[0].contains("a word of os/src/net only"), "{wrong:?}");
    }

    #[test]
    fn nouns_terms_and_plurals_pass() {
        let text = "struct ReadBuffers;\ntype Entries = ();\nstruct FrobCells;\nuse x::Frob;";
        let wrong = check(text);
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn names_are_split_into_words() {
        assert_eq!(
            words("AsyncFdReadyGuard"),
            ["async", "fd", "ready", "guard"]
        );
        assert_eq!(words("UCred"), ["u", "cred"]);
        assert_eq!(words("HTTPServer"), ["http", "server"]);
        assert_eq!(words("no_late_source"), ["no", "late", "source"]);
    }
}
