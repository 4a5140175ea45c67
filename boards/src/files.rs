//! The boards' files, as part of the program.

use std::fmt;

use crate::preset::BoardFile;

/// Each board's short name and file.
pub const LIST: &[(&str, &str)] = &[
    ("x86-64-server", include_str!("../list/x86-64-server.toml")),
    ("raspberry-pi", include_str!("../list/raspberry-pi.toml")),
    (
        "raspberry-pi-3",
        include_str!("../list/raspberry-pi-3.toml"),
    ),
    ("pi-zero-2", include_str!("../list/pi-zero-2.toml")),
    ("pi-zero", include_str!("../list/pi-zero.toml")),
    ("beaglebone", include_str!("../list/beaglebone.toml")),
    ("visionfive2", include_str!("../list/visionfive2.toml")),
    ("riscv-gateway", include_str!("../list/riscv-gateway.toml")),
    ("cortex-m0", include_str!("../list/cortex-m0.toml")),
    ("cortex-m4f", include_str!("../list/cortex-m4f.toml")),
    ("riscv32", include_str!("../list/riscv32.toml")),
    ("pico", include_str!("../list/pico.toml")),
    ("nrf52840", include_str!("../list/nrf52840.toml")),
    ("stm32f411", include_str!("../list/stm32f411.toml")),
    ("esp32c3", include_str!("../list/esp32c3.toml")),
];

/// Why a board's file cannot be used.
#[derive(Debug)]
pub enum FileError {
    /// There is no board of that name.
    Unknown(String),
    /// The file does not say what it must, or says more.
    Malformed(String),
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(id) => {
                let names: Vec<_> = LIST.iter().map(|(id, _)| *id).collect();
                write!(f, "no board {id:?}; there are: {}", names.join(", "))
            }
            Self::Malformed(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for FileError {}

/// The board of a short name.
///
/// # Errors
/// If there is none, or its file is malformed.
pub fn parse(id: &str) -> Result<BoardFile, FileError> {
    let Some((_, text)) = LIST.iter().find(|(known, _)| *known == id) else {
        return Err(FileError::Unknown(id.to_owned()));
    };
    toml::from_str(text).map_err(|error| FileError::Malformed(format!("{id}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::{LIST, parse};
    use crate::preset::Kind;

    #[test]
    fn every_file_is_well_formed() {
        for (id, _) in LIST {
            let board = parse(id).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(
                board.kind == Kind::Bare,
                board.firmware.is_some() || board.project.is_some(),
                "{id}: bare boards have firmware, or a project is made for them"
            );
            assert_eq!(board.linker == "zig", board.zig.is_some(), "{id}");
        }
    }

    #[test]
    fn the_page_says_what_the_presets_are() {
        let page = include_str!("../deploy.md");
        for (id, _) in LIST {
            let preset = parse(id).expect(id).preset;
            let (Some(workers), Some(threads), Some(stack)) =
                (preset.workers, preset.blocking_threads, preset.stack_kib)
            else {
                continue;
            };
            let runtime = match workers {
                1 => "one thread".to_owned(),
                _ => format!("{workers} workers"),
            };
            let stack = match stack {
                1_024 => "1 MiB".to_owned(),
                _ => format!("{stack} KiB"),
            };
            let row = format!("| {runtime} | {threads} | {stack} |");
            assert!(page.contains(&row), "{id}: {row}");
        }
    }

    #[test]
    fn an_unknown_board_is_an_error_that_lists_the_known_ones() {
        let told = parse("toaster").expect_err("there is none").to_string();
        assert!(
            told.contains("toaster") && told.contains("cortex-m0"),
            "{told}"
        );
    }
}
