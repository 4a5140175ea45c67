//! The import graph: between rooms, between the files of a room, and to doors.

use std::collections::{BTreeMap, BTreeSet};

use crate::floors::{MACROS, PASSED_ON, ROOMS, Room};
use crate::source::Source;

/// One path in the code that begins with `crate`, `super` or `selkie_core`.
#[derive(Debug)]
struct Import {
    line: usize,
    parts: Vec<String>,
}

/// The room of a file, unless it is a crate's root.
fn room(source: &Source) -> Option<&'static Room> {
    ROOMS.iter().find(|room| {
        source.path.strip_prefix(room.folder).is_some_and(|rest| {
            let first = rest
                .trim_start_matches('/')
                .split('/')
                .next()
                .unwrap_or_default();
            first.trim_end_matches(".rs") == room.name
        })
    })
}

/// Every path of `source`; groups (`crate::{a, b}`) are taken apart.
fn imports(source: &Source) -> Vec<Import> {
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

/// Violations of the table of floors.
pub(crate) fn rooms(sources: &[Source]) -> Vec<String> {
    let mut wrong = table();
    for source in sources.iter().filter(|source| !source.is_test()) {
        let folder = if source.path.starts_with("core/") {
            "core/src"
        } else {
            "os/src"
        };
        let Some(room) = room(source) else {
            if !source.path.ends_with("src/lib.rs") {
                wrong.push(format!("{}: its room stands in no floor", source.path));
            }
            continue;
        };
        for import in imports(source) {
            let target = match import.parts[0].as_str() {
                // `raw` shows rooms of the core under their own names.
                "selkie_core" => import.parts[1..].iter().find(|part| *part != "raw"),
                _ => import.parts.get(1),
            };
            let Some(target) = target else { continue };
            let target = MACROS
                .iter()
                .find(|(name, _)| name == target)
                .map_or(target.as_str(), |m| m.1);
            let allowed = match import.parts[0].as_str() {
                "crate" if target == room.name => continue,
                "crate" => room.own,
                "selkie_core" if folder == "os/src" => room.core,
                _ => continue,
            };
            let is_passed_on = PASSED_ON.contains(&(source.path.as_str(), target));
            if !allowed.contains(&target) && !is_passed_on {
                let Import { line, parts } = import;
                wrong.push(format!("{}:{line}: {}", source.path, parts.join("::")));
            }
        }
    }
    wrong
}

/// Rooms of the table that do not stand above what they import.
fn table() -> Vec<String> {
    let mut wrong = Vec::new();
    for (index, room) in ROOMS.iter().enumerate() {
        for name in room.own {
            let is_below = |below: &Room| below.folder == room.folder && below.name == *name;
            if !ROOMS[..index].iter().any(is_below) {
                wrong.push(format!(
                    "floors.rs: {} does not stand above {name}",
                    room.name
                ));
            }
        }
    }
    wrong
}

/// The module path of a file, from its crate's root.
fn module(source: &Source) -> Vec<String> {
    let inside = source
        .path
        .split_once("src/")
        .map_or("", |(_, inside)| inside);
    let inside = inside.trim_end_matches(".rs").trim_end_matches("/mod");
    inside.split('/').map(str::to_owned).collect()
}

/// The absolute module path that `import` of `source` names.
fn resolve(source: &Source, import: &Import) -> Option<Vec<String>> {
    let mut base = match import.parts[0].as_str() {
        "crate" => Vec::new(),
        "super" => {
            let mut base = module(source);
            base.pop();
            base
        }
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

/// The file a path leads to: the longest prefix that is a file and no door.
fn target(files: &BTreeMap<Vec<String>, usize>, path: &[String]) -> Option<usize> {
    (1..=path.len())
        .rev()
        .find_map(|length| files.get(&path[..length]).copied())
}

/// Files that import each other in a circle.
pub(crate) fn circles(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for folder in ["core/src", "os/src"] {
        let files: Vec<&Source> = sources
            .iter()
            .filter(|source| {
                source.path.starts_with(folder) && !source.is_test() && !source.is_door()
            })
            .collect();
        let index: BTreeMap<Vec<String>, usize> = files
            .iter()
            .enumerate()
            .map(|(at, source)| (module(source), at))
            .collect();
        let edges: Vec<BTreeSet<usize>> = files
            .iter()
            .map(|source| {
                let paths = imports(source)
                    .into_iter()
                    .filter_map(|import| resolve(source, &import));
                paths.filter_map(|path| target(&index, &path)).collect()
            })
            .collect();
        for from in 0..files.len() {
            for &to in edges[from]
                .iter()
                .filter(|&&to| to != from && reaches(&edges, to, from))
            {
                wrong.push(format!(
                    "{} → {} → … → back",
                    files[from].path, files[to].path
                ));
            }
        }
    }
    wrong
}

fn reaches(edges: &[BTreeSet<usize>], from: usize, to: usize) -> bool {
    let (mut seen, mut open) = (BTreeSet::from([from]), vec![from]);
    while let Some(at) = open.pop() {
        if at == to {
            return true;
        }
        open.extend(edges[at].iter().copied().filter(|&next| seen.insert(next)));
    }
    false
}

/// Files that import from the door of the room that they stand in.
pub(crate) fn own_doors(sources: &[Source]) -> Vec<String> {
    let modules: BTreeSet<(bool, Vec<String>)> = sources
        .iter()
        .map(|source| (source.path.starts_with("core/"), module(source)))
        .collect();
    let mut wrong = Vec::new();
    for source in sources
        .iter()
        .filter(|source| !source.is_test() && !source.is_door())
    {
        let own = module(source);
        let is_core = source.path.starts_with("core/");
        for import in imports(source) {
            let Some(path) = resolve(source, &import) else {
                continue;
            };
            let door = &own[..own.len() - 1];
            let (inside, depth) = (path.starts_with(door), door.len());
            let leads_to_file =
                path.len() > depth && { modules.contains(&(is_core, path[..=depth].to_vec())) };
            if depth > 0 && inside && !leads_to_file {
                let Import { line, parts } = import;
                wrong.push(format!("{}:{line}: {}", source.path, parts.join("::")));
            }
        }
    }
    wrong
}
