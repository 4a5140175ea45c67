//! Children under faults: nothing leaks, neither descriptors nor zombies, and stops are no ends.
#![cfg(target_os = "linux")]
#![allow(unsafe_code)]

mod fixture;

use std::future::{Future, poll_fn};
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::process::Stdio;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use selkie::io::{AsyncReadExt, AsyncWriteExt};
use selkie::process::Command;
use selkie::runtime::{Builder, Runtime};

use fixture::{can_trace, is_part, open_descriptors};

/// Runs the ignored test `name` alone, in a process of its own, by `launcher`.
fn run_part(launcher: &[&str], name: &str) -> io::Result<std::process::Output> {
    fixture::run_part(launcher, name, Path::new("yes"))
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Waits until no child is left, zombies included.
fn until_childless(runtime: &Runtime, what: &str) {
    let begun = Instant::now();
    loop {
        // SAFETY: zeros are a `siginfo_t`.
        let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
        let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
        // SAFETY: the system writes at most one `siginfo_t`; the child stays.
        let asked = unsafe { libc::waitid(libc::P_ALL, 0, &mut info, options) };
        if asked != 0 && io::Error::last_os_error().raw_os_error() == Some(libc::ECHILD) {
            return;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "{what}: a child is left"
        );
        runtime.block_on(async { selkie::time::sleep(Duration::from_millis(1)).await });
    }
}

/// Has the pipe for signals, the other way to hear of an end, there before anything is counted.
fn listen_to_children(runtime: &Runtime) {
    use selkie::signal::unix::{SignalKind, signal};
    // Where this fails by a fault, it is tried again by whoever needs it.
    let _ = runtime.block_on(async { signal(SignalKind::child()) });
}

#[test]
fn regression_25_a_traced_childs_stop_is_not_its_end() {
    let runtime = runtime();
    runtime.block_on(async {
        let mut command = Command::new("true");
        let trace_me = || {
            // SAFETY: the call takes no memory.
            match unsafe { libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) } {
                0 => Ok(()),
                _ => Err(io::Error::last_os_error()),
            }
        };
        // SAFETY: one system call, which a signal handler may make too.
        let mut child = unsafe { command.pre_exec(trace_me) }.spawn().unwrap();
        let pid = child.id().unwrap();
        // It stops at its exec, and its tracer, this process, is told.
        let stopped = format!("/proc/{pid}/stat");
        while !std::fs::read_to_string(&stopped).unwrap().contains(") t ") {
            selkie::task::yield_now().await;
        }
        let limit = Duration::from_millis(50);
        assert!(selkie::time::timeout(limit, child.wait()).await.is_err());
        assert!(child.try_wait().unwrap().is_none());
        assert_eq!(child.id(), Some(pid));
        // SAFETY: the child is stopped, and this thread is its tracer.
        let detached = unsafe { libc::ptrace(libc::PTRACE_DETACH, pid, 0, 0) };
        assert_eq!(detached, 0);
        assert!(child.wait().await.unwrap().success());
    });
}

type Scenario = fn() -> Pin<Box<dyn Future<Output = io::Result<()>>>>;

const SCENARIOS: [(&str, Scenario); 4] = [
    ("status", || {
        Box::pin(async { Command::new("true").status().await.map(drop) })
    }),
    ("output", || {
        Box::pin(async {
            let output = Command::new("echo").arg("ahoy").output().await?;
            assert_eq!(output.stdout, b"ahoy\n");
            Ok(())
        })
    }),
    ("pipes", || {
        Box::pin(async {
            let mut child = Command::new("cat")
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .kill_on_drop(true)
                .spawn()?;
            let mut stdin = child.stdin.take().expect("a pipe");
            stdin.write_all(b"to and fro").await?;
            drop(stdin);
            let mut text = String::new();
            child
                .stdout
                .take()
                .expect("a pipe")
                .read_to_string(&mut text)
                .await?;
            assert_eq!(text, "to and fro");
            child.wait().await.map(drop)
        })
    }),
    ("kill", || {
        Box::pin(async {
            let mut child = Command::new("sleep")
                .arg("1000")
                .kill_on_drop(true)
                .spawn()?;
            child.kill().await
        })
    }),
];

#[test]
fn a_future_dropped_at_any_poll_leaves_no_zombie() {
    let part = run_part(&["env"], "drop_at_every_poll").unwrap();
    let text = String::from_utf8_lossy(&part.stderr);
    assert!(part.status.success(), "{text}");
}

