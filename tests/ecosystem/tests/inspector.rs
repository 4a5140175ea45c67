//! An unmodified axum program, inspected by one environment variable; and an inspector in somebody's server.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// The program, running, with the variables `environment`.
struct Program {
    child: Child,
    /// Where the program itself serves.
    at: String,
}

impl Program {
    fn start(environment: &[(&str, &str)]) -> Self {
        let tests = std::env::current_exe().unwrap();
        let build: PathBuf = tests.ancestors().nth(2).unwrap().into();
        let name = format!("inspected_program{}", std::env::consts::EXE_SUFFIX);
        let mut command = Command::new(build.join("examples").join(name));
        command.env_remove("SELKIE_INSPECT");
        command.env_remove("SELKIE_INSPECT_TOKEN");
        command.envs(environment.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut at = String::new();
        let output = child.stdout.as_mut().unwrap();
        BufReader::new(output).read_line(&mut at).unwrap();
        let at = at.trim().to_owned();
        Self { child, at }
    }

    /// The first line on standard error.
    fn line(&mut self) -> String {
        let mut line = String::new();
        let errors = self.child.stderr.as_mut().unwrap();
        BufReader::new(errors).read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Where it can be inspected.
    fn inspector(&mut self) -> String {
        let line = self.line();
        let at = line.strip_prefix("selkie: inspect this program at http://");
        let at = at.unwrap_or_else(|| panic!("{line}"));
        at.trim_end_matches('/').to_owned()
    }

    /// Ends the program; what it has written on standard error since.
    fn end(mut self) -> String {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
        let mut rest = String::new();
        let errors = self.child.stderr.as_mut().unwrap();
        errors.read_to_string(&mut rest).unwrap();
        rest
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        let _killed = self.child.kill();
    }
}

/// The status and body of `GET path`.
fn get(at: &str, path: &str) -> (u16, String) {
    let mut client = TcpStream::connect(at).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\n\r\n");
    client.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}

/// `promtool` accepts the metrics, where it is installed.
fn check_by_promtool(metrics: &str) {
    let mut command = Command::new("promtool");
    command.args(["check", "metrics"]).stdin(Stdio::piped());
    let Ok(mut promtool) = command.spawn() else {
        return eprintln!("promtool is not installed");
    };
    let mut input = promtool.stdin.take().unwrap();
    input.write_all(metrics.as_bytes()).unwrap();
    drop(input);
    assert!(promtool.wait().unwrap().success());
}

#[test]
fn one_variable_shows_the_program() {
    let mut program = Program::start(&[("SELKIE_INSPECT", "127.0.0.1:0")]);
    let at = program.inspector();
    let (status, page) = get(&at, "/");
    assert!(status == 200 && page.contains("Selkie at work"), "{page}");
    assert_eq!(get(&program.at, "/").1, "hello");
    let (_, metrics) = get(&at, "/metrics");
    assert!(
        metrics.contains("\nselkie_tasks_alive{runtime=\""),
        "{metrics}"
    );
    check_by_promtool(&metrics);
    // All tasks, from the first: the program was built with the variable set.
    let tasks: Value = serde_json::from_str(&get(&at, "/tasks").1).unwrap();
    let tasks = tasks["tasks"].as_array().unwrap();
    let is_sleeper = |task: &&Value| {
        let place = task["spawned_at"].as_str().unwrap();
        place.contains("inspected_program.rs") && task["from_spawn"] == true
    };
    assert_eq!(tasks.iter().filter(is_sleeper).count(), 1, "{tasks:?}");
    let (status, dump) = get(&at, "/dump.txt");
    assert!(
        status == 200 && dump.contains("inspected_program.rs"),
        "{dump}"
    );
    assert_eq!(get(&at, "/trace?seconds=1").0, 200);
    assert_eq!(program.end(), "");
}

#[test]
fn without_the_variable_nothing_happens() {
    for environment in [&[][..], &[("SELKIE_INSPECT", "")]] {
        let program = Program::start(environment);
        assert_eq!(get(&program.at, "/").1, "hello");
        assert_eq!(program.end(), "");
    }
}

#[test]
fn what_cannot_be_is_said_in_a_line_and_the_program_runs() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let token = ("SELKIE_INSPECT_TOKEN", "short");
    for (environment, why) in [
        (
            &[("SELKIE_INSPECT", "yes")][..],
            "\"yes\" is no address; say ADDRESS:PORT",
        ),
        (
            &[("SELKIE_INSPECT", "0.0.0.0:0")],
            "0.0.0.0:0 can be reached by others: give a token",
        ),
        (&[("SELKIE_INSPECT", &taken)], "cannot listen on 127.0.0.1:"),
        (
            &[("SELKIE_INSPECT", "127.0.0.1:0"), token],
            "a token has 8 printable ASCII characters",
        ),
    ] {
        let mut program = Program::start(environment);
        let line = program.line();
        assert!(
            line.starts_with(&format!("selkie: SELKIE_INSPECT: {why}")),
            "{line}"
        );
        assert!(
            line.ends_with("; the program runs without an inspector"),
            "{line}"
        );
        assert_eq!(get(&program.at, "/").1, "hello");
        assert_eq!(program.end(), "");
    }
}

#[test]
fn a_token_opens_other_addresses() {
    let environment = [
        ("SELKIE_INSPECT", "0.0.0.0:0"),
        ("SELKIE_INSPECT_TOKEN", "open-sesame"),
    ];
    let mut program = Program::start(&environment);
    let at = program.inspector().replace("0.0.0.0", "127.0.0.1");
    assert_eq!(get(&at, "/metrics").0, 401);
    assert_eq!(get(&at, "/metrics?token=open-sesame").0, 200);
    assert_eq!(program.end(), "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_answers_for_the_inspector_below_a_path() {
    let builder = selkie_inspect::Inspector::builder();
    let inspector = builder.token("open-sesame").start().unwrap();
    let router = axum::Router::new().nest_service("/inspect", inspector.service());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let client = reqwest::Client::new();
    let ask = |path: &str| client.get(format!("http://{at}/inspect{path}"));
    for path in ["", "/", "/metrics", "/dump.txt", "/tasks"] {
        let refused = ask(path).send().await.unwrap();
        assert_eq!(refused.status(), 401, "{path}");
        let answer = ask(path).bearer_auth("open-sesame").send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        assert!(!answer.bytes().await.unwrap().is_empty(), "{path}");
    }
    // hyper leaves the content out of an answer to HEAD.
    let head = client.head(format!("http://{at}/inspect/metrics?token=open-sesame"));
    assert_eq!(head.send().await.unwrap().status(), 200);
    let post = client.post(format!("http://{at}/inspect/metrics?token=open-sesame"));
    assert_eq!(post.body("x").send().await.unwrap().status(), 405);
    server.abort();
}
