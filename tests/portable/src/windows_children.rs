//! Children as Windows has them: flags, raw arguments, statuses, handles of pipes.

use std::io::Write;
use std::os::windows::io::{AsHandle, AsRawHandle};
use std::process::{ExitCode, Stdio};

use selkie::io::{AsyncReadExt, AsyncWriteExt};
use selkie::process::Command;
use windows_sys::Win32::System::Threading::{CREATE_NEW_PROCESS_GROUP, DETACHED_PROCESS};

use crate::windows_files::read_all;

/// A status as a fault leaves it; it is negative as a signed number.
const FAULT: u32 = 0xC000_0005;
/// What a killed child ends with.
const KILLED: i32 = 1;

fn this_program(mode: &str) -> Command {
    let program = std::env::current_exe().expect("this program has a path");
    let mut command = Command::new(program);
    command.arg(mode);
    command
}

/// What `--status N` does: ends with the status `N`.
pub(crate) fn end_with(status: Option<String>) -> ExitCode {
    let status: u32 = status.and_then(|text| text.parse().ok()).unwrap_or(0);
    std::process::exit(status as i32)
}

/// What `--arguments` does: says what arguments it got.
pub(crate) fn say_arguments() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(2).collect();
    let said = std::io::stdout().write_all(arguments.join("|").as_bytes());
    ExitCode::from(u8::from(said.is_err()))
}

/// Any status comes as it is, also one with the highest bit, and by any of the ways to ask.
pub(crate) async fn statuses() {
    for status in [0, 1, 259, 1000, FAULT] {
        let mut command = this_program("--status");
        command.arg(status.to_string());
        let seen = command.status().await.expect("the child ends");
        assert_eq!(seen.code(), Some(status as i32));
        assert_eq!(seen.success(), status == 0);
        let output = command.output().await.expect("the child ends");
        assert_eq!(output.status.code(), Some(status as i32));
    }
}

/// Kills: of a child that runs, of one that is dead, of one whose end was seen, and by a drop.
pub(crate) async fn kills() {
    let mut command = this_program("--child");
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("the child starts");
    child.kill().await.expect("killed");
    let status = child.try_wait().expect("ask").expect("its end was seen");
    assert_eq!(status.code(), Some(KILLED));
    child.start_kill().expect("nothing is left to kill");
    child.kill().await.expect("nothing is left to kill");
    assert_eq!(child.wait().await.expect("its end was seen"), status);
    // One that has ended by itself keeps its status.
    let mut child = this_program("--status")
        .arg("7")
        .spawn()
        .expect("the child starts");
    while child.raw_handle().is_some() && child.try_wait().expect("ask").is_none() {
        selkie::task::yield_now().await;
    }
    child.start_kill().expect("nothing is left to kill");
    assert_eq!(
        child.wait().await.expect("its end was seen").code(),
        Some(7)
    );
    // A drop kills if that was asked for: the child's end of the pipe closes.
    let mut child = command
        .kill_on_drop(true)
        .spawn()
        .expect("the child starts");
    let input = child.stdin.take();
    let mut output = child.stdout.take().expect("piped");
    drop(child);
    let mut said = Vec::new();
    output.read_to_end(&mut said).await.expect("its end closes");
    assert!(said.is_empty());
    drop(input);
}

/// Arguments with blanks and quotes come as they were, and raw ones as the child takes them apart.
pub(crate) async fn arguments() {
    let mut command = this_program("--arguments");
    command.args(["a b", "", r#"c"d"#, r"e\"]);
    command.raw_arg(r#""f g" h"#);
    let output = command.output().await.expect("the child ends");
    let said = String::from_utf8(output.stdout).expect("text");
    assert_eq!(said, r#"a b||c"d|e\|f g|h"#);
}

/// Flags of the system's reach it, and the child runs.
pub(crate) async fn flags() {
    for flags in [0, CREATE_NEW_PROCESS_GROUP, DETACHED_PROCESS] {
        let mut command = this_program("--status");
        command.arg("3").creation_flags(flags);
        let status = command.status().await.expect("the child ends");
        assert_eq!(status.code(), Some(3), "flags {flags:#x}");
    }
    // These two exclude each other: the system refuses them together.
    let both = DETACHED_PROCESS | windows_sys::Win32::System::Threading::CREATE_NEW_CONSOLE;
    let mut command = this_program("--status");
    let spawned = command.arg("3").creation_flags(both).spawn();
    if let Ok(mut child) = spawned {
        // Wine does not mind.
        child.wait().await.expect("the child ends");
    }
}

/// The pipes of a child as handles: looked at, taken out, and given to another child.
pub(crate) async fn pipes() {
    let mut command = this_program("--child");
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut first = command.spawn().expect("the child starts");
    let mut input = first.stdin.take().expect("piped");
    let output = first.stdout.take().expect("piped");
    let errors = first.stderr.take().expect("piped");
    let handles = [
        input.as_raw_handle(),
        output.as_raw_handle(),
        errors.as_raw_handle(),
    ];
    assert!(handles.iter().all(|handle| !handle.is_null()));
    assert_eq!(input.as_handle().as_raw_handle(), handles[0]);
    assert_eq!(output.as_handle().as_raw_handle(), handles[1]);
    assert_eq!(errors.as_handle().as_raw_handle(), handles[2]);
    // One child's output is the other's input.
    let between: Stdio = output.try_into().expect("no operation is under way");
    let mut command = this_program("--child");
    let mut second = command.stdin(between).stdout(Stdio::piped()).spawn();
    let second = second.as_mut().expect("the child starts");
    drop(command);
    input.write_all(b"down the line").await.expect("write");
    input.flush().await.expect("flush");
    // The end goes through as soon as nobody has the handle.
    let input = input
        .into_owned_handle()
        .expect("no operation is under way");
    drop(input);
    let said = second.stdout.take().expect("piped");
    let said = said.into_owned_handle().expect("no operation is under way");
    let said = selkie::task::spawn_blocking(move || read_all(said)).await;
    assert_eq!(said.expect("no panic"), b"down the line");
    let errors = errors
        .into_owned_handle()
        .expect("no operation is under way");
    let errors = selkie::task::spawn_blocking(move || read_all(errors)).await;
    assert!(errors.expect("no panic").is_empty());
    first.wait().await.expect("it ends");
    second.wait().await.expect("it ends");
}
