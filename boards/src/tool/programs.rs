//! Programs for a board: built, emulated, measured.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use selkie_boards::{BoardFile, Kind};

use crate::command::{call, call_within, output, print_line};
use crate::defmt_log::call_decoded;
use crate::toolchain::cargo;

/// Seconds that an emulated program may take.
const LIMIT_SECONDS: u64 = 300;

/// Programs with a feature of their name: an allocator or a logger, which the others must not be
/// built with.
const FEATURED: &[&str] = &["embassy", "heap", "log"];

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
    if board.kind == Kind::Bare && board.firmware.is_none() {
        let chip = board.project.as_ref().map_or("", |project| &project.chip);
        return Err(format!(
            "this repository has no programs for {}: `new NAME --chip {chip}` makes one, and `--manifest-path NAME/Cargo.toml` names it",
            board.name
        ));
    }
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

/// A call of the program at `path`, emulated if need be; `options` are for the emulator.
pub(crate) fn emulated(board: &BoardFile, path: &Path, options: &[&str]) -> Command {
    let mut words = board.emulator.iter();
    let Some(emulator) = words.next() else {
        return Command::new(path);
    };
    let mut command = Command::new(emulator);
    // The emulator's own arguments end with the option that the program belongs to.
    command.args(options).args(words).arg(path);
    command.env("SELKIE_RUNNER", board.emulator.join(" "));
    command
}

/// Builds a program and runs it, emulated if need be.
///
/// # Errors
/// If it cannot be built, fails, or takes too long.
pub(crate) fn run(board: &BoardFile, program: &Program) -> Result<(), String> {
    let path = build(board, program)?;
    let mut command = emulated(board, &path, &[]);
    eprintln!("{} on {}", path.display(), board.name);
    call_decoded(
        &mut command,
        &path,
        Some(Duration::from_secs(LIMIT_SECONDS)),
    )
}

/// Builds a program of the board's peer and says where it is.
///
/// # Errors
/// If the compiler or the linker fail, or are not there.
pub(crate) fn build_peer(board: &BoardFile, peer: &str, name: &str) -> Result<PathBuf, String> {
    let mut cargo = cargo(board)?;
    let directory = output().join("peer");
    cargo
        .args([
            "build",
            "--release",
            "--target",
            &board.target,
            "--bin",
            name,
        ])
        .args(["--manifest-path", &format!("{peer}/Cargo.toml")])
        .env("CARGO_TARGET_DIR", &directory);
    call(&mut cargo)?;
    let built = directory.join(&board.target).join("release");
    Ok(built.join(name))
}

/// How often a program passes of so many runs; it is built once.
///
/// # Errors
/// If it cannot be built, or one run fails.
pub(crate) fn repeat(board: &BoardFile, runs: usize) -> Result<(), String> {
    let path = build(board, &Program::Suite)?;
    let mut passed = 0;
    for _ in 0..runs {
        let mut command = emulated(board, &path, &[]);
        command.stdout(std::process::Stdio::null());
        passed +=
            usize::from(call_within(&mut command, Duration::from_secs(LIMIT_SECONDS)).is_ok());
    }
    print_line(&format!("{}: {passed} of {runs} runs passed", board.name));
    if passed == runs {
        return Ok(());
    }
    Err(format!("{} runs failed", runs - passed))
}
