//! What only Unix has.
#![allow(unsafe_code)]

use std::io::{Read, Write};
use std::os::unix::net::UnixStream as StdUnixStream;

use selkie::io::unix::AsyncFd;
use selkie::io::{AsyncReadExt, AsyncWriteExt};
use selkie::net::UnixStream;
use selkie::signal::unix::{SignalKind, signal as listen};
use selkie::task::spawn;

pub(crate) async fn socket_echo() {
    let (mut here, mut there) = UnixStream::pair().expect("a pair");
    let echo = spawn(async move {
        let mut buffer = [0; 5];
        there.read_exact(&mut buffer).await.expect("read");
        there.write_all(&buffer).await.expect("write");
    });
    here.write_all(b"hello").await.expect("write");
    let mut buffer = [0; 5];
    here.read_exact(&mut buffer).await.expect("read");
    assert_eq!(&buffer, b"hello");
    echo.await.expect("no panic");
}

pub(crate) async fn signal() {
    let mut signals = listen(SignalKind::user_defined1()).expect("listen");
    for _ in 0..3 {
        // SAFETY: the call takes no pointer; the signal has a handler.
        assert_eq!(unsafe { libc::raise(libc::SIGUSR1) }, 0);
        signals.recv().await.expect("the listener lives");
    }
}

pub(crate) async fn descriptor() {
    let (here, mut there) = StdUnixStream::pair().expect("a pair");
    here.set_nonblocking(true).expect("non-blocking");
    // SAFETY: a stream keeps its descriptor as long as it lives.
    let here = unsafe { AsyncFd::register(here) }.expect("registered");
    there.write_all(b"edge").expect("write");
    let mut buffer = [0; 4];
    loop {
        let mut ready = here.readable().await.expect("readiness");
        match ready.try_io(|inner| inner.get_ref().read(&mut buffer)) {
            Ok(read) => break assert_eq!(read.expect("read"), 4),
            Err(_would_block) => continue,
        }
    }
    assert_eq!(&buffer, b"edge");
}
