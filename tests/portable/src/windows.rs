//! What only Windows has.
#![allow(unsafe_code)]

use std::io::ErrorKind;
use std::process::ExitCode;
use std::time::Duration;

use selkie::io::{AsyncReadExt, AsyncWriteExt};
use selkie::net::windows::named_pipe::{ClientOptions, PipeEnd, PipeMode, ServerOptions};
use selkie::process::Command;
use selkie::runtime::Builder;
use selkie::signal::windows::{ctrl_break, ctrl_c};
use selkie::task::spawn;
use selkie::time::timeout;
use windows_sys::Win32::System::Console::{CTRL_BREAK_EVENT, GenerateConsoleCtrlEvent};
use windows_sys::Win32::System::Threading::CREATE_NEW_CONSOLE;

/// The status of a child without a console.
const NO_CONSOLE: u8 = 9;

fn name(case: &str) -> String {
    format!(r"\\.\pipe\selkie-{case}-{}", std::process::id())
}

/// Two clients, one after the other, at one instance.
pub(crate) async fn pipe_echo() {
    let name = name("echo");
    let early = ClientOptions::new().open(&name).expect_err("no server yet");
    assert_eq!(early.kind(), ErrorKind::NotFound);
    let server = ServerOptions::new()
        .first_pipe_instance(true)
        .max_instances(1)
        .create(&name)
        .expect("the first instance");
    let second = ServerOptions::new().first_pipe_instance(true).create(&name);
    assert!(second.is_err(), "a second first instance");
    let info = server.info().expect("info");
    assert_eq!((info.end, info.mode), (PipeEnd::Server, PipeMode::Byte));
    assert_eq!(info.max_instances, 1);
    let mut server = spawn(async move {
        let mut server = server;
        for _ in 0..2 {
            server.connect().await.expect("a client connects");
            let mut bytes = vec![0; 20_000];
            server.read_exact(&mut bytes).await.expect("read");
            server.write_all(&bytes).await.expect("write");
            // The client goes first: what it has not read would be lost.
            assert_eq!(server.read(&mut bytes).await.expect("read"), 0);
            server.disconnect().expect("disconnect");
        }
    });
    for round in 0..2_u8 {
        let mut client = loop {
            match ClientOptions::new().open(&name) {
                Ok(client) => break client,
                // The instance still has the client before, or was not made ready again.
                Err(_) if !server.is_finished() => selkie::task::yield_now().await,
                Err(error) => panic!("round {round}: {error}"),
            }
        };
        let sent: Vec<u8> = (0..20_000_u32).map(|byte| byte as u8 ^ round).collect();
        client.write_all(&sent).await.expect("write");
        let mut echoed = vec![0; sent.len()];
        client.read_exact(&mut echoed).await.expect("read");
        assert!(echoed == sent, "the echo differs");
    }
    (&mut server).await.expect("no panic");
}

/// Messages keep their bounds.
pub(crate) async fn pipe_messages() {
    let name = name("messages");
    let server = ServerOptions::new()
        .pipe_mode(PipeMode::Message)
        .create(&name)
        .expect("an instance");
    let client = ClientOptions::new()
        .pipe_mode(PipeMode::Message)
        .open(&name);
    let mut client = client.expect("a client");
    server.connect().await.expect("connected already");
    let mut server = server;
    assert_eq!(server.info().expect("info").mode, PipeMode::Message);
    server.write_all(b"first").await.expect("write");
    server.write_all(b"second").await.expect("write");
    let mut buffer = [0; 64];
    let n = client.read(&mut buffer).await.expect("read");
    assert_eq!(&buffer[..n], b"first");
    let n = client.read(&mut buffer).await.expect("read");
    assert_eq!(&buffer[..n], b"second");
}

/// A child that would go on for ever is killed, and its handle is there until its end was seen.
pub(crate) async fn kill() {
    let program = std::env::current_exe().expect("this program has a path");
    let mut child = Command::new(program)
        .arg("--child")
        .stdin(std::process::Stdio::piped())
        .spawn()
        .expect("the child starts");
    assert!(child.raw_handle().is_some() && child.id().is_some());
    assert!(
        child.try_wait().expect("ask").is_none(),
        "it waits for input"
    );
    child.start_kill().expect("kill");
    let input = child.stdin.take();
    let status = child.wait().await.expect("the child ends");
    drop(input);
    assert!(!status.success());
    assert!(child.raw_handle().is_none() && child.id().is_none());
}

/// What `--events` does, in a console of its own: sends itself an event twice, and says by the status
/// whether who listens to it heard it, and nobody else.
pub(crate) fn hear_events() -> ExitCode {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let mut breaks = ctrl_break().expect("listen");
        let mut interrupts = ctrl_c().expect("listen");
        for _ in 0..2 {
            // SAFETY: no pointers; the event goes to this console's processes: this one, which listens.
            if unsafe { GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, 0) } == 0 {
                return ExitCode::from(NO_CONSOLE);
            }
            breaks.recv().await.expect("the listener lives");
        }
        let quiet = timeout(Duration::from_millis(5), interrupts.recv()).await;
        ExitCode::from(u8::from(quiet.is_ok()))
    })
}

/// Whether a child hears events of the console; `None` if it can have no console here.
pub(crate) async fn console_events() -> Option<bool> {
    let program = std::env::current_exe().expect("this program has a path");
    let status = Command::new(program)
        .arg("--events")
        .creation_flags(CREATE_NEW_CONSOLE)
        .status();
    let code = status.await.expect("the child ends").code();
    (code != Some(NO_CONSOLE.into())).then_some(code == Some(0))
}
