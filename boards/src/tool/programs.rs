//! Programs for a board: built, emulated, measured.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use selkie_boards::{BoardFile, Kind};

use crate::command::{call, call_within, output};
use crate::toolchain::cargo;

/// Seconds that an emulated program may take.
const LIMIT_SECONDS: u64 = 300;

/// Programs with a feature of their name: an allocator or a logger, which the others must not be
/// built with.
const FEATURED: &[&str] = &["heap", "log"];

/// What to build.
#[derive(Debug)]
pub(crate) enum Program {
    /// The board's tests.
    Suite,
    /// Another program of the firmware, or an example of the workspace.
    Named(String),
}

/// Builds a program and says where it is.
///
/// # Errors
/// If the compiler or the linker fail, or are not there.
pub(crate) fn build(board: &BoardFile, program: &Program) -> Result<PathBuf, String> {
    let mut cargo = cargo(board)?;
    cargo.args(["build", "--release", "--target", &board.target]);
    let directory = match (&board.firmware, program) {
        (Some(firmware), Program::Suite | Program::Named(_)) => {
            let name = program.name(board.kind);
            cargo
                .args(["--manifest-path", "boards/firmware/Cargo.toml"])
                .args(["--package", firmware, "--bin", name]);
            if FEATURED.contains(&name) {
                cargo.args(["--features", name]).env("DEFMT_LOG", "trace");
            }
            output().join("firmware")
        }
        (None, Program::Suite) => {
            cargo.args(["--package", "selkie-portable"]);
            output().join("linux")
        }
        (None, Program::Named(name)) => {
            cargo.args(["--example", name]);
            output().join("linux")
        }
    };
    call(cargo.env("CARGO_TARGET_DIR", &directory))?;
    let built = directory.join(&board.target).join("release");
    Ok(match (board.kind, program) {
        (Kind::Linux, Program::Named(name)) => built.join("examples").join(name),
        _ => built.join(program.name(board.kind)),
    })
}

impl Program {
    fn name(&self, kind: Kind) -> &str {
        match (self, kind) {
            (Self::Suite, Kind::Bare) => "suite",
            (Self::Suite, Kind::Linux) => "selkie-portable",
            (Self::Named(name), _) => name,
        }
    }
}

/// Builds a program and runs it, emulated if need be.
///
/// # Errors
/// If it cannot be built, fails, or takes too long.
pub(crate) fn run(board: &BoardFile, program: &Program) -> Result<(), String> {
    let path = build(board, program)?;
    let mut words = board.emulator.iter();
    let mut command = match words.next() {
        Some(emulator) => {
            let mut command = Command::new(emulator);
            command.args(words).arg(&path);
            command.env("SELKIE_RUNNER", board.emulator.join(" "));
            command
        }
        None => Command::new(&path),
    };
    println!("{} on {}", path.display(), board.name);
    call_within(&mut command, Duration::from_secs(LIMIT_SECONDS))
}

/// Says how much flash and RAM each program of the firmware takes.
///
/// # Errors
/// If the board has no firmware, or it cannot be built.
pub(crate) fn size(board: &BoardFile) -> Result<(), String> {
    if board.firmware.is_none() {
        return Err(format!("{} has no firmware to measure", board.name));
    }
    for name in ["suite", "blink"] {
        let path = build(board, &Program::Named(name.to_owned()))?;
        let file = std::fs::read(&path).map_err(|error| error.to_string())?;
        let (flash, ram) = sections(&file).ok_or("not a 32-bit ELF file")?;
        println!("{name}: {flash} bytes of flash, {ram} bytes of RAM beside the stack");
    }
    Ok(())
}

/// Flash and RAM of a 32-bit little-endian ELF file, by its sections: what is loaded, and what
/// stands in writable memory. The stack's section, which takes what is left, does not count.
fn sections(file: &[u8]) -> Option<(u32, u32)> {
    let word = |at: usize| Some(u32::from_le_bytes(file.get(at..at + 4)?.try_into().ok()?));
    let half = |at: usize| Some(u16::from_le_bytes(file.get(at..at + 2)?.try_into().ok()?));
    if file.get(..5)? != b"\x7fELF\x01" {
        return None;
    }
    const NO_BITS: u32 = 8;
    const WRITE: u32 = 1;
    const ALLOCATED: u32 = 2;
    let table = word(0x20)? as usize;
    let (entry, count) = (half(0x2e)? as usize, half(0x30)? as usize);
    let names = word(table + half(0x32)? as usize * entry + 0x10)? as usize;
    let (mut flash, mut ram) = (0, 0);
    for header in (0..count).map(|index| table + index * entry) {
        let name = file.get(names + word(header)? as usize..)?;
        let (kind, flags) = (word(header + 4)?, word(header + 8)?);
        let size = word(header + 0x14)?;
        if flags & ALLOCATED == 0 || name.starts_with(b".stack\0") {
            continue;
        }
        if kind != NO_BITS {
            flash += size;
        }
        if flags & WRITE != 0 {
            ram += size;
        }
    }
    Some((flash, ram))
}

#[cfg(test)]
mod tests {
    use super::sections;

    #[test]
    fn a_program_that_is_not_firmware_is_not_measured() {
        assert_eq!(sections(b""), None);
        assert_eq!(sections(b"\x7fELF\x02 a 64-bit file"), None);
        assert_eq!(sections(b"\x7fELF\x01 cut off"), None);
    }
}
