//! The list in `docs/shapes.md`, and the sources that it is held against.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::probe::Shape;

/// Rooms whose public types users hold.
const ROOMS: &[&str] = &[
    "os/src",
    "core/src/sync",
    "core/src/task",
    "core/src/time",
    "core/src/coop",
];

/// Files of those rooms that only other systems or crates see.
const ELSEWHERE: &[&str] = &["windows", "aio.rs", "model.rs", "tests", "sys"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// One type of the list.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) name: String,
    cells: Vec<String>,
}

impl Row {
    fn parse(line: &str) -> Option<Self> {
        let mut cells = line.strip_prefix("| `")?.strip_suffix(" |")?.split(" | ");
        let name = cells.next()?.strip_suffix('`')?.to_string();
        Some(Self {
            name,
            cells: cells.map(|cell| cell.trim().to_string()).collect(),
        })
    }

    fn line(&self) -> String {
        format!("| `{}` | {} |", self.name, self.cells.join(" | "))
    }

    /// The row without its variance.
    pub(crate) fn traits(&self) -> String {
        format!("{}: {}", self.name, self.cells[1..].join(" | "))
    }

    pub(crate) fn traits_of(shape: &Shape) -> String {
        format!("{}: {}", shape.name, shape.bounds.join(" | "))
    }

    /// The parameters, and whether they are covariant: `+` is, `=` is not.
    pub(crate) fn variance(&self) -> Vec<(String, bool)> {
        self.cells[0]
            .split_whitespace()
            .map(|cell| {
                let (parameter, sign) = cell.split_at(cell.len() - 1);
                assert!(["+", "="].contains(&sign), "{}: {cell}", self.name);
                (parameter.replace('\'', ""), sign == "+")
            })
            .collect()
    }
}

/// The list: rows, between what stands before and after.
#[derive(Debug)]
pub(crate) struct List {
    before: String,
    pub(crate) rows: Vec<Row>,
    after: String,
}

const PATH: &str = "docs/shapes.md";

impl List {
    pub(crate) fn read() -> Self {
        let text = text(PATH);
        let mut list = Self {
            before: String::new(),
            rows: Vec::new(),
            after: String::new(),
        };
        for line in text.lines() {
            match Row::parse(line) {
                Some(row) => list.rows.push(row),
                None if list.rows.is_empty() => list.before += &format!("{line}\n"),
                None => list.after += &format!("{line}\n"),
            }
        }
        list
    }

    /// The list with the traits that were found, and the variance that it has.
    pub(crate) fn with_traits(self, shapes: &[Shape]) -> Self {
        let rows = shapes.iter().map(|shape| {
            let known = self.rows.iter().find(|row| row.name == shape.name);
            let variance = known.map_or(String::new(), |row| row.cells[0].clone());
            Row {
                name: shape.name.clone(),
                cells: std::iter::once(variance)
                    .chain(shape.bounds.clone())
                    .collect(),
            }
        });
        Self {
            rows: rows.collect(),
            ..self
        }
    }

    pub(crate) fn write(&self) {
        let rows: String = self.rows.iter().map(|row| row.line() + "\n").collect();
        let text = format!("{}{rows}{}", self.before, self.after);
        fs::write(root().join(PATH), text).expect("the list can be written");
    }
}

/// The functions of the case that has to be refused.
pub(crate) fn refused() -> BTreeSet<String> {
    text("tests/ui/cases/invariant.rs")
        .lines()
        .filter_map(|line| Some(line.strip_prefix("fn ")?.split_once("<'s>(")?.0.to_string()))
        .collect()
}

/// The public structs and enums of the rooms, with their files.
pub(crate) fn public_types() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for room in ROOMS {
        gather(&root().join(room), &mut found);
    }
    assert!(found.len() > 100, "the sources were not found");
    found
}

fn gather(path: &Path, found: &mut Vec<(String, String)>) {
    let mut files = Vec::new();
    find(path, &mut files);
    for path in &files {
        declared(path, found);
    }
}

fn declared(path: &Path, found: &mut Vec<(String, String)>) {
    for line in fs::read_to_string(path).expect("a source").lines() {
        let rest = line.trim_start();
        let declared = ["pub struct ", "pub enum "]
            .iter()
            .find_map(|start| rest.strip_prefix(start));
        if let Some(declared) = declared {
            let end = declared.find(|c: char| !c.is_alphanumeric() && c != '_');
            let name = declared[..end.unwrap_or(declared.len())].to_string();
            // A macro's parameter is no name.
            if !name.is_empty() {
                found.push((name, path.display().to_string()));
            }
        }
    }
}

/// The text of every source of the rooms.
pub(crate) fn sources() -> Vec<String> {
    let mut files = Vec::new();
    for room in ROOMS {
        find(&root().join(room), &mut files);
    }
    assert!(files.len() > 100, "the sources were not found");
    files
        .iter()
        .map(|path| fs::read_to_string(path).expect("a source"))
        .collect()
}

fn find(path: &Path, found: &mut Vec<PathBuf>) {
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    if ELSEWHERE.iter().any(|skipped| file.starts_with(skipped)) {
        return;
    }
    if path.is_dir() {
        for entry in fs::read_dir(path)
            .expect("the sources can be read")
            .flatten()
        {
            find(&entry.path(), found);
        }
    } else {
        found.push(path.to_path_buf());
    }
}
