//! A new project for a chip, outside of this repository.

use std::fs;
use std::path::Path;

use selkie_boards::{BoardFile, LIST, Project, parse};

use crate::command::repository;

/// The files of a project, and what they are made of.
const FILES: [(&str, &str); 5] = [
    ("Cargo.toml", include_str!("../../template/Cargo.toml.in")),
    ("build.rs", include_str!("../../template/build.rs.in")),
    ("src/main.rs", include_str!("../../template/main.rs.in")),
    (
        ".cargo/config.toml",
        include_str!("../../template/config.toml.in"),
    ),
    ("README.md", include_str!("../../template/README.md.in")),
];

/// Makes the project `name`, a folder in the current one, for `chip`.
///
/// # Errors
/// If no such chip is known, if the folder is there already, or cannot be written.
pub(crate) fn make(name: &str, chip: &str) -> Result<(), String> {
    let (id, board, project) = find(chip)?;
    let folder = Path::new(name);
    let failed = |error: std::io::Error| format!("{name}: {error}");
    // An existing folder is somebody's.
    fs::create_dir(folder).map_err(failed)?;
    let memory = format!("/* {} */{}", board.name, project.memory);
    let all = FILES.map(|(path, text)| (path, fill(text, name, id, &board, &project)));
    for (path, text) in all.into_iter().chain([("memory.x", memory)]) {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        fs::write(&path, text).map_err(failed)?;
    }
    println!(
        "{name} is firmware for {}: its README.md says how it is built",
        board.name
    );
    Ok(())
}

fn find(chip: &str) -> Result<(&'static str, BoardFile, Project), String> {
    let mut known = Vec::new();
    for (id, _) in LIST {
        let board = parse(id).map_err(|error| error.to_string())?;
        let Some(project) = board.project.clone() else {
            continue;
        };
        if project.chip == chip {
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
        ("selkie", repository().display().to_string()),
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

#[cfg(test)]
mod tests {
    use super::{FILES, fill, find};

    #[test]
    fn nothing_is_left_to_be_filled_in() {
        for chip in ["rp2040", "nrf52840", "stm32f411"] {
            let (id, board, project) = find(chip).expect(chip);
            for (path, text) in FILES {
                let text = fill(text, "tide", id, &board, &project);
                assert!(!text.contains("{{") || path == "build.rs", "{path}: {text}");
                assert!(!text.contains("}}"), "{path}: {text}");
            }
        }
    }

    #[test]
    fn an_unknown_chip_is_an_error_that_lists_the_known_ones() {
        let said = find("z80").expect_err("there is none");
        assert!(
            said.contains("\"z80\"") && said.contains("rp2040"),
            "{said}"
        );
    }
}
