//! The command as its users run it, against a runtime in this process.

use std::io::Read;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use selkie::runtime::{Builder, Runtime};
use selkie_inspect::Inspector;

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_selkie"));
    command.env_remove("SELKIE_INSPECT");
    command.env_remove("SELKIE_INSPECT_TOKEN");
    command
}

/// The exit status and what was written on standard output and error.
fn run(command: &mut Command) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

/// A runtime whose tasks tick, one with a name that means harm to terminals.
fn ticking() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    let runtime = builder
        .worker_threads(2)
        .enable_all()
        .name("sea")
        .build()
        .unwrap();
    runtime.handle().track_tasks();
    for name in ["wave", "tide\u{1b}[2J"] {
        let task = selkie::task::Builder::new().name(name);
        let tick = async {
            loop {
                selkie::time::sleep(Duration::from_millis(5)).await;
            }
        };
        task.spawn_on(tick, runtime.handle()).unwrap();
    }
    runtime
}

fn inspected() -> (Runtime, Inspector, String) {
    let runtime = ticking();
    let builder = Inspector::builder().attach(runtime.handle());
    let inspector = builder.serve("127.0.0.1:0").unwrap();
    let address = inspector.address().unwrap().to_string();
    (runtime, inspector, address)
}

#[test]
fn tasks_are_printed_as_text_and_json() {
    let (_runtime, _inspector, address) = inspected();
    let (code, out, _) = run(command().args(["tasks", &address, "--sort", "name"]));
    assert_eq!(code, Some(0));
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), 3, "{out}");
    assert!(
        lines[0].contains("name") && lines[0].contains("longest poll"),
        "{out}"
    );
    assert!(
        lines[1].contains("wave") && lines[2].contains("tide?[2J"),
        "{out}"
    );
    // The address from the environment, as it is given to the program.
    let mut from_environment = command();
    from_environment.env("SELKIE_INSPECT", &address);
    let (code, out, _) = run(from_environment.args(["tasks", "--json", "--filter", "WAVE"]));
    assert_eq!(code, Some(0));
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (&json["matching"], &json["tasks"][0]["name"]),
        (&1.into(), &"wave".into())
    );
    let (_, out, _) = run(command().args(["tasks", &address, "--by-place", "--reverse"]));
    assert!(
        out.contains("spawned at") && out.contains("main.rs:"),
        "{out}"
    );
}

#[test]
fn dumps_are_printed_as_text_and_json() {
    let (_runtime, _inspector, address) = inspected();
    let (code, out, _) = run(command().args(["dump", &address]));
    assert_eq!(code, Some(0));
    assert!(
        out.starts_with("2 tasks\n") && out.contains("(wave), spawned at "),
        "{out}"
    );
    assert!(!out.contains('\u{1b}'), "{out:?}");
    let (_, out, _) = run(command().args(["dump", &address, "--json", "--filter=wave"]));
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(json["tasks"].as_array().unwrap().len(), 1);
}

#[test]
fn a_trace_is_saved_as_a_file() {
    let (_runtime, _inspector, address) = inspected();
    let name = format!("selkie-cli-trace-{}.json", std::process::id());
    let path: PathBuf = std::env::temp_dir().join(name);
    let mut trace = command();
    trace
        .args(["trace", &address, "--seconds", "1", "-o"])
        .arg(&path);
    let (code, _, said) = run(&mut trace);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("ui.perfetto.dev"), "{said}");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(json["traceEvents"].as_array().unwrap().len() > 10);
    let (code, out, _) = run(command().args(["trace", &address, "--seconds=1", "-o", "-"]));
    assert!(code == Some(0) && out.starts_with("{\"traceEvents\":["));
    let (code, _, said) = run(command().args(["trace", &address, "--seconds=61", "-o", "-"]));
    assert_eq!(code, Some(1));
    assert_eq!(
        said,
        "selkie: seconds must be a number from 1 to 60, not \"61\"\n"
    );
    let nowhere = ["trace", &address, "--seconds=1", "-o", "/no/such/folder/x"];
    let (code, _, said) = run(command().args(nowhere));
    assert!(
        code == Some(1) && said.starts_with("selkie: /no/such/folder/x: "),
        "{said}"
    );
}

