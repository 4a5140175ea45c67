//! The crates of the project: which files each has, and which module each file is.

use std::collections::{BTreeMap, BTreeSet};

use crate::imports::{Import, imports};
use crate::source::Source;

/// Folders in which each file may be a crate of its own.
const PROGRAMS: [&str; 4] = ["tests", "examples", "bin", "benches"];

fn folder(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(folder, _)| folder)
}

/// The folder that modules of `path`'s crate are found from.
fn root<'a>(roots: &BTreeSet<&str>, path: &'a str) -> &'a str {
    let mut at = folder(path).unwrap_or_default();
    while let Some(above) = folder(at) {
        let name = at.rsplit('/').next().unwrap_or_default();
        if roots.contains(at) || PROGRAMS.contains(&name) {
            return at;
        }
        at = above;
    }
    folder(path).unwrap_or_default()
}

/// The files of a crate, and where each of its modules stands.
pub(crate) struct Crate<'a> {
    pub(crate) files: Vec<&'a Source>,
    /// The module path of each file; empty for the root.
    pub(crate) modules: Vec<Vec<String>>,
    /// Files that two modules declare by `#[path]`, so that each has a parent of its own.
    pub(crate) is_twice: Vec<bool>,
    /// Modules whose files, by `#[path]`, belong to no crate or to another.
    outside: BTreeSet<Vec<String>>,
    /// Macros that stand at the root, wherever their file is.
    macros: BTreeMap<String, usize>,
}

impl<'a> Crate<'a> {
    /// Takes `sources` apart.
    pub(crate) fn all(sources: &'a [Source]) -> Vec<Self> {
        let paths = sources.iter().filter(|source| source.is_root());
        let roots = paths.filter_map(|source| folder(&source.path)).collect();
        let mut crates: BTreeMap<&str, Vec<&Source>> = BTreeMap::new();
        for source in sources {
            let root = root(&roots, &source.path);
            crates.entry(root).or_default().push(source);
        }
        crates
            .into_iter()
            .map(|(root, files)| Self::new(root, files))
            .collect()
    }

    fn new(root: &str, files: Vec<&'a Source>) -> Self {
        let mut modules: Vec<_> = files.iter().map(|source| module(root, source)).collect();
        let mut macros = BTreeMap::new();
        let mut outside = BTreeSet::new();
        let mut declared = vec![0; files.len()];
        for (at, source) in files.iter().enumerate() {
            let lines: Vec<&str> = source.code.lines().collect();
            for (number, line) in lines.iter().enumerate() {
                let name = line.trim().strip_prefix("macro_rules! ");
                let above = lines[..number].iter().rev().take(3);
                if let (Some(name), true) =
                    (name, above.clone().any(|l| l.contains("macro_export")))
                {
                    macros.insert(name.trim_end_matches([' ', '{']).to_owned(), at);
                }
            }
            for (file, name) in elsewhere(source) {
                let path = format!("{}/{file}", folder(&source.path).unwrap_or_default());
                let mut module = modules[at].clone();
                module.push(name);
                if let Some(file) = files.iter().position(|source| source.path == path) {
                    modules[file] = module;
                    declared[file] += 1;
                } else {
                    outside.insert(module);
                }
            }
        }
        Self {
            files,
            modules,
            is_twice: declared.iter().map(|&times| times > 1).collect(),
            outside,
            macros,
        }
    }

    /// The file that `path` leads to: the longest prefix that is a file, or the root.
    pub(crate) fn target(&self, path: &[String]) -> Option<usize> {
        if let Some(&file) = path.first().and_then(|name| self.macros.get(name)) {
            return Some(file);
        }
        if self.outside.iter().any(|module| path.starts_with(module)) {
            return None;
        }
        (0..=path.len()).rev().find_map(|length| {
            self.modules
                .iter()
                .position(|module| module[..] == path[..length])
        })
    }

    /// The paths that the file at `at` imports.
    pub(crate) fn imports(&self, at: usize) -> impl Iterator<Item = (Import, Vec<String>)> {
        let source = self.files[at];
        let own = self.modules[at].clone();
        let imports = imports(source).into_iter();
        imports.filter_map(move |import| {
            let path = resolve(&own, &import)?;
            let is_nested = import.parts[0] == "super" && is_of_a_nested_module(source, &import);
            (!is_nested).then_some((import, path))
        })
    }
}

/// The module path of a file, from its crate's root; empty for a crate's root.
fn module(root: &str, source: &Source) -> Vec<String> {
    if source.is_root() {
        return Vec::new();
    }
    let inside = source.path.strip_prefix(root).unwrap_or_default();
    let inside = inside.trim_start_matches('/').trim_end_matches(".rs");
    let inside = inside.trim_end_matches("/mod");
    inside.split('/').map(str::to_owned).collect()
}

/// The files that `source` declares by `#[path = "…"]`, and the names of their modules.
fn elsewhere(source: &Source) -> Vec<(String, String)> {
    let mut lines = source.text.lines().map(str::trim);
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        let path = line.strip_prefix("#[path = \"");
        let Some(path) = path.and_then(|path| path.strip_suffix("\"]")) else {
            continue;
        };
        // Other attributes may stand between.
        let module = lines.by_ref().find(|line| line.ends_with(';'));
        if let Some(name) = module.and_then(|line| line.trim_end_matches(';').rsplit(' ').next()) {
            found.push((path.to_owned(), name.to_owned()));
        }
    }
    found
}

/// Whether `import` stands in a module within the file, and means the file itself: its line is indented,
/// and one that is not has the name.
fn is_of_a_nested_module(source: &Source, import: &Import) -> bool {
    let lines: Vec<&str> = source.code.lines().collect();
    let is_indented = lines
        .get(import.line - 1)
        .is_none_or(|line| line.starts_with(' '));
    let Some(name) = import.parts.get(1) else {
        return false;
    };
    is_indented
        && lines.iter().any(|line| {
            let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
            !line.starts_with(' ') && words.any(|word| word == name)
        })
}

/// The absolute module path that `import` names in the module `own`.
fn resolve(own: &[String], import: &Import) -> Option<Vec<String>> {
    let mut base = match import.parts[0].as_str() {
        "crate" => Vec::new(),
        "super" => own[..own.len().saturating_sub(1)].to_vec(),
        _ => return None,
    };
    for part in &import.parts[1..] {
        if part == "super" {
            base.pop();
        } else {
            base.push(part.clone());
        }
    }
    Some(base)
}
