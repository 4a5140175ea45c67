//! What pages say of the tree: decisions have a state, links lead somewhere, files that are named are there.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::Source;

/// Where decisions and their list stand.
const DECISIONS: &str = "docs/decisions/";
const LIST: &str = "docs/decisions/README.md";

/// Pages that name files which are gone, or are another project's.
const HISTORY: &[&str] = &[
    "CHANGELOG.md",
    "docs/decisions/0200-the-fields-words.md",
    "tests/conformance/changelog.md",
];

/// The decisions, by number, and the paths of their pages.
fn decisions(texts: &[Source]) -> BTreeMap<&str, &Source> {
    let pages = texts.iter().filter_map(|page| {
        let name = page.path.strip_prefix(DECISIONS)?;
        let number = name.split('-').next()?;
        let is_number = number.len() == 4 && number.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then_some((number, page))
    });
    pages.collect()
}

/// The rows of the list: number, file and state.
fn listed(list: &str) -> Vec<(&str, &str, &str)> {
    let rows = list.lines().filter_map(|line| {
        let row = line.strip_prefix("| [")?;
        let (number, row) = row.split_once("](")?;
        let (file, row) = row.split_once(')')?;
        let state = row.trim_end_matches([' ', '|']).rsplit('|').next()?;
        Some((number, file, state.trim()))
    });
    rows.collect()
}

/// Decisions that the list has not, or has twice, or whose state is none.
pub(crate) fn unlisted(texts: &[Source]) -> Vec<String> {
    let pages = decisions(texts);
    let list = texts.iter().find(|page| page.path == LIST);
    let rows = listed(list.map_or("", |page| &page.text));
    let mut wrong = Vec::new();
    for (number, page) in &pages {
        let times = rows.iter().filter(|row| row.0 == *number).count();
        if times != 1 {
            wrong.push(format!("{LIST}: has {} {times} times, not once", page.path));
        }
    }
    for (number, file, state) in rows {
        let Some(page) = pages.get(number) else {
            wrong.push(format!("{LIST}: there is no decision {number}"));
            continue;
        };
        if page.path.strip_prefix(DECISIONS) != Some(file) {
            wrong.push(format!("{LIST}: {number} is {}", page.path));
        }
        let by = state
            .strip_prefix("replaced by ")
            .or_else(|| state.strip_prefix("partly replaced by "));
        let Some(by) = by else {
            if state != "holds" {
                wrong.push(format!("{LIST}: {number}: `{state}` is no state"));
            }
            continue;
        };
        // The page itself says so, too.
        for other in by.split(", ") {
            if !pages.contains_key(other) {
                wrong.push(format!("{LIST}: {number}: there is no decision {other}"));
            } else if !page.text.contains(&format!("[{other}]({other}-")) {
                wrong.push(format!(
                    "{}: does not say that {other} replaces it",
                    page.path
                ));
            }
        }
    }
    wrong
}

/// Links of pages to files that are not there.
pub(crate) fn broken_links(texts: &[Source]) -> Vec<String> {
    let paths: BTreeSet<&str> = texts.iter().map(|source| source.path.as_str()).collect();
    let is_there = |path: &str| {
        let folder = format!("{}/", path.trim_end_matches('/'));
        paths.contains(path) || paths.iter().any(|known| known.starts_with(&folder))
    };
    let mut wrong = Vec::new();
    for page in texts.iter().filter(|page| page.path.ends_with(".md")) {
        for (number, line) in page.text.lines().enumerate() {
            for link in line.split("](").skip(1) {
                let link = link.split([')', '#', ' ']).next().unwrap_or_default();
                // Pictures and licences are no texts.
                let is_text =
                    ["md", "rs", "toml", "py"].contains(&ending(link)) || link.ends_with('/');
                if link.contains("://") || !is_text {
                    continue;
                }
                if !is_there(&relative(&page.path, link)) {
                    wrong.push(format!("{}:{}: {link}", page.path, number + 1));
                }
            }
        }
    }
    wrong
}

fn ending(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or_default()
}

/// The path from the root that `link` of the page at `path` means.
fn relative(path: &str, link: &str) -> String {
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Rust files that a page names in backticks, with a folder, and that are not there. A page may leave out
/// the first folders.
pub(crate) fn missing_files(texts: &[Source]) -> Vec<String> {
    let list = texts.iter().find(|page| page.path == LIST);
    let rows = listed(list.map_or("", |page| &page.text));
    let replaced: BTreeSet<String> = rows
        .iter()
        .filter(|row| row.2.starts_with("replaced"))
        .map(|row| format!("{DECISIONS}{}", row.1))
        .collect();
    let files: Vec<&str> = texts.iter().map(|source| source.path.as_str()).collect();
    let is_there = |name: &str| {
        let end = format!("/{name}");
        files
            .iter()
            .any(|file| *file == name || file.ends_with(&end))
    };
    let mut wrong = Vec::new();
    for page in texts.iter().filter(|page| page.path.ends_with(".md")) {
        if HISTORY.contains(&page.path.as_str()) || replaced.contains(&page.path) {
            continue;
        }
        for (number, line) in page.text.lines().enumerate() {
            for name in line.split('`').skip(1).step_by(2) {
                let is_file = name.contains('/')
                    && name.ends_with(".rs")
                    && !name.contains(['*', '<', ' ', '{']);
                if is_file && !is_there(name.trim_start_matches("./")) {
                    wrong.push(format!("{}:{}: {name}", page.path, number + 1));
                }
            }
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::{Source, broken_links, missing_files, unlisted};

    fn pages(list: &str) -> Vec<Source> {
        vec![
            Source::example(
                "docs/decisions/0001-a.md",
                "# A\n\n*Replaced by [0002](0002-b.md).*\n",
            ),
            Source::example("docs/decisions/0002-b.md", "# B\n\nSee `time/wheel.rs`.\n"),
            Source::example("docs/decisions/README.md", list),
            Source::example("core/src/time/wheel.rs", "//! A wheel.\n"),
        ]
    }

    const A: &str = "| [0001](0001-a.md) | A | replaced by 0002 |\n";
    const B: &str = "| [0002](0002-b.md) | B | holds |\n";

    #[test]
    fn decisions_are_listed_once_with_their_state() {
        assert!(unlisted(&pages(&format!("{A}{B}"))).is_empty());
        let wrong = [
            A.to_owned(),
            format!("{A}{B}{B}"),
            format!("{A}| [0002](0002-b.md) | B | fine |\n"),
            format!("{A}| [0002](0002-b.md) | B | partly replaced by 0001 |\n"),
            format!("{B}| [0001](0001-a.md) | A | replaced by 0003 |\n"),
            format!("{A}{B}| [0003](0003-c.md) | C | holds |\n"),
        ];
        for list in wrong {
            assert_eq!(unlisted(&pages(&list)).len(), 1, "{list}");
        }
    }

    #[test]
    fn links_and_files_that_lead_nowhere_are_found() {
        let mut pages = pages(&format!("{A}{B}"));
        assert!(broken_links(&pages).is_empty());
        assert!(missing_files(&pages).is_empty());
        let text =
            "[a](decisions/0001-a.md) [b](b.md) [c](https://x.md) `time/wheel.rs` `time/heap.rs`";
        pages.push(Source::example("docs/page.md", text));
        assert_eq!(broken_links(&pages), ["docs/page.md:1: b.md"]);
        assert_eq!(missing_files(&pages), ["docs/page.md:1: time/heap.rs"]);
    }
}
