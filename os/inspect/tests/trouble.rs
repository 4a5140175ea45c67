//! The example with one thing wrong, found as docs/slow.md finds it.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::client::get;

/// The example, running.
struct Program {
    child: Child,
    at: SocketAddr,
}

impl Program {
    fn start(kind: &str) -> Self {
        let tests = std::env::current_exe().unwrap();
        let build: PathBuf = tests.ancestors().nth(2).unwrap().into();
        let name = format!("trouble{}", std::env::consts::EXE_SUFFIX);
        let mut command = Command::new(build.join("examples").join(name));
        command.args([kind, "127.0.0.1:0"]).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        let output = child.stdout.as_mut().unwrap();
        BufReader::new(output).read_line(&mut line).unwrap();
        let at = line.trim().trim_start_matches("look at http://");
        let at = at.trim_end_matches('/').parse().unwrap();
        Self { child, at }
    }

    /// The first row of `/tasks`, once `is_it`.
    fn first(&self, query: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        loop {
            let answer = get(self.at, &format!("/tasks?{query}")).json();
            let rows = answer.get("tasks").or(answer.get("places")).unwrap();
            if rows[0].is_object() && is_it(&rows[0]) {
                return rows[0].clone();
            }
            std::thread::yield_now();
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _killed = self.child.kill();
        let _ended = self.child.wait();
    }
}

fn seconds(row: &Value, key: &str) -> f64 {
    row[key].as_f64().unwrap()
}

#[test]
fn a_stuck_worker_is_found() {
    let program = Program::start("stuck");
    let is_long = |row: &Value| seconds(row, "longest_poll_seconds") > 0.2;
    let row = program.first("sort=longest_poll_seconds", is_long);
    assert_eq!(
        (&row["name"], &row["state"]),
        (&"report".into(), &"running".into())
    );
    let dump = get(program.at, &format!("/dump.txt?id={}", row["id"])).body;
    assert!(
        dump.contains("(report)") && dump.contains("in a poll"),
        "{dump}"
    );
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        assert!(dump.contains("sum_for_ever"), "{dump}");
    }
}

#[test]
fn a_slow_poll_is_found() {
    let program = Program::start("slow");
    let is_long = |row: &Value| seconds(row, "longest_poll_seconds") > 0.025;
    let row = program.first("sort=mean_poll_seconds", is_long);
    assert_eq!(row["name"], "render");
}

#[test]
fn a_lost_wake_is_found() {
    let program = Program::start("lost");
    let has_waited = |row: &Value| seconds(row, "state_seconds") > 0.3;
    let row = program.first("sort=state_seconds", has_waited);
    assert_eq!(
        (&row["name"], &row["wakes"]),
        (&"consumer".into(), &0.into())
    );
    // A dump polls it once more, and that is all it needs.
    assert_eq!(get(program.at, "/dump").status, 200);
    while get(program.at, "/tasks?filter=consumer").json()["matching"] != 0 {
        std::thread::yield_now();
    }
}

#[test]
fn a_leak_is_found() {
    let program = Program::start("leak");
    let is_large = |row: &Value| row["live"].as_u64().unwrap() > 50;
    let row = program.first("by=place&sort=live", is_large);
    assert_eq!(row["ended"], 0);
    assert!(
        row["spawned_at"].as_str().unwrap().contains("trouble.rs:"),
        "{row}"
    );
}
