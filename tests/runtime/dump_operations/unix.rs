//! Rows of what only Unix has: its sockets, pipes, descriptors, signals, children.
#![allow(unsafe_code)]

use std::process::Stdio;

use selkie::io::unix::AsyncFd;
use selkie::io::{AsyncReadExt, Interest};
use selkie::net::unix::pipe;
use selkie::net::{UnixDatagram, UnixListener, UnixStream};
use selkie::process::{Child, Command};
use selkie::signal::unix::{SignalKind, signal};

use super::table::{Row, check, row};

fn datagram_pair() -> (UnixDatagram, UnixDatagram) {
    UnixDatagram::pair().unwrap()
}

fn child() -> Child {
    let mut command = Command::new("sleep");
    command.arg("60").kill_on_drop(true);
    command.stdout(Stdio::piped()).spawn().unwrap()
}

fn sockets() -> Vec<Row> {
    vec![
        row("UnixListener::accept", "net/", async {
            let path = std::env::temp_dir().join(format!("selkie-dump-{}", fastrand::u64(..)));
            let listener = UnixListener::bind(&path).unwrap();
            std::fs::remove_file(path).unwrap();
            listener.accept().await.map(drop)
        }),
        row("UnixStream::readable", "net/", async {
            let (ours, _theirs) = UnixStream::pair().unwrap();
            ours.readable().await
        }),
        row("UnixStream as ", "net/", async {
            let (mut ours, _theirs) = UnixStream::pair().unwrap();
            ours.read_u8().await
        }),
        row("UnixDatagram::recv_from", "net/", async {
            let (ours, _theirs) = datagram_pair();
            ours.recv_from(&mut [0; 8]).await.map(drop)
        }),
        row("UnixDatagram::recv", "net/", async {
            let (ours, _theirs) = datagram_pair();
            ours.recv(&mut [0; 8]).await
        }),
        row("Receiver::readable", "net/unix/pipe/receiver.rs", async {
            let (_sender, receiver) = pipe::pipe().unwrap();
            receiver.readable().await
        }),
        row("Receiver as ", "net/streams.rs", async {
            let (_sender, mut receiver) = pipe::pipe().unwrap();
            receiver.read_u8().await
        }),
    ]
}

fn descriptors() -> Vec<Row> {
    let pair = || std::os::unix::net::UnixStream::pair().unwrap();
    let fd = |stream: std::os::unix::net::UnixStream| {
        stream.set_nonblocking(true).unwrap();
        // SAFETY: a stream keeps its one descriptor open.
        unsafe { AsyncFd::register_with_interest(stream, Interest::READABLE) }.unwrap()
    };
    vec![
        row("readable", "source/guards.rs", async move {
            let (ours, _theirs) = pair();
            fd(ours).readable().await.map(drop)
        }),
        row("poll_read_ready", "source/guards.rs", async move {
            let (ours, _theirs) = pair();
            let fd = fd(ours);
            std::future::poll_fn(|cx| fd.poll_read_ready(cx).map_ok(drop)).await
        }),
        row("async_io", "source/async_fd.rs", async move {
            let (ours, _theirs) = pair();
            let nothing = |_: &_| Err::<(), _>(std::io::ErrorKind::WouldBlock.into());
            fd(ours).async_io(Interest::READABLE, nothing).await
        }),
    ]
}

fn signals_and_children() -> Vec<Row> {
    vec![
        row("ctrl_c", "signal/ctrl_c.rs", selkie::signal::ctrl_c()),
        row("Signal::recv", "signal/unix.rs", async {
            signal(SignalKind::user_defined2()).unwrap().recv().await
        }),
        row("Child::wait", "process/child.rs", async {
            child().wait().await
        }),
        row("wait_with_output", "process/child.rs", async {
            child().wait_with_output().await
        }),
        row("ChildStdout", "process/", async {
            let mut child = child();
            child.stdout.take().unwrap().read_u8().await
        }),
    ]
}

#[test]
fn sockets_and_pipes() {
    check(sockets);
}

#[test]
fn descriptors_of_the_programs_own() {
    check(descriptors);
}

#[test]
fn signals_children_and_their_pipes() {
    check(signals_and_children);
}
