//! Sockets when the system refuses a call, or a connection ends in the middle.
#![cfg(target_os = "linux")]
#![allow(unsafe_code)]

mod fixture;

use std::io::ErrorKind;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::process::Command;
use std::rc::Rc;
use std::time::Duration;

use selkie::io::unix::AsyncFd;
use selkie::io::{AsyncReadExt, AsyncWriteExt};
use selkie::net::unix::pipe;
use selkie::net::{TcpListener, TcpStream, UnixStream};
use selkie::runtime::{Builder, Runtime};
use selkie::time::timeout;

use fixture::is_watched;

const LONG: Duration = Duration::from_secs(30);

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let (client, server) = selkie::join!(TcpStream::connect(addr), listener.accept());
    (client.unwrap(), server.unwrap().0)
}

/// The limit on descriptors, set to `soft` if that is given; returns what it was.
fn descriptor_limit(soft: Option<u64>) -> u64 {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the system writes one `rlimit`.
    let got = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) };
    assert_eq!(got, 0);
    let was = limit.rlim_cur;
    if let Some(soft) = soft {
        limit.rlim_cur = soft;
        // SAFETY: the system reads one `rlimit`.
        let set = unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) };
        assert_eq!(set, 0);
    }
    was
}

/// Run in a process of its own by the test below: the limit is the process's.
#[test]
#[ignore = "run by `regression_10_a_listener_out_of_descriptors_lets_others_run`"]
fn runs_out_of_descriptors() {
    runtime().block_on(async {
        let listener = Rc::new(TcpListener::bind("127.0.0.1:0").await.unwrap());
        let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let fds = std::fs::read_dir("/proc/self/fd").unwrap();
        let highest = fds
            .filter_map(|fd| fd.unwrap().file_name().to_str()?.parse::<u64>().ok())
            .max();
        // All numbers below the limit are taken.
        let mut fill = Vec::new();
        let was = descriptor_limit(Some(highest.unwrap() + 1));
        while let Ok(file) = std::fs::File::open("/dev/null") {
            fill.push(file);
        }
        let failures = Rc::new(std::cell::Cell::new(0));
        let local = selkie::task::LocalSet::new();
        let (theirs, counted) = (Rc::clone(&listener), Rc::clone(&failures));
        let accepting = local.spawn_local(async move {
            loop {
                match theirs.accept().await {
                    Ok((stream, _)) => return stream,
                    Err(error) => {
                        assert_eq!(error.raw_os_error(), Some(libc::EMFILE));
                        counted.set(counted.get() + 1);
                    }
                }
            }
        });
        // It never blocks; timers and other tasks come to their turn all the same.
        local
            .run_until(async {
                selkie::time::sleep(Duration::from_millis(2)).await;
                assert!(failures.get() > 0);
                descriptor_limit(Some(was));
                let stream = timeout(LONG, accepting).await.unwrap().unwrap();
                assert_eq!(stream.peer_addr().unwrap(), client.local_addr().unwrap());
            })
            .await;
    });
}

#[test]
fn regression_10_a_listener_out_of_descriptors_lets_others_run() {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "runs_out_of_descriptors", "--ignored"])
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success(), "{output}");
    assert!(output.contains("1 passed"), "{output}");
}

#[test]
fn a_reset_during_a_write_is_an_error_of_each_later_operation() {
    runtime().block_on(async {
        let (mut client, server) = pair().await;
        let reset = async {
            // Data has come, unread: closing it resets the connection.
            server.readable().await.unwrap();
            server.set_zero_linger().unwrap();
            drop(server);
        };
        let bulk = vec![0; 64 << 20];
        let (written, ()) = selkie::join!(timeout(LONG, client.write_all(&bulk)), reset);
        let kind = written.unwrap().unwrap_err().kind();
        assert!(
            matches!(kind, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe),
            "{kind}"
        );
        let again = timeout(LONG, client.write_all(b"!")).await.unwrap();
        assert_eq!(again.unwrap_err().kind(), ErrorKind::BrokenPipe);
        client.shutdown().await.unwrap();
    });
}

#[test]
fn a_write_to_a_closed_reader_is_a_broken_pipe() {
    runtime().block_on(async {
        let (mut sender, receiver) = pipe::pipe().unwrap();
        let fill = vec![0; 1 << 20];
        let (written, ()) = selkie::join!(timeout(LONG, sender.write_all(&fill)), async {
            selkie::task::yield_now().await;
            drop(receiver);
        });
        let error = written.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        let (mut one, two) = UnixStream::pair().unwrap();
        drop(two);
        let error = one.write_all(b"!").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    });
}

#[test]
fn a_half_closed_stream_still_carries_bytes_the_other_way() {
    runtime().block_on(async {
        let (mut client, mut server) = pair().await;
        client.write_all(b"last").await.unwrap();
        client.shutdown().await.unwrap();
        let mut text = String::new();
        server.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "last");
        for _ in 0..3 {
            server.write_all(b"more").await.unwrap();
            let mut four = [0; 4];
            timeout(LONG, client.read_exact(&mut four))
                .await
                .unwrap()
                .unwrap();
        }
        drop(server);
        assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
        let error = client.write_all(b"!").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    });
}

/// A descriptor that somebody else closes.
struct BorrowedDescriptor(RawFd);

impl AsRawFd for BorrowedDescriptor {
    fn as_raw_fd(&self) -> RawFd {
        self.0
    }
}

#[test]
fn regression_23_a_descriptor_closed_under_its_registration_is_dropped_quietly() {
    runtime().block_on(async {
        let (near, far) = std::os::unix::net::UnixStream::pair().unwrap();
        near.set_nonblocking(true).unwrap();
        let lent = BorrowedDescriptor(near.as_raw_fd());
        // SAFETY: the promise is broken on purpose; the number is not used again before the drop.
        let fd = unsafe { AsyncFd::register(lent) }.unwrap();
        drop(near);
        drop(fd);
        drop(far);
        // The poller still works, and the number is free for another.
        let (mut one, mut two) = UnixStream::pair().unwrap();
        one.write_all(b"!").await.unwrap();
        let mut byte = [0];
        timeout(LONG, two.read_exact(&mut byte))
            .await
            .unwrap()
            .unwrap();
    });
}

#[test]
fn a_socket_whose_descriptor_was_exposed_is_deregistered_though_a_duplicate_is_open() {
    runtime().block_on(async {
        let (_one, two) = UnixStream::pair().unwrap();
        two.writable().await.unwrap();
        let duplicate = two.as_fd().try_clone_to_owned().unwrap();
        assert!(is_watched(&duplicate));
        drop(two);
        assert!(!is_watched(&duplicate));
    });
}

#[test]
fn a_socket_that_never_blocks_never_enters_the_poller() {
    runtime().block_on(async {
        let (mut one, mut two) = UnixStream::pair().unwrap();
        let mut byte = [0];
        for _ in 0..10 {
            one.write_all(b"!").await.unwrap();
            two.read_exact(&mut byte).await.unwrap();
        }
        assert!(!is_watched(&one) && !is_watched(&two));
        let (read, ()) = selkie::join!(two.read_exact(&mut byte), async {
            selkie::task::yield_now().await;
            one.write_all(b"!").await.unwrap();
        });
        read.unwrap();
        assert!(!is_watched(&one) && is_watched(&two));
        // What goes to std is forgotten.
        let two = two.into_std().unwrap();
        assert!(!is_watched(&two));
    });
}