#[test]
fn top_prints_one_look() {
    let (_runtime, _inspector, address) = inspected();
    let look = ["top", &address, "--once", "--every=0.3", "--sort=name"];
    let (code, out, said) = run(command().args(look));
    assert_eq!(code, Some(0), "{said}");
    let lines: Vec<&str> = out.lines().collect();
    assert!(
        lines[0].contains("runtime sea") && lines[0].contains("running"),
        "{out}"
    );
    assert!(lines[1].starts_with("tasks 2 (2 spawned)"), "{out}");
    assert!(
        lines[2].starts_with("polls ") && !lines[2].contains("-/s"),
        "{out}"
    );
    assert!(
        lines[3].contains("worker") && lines[3].contains("busy"),
        "{out}"
    );
    assert_eq!(lines[4].split_whitespace().next(), Some("0"), "{out}");
    let tasks: Vec<&&str> = lines
        .iter()
        .filter(|line| line.contains("main.rs:"))
        .collect();
    assert_eq!(tasks.len(), 2, "{out}");
    assert!(
        tasks[0].contains("tide") && tasks[1].contains("wave"),
        "{out}"
    );
    assert!(!out.contains('\u{1b}'), "{out:?}");
    let (_, out, _) = run(command().args(["top", &address, "--once", "--every=0.1", "--by-place"]));
    assert!(out.contains("alive") && out.contains("main.rs:"), "{out}");
    // A pipe is no screen.
    let (code, _, said) = run(command().args(["top", &address]));
    assert_eq!(
        (code, said.contains("--once prints one look")),
        (Some(1), true),
        "{said}"
    );
    let (code, _, said) = run(command().args(["top", &address, "--once", "--sort=color"]));
    assert_eq!(
        (code, said.contains("--sort needs one of id, name")),
        (Some(1), true),
        "{said}"
    );
}

#[cfg(unix)]
#[test]
fn a_unix_socket_is_asked() {
    let runtime = ticking();
    let path = std::env::temp_dir().join(format!("selkie-cli-{}.sock", std::process::id()));
    let address = format!("unix:{}", path.display());
    let builder = Inspector::builder().attach(runtime.handle());
    let _inspector = builder.serve(&address).unwrap();
    let (code, out, said) = run(command().args(["dump", &address, "--filter", "wave"]));
    assert_eq!(code, Some(0), "{said}");
    assert!(out.starts_with("1 tasks\n"), "{out}");
}

#[test]
fn a_token_and_a_runtime_are_named() {
    let runtime = ticking();
    let other = Builder::new_current_thread().name("land").build().unwrap();
    let builder = Inspector::builder()
        .attach(runtime.handle())
        .attach(other.handle());
    let inspector = builder.token("open-sesame").serve("127.0.0.1:0").unwrap();
    let address = inspector.address().unwrap().to_string();
    let (code, _, said) = run(command().args(["tasks", &address]));
    assert!(
        code == Some(1) && said.starts_with("selkie: a token is needed"),
        "{said}"
    );
    let land = [
        "tasks",
        &address,
        "--runtime=land",
        "--token=open-sesame",
        "--json",
    ];
    let (code, out, said) = run(command().args(land));
    assert_eq!(code, Some(0), "{said}");
    assert!(out.contains("\"runtime\": \"land\""), "{out}");
    let mut wrong = command();
    wrong.env("SELKIE_INSPECT_TOKEN", "open-sesame");
    let (code, _, said) = run(wrong.args(["dump", &address, "--runtime", "sky"]));
    assert_eq!(code, Some(1));
    assert_eq!(said, "selkie: no runtime \"sky\"; there are: sea, land\n");
}

#[test]
fn what_goes_wrong_is_said_in_one_line() {
    // Nobody listens there.
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let (code, _, said) = run(command().args(["tasks", &free.to_string()]));
    assert_eq!((code, said.lines().count()), (Some(1), 1), "{said}");
    assert!(said.contains(&format!("cannot reach {free}: ")), "{said}");
    assert!(said.contains(&format!("SELKIE_INSPECT={free}?")), "{said}");
    // Somebody else does.
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = other.local_addr().unwrap().to_string();
    let answering = std::thread::spawn(move || {
        let (mut stream, _) = other.accept().unwrap();
        std::io::Write::write_all(&mut stream, b"SSH-2.0-sea\r\n\r\n").unwrap();
    });
    let (code, _, said) = run(command().args(["tasks", &at]));
    answering.join().unwrap();
    assert!(
        code == Some(1) && said.contains("what answers there is no inspector"),
        "{said}"
    );
    for bad in [
        &["tasks"][..],
        &["look", "a:1"],
        &["top", "a"],
        &["trace", "a:1"],
        &[],
    ] {
        let (code, out, said) = run(command().args(bad));
        assert_eq!(
            (code, &*out, said.lines().count()),
            (Some(2), "", 1),
            "{bad:?}: {said}"
        );
        assert!(said.starts_with("selkie: "), "{said}");
    }
    let (code, out, _) = run(command().arg("--help"));
    assert!(code == Some(0) && out.contains("Usage: selkie COMMAND [ADDRESS] [OPTIONS]"));
    let (code, out, _) = run(command().arg("-V"));
    assert_eq!(
        (code, &*out),
        (Some(0), concat!("selkie ", env!("CARGO_PKG_VERSION"), "\n"))
    );
}

#[test]
fn a_reader_that_goes_is_no_error() {
    let (_runtime, _inspector, address) = inspected();
    let mut tasks = command();
    tasks
        .args(["dump", &address])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = tasks.spawn().unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert_eq!((child.wait().unwrap().code(), &*said), (Some(0), ""));
}
