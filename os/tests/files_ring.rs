//! Files by the runtime's ring, and by the blocking pool where the system refuses one.
#![cfg(io_uring)]
#![allow(unsafe_code)]

mod fixture;

use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};

use selkie::fs::{self, File};
use selkie::runtime::{Builder, Runtime};

use fixture::{CountedBuffer, PART, TempDir, can_trace, is_part};

/// Runtimes with a ring, and one thread in the pool.
fn runtimes() -> [Runtime; 2] {
    let ringed = |mut builder: Builder| {
        builder.max_blocking_threads(1).enable_io_uring();
        builder.build().unwrap()
    };
    let mut workers = Builder::new_multi_thread();
    workers.worker_threads(2);
    [ringed(Builder::new_current_thread()), ringed(workers)]
}

/// Whether the system has a ring for this process.
fn has_ring() -> bool {
    let mut parameters = [0_u8; 120];
    // SAFETY: the system reads and writes the 120 bytes of its parameters.
    let fd = unsafe { libc::syscall(libc::SYS_io_uring_setup, 4, parameters.as_mut_ptr()) };
    // SAFETY: the descriptor was just made, and is nobody else's.
    fd >= 0 && unsafe { libc::close(fd as i32) } == 0
}

async fn open(path: PathBuf) -> File {
    let mut options = File::options();
    let options = options.read(true).write(true).create(true);
    options.open(path).await.unwrap()
}

#[test]
fn operations_with_owned_buffers_need_no_thread_of_the_pool() {
    let directory = TempDir::new("ring");
    for runtime in runtimes() {
        let path = directory.0.join("file");
        let file = runtime.block_on(open(path.clone()));
        let (hold, held) = mpsc::channel::<()>();
        let mut hold = Some(hold);
        if has_ring() {
            runtime.spawn_blocking(move || held.recv());
        } else {
            hold = None;
        }
        runtime.block_on(async {
            // More than is read in place.
            let large: Vec<u8> = (0..300_000_u32).map(|n| n as u8).collect();
            let (written, large) = file.write_all_at(large, 5).await;
            written.unwrap();
            file.sync_data().await.unwrap();
            file.sync_all().await.unwrap();
            let (read, bytes) = file.read_at(vec![0; 300_010], 5).await;
            assert_eq!(read.unwrap(), 300_000);
            assert!(
                bytes[..300_000] == large[..],
                "other bytes than were written"
            );
            let (read, _) = file.read_at(vec![0; 100_000], 400_000).await;
            assert_eq!(read.unwrap(), 0);
        });
        drop(hold);
    }
}

#[test]
fn an_operation_fails_with_the_same_error_by_the_ring_and_by_the_pool() {
    let directory = TempDir::new("ring-fails");
    let path = directory.0.join("file");
    std::fs::write(&path, b"x").unwrap();
    for runtime in runtimes() {
        runtime.block_on(async {
            let read_only = File::open(&path).await.unwrap();
            let (written, buf) = read_only.write_at(vec![7; 3], 0).await;
            assert_eq!(written.unwrap_err().raw_os_error(), Some(libc::EBADF));
            assert_eq!(buf, [7; 3]);
            let (read, _) = read_only.read_at(vec![0; 100_000], u64::MAX).await;
            assert_eq!(read.unwrap_err().raw_os_error(), Some(libc::EINVAL));
            let (reader, _writer) = std::os::unix::net::UnixStream::pair().unwrap();
            let pipe = File::from(std::os::fd::OwnedFd::from(reader));
            let (read, _) = pipe.read_at(vec![0; 100_000], 0).await;
            assert_eq!(read.unwrap_err().raw_os_error(), Some(libc::ESPIPE));
        });
    }
}

