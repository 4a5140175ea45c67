//! Children on Linux: what it costs to make one, what it inherits, and how its exit is noticed.
#![cfg(target_os = "linux")]
#![allow(unsafe_code)]

mod fixture;

use std::collections::BTreeSet;
use std::future::Future;
use std::io;
use std::net::UdpSocket as StdUdpSocket;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::process::Stdio;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use selkie::fs::File;
use selkie::io::AsyncWriteExt;
use selkie::io::unix::AsyncFd;
use selkie::net::{TcpListener, UdpSocket, UnixStream};
use selkie::process::Command;
use selkie::runtime::{Builder, Runtime};
use selkie::signal::unix::{SignalKind, signal};

use fixture::{can_trace, is_part, ringed, runtimes};

/// Runs the ignored test `name` alone, in a process of its own, by `launcher`.
fn run_part(launcher: &[&str], name: &str) -> io::Result<std::process::Output> {
    fixture::run_part(launcher, name, Path::new("yes"))
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// What the descriptors of this process are.
fn descriptors() -> Vec<String> {
    let links = std::fs::read_dir("/proc/self/fd").unwrap();
    links
        .filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok())
        .map(|link| link.to_string_lossy().into_owned())
        .collect()
}

fn has_descriptor(what: &str) -> bool {
    descriptors().iter().any(|link| link.contains(what))
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
        // It stops at its exec, and its tracer, this process, is notified.
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
fn the_exit_of_a_child_is_reported_to_a_waiter_that_comes_late() {
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

/// Does nothing between fork and exec; with something to do there std forks.
fn by_fork(command: &mut Command) -> &mut Command {
    // SAFETY: it does nothing.
    unsafe { command.pre_exec(|| Ok(())) }
}

/// Has a shell say which descriptors it finds open; it looks itself, since a program would open some.
const LIST: [&str; 2] = ["-c", "for fd in /proc/$$/fd/*; do echo ${fd##*/}; done"];

/// The numbers that a shell has said.
fn numbers(output: io::Result<std::process::Output>) -> BTreeSet<u32> {
    let text = String::from_utf8(output.unwrap().stdout).unwrap();
    text.lines().filter_map(|line| line.parse().ok()).collect()
}

/// The descriptors that a child finds open.
async fn inherited(forks: bool) -> BTreeSet<u32> {
    let mut command = Command::new("sh");
    if forks {
        by_fork(&mut command);
    }
    numbers(command.args(LIST).output().await)
}

#[test]
fn regression_26_no_descriptor_of_the_runtime_is_inherited() {
    let part = run_part(&["env"], "inherits_nothing").unwrap();
    let text = String::from_utf8_lossy(&part.stderr);
    assert!(part.status.success(), "{text}");
}

#[test]
#[ignore = "a part of regression_26_no_descriptor_of_the_runtime_is_inherited, whose process has all there is"]
fn inherits_nothing() {
    if !is_part() {
        return;
    }
    let directory = fixture::TempDir::new("inherits");
    let path = directory.file("file", &[7; 100_000]);
    let before = numbers(std::process::Command::new("sh").args(LIST).output());
    for runtime in runtimes().into_iter().chain(ringed()) {
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let datagrams = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            datagrams.writable().await.unwrap();
            let (one, two) = UnixStream::pair().unwrap();
            let other_socket = StdUdpSocket::bind("127.0.0.1:0").unwrap();
            // SAFETY: the socket closes its descriptor when it drops, which is when `watched` does.
            let watched = unsafe { AsyncFd::register(other_socket) }.unwrap();
            let mut signals = signal(SignalKind::hangup()).unwrap();
            // The ring, if there is one, and an open file.
            let file = File::open(&path).await.unwrap();
            file.read_at(vec![0; 100_000], 0).await.0.unwrap();
            let mut other = Command::new("cat")
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .kill_on_drop(true)
                .spawn()
                .unwrap();
            let timer = selkie::time::sleep_precise(Duration::from_millis(200)).unwrap();
            let asks = async {
                selkie::task::yield_now().await;
                for what in ["eventpoll", "eventfd", "timerfd", "pidfd", "socket:"] {
                    assert!(has_descriptor(what), "no {what} to be inherited");
                }
                for forks in [false, true] {
                    assert_eq!(inherited(forks).await, before, "forks: {forks}");
                }
            };
            selkie::join!(timer, asks).0.unwrap();
            drop(other.stdin.take());
            assert!(other.wait().await.unwrap().success());
            let polled = signals.poll_recv(&mut Context::from_waker(Waker::noop()));
            assert!(polled.is_pending());
            drop((listener, one, two));
            assert!(watched.as_raw_fd() > 2);
        });
    }
}

#[test]
fn the_exit_of_a_child_is_reported_by_its_pidfd() {
    let part = run_part(&["env"], "has_a_descriptor").unwrap();
    let text = String::from_utf8_lossy(&part.stdout);
    assert!(part.status.success(), "{text}");
    // Refused it is done without, unseen (sweeps), as where waitid does not know it.
    if can_trace() && text.contains("told by a descriptor") {
        for inject in ["pidfd_open:error=EPERM", "waitid:error=EINVAL:when=1"] {
            let inject = format!("inject={inject}");
            let launcher = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &inject];
            let part = run_part(&launcher, "has_a_descriptor").unwrap();
            let text = String::from_utf8_lossy(&part.stdout);
            assert!(part.status.success(), "{inject}: {text}");
            assert!(text.contains("told by a signal"), "{inject}: {text}");
        }
    }
}

