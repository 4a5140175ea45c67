//! Children: waited for, killed, written to, reaped.
#![cfg(unix)]
#![allow(unsafe_code)]

mod fixture;

use std::io;
use std::process::Stdio;
use std::time::{Duration, Instant};

use selkie::io::{AsyncReadExt, AsyncWriteExt};
use selkie::process::Command;

use fixture::runtimes;

/// Whether the process has no entry any more, not even as a zombie.
fn is_reaped(pid: u32) -> bool {
    // SAFETY: the call takes no memory; without a signal it only asks.
    unsafe { libc::kill(pid as libc::pid_t, 0) != 0 }
}

/// What `command` says on its output.
async fn said(command: &mut Command) -> String {
    let output = command.output().await.unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_output_and_the_status_of_a_child_are_returned() {
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

#[test]
fn a_child_has_the_name_the_directory_and_the_environment_that_were_set() {
    for runtime in runtimes() {
        runtime.block_on(async {
            let mut command = Command::new("sh");
            let script = "echo $0 $(pwd) $BOAT ${HOME:-none} $STERN";
            command.arg0("coble").args(["-c", script, "coble"]);
            command.current_dir("/").env_clear();
            command.env("PATH", std::env::var_os("PATH").unwrap());
            command.envs([("BOAT", "here"), ("STERN", "gone")]);
            command.env_remove("STERN");
            assert_eq!(said(&mut command).await, "coble / here none\n");
            // A shell without a script to name says its own name where it complains.
            let mut command = Command::new("sh");
            let output = command.arg0("coble").args(["-c", "no-such-command"]);
            let output = output.output().await.unwrap();
            let text = String::from_utf8(output.stderr).unwrap();
            assert!(text.starts_with("coble"), "{text}");
        });
    }
}

#[test]
fn a_process_group_is_the_childs_own_and_gets_its_signals() {
    for runtime in runtimes() {
        runtime.block_on(async {
            // The shell's child has the group, too.
            let mut child = Command::new("sh")
                .args(["-c", "sleep 1000 & echo $!; wait"])
                .process_group(0)
                .stdout(Stdio::piped())
                .kill_on_drop(true)
                .spawn()
                .unwrap();
            let group = child.id().unwrap() as libc::pid_t;
            let mut stdout = child.stdout.take().unwrap();
            assert!(stdout.read_u8().await.is_ok(), "the shell has begun");
            // SAFETY: the calls take no memory.
            assert_eq!(unsafe { libc::getpgid(group) }, group);
            // SAFETY: as above.
            assert_eq!(unsafe { libc::kill(-group, libc::SIGTERM) }, 0);
            let status = child.wait().await.unwrap();
            let signal = std::os::unix::process::ExitStatusExt::signal(&status);
            assert_eq!(signal, Some(libc::SIGTERM));
            // The end of its output says that the sleeper is gone as well.
            let mut rest = Vec::new();
            stdout.read_to_end(&mut rest).await.unwrap();
        });
    }
}

#[test]
fn a_child_runs_as_the_user_and_the_group_that_were_set() {
    // SAFETY: the call takes nothing.
    let uid = unsafe { libc::getuid() };
    // SAFETY: as above.
    let gid = unsafe { libc::getgid() };
    let (uid, gid) = if uid == 0 {
        (65_534, 65_533)
    } else {
        println!("skipped in part: without privileges there is only this user");
        (uid, gid)
    };
    for runtime in runtimes() {
        runtime.block_on(async {
            let mut command = Command::new("sh");
            command.args(["-c", "id -u; id -g"]).current_dir("/");
            let ids = said(command.uid(uid).gid(gid)).await;
            assert_eq!(ids, format!("{uid}\n{gid}\n"));
        });
    }
}

#[test]
fn a_pre_exec_closure_may_refuse_the_program() {
    for runtime in runtimes() {
        runtime.block_on(async {
            let mut command = Command::new("true");
            // SAFETY: it makes an error of a number, no more.
            unsafe { command.pre_exec(|| Err(io::Error::from_raw_os_error(libc::EXDEV))) };
            let refused = command.spawn().unwrap_err();
            assert_eq!(refused.raw_os_error(), Some(libc::EXDEV));
            let mut command = Command::new("sh");
            command.args(["-c", "exit $(umask)"]);
            let masks = || {
                // SAFETY: the call takes no memory.
                unsafe { libc::umask(0o022) };
                Ok(())
            };
            // SAFETY: a system call, which a signal handler may make.
            unsafe { command.pre_exec(masks) };
            assert_eq!(command.status().await.unwrap().code(), Some(22));
        });
    }
}

#[test]
fn a_pipe_goes_from_one_child_to_the_next() {
    for runtime in runtimes() {
        runtime.block_on(async {
            let mut first = Command::new("echo")
                .arg("through both")
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let pipe: Stdio = first.stdout.take().unwrap().try_into().unwrap();
            assert_eq!(
                said(Command::new("cat").stdin(pipe)).await,
                "through both\n"
            );
            assert!(first.wait().await.unwrap().success());
        });
    }
}
