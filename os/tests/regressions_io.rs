//! Bugs that other runtimes have had in I/O; the numbers are those of the project's list of known bugs.
#![cfg(unix)]
#![allow(unsafe_code)]

mod fixture;

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::io::{self, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};

use selkie::io::unix::AsyncFd;
use selkie::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, Interest, ReadBuf};
use selkie::net::{TcpListener, TcpStream};
use selkie::runtime::Builder;

use fixture::ringed;

/// A reader that puts a buffer of its own in the place of the one it was given.
struct SwappingReader;

impl AsyncRead for SwappingReader {
    fn poll_read(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut other = ReadBuf::new(Box::leak(vec![7; 64].into_boxed_slice()));
        other.set_filled(16);
        *buf = other;
        Poll::Ready(Ok(()))
    }
}

fn panics(future: impl Future) -> bool {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(std::task::Waker::noop());
    let poll = std::panic::AssertUnwindSafe(|| future.as_mut().poll(&mut cx).is_ready());
    std::panic::catch_unwind(poll).is_err()
}

#[test]
fn regression_04_a_swapped_buffer_exposes_no_uninitialised_memory() {
    assert!(panics(SwappingReader.take(8).read_to_end(&mut Vec::new())));
    assert!(panics(SwappingReader.read_to_end(&mut Vec::new())));
    assert!(panics(SwappingReader.read_buf(&mut Vec::<u8>::new())));
    let mut memory = [0; 32];
    assert!(panics(async {
        SwappingReader.take(8).read(&mut memory).await
    }));
}

#[test]
fn regression_08_a_reader_is_not_woken_by_room_to_write() {
    for runtime in ringed() {
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let client = TcpStream::connect(listener.local_addr().unwrap())
                .await
                .unwrap();
            let (mut server, _) = listener.accept().await.unwrap();
            let (mut read, mut write) = client.into_split();
            let polls = Rc::new(Cell::new(0));
            let counted = Rc::clone(&polls);
            let mut byte = [0; 1];
            let mut reading = pin!(read.read(&mut byte));
            let mut reading = pin!(poll_fn(move |cx| {
                counted.set(counted.get() + 1);
                reading.as_mut().poll(cx)
            }));
            let mut exchange = pin!(async {
                let sent = vec![0; 1 << 20];
                let sending = selkie::spawn(async move {
                    for _ in 0..8 {
                        write.write_all(&sent).await.unwrap();
                    }
                    write
                });
                let mut received = vec![0; 8 << 20];
                server.read_exact(&mut received).await.unwrap();
                let write = sending.await.unwrap();
                server.write_all(b"!").await.unwrap();
                write
            });
            let mut sent = None;
            poll_fn(|cx| {
                if sent.is_none() {
                    if let Poll::Ready(write) = exchange.as_mut().poll(cx) {
                        sent = Some(write);
                    }
                }
                reading
                    .as_mut()
                    .poll(cx)
                    .map(|read| assert_eq!(read.unwrap(), 1))
            })
            .await;
            assert!(polls.get() < 20_000, "{} polls", polls.get());
        });
    }
}

#[test]
fn regression_09_the_end_is_seen_after_a_short_read() {
    for runtime in ringed() {
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let mut client = TcpStream::connect(listener.local_addr().unwrap())
                .await
                .unwrap();
            let (mut server, _) = listener.accept().await.unwrap();
            client.write_all(b"abc").await.unwrap();
            client.shutdown().await.unwrap();
            let mut buf = [0; 64];
            let mut text = Vec::new();
            loop {
                match server.read(&mut buf).await.unwrap() {
                    0 => break,
                    n => text.extend_from_slice(&buf[..n]),
                }
            }
            assert_eq!(text, b"abc");
        });
    }
}

#[test]
fn regression_10_accepts_that_fail_at_once_cost_budget() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (near, mut far) = UnixStream::pair().unwrap();
        near.set_nonblocking(true).unwrap();
        far.write_all(b"!").unwrap();
        // SAFETY: the stream keeps its descriptor open.
        let fd = unsafe { AsyncFd::register(near) }.unwrap();
        fd.readable().await.unwrap().retain_ready();
        let failures = Rc::new(Cell::new(0));
        let counted = Rc::clone(&failures);
        let mut failing = pin!(async {
            loop {
                let failed: io::Result<()> = fd
                    .async_io(Interest::READABLE, |_| {
                        Err(io::Error::from_raw_os_error(24))
                    })
                    .await;
                assert!(failed.is_err());
                counted.set(counted.get() + 1);
            }
        });
        // It never blocks, and yet each poll ends.
        for _ in 0..10 {
            poll_fn(|cx| {
                assert!(failing.as_mut().poll(cx).is_pending());
                Poll::Ready(())
            })
            .await;
            selkie::task::yield_now().await;
        }
        assert!(failures.get() >= 128);
    });
}

/// A descriptor that says when it is closed.
struct ClosedFlag(UnixStream, Rc<Cell<bool>>);

impl AsRawFd for ClosedFlag {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl Drop for ClosedFlag {
    fn drop(&mut self) {
        self.1.set(true);
    }
}

#[test]
fn regression_23_no_registration_outlives_its_descriptor() {
    for runtime in ringed() {
        let _context = runtime.enter();
        let (near, _far) = UnixStream::pair().unwrap();
        let closed = Rc::new(Cell::new(false));
        // SAFETY: the stream keeps its descriptor open.
        let fd = unsafe { AsyncFd::register(ClosedFlag(near, Rc::clone(&closed))) }.unwrap();
        let told = fd.into_inner();
        assert!(!closed.get());
        // The descriptor can be registered again: the poller has forgotten it.
        // SAFETY: as above.
        let fd = unsafe { AsyncFd::register(told) }.unwrap();
        drop(fd);
        assert!(closed.get());

        let file = std::fs::File::open("/proc/self/exe").unwrap();
        // SAFETY: the file keeps its descriptor open.
        let refused = unsafe { AsyncFd::register(file) }.unwrap_err();
        let (file, error) = refused.into_parts();
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
        assert!(file.metadata().is_ok());
    }
}