#[test]
fn regression_24_dropped_operations_give_everything_back() {
    let directory = TempDir::new("ring-dropped");
    let path = directory.0.join("file");
    std::fs::write(&path, vec![1; 200_000]).unwrap();
    for runtime in runtimes() {
        let witness = Arc::new(());
        let file = Arc::new(runtime.block_on(open(path.clone())));
        runtime.block_on(async {
            for n in 0..500 {
                let buf = CountedBuffer(vec![1; 100_000], Arc::clone(&witness));
                let mut cx = Context::from_waker(Waker::noop());
                // One poll begins it; every other one is looked at once more.
                if n % 2 == 0 {
                    let mut reading = pin!(file.read_at(buf, n));
                    let _ = reading.as_mut().poll(&mut cx);
                } else {
                    let mut writing = pin!(file.write_at(buf, n));
                    if writing.as_mut().poll(&mut cx).is_pending() {
                        selkie::task::yield_now().await;
                        let _ = writing.as_mut().poll(&mut cx);
                    }
                }
            }
        });
        // The runtime ends what is under way.
        drop(runtime);
        assert_eq!(Arc::strong_count(&witness), 1);
        assert_eq!(Arc::strong_count(&file), 1);
    }
}

#[test]
fn more_operations_than_the_ring_takes_are_all_done() {
    const OPERATIONS: u64 = 4_096;
    let directory = TempDir::new("ring-many");
    for runtime in runtimes() {
        runtime.block_on(async {
            let file = Arc::new(open(directory.0.join("file")).await);
            let tasks: Vec<_> = (0..OPERATIONS)
                .map(|n| {
                    let file = Arc::clone(&file);
                    selkie::spawn(async move {
                        let (written, _) = file.write_all_at(n.to_le_bytes(), n * 8).await;
                        written.unwrap();
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
            file.sync_all().await.unwrap();
            let bytes = fs::read(directory.0.join("file")).await.unwrap();
            let expected: Vec<u8> = (0..OPERATIONS).flat_map(u64::to_le_bytes).collect();
            assert!(bytes == expected, "other bytes than were written");
        });
    }
}

#[test]
fn a_runtime_that_never_uses_its_ring_creates_none() {
    let rings = || {
        std::fs::read_dir("/proc/self/fd")
            .unwrap()
            .filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok())
            .filter(|target| target.to_string_lossy().contains("io_uring"))
            .count()
    };
    // In a process of its own: the other tests have rings.
    if !is_part() {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "a_runtime_that_never_uses_its_ring_creates_none"])
            .env(PART, "yes")
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stdout)
        );
        return;
    }
    for runtime in runtimes() {
        runtime.block_on(async { fs::metadata("/").await }).unwrap();
        assert_eq!(rings(), 0);
        drop(runtime);
    }
}

#[test]
fn regression_31_a_refused_ring_changes_no_result() {
    if is_part() {
        return;
    }
    let program = std::env::current_exe().unwrap();
    if !can_trace() {
        return;
    }
    for (call, error) in [
        ("io_uring_setup", "EPERM"),
        ("io_uring_setup", "ENOSYS"),
        ("io_uring_setup", "ENOMEM"),
        ("io_uring_register", "EINVAL"),
        ("io_uring_enter", "EBADFD"),
    ] {
        let inject = format!("inject={call}:error={error}");
        let trace = format!("trace={call}");
        let output = Command::new("strace")
            .args(["-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject])
            .arg(&program)
            .args(["--skip", "need_no_thread", "--skip", "creates_none"])
            .env(PART, "yes")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{call} {error}: {text}");
    }
}

#[test]
fn a_ready_operation_is_ready_at_once_or_wakes() {
    let directory = TempDir::new("ring-wakes");
    for runtime in runtimes() {
        runtime.block_on(async {
            let file = open(directory.0.join("file")).await;
            for n in 0..200_u64 {
                let mut writing = pin!(file.write_at(vec![n as u8; 10], n));
                let first = poll_with(&mut writing, Waker::noop());
                // A lost wake would leave the test here for good.
                let (written, _) = match first {
                    Poll::Ready(done) => done,
                    Poll::Pending => writing.await,
                };
                assert_eq!(written.unwrap(), 10);
            }
        });
    }
}

fn poll_with<F: Future + Unpin>(future: &mut F, waker: &Waker) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(waker))
}
