//! A new project for a chip, outside of this repository.

use std::fs;
use std::path::Path;

use selkie_boards::{BoardFile, LIST, Project, TemplateKind, parse};

use crate::command::{print_line, repository};
use crate::literal::toml_string;
use crate::name::check_package_name;

/// A file of a project, and what it is made of.
type Template = (&'static str, &'static str);

/// The files of each project.
const SHARED: [Template; 1] = [("README.md", include_str!("../../template/README.md.in"))];

/// What a Cortex-M's project has beside those, and its memory map.
const CORTEX_M: [Template; 4] = [
    ("Cargo.toml", include_str!("../../template/Cargo.toml.in")),
    ("build.rs", include_str!("../../template/build.rs.in")),
    ("src/main.rs", include_str!("../../template/main.rs.in")),
    (
        ".cargo/config.toml",
        include_str!("../../template/config.toml.in"),
    ),
];

/// What a project for an ESP32 has beside those. Its clock is that of this repository's own firmware.
const ESP: [Template; 6] = [
    (
        "Cargo.toml",
        include_str!("../../template/esp/Cargo.toml.in"),
    ),
    ("build.rs", include_str!("../../template/esp/build.rs.in")),
    ("src/main.rs", include_str!("../../template/esp/main.rs.in")),
    (
        "src/clock.rs",
        include_str!("../../firmware/esp32c3/src/clock.rs"),
    ),
    (
        ".cargo/config.toml",
        include_str!("../../template/config.toml.in"),
    ),
    (
        "rust-toolchain.toml",
        include_str!("../../template/esp/rust-toolchain.toml.in"),
    ),
];

/// Makes the project `name`, a folder in the current one, for `chip`.
///
/// # Errors
/// If no such chip is known, if cargo would refuse the name, if the folder is there already, or cannot be written: then nothing is left of it.
pub(crate) fn make(name: &str, chip: &str) -> Result<(), String> {
    check_package_name(name)?;
    let (id, board, project) = find(chip)?;
    let files = files(name, id, &board, &project);
    // Two packages of one name would be in one program.
    if files
        .iter()
        .any(|(path, text)| *path == "Cargo.toml" && has_dependency(text, name))
    {
        return Err(format!(
            "{name:?} is the name of a package that the project needs"
        ));
    }
    let folder = Path::new(name);
    let failed = |error: std::io::Error| format!("{name}: {error}");
    // An existing folder is somebody's.
    fs::create_dir(folder).map_err(failed)?;
    if let Err(error) = write(folder, &files) {
        let _removed = fs::remove_dir_all(folder);
        return Err(failed(error));
    }
    print_line(&format!(
        "{name} is firmware for {}: its README.md says how it is built",
        board.name
    ));
    Ok(())
}

/// Paths and texts of a project's files.
fn files(
    name: &str,
    id: &str,
    board: &BoardFile,
    project: &Project,
) -> Vec<(&'static str, String)> {
    let own: &[Template] = match project.template {
        TemplateKind::CortexM => &CORTEX_M,
        TemplateKind::Esp => &ESP,
    };
    let templates = SHARED.iter().chain(own);
    let filled = templates.map(|(path, text)| (*path, fill(text, name, id, board, project)));
    let memory = project
        .memory
        .as_ref()
        .map(|map| ("memory.x", format!("/* {} */{map}", board.name)));
    filled.chain(memory).collect()
}

fn has_dependency(manifest: &str, name: &str) -> bool {
    let mut lines = manifest.lines();
    lines.any(|line| line.split_once(" = ").is_some_and(|(key, _)| key == name))
}

fn write(folder: &Path, files: &[(&str, String)]) -> std::io::Result<()> {
    for (path, text) in files {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, text)?;
    }
    Ok(())
}

/// The board of a chip, or of a board's own short name.
fn find(chip: &str) -> Result<(&'static str, BoardFile, Project), String> {
    let mut known = Vec::new();
    for (id, _) in LIST {
        let board = parse(id).map_err(|error| error.to_string())?;
        let Some(project) = board.project.clone() else {
            continue;
        };
        if project.chip == chip || *id == chip {
            return Ok((id, board, project));
        }
        known.push(project.chip);
    }
    Err(format!("no chip {chip:?}; there are: {}", known.join(", ")))
}

/// `text` with what stands in double braces replaced.
fn fill(text: &str, name: &str, id: &str, board: &BoardFile, project: &Project) -> String {
    let uses: Vec<_> = project
        .uses
        .iter()
        .map(|path| format!("use {path};"))
        .collect();
    let arguments = project.link_arguments.iter();
    let arguments: String = arguments
        .map(|argument| format!(", {argument:?}"))
        .collect();
    let values = [
        ("name", name.to_owned()),
        ("id", id.to_owned()),
        ("board", board.name.clone()),
        ("target", board.target.clone()),
        ("core", path_string("core")),
        ("embassy", path_string("boards/firmware/embassy")),
        ("probe", project.probe.clone()),
        ("dependencies", project.dependencies.join("\n")),
        ("link_arguments", arguments),
        ("uses", uses.join("\n")),
        ("init", project.init.clone()),
        ("led", project.led.clone()),
    ];
    values.iter().fold(text.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{{{name}}}}}"), value)
    })
}

/// A folder of this repository, as a string of TOML.
fn path_string(folder: &str) -> String {
    toml_string(&repository().join(folder).display().to_string())
}

#[cfg(test)]
mod tests {
    use selkie_boards::{LIST, parse};

    use super::{files, find, has_dependency};

    #[test]
    fn nothing_is_left_to_be_filled_in() {
        let boards = LIST.iter().map(|(id, _)| (*id, parse(id).expect(id)));
        let chips = boards.filter_map(|(id, board)| Some((id, board.project?.chip)));
        for (id, chip) in chips {
            let (found, board, project) = find(&chip).expect(&chip);
            assert_eq!((found, find(id).expect(id).0), (id, id));
            let files = files("tide", id, &board, &project);
            for (path, text) in &files {
                assert!(
                    !text.contains("{{") || *path == "build.rs",
                    "{path}: {text}"
                );
                assert!(!text.contains("}}"), "{path}: {text}");
            }
            let manifest = files.iter().find(|(path, _)| *path == "Cargo.toml");
            let (_, manifest) = manifest.expect("there is one");
            let read: toml::Table = manifest.parse().expect("it is TOML");
            assert!(
                read["dependencies"]["selkie-core"]["path"]
                    .as_str()
                    .is_some()
            );
            assert!(has_dependency(manifest, "defmt") && !has_dependency(manifest, "tide"));
        }
    }

    #[test]
    fn an_unknown_chip_is_an_error_that_lists_the_known_ones() {
        let said = find("z80").expect_err("there is none");
        assert!(
            said.contains("\"z80\"") && said.contains("rp2040") && said.contains("esp32c3"),
            "{said}"
        );
    }
}
