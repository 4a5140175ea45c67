//! Runs other programs, with a time limit.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio, exit};
use std::thread;
use std::time::{Duration, Instant};

/// The repository.
pub(crate) fn repository() -> PathBuf {
    let package = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    package.parent().map_or(package.clone(), PathBuf::from)
}

/// Where everything that this tool makes goes.
pub(crate) fn output() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = target.unwrap_or_else(|| "target".into());
    repository().join(target).join("boards")
}

/// Prints a line; who reads no more, for instance `head`, ends the program, without a word.
pub(crate) fn print_line(line: &str) {
    if writeln!(std::io::stdout(), "{line}").is_err() {
        exit(1);
    }
}

/// Whether there is a program of this name among those that a shell would find.
pub(crate) fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| {
        let file = folder.join(program);
        file.is_file() || file.with_extension("exe").is_file()
    })
}

/// Calls a program and waits for it.
///
/// # Errors
/// If it cannot be started, or fails.
pub(crate) fn call(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|error| told(command, &error))?;
    succeeded(command, status)
}

fn told(command: &Command, error: &std::io::Error) -> String {
    format!("cannot start {:?}: {error}", command.get_program())
}

fn succeeded(command: &Command, status: ExitStatus) -> Result<(), String> {
    if status.success() {
        return Ok(());
    }
    Err(format!("{:?} failed: {status}", command.get_program()))
}

/// Waits for a child; kills it at the limit.
fn wait(child: &mut Child, limit: Duration) -> Result<ExitStatus, String> {
    let start = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if start.elapsed() < limit => thread::sleep(Duration::from_millis(20)),
            Ok(None) => {
                let _gone = child.kill();
                let _reaped = child.wait();
                return Err(format!("not done in {} seconds", limit.as_secs()));
            }
            Err(error) => return Err(format!("cannot wait: {error}")),
        }
    }
}

/// Calls a program that may take `limit`, without input.
///
/// # Errors
/// As [`call`], and if the limit is over.
pub(crate) fn call_within(command: &mut Command, limit: Duration) -> Result<(), String> {
    let mut child = command
        .stdin(Stdio::null())
        .spawn()
        .map_err(|error| told(command, &error))?;
    let status = wait(&mut child, limit)?;
    succeeded(command, status)
}

/// Calls a program that may take `limit`, and shows and returns its lines; `last` says at which
/// line to stop it.
///
/// # Errors
/// If it cannot be started, or the limit is over.
pub(crate) fn lines_within(
    command: &mut Command,
    limit: Duration,
    last: impl Fn(&str) -> bool + Send + 'static,
) -> Result<Vec<String>, String> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| told(command, &error))?;
    let stdout = child.stdout.take().ok_or("no output")?;
    let (sender, done) = std::sync::mpsc::channel();
    let reader = thread::spawn(move || {
        let mut lines = Vec::new();
        for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            // Who looks no more at the lines still wants the program's outcome.
            let _unread = writeln!(std::io::stdout(), "{line}");
            let is_last = last(&line);
            lines.push(line);
            if is_last {
                break;
            }
        }
        // The other end waits, or gave up at its limit.
        let _gave_up = sender.send(());
        lines
    });
    let in_time = done.recv_timeout(limit).is_ok();
    // After its last line the program has a moment to end by itself.
    let ended = wait(&mut child, Duration::from_secs(if in_time { 5 } else { 0 }));
    drop(ended);
    let lines = reader.join().map_err(|_| "the reader panicked")?;
    if in_time {
        return Ok(lines);
    }
    Err(format!("not done in {} seconds", limit.as_secs()))
}