#[test]
#[ignore = "a part of the_exit_of_a_child_is_reported_by_its_pidfd"]
fn has_a_descriptor() {
    if !is_part() {
        return;
    }
    for runtime in runtimes() {
        runtime.block_on(async {
            let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
            let how = ["signal", "descriptor"][usize::from(has_descriptor("pidfd"))];
            println!("told by a {how}");
            let mut stdin = child.stdin.take().unwrap();
            let waits = child.wait();
            let ends = async {
                stdin.write_all(b"").await.unwrap();
                drop(stdin);
            };
            assert!(selkie::join!(waits, ends).0.unwrap().success());
        });
    }
}

#[test]
fn a_spawn_that_takes_long_keeps_no_other_worker_and_no_timer() {
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).enable_all().build().unwrap();
    let (reader, writer) = io::pipe().unwrap();
    let (begun, has_begun) = std::sync::mpsc::channel();
    runtime.block_on(async {
        let spawning = selkie::spawn(async move {
            let mut command = Command::new("true");
            let waits = move || {
                // Until the other worker has had its timer.
                let mut byte = 0_u8;
                // SAFETY: the system writes one byte.
                let read = unsafe { libc::read(reader.as_raw_fd(), (&raw mut byte).cast(), 1) };
                if read == 1 {
                    Ok(())
                } else {
                    Err(io::Error::last_os_error())
                }
            };
            // SAFETY: one system call, which a signal handler may make too.
            unsafe { command.pre_exec(waits) };
            begun.send(()).unwrap();
            command.spawn().unwrap().wait().await
        });
        let timing = selkie::spawn(async move {
            while has_begun.try_recv().is_err() {
                selkie::task::yield_now().await;
            }
            for _ in 0..10 {
                selkie::time::sleep(Duration::from_millis(1)).await;
            }
            io::Write::write_all(&mut &writer, b"!").unwrap();
        });
        // A worker that waited for the other would wait for ever.
        timing.await.unwrap();
        assert!(spawning.await.unwrap().unwrap().success());
    });
}

/// Memory that the process really has, in pages of the ordinary size.
fn touch(bytes: usize) -> *mut u8 {
    // SAFETY: the system chooses where.
    let memory = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            bytes,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    assert_ne!(memory, libc::MAP_FAILED);
    // Huge pages would have next to no page tables to copy. Without them it is an error, and as well.
    // SAFETY: the memory was just mapped.
    unsafe { libc::madvise(memory, bytes, libc::MADV_NOHUGEPAGE) };
    // SAFETY: as above, and nobody else knows of it.
    unsafe { std::ptr::write_bytes(memory.cast::<u8>(), 1, bytes) };
    memory.cast()
}

/// How long the thread that spawns is kept, in the middle of several times.
async fn time_of_spawn(forks: bool) -> Duration {
    let mut times = Vec::new();
    for _ in 0..15 {
        let mut command = Command::new("true");
        if forks {
            by_fork(&mut command);
        }
        let begun = Instant::now();
        let child = command.spawn();
        times.push(begun.elapsed());
        assert!(child.unwrap().wait().await.unwrap().success());
    }
    times.sort_unstable();
    times[times.len() / 2]
}

const HALF_A_GIBIBYTE: usize = 512 << 20;

#[test]
fn the_cost_of_a_spawn_does_not_grow_with_the_memory() {
    let info = std::fs::read_to_string("/proc/meminfo").unwrap();
    let available = info.lines().find(|line| line.starts_with("MemAvailable"));
    let kibibytes = available.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
    if kibibytes.unwrap_or(0_usize) < 2 * HALF_A_GIBIBYTE / 1024 {
        println!("skipped: there is no memory for it");
        return;
    }
    let part = run_part(&["env"], "spawns_with_memory").unwrap();
    let text = String::from_utf8_lossy(&part.stdout);
    let errors = String::from_utf8_lossy(&part.stderr);
    assert!(part.status.success(), "{text}{errors}");
    println!("{text}");
}

#[test]
#[ignore = "a part of the_cost_of_a_spawn_does_not_grow_with_the_memory, whose memory is its own"]
fn spawns_with_memory() {
    if !is_part() {
        return;
    }
    let runtime = runtime();
    let mut seen = Vec::new();
    // Another program may have the processor just then: several attempts, of which one counts.
    for _ in 0..5 {
        let small = runtime.block_on(time_of_spawn(false));
        let memory = touch(HALF_A_GIBIBYTE);
        let large = runtime.block_on(time_of_spawn(false));
        let forked = runtime.block_on(time_of_spawn(true));
        // SAFETY: mapped by `touch`, and used by nobody any more.
        assert_eq!(unsafe { libc::munmap(memory.cast(), HALF_A_GIBIBYTE) }, 0);
        println!("none: {small:?}, 512 MiB: {large:?}, 512 MiB forked: {forked:?}");
        if large <= 3 * small && forked >= 2 * large {
            return;
        }
        seen.push((small, large, forked));
    }
    panic!("(none, 512 MiB, 512 MiB forked): {seen:?}");
}
