//! Children: waited for, killed, written to, reaped.

mod fixture;

use std::io;
use std::process::Stdio;
use std::time::{Duration, Instant};

use selkie::io::{AsyncReadExt, AsyncWriteExt};
use selkie::process::Command;

use fixture::runtimes;

/// Whether the process has no entry any more, not even as a zombie.
fn is_reaped(pid: u32) -> bool {
    !std::path::Path::new(&format!("/proc/{pid}")).exists()
}

#[test]
fn outputs_and_status_are_told() {
    for runtime in runtimes() {
        runtime.block_on(async {
            let script = "echo out; echo err >&2; exit 7";
            let output = Command::new("sh")
                .args(["-c", script])
                .output()
                .await
                .unwrap();
            assert_eq!(output.status.code(), Some(7));
            assert_eq!(
                (&output.stdout[..], &output.stderr[..]),
                (&b"out\n"[..], &b"err\n"[..])
            );
            let missing = Command::new("/no/such/program").status().await.unwrap_err();
            assert_eq!(missing.kind(), io::ErrorKind::NotFound);
        });
    }
}

#[test]
fn a_child_echoes_through_its_pipes() {
    for runtime in runtimes() {
        runtime.block_on(async {
            let mut child = Command::new("cat")
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let mut stdin = child.stdin.take().unwrap();
            let mut stdout = child.stdout.take().unwrap();
            stdin.write_all(b"ahoy").await.unwrap();
            let mut echo = [0; 4];
            stdout.read_exact(&mut echo).await.unwrap();
            assert_eq!(&echo, b"ahoy");
            drop(stdin);
            assert!(child.wait().await.unwrap().success());
            assert_eq!(child.id(), None);
            assert!(child.try_wait().unwrap().unwrap().success());
            child.kill().await.unwrap();
        });
    }
}

#[test]
fn regression_26_a_dropped_child_is_killed_and_reaped() {
    for runtime in runtimes() {
        let pid = runtime.block_on(async {
            let child = Command::new("sleep")
                .arg("1000")
                .kill_on_drop(true)
                .spawn()
                .unwrap();
            child.id().unwrap()
        });
        let begun = Instant::now();
        runtime.block_on(async {
            while !is_reaped(pid) {
                assert!(
                    begun.elapsed() < Duration::from_secs(20),
                    "{pid} is a zombie"
                );
                selkie::time::sleep(Duration::from_millis(1)).await;
            }
        });
    }
}

#[test]
fn an_orphan_is_reaped_after_its_runtime() {
    for runtime in runtimes() {
        let pid = runtime.block_on(async {
            let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
            let pid = child.id().unwrap();
            let stdin = child.stdin.take().unwrap();
            drop(child);
            (pid, stdin.into_owned_fd().unwrap())
        });
        drop(runtime);
        let (pid, stdin) = pid;
        assert!(!is_reaped(pid));
        drop(stdin);
        let begun = Instant::now();
        while !is_reaped(pid) {
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "{pid} is a zombie"
            );
            std::thread::yield_now();
        }
    }
}

#[test]
fn regression_26_no_descriptor_of_the_runtime_is_inherited() {
    let list = ["-c", "ls /proc/self/fd"];
    let without = std::process::Command::new("sh")
        .args(list)
        .output()
        .unwrap();
    for runtime in runtimes() {
        runtime.block_on(async {
            let listener = selkie::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let hangups = selkie::signal::unix::SignalKind::hangup();
            let signals = selkie::signal::unix::signal(hangups).unwrap();
            let with = Command::new("sh").args(list).output().await.unwrap();
            assert_eq!(with.stdout, without.stdout);
            drop((listener, signals));
        });
    }
}

#[test]
fn a_child_may_be_made_by_hand() {
    for runtime in runtimes() {
        runtime.block_on(async {
            let mut seen = false;
            let mut command = Command::new("true");
            let child = command.spawn_with(|std| {
                seen = true;
                std.spawn()
            });
            assert!(child.unwrap().wait().await.unwrap().success());
            let refused = command.spawn_with(|_| Err(io::ErrorKind::PermissionDenied.into()));
            let refused = refused.expect_err("refused by hand");
            assert_eq!(refused.kind(), io::ErrorKind::PermissionDenied);
            assert!(seen);
        });
    }
}
