//! Logs of firmware that writes them by defmt: decoded while it runs.
//!
//! The decoder (`boards/decoder`) is built when the first such program runs; it has a workspace of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::command::{call, call_within, output, repository};
use crate::firmware::Firmware;

/// Calls `command`, which runs `program` in an emulator, and shows what it logs; it may take `limit`, or as long as it wants.
///
/// # Errors
/// If one of them cannot be started or fails, or the limit is over.
pub(crate) fn call_decoded(
    command: &mut Command,
    program: &Path,
    limit: Option<Duration>,
) -> Result<(), String> {
    let run = |command: &mut Command| match limit {
        Some(limit) => call_within(command, limit),
        None => call(command),
    };
    if !Firmware::read(program).is_ok_and(|firmware| firmware.has_logs()) {
        return run(command);
    }
    let path = build()?;
    let mut decoder = Command::new(&path)
        .arg(program)
        .stdin(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot start {}: {error}", path.display()))?;
    let frames = decoder.stdin.take().ok_or("the decoder has no input")?;
    command.stdout(frames);
    let called = run(command);
    // The other end of the decoder's input: it ends when all are closed.
    command.stdout(Stdio::null());
    let status = decoder.wait().map_err(|error| error.to_string())?;
    called?;
    if status.success() {
        return Ok(());
    }
    Err(format!("the decoder failed: {status}"))
}

fn build() -> Result<PathBuf, String> {
    let directory = output().join("decoder");
    let mut cargo = Command::new("cargo");
    cargo
        .args(["build", "--quiet", "--manifest-path"])
        .arg(repository().join("boards/decoder/Cargo.toml"))
        .env("CARGO_TARGET_DIR", &directory)
        .env("CARGO_PROFILE_DEV_DEBUG", "0");
    call(&mut cargo)?;
    Ok(directory.join("debug/selkie-decoder"))
}
