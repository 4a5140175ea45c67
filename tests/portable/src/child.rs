//! A child: this very program, which echoes its input.

use std::io::{Read, Write};
use std::process::{ExitCode, Stdio};

use selkie::io::{AsyncReadExt, AsyncWriteExt};
use selkie::process::Command;

/// The status that the child ends with.
const STATUS: u8 = 7;

/// What `--child` does.
pub(crate) fn be_the_child() -> ExitCode {
    let mut input = Vec::new();
    std::io::stdin().read_to_end(&mut input).expect("read");
    std::io::stdout().write_all(&input).expect("write");
    ExitCode::from(STATUS)
}

/// This program, by the emulator that runs it (`SELKIE_RUNNER`), if one does.
fn this_program() -> Command {
    let path = std::env::current_exe().expect("this program has a path");
    let runner = std::env::var("SELKIE_RUNNER").unwrap_or_default();
    let mut words = runner.split_whitespace();
    let Some(emulator) = words.next() else {
        return Command::new(path);
    };
    let mut command = Command::new(emulator);
    command.args(words).arg(path);
    command
}

pub(crate) async fn echo() {
    let mut child = this_program()
        .arg("--child")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the child starts");
    let mut stdin = child.stdin.take().expect("piped");
    let mut stdout = child.stdout.take().expect("piped");
    stdin.write_all(b"ahoy").await.expect("write");
    drop(stdin);
    let mut echoed = Vec::new();
    stdout.read_to_end(&mut echoed).await.expect("read");
    assert_eq!(echoed, b"ahoy");
    let status = child.wait().await.expect("the child ends");
    assert_eq!(status.code(), Some(STATUS.into()));
}