#[test]
#[ignore = "a part of a_future_dropped_at_any_poll_leaves_no_zombie, which counts all children"]
fn drop_at_every_poll() {
    if !is_part() {
        return;
    }
    let runtime = runtime();
    listen_to_children(&runtime);
    let before = open_descriptors();
    for (name, scenario) in SCENARIOS {
        for polls in 1.. {
            let mut future = Some(scenario());
            let mut left = polls;
            let is_done = runtime.block_on(poll_fn(|cx| {
                left -= 1;
                let polled = future.as_mut().expect("not dropped yet").as_mut().poll(cx);
                match polled {
                    Poll::Ready(outcome) => Poll::Ready(outcome.map(|()| true)),
                    Poll::Pending if left == 0 => {
                        future = None;
                        Poll::Ready(Ok(false))
                    }
                    Poll::Pending => Poll::Pending,
                }
            }));
            until_childless(&runtime, name);
            assert_eq!(
                open_descriptors(),
                before,
                "{name}, dropped after {polls} polls"
            );
            if is_done.unwrap() {
                break;
            }
            assert!(polls < 1_000, "{name} does not end");
        }
    }
}

#[test]
fn a_failing_system_call_leaves_no_zombie_and_no_descriptor() {
    if !can_trace() {
        return;
    }
    let trace = std::env::temp_dir().join(format!("selkie-faults-{}", std::process::id()));
    let mut injected = 0;
    for (call, error) in [
        ("pidfd_open", "ENOSYS"),
        ("pidfd_open", "EMFILE"),
        ("waitid", "EINTR"),
        ("epoll_ctl", "ENOMEM"),
        ("pipe2", "EMFILE"),
    ] {
        for nth in 1.. {
            assert!(nth < 200, "{call} does not end");
            let inject = format!("inject={call}:error={error}:when={nth}");
            let launcher = [
                "strace",
                "-qq",
                "-o",
                trace.to_str().unwrap(),
                "-e",
                &inject,
            ];
            let part = run_part(&[&launcher[..], &["-f"]].concat(), "with_a_fault").unwrap();
            let text = String::from_utf8_lossy(&part.stderr);
            assert!(part.status.success(), "{call} {error} {nth}: {text}");
            if !std::fs::read_to_string(&trace)
                .unwrap()
                .contains("(INJECTED)")
            {
                break;
            }
            injected += 1;
        }
    }
    std::fs::remove_file(trace).unwrap();
    assert!(injected > 10, "only {injected} calls failed");
}

#[test]
#[ignore = "a part of a_failing_system_call_leaves_no_zombie_and_no_descriptor"]
fn with_a_fault() {
    if !is_part() {
        return;
    }
    // A runtime that could not be made is no matter of children.
    let Ok(runtime) = Builder::new_current_thread().enable_all().build() else {
        return;
    };
    listen_to_children(&runtime);
    let before = open_descriptors();
    let mut failed = Vec::new();
    for (name, scenario) in SCENARIOS {
        if runtime.block_on(scenario()).is_err() {
            failed.push(name);
        }
        until_childless(&runtime, name);
    }
    assert!(failed.len() <= 1, "one fault, and {failed:?} failed");
    assert!(open_descriptors() <= before + 2, "descriptors leak");
}

#[test]
fn without_descriptors_for_processes_signals_tell_of_the_end() {
    if !can_trace() {
        return;
    }
    let launcher = [
        "strace",
        "-qq",
        "-f",
        "-o",
        "/dev/null",
        "-e",
        "inject=pidfd_open:error=ENOSYS",
    ];
    let part = run_part(&launcher, "drop_at_every_poll").unwrap();
    let text = String::from_utf8_lossy(&part.stderr);
    assert!(part.status.success(), "{text}");
}

#[test]
fn a_child_is_made_without_a_copy_of_the_page_tables() {
    if !can_trace() {
        return;
    }
    let trace = std::env::temp_dir().join(format!("selkie-spawn-{}", std::process::id()));
    let launcher = [
        "strace",
        "-qq",
        "-f",
        "-e",
        "trace=process",
        "-o",
        trace.to_str().unwrap(),
    ];
    let part = run_part(&launcher, "spawn_one").unwrap();
    assert!(part.status.success());
    let calls = std::fs::read_to_string(&trace).unwrap();
    std::fs::remove_file(trace).unwrap();
    let made = calls
        .lines()
        .find(|line| line.contains("clone") && line.contains("SIGCHLD") || line.contains("fork("));
    assert!(
        made.is_some_and(|line| line.contains("CLONE_VFORK")),
        "{made:?}"
    );
}

#[test]
#[ignore = "a part of a_child_is_made_without_a_copy_of_the_page_tables"]
fn spawn_one() {
    if is_part() {
        let status = runtime().block_on(async { Command::new("true").status().await });
        assert!(status.unwrap().success());
    }
}

#[test]
fn a_childs_end_is_told_to_a_waiter_that_comes_late() {
    runtime().block_on(async {
        let mut child = Command::new("true").spawn().unwrap();
        let pid = child.id().unwrap();
        while !std::fs::read_to_string(format!("/proc/{pid}/stat"))
            .unwrap()
            .contains(") Z ")
        {
            selkie::task::yield_now().await;
        }
        let mut waiting = std::pin::pin!(child.wait());
        let first = waiting
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(first, Poll::Ready(Ok(status)) if status.success()));
    });
}
