//! A program of the user's, from a package outside of this repository.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use selkie_boards::{BoardFile, Kind};
use serde::Deserialize;

use crate::command::{call, is_there};
use crate::defmt_log::call_decoded;
use crate::programs::emulated;
use crate::toolchain::cargo_with;

/// Which program of which package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwnProgram {
    pub(crate) manifest: PathBuf,
    pub(crate) target: CargoTarget,
    pub(crate) features: Option<String>,
    pub(crate) keeps_symbols: bool,
}

/// Which of a package's programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CargoTarget {
    /// The one that it has.
    Only,
    Bin(String),
    Example(String),
}

/// What cargo says of something that it has built.
#[derive(Debug, Deserialize)]
struct Message {
    executable: Option<PathBuf>,
}

impl OwnProgram {
    /// Builds it and says where it is. Cargo chooses the folder, as it does for the package itself.
    ///
    /// # Errors
    /// If there is no such package, if it fails to build, or if it has several programs and none is named.
    pub(crate) fn build(&self, board: &BoardFile) -> Result<PathBuf, String> {
        let manifest = self.manifest.canonicalize();
        let manifest = manifest.map_err(|error| format!("{}: {error}", self.manifest.display()))?;
        let folder = manifest.parent().unwrap_or(Path::new("/"));
        // A chip gets no symbols anyway; whoever reads its logs needs them.
        let is_stripped = board.kind == Kind::Linux && !self.keeps_symbols;
        let strip = is_stripped.then_some("-Cstrip=symbols");
        let mut cargo = cargo_with(board, folder, strip)?;
        cargo
            .args(["build", "--release", "--target", &board.target])
            .arg("--message-format=json-render-diagnostics")
            .arg("--manifest-path")
            .arg(&manifest);
        match &self.target {
            CargoTarget::Only => cargo.arg("--bins"),
            CargoTarget::Bin(name) => cargo.args(["--bin", name]),
            CargoTarget::Example(name) => cargo.args(["--example", name]),
        };
        if let Some(features) = &self.features {
            cargo.args(["--features", features]);
        }
        let mut built = executables(&mut cargo)?;
        match built.len() {
            1 => Ok(built.remove(0)),
            0 => Err(format!("{} has no program", manifest.display())),
            _ => {
                let names = built.iter().filter_map(|path| path.file_name());
                let names: Vec<_> = names.map(|name| name.to_string_lossy()).collect();
                let names = names.join(", ");
                Err(format!("choose one of the programs by --bin: {names}"))
            }
        }
    }

    /// Builds it and runs it: on Linux emulated if need be, on a chip by probe-rs.
    ///
    /// # Errors
    /// As [`build`](Self::build), if there is neither an emulator nor probe-rs, and if the program fails.
    pub(crate) fn run(&self, board: &BoardFile) -> Result<(), String> {
        let Some(project) = &board.project else {
            let path = self.build(board)?;
            return call_decoded(&mut emulated(board, &path, &[]), &path, None);
        };
        // Before minutes of compiling.
        if !is_there("probe-rs") {
            return Err(format!(
                "{} is not emulated, and probe-rs, which writes into a chip, is not installed\n\
                 install it: cargo install probe-rs-tools --locked",
                board.name
            ));
        }
        let path = self.build(board)?;
        let mut command = Command::new("probe-rs");
        command.args(["run", "--chip", &project.probe]).arg(&path);
        call(&mut command)
    }
}

/// Calls cargo, and returns the programs that it has built.
fn executables(cargo: &mut Command) -> Result<Vec<PathBuf>, String> {
    let mut child = cargo
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot start cargo: {error}"))?;
    let stdout = child.stdout.take().ok_or("cargo has no output")?;
    let lines = BufReader::new(stdout).lines().map_while(Result::ok);
    // Other messages have other fields.
    let messages = lines.filter_map(|line| serde_json::from_str::<Message>(&line).ok());
    let built = messages.filter_map(|message| message.executable).collect();
    let status = child.wait().map_err(|error| error.to_string())?;
    if status.success() {
        return Ok(built);
    }
    Err(format!("cargo failed: {status}"))
}
