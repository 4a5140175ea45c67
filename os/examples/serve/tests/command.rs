//! The example as a user runs it: its exit codes, its one line for wrong arguments, and how it stops.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use selkie_serve::args::{self, Action, Options};

/// The example's program: cargo builds it beside the tests.
fn program() -> Command {
    let tests = std::env::current_exe().unwrap();
    let build: PathBuf = tests.ancestors().nth(2).unwrap().into();
    Command::new(
        build
            .join("examples")
            .join(format!("serve{}", std::env::consts::EXE_SUFFIX)),
    )
}

fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = program().args(arguments).output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

#[test]
fn bad_use_gets_one_line_and_exit_code_2() {
    for bad in [
        &["--addr"][..],
        &["--addr", "nowhere"],
        &["--workers=0"],
        &["--depth", "3"],
    ] {
        let (code, text) = run(bad);
        assert_eq!((code, text.lines().count()), (Some(2), 1), "{text}");
        assert!(text.starts_with("serve: "), "{text}");
    }
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let (code, text) = run(&["--addr", &taken.local_addr().unwrap().to_string()]);
    assert_eq!((code, text.lines().count()), (Some(2), 1), "{text}");
    assert!(
        text.starts_with("serve: cannot listen on 127.0.0.1:"),
        "{text}"
    );
}

#[test]
fn arguments_are_read() {
    let read = |text: &str| args::parse(text.split_whitespace().map(OsString::from));
    let addr = "[::1]:80".parse().unwrap();
    let options = Options {
        addr,
        workers: Some(3),
    };
    assert_eq!(
        read("--addr [::1]:80 --workers=3").unwrap(),
        Action::Serve(options)
    );
    assert_eq!(read("--workers 3 --help").unwrap(), Action::Help);
    for (bad, why) in [
        ("--workers 1025", "1 to 1024"),
        ("--addr 3000", "HOST:PORT"),
        ("--addr", "missing argument for option '--addr'"),
        ("--depth", "invalid option '--depth'"),
        ("now", "unexpected argument \"now\""),
    ] {
        let error = read(bad).unwrap_err().to_string();
        assert!(error.contains(why), "{bad}: {error}");
    }
}

/// A server that is killed if the test ends early.
struct Serve(Child);

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.0.kill();
    }
}

#[cfg(unix)]
#[test]
fn it_prints_its_address_answers_and_stops_at_an_interrupt() {
    let mut command = program();
    command
        .args(["--addr", "127.0.0.1:0", "--workers", "2"])
        .stdout(Stdio::piped());
    let mut serve = Serve(command.spawn().unwrap());
    let mut out = BufReader::new(serve.0.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    let at = line
        .split("http://")
        .nth(1)
        .unwrap()
        .split('/')
        .next()
        .unwrap();
    let mut client = TcpStream::connect(at).unwrap();
    client
        .write_all(b"GET /file HTTP/1.1\r\nhost: sea\r\nconnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200 OK") && answer.contains("A selkie lives"),
        "{answer}"
    );
    let kill = Command::new("kill")
        .args(["-INT", &serve.0.id().to_string()])
        .status()
        .unwrap();
    assert!(kill.success());
    assert_eq!(serve.0.wait().unwrap().code(), Some(0));
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert!(rest.ends_with("stopped\n"), "{rest}");
}
