//! The import graph: between rooms, between the files of a room, and to doors.

use std::collections::BTreeSet;

use crate::crates::Crate;
use crate::floors::{MACROS, ROOMS, Room};
use crate::imports::{Import, imports};
use crate::source::Source;

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

/// Violations of the table of floors.
pub(crate) fn rooms(sources: &[Source]) -> Vec<String> {
    let mut wrong = table();
    for room in ROOMS {
        let name = format!("{}/{}", room.folder, room.name);
        let is_there = |source: &Source| {
            let rest = source.path.strip_prefix(&name);
            rest.is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        };
        if !sources.iter().any(is_there) {
            wrong.push(format!("floors.rs: there is no {name}"));
        }
    }
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
            if !allowed.contains(&target) {
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

/// Files that import each other in a circle.
pub(crate) fn circles(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for krate in Crate::all(sources) {
        let files = &krate.files;
        let is_left_out = |at: usize| files[at].is_door() || files[at].is_unit_test();
        let edges: Vec<BTreeSet<usize>> = (0..files.len())
            .map(|from| {
                if is_left_out(from) {
                    return BTreeSet::new();
                }
                // A program's root uses each of its modules.
                if krate.modules[from].is_empty() {
                    return (0..files.len()).collect();
                }
                let paths = krate.imports(from).map(|(_, path)| path);
                let targets = paths.filter_map(|path| krate.target(&path));
                targets.filter(|&to| !is_left_out(to)).collect()
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
    let mut wrong = Vec::new();
    for krate in Crate::all(sources) {
        for (at, source) in krate.files.iter().enumerate() {
            let own = &krate.modules[at];
            if source.is_door() || source.is_unit_test() || own.len() < 2 || krate.is_twice[at] {
                continue;
            }
            let door = &own[..own.len() - 1];
            for (import, path) in krate.imports(at) {
                let is_item = || {
                    krate
                        .target(&path)
                        .is_none_or(|to| krate.modules[to] == door)
                };
                if path.starts_with(door) && is_item() {
                    let Import { line, parts } = import;
                    wrong.push(format!("{}:{line}: {}", source.path, parts.join("::")));
                }
            }
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::{Source, circles, own_doors};

    fn crate_of(folder: &str, files: &[(&str, &str)]) -> Vec<Source> {
        let files = files.iter();
        files
            .map(|(name, text)| Source::example(&format!("{folder}/{name}"), text))
            .collect()
    }

    #[test]
    fn a_circle_is_found_in_any_directory() {
        for folder in ["boards/x/src", "macros/src", "tests/x", "benches/x/src"] {
            let files = [
                ("lib.rs", "mod a;\nmod b;\n"),
                ("a.rs", "use crate::b::B;\n"),
                ("b.rs", "use crate::a::A;\n"),
            ];
            assert_eq!(circles(&crate_of(folder, &files)).len(), 2, "{folder}");
            let files = [files[0], files[1], ("b.rs", "use std::mem;\n")];
            assert!(circles(&crate_of(folder, &files)).is_empty(), "{folder}");
        }
    }

    #[test]
    fn a_file_that_imports_from_its_program_is_found() {
        let files = [
            ("main.rs", "mod a;\nfn helper() {}\n"),
            ("a.rs", "use crate::helper;\n"),
        ];
        assert_eq!(circles(&crate_of("tests/x", &files)).len(), 2);
        let files = [
            ("main.rs", "mod a;\nmod b;\n"),
            (
                "a.rs",
                "use crate::helper;\nmod inner {\n    use super::NAME;\n}\nconst NAME: u8 = 0;\n",
            ),
            (
                "b.rs",
                "#[macro_export]\nmacro_rules! helper {\n    () => {}\n}\n",
            ),
        ];
        assert!(circles(&crate_of("tests/x", &files)).is_empty());
    }

    #[test]
    fn an_own_door_is_found_in_any_directory() {
        let files = [
            ("lib.rs", "mod room;\n"),
            ("room/mod.rs", "mod a;\nmod b;\npub use b::B;\n"),
            ("room/a.rs", "use super::B;\n"),
            ("room/b.rs", "pub struct B;\n"),
        ];
        assert_eq!(own_doors(&crate_of("boards/x/src", &files)).len(), 1);
        let files = [
            files[0],
            files[1],
            ("room/a.rs", "use super::b::B;\n"),
            files[3],
        ];
        assert!(own_doors(&crate_of("boards/x/src", &files)).is_empty());
    }
}
