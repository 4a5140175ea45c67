//! Bugs that other runtimes have had in readiness; the numbers are those of the project's list of known bugs.
//!
//! Length      one list: a test for each of its rows.
#![cfg(target_os = "linux")]

mod fixture;

use std::future::{Future, poll_fn};
use std::io::{self, ErrorKind, IoSlice};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use selkie::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt, Interest, ReadBuf, Ready};
use selkie::net::unix::pipe;
use selkie::net::{
    TcpListener, TcpSocket, TcpStream, UdpSocket, UnixDatagram, UnixListener, UnixStream,
};
use selkie::process::Command;
use selkie::time::timeout;

use fixture::{is_watched, ringed};

const LONG: Duration = Duration::from_secs(30);
const ANY: &str = "127.0.0.1:0";

/// Runs `test` on runtimes of both kinds, each with a limit.
fn on_each<F: Future<Output = ()>>(test: impl Fn() -> F) {
    for runtime in ringed() {
        runtime.block_on(async { timeout(LONG, test()).await.expect("it hangs") });
    }
}

/// Polls once, with a waker that tells nobody.
fn at_once<T>(future: impl Future<Output = T>) -> Poll<T> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// What the poll `f` says once.
fn polled<T>(f: impl FnOnce(&mut Context<'_>) -> Poll<T>) -> Poll<T> {
    f(&mut Context::from_waker(Waker::noop()))
}

async fn tcp() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind(ANY).await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap());
    let client = client.await.unwrap();
    (client, listener.accept().await.unwrap().0)
}

/// Writes more slices than a call takes, and counts how many calls that were.
async fn write_slices(mut writer: impl AsyncWrite + Unpin) -> usize {
    let all = [IoSlice::new(b"x"); SLICES];
    let (mut slices, mut calls) = (&all[..], 0);
    while !slices.is_empty() {
        let n = writer.write_vectored(slices).await.unwrap();
        slices = &slices[n..];
        calls += 1;
    }
    writer.shutdown().await.unwrap();
    calls
}

const SLICES: usize = 3_000;

#[test]
fn regression_53_more_slices_than_one_call_takes_are_all_written() {
    on_each(async || {
        let mut text = Vec::new();
        let (near, mut far) = tcp().await;
        let (calls, read) = selkie::join!(write_slices(near), far.read_to_end(&mut text));
        assert_eq!(read.unwrap(), SLICES);
        assert!(calls >= 3, "{calls} calls");

        let (near, mut far) = UnixStream::pair().unwrap();
        let (_, read) = selkie::join!(write_slices(near), far.read_to_end(&mut text));
        assert_eq!(read.unwrap(), SLICES);

        let (near, mut far) = pipe::pipe().unwrap();
        let (_, read) = selkie::join!(write_slices(near), far.read_to_end(&mut text));
        assert_eq!(read.unwrap(), SLICES);

        let piped = std::process::Stdio::piped;
        let mut cat = Command::new("cat");
        let mut cat = cat.stdin(piped()).stdout(piped()).spawn().unwrap();
        let (stdin, mut stdout) = (cat.stdin.take().unwrap(), cat.stdout.take().unwrap());
        let (_, read) = selkie::join!(write_slices(stdin), stdout.read_to_end(&mut text));
        assert_eq!(read.unwrap(), SLICES);
        assert!(cat.wait().await.unwrap().success());
    });
}

/// A socket that is connected to one that is gone.
async fn peerless() -> UdpSocket {
    let (socket, peer) = (
        UdpSocket::bind(ANY).await.unwrap(),
        UdpSocket::bind(ANY).await.unwrap(),
    );
    socket.connect(peer.local_addr().unwrap()).await.unwrap();
    socket
}

/// The same, which has heard that nobody is there.
async fn refused() -> UdpSocket {
    let socket = peerless().await;
    socket.send(b"anybody?").await.unwrap();
    socket
}

fn is_refused<T: std::fmt::Debug>(outcome: io::Result<T>) {
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    assert_eq!(error.raw_os_error(), Some(libc::ECONNREFUSED));
}

#[test]
fn regression_54_a_receiver_learns_that_its_peer_is_gone() {
    on_each(async || {
        let mut bytes = [0; 8];
        is_refused(refused().await.recv(&mut bytes).await);
        is_refused(refused().await.recv_from(&mut bytes).await);
        is_refused(refused().await.peek(&mut bytes).await);
        is_refused(refused().await.peek_from(&mut bytes).await);
        is_refused(refused().await.peek_sender().await);
        is_refused(refused().await.recv_buf(&mut Vec::with_capacity(8)).await);
        is_refused(
            refused()
                .await
                .recv_buf_from(&mut Vec::with_capacity(8))
                .await,
        );

        let socket = refused().await;
        let mut room = ReadBuf::new(&mut bytes);
        is_refused(poll_fn(|cx| socket.poll_recv(cx, &mut room)).await);
        let socket = refused().await;
        is_refused(poll_fn(|cx| socket.poll_recv_from(cx, &mut room)).await);
        let socket = refused().await;
        is_refused(poll_fn(|cx| socket.poll_peek_from(cx, &mut room)).await);
        let socket = refused().await;
        is_refused(poll_fn(|cx| socket.poll_peek_sender(cx)).await);
    });
}

#[test]
fn regression_54_a_task_that_waits_for_readiness_learns_of_an_error() {
    on_each(async || {
        let mut bytes = [0; 8];
        let socket = refused().await;
        socket.readable().await.unwrap();
        is_refused(socket.try_recv(&mut bytes));
        let socket = refused().await;
        poll_fn(|cx| socket.poll_recv_ready(cx)).await.unwrap();
        is_refused(socket.try_recv_from(&mut bytes));
        let socket = refused().await;
        let ready = socket.ready(Interest::READABLE).await.unwrap();
        assert!(ready.is_readable());
        let ready = socket.ready(Interest::ERROR).await.unwrap();
        assert_eq!(ready, Ready::ERROR);
        let error = socket
            .async_io(Interest::ERROR, || socket.take_error())
            .await;
        assert_eq!(error.unwrap().unwrap().kind(), ErrorKind::ConnectionRefused);
        let socket = refused().await;
        let recv = || socket.try_recv(&mut bytes);
        is_refused(socket.async_io(Interest::READABLE, recv).await);

        // One that waited before, also.
        let socket = Arc::new(peerless().await);
        let waiting = selkie::spawn({
            let socket = Arc::clone(&socket);
            async move { socket.recv(&mut [0; 8]).await }
        });
        selkie::task::yield_now().await;
        socket.send(b"anybody?").await.unwrap();
        is_refused(waiting.await.unwrap());
    });
}

#[test]
fn an_error_of_datagrams_closes_nothing() {
    on_each(async || {
        let socket = refused().await;
        let mut bytes = [0; 8];
        is_refused(socket.recv(&mut bytes).await);
        let both = Interest::READABLE | Interest::WRITABLE;
        let ready = socket.ready(both).await.unwrap();
        assert!(
            !ready.is_write_closed() && !ready.is_read_closed(),
            "{ready:?}"
        );
        // Who waits for the next sleeps until it comes.
        let mut polls = 0;
        let mut receiving = pin!(socket.recv(&mut bytes));
        let mut peer = pin!(async {
            selkie::time::sleep(Duration::from_millis(50)).await;
            let peer = UdpSocket::bind(socket.peer_addr().unwrap()).await.unwrap();
            let to = socket.local_addr().unwrap();
            peer.send_to(b"here", to).await.unwrap()
        });
        let mut sent = false;
        let received = poll_fn(|cx| {
            polls += 1;
            sent = sent || peer.as_mut().poll(cx).is_ready();
            receiving.as_mut().poll(cx)
        });
        assert_eq!(received.await.unwrap(), 4);
        assert!(polls < 50, "{polls} polls");
    });
}

#[test]
fn regression_54_a_datagram_socket_learns_that_its_peer_connected_to_another() {
    on_each(async || {
        // Each is connected to the other; when one with datagrams in its queue is dropped, the other is notified.
        let name = |which: &str| {
            let name = format!(
                "selkie-{which}-{}-{:?}",
                std::process::id(),
                std::thread::current().id()
            );
            std::env::temp_dir().join(name)
        };
        let paths = [name("a"), name("b"), name("c")];
        let [a, b, _c] = paths
            .each_ref()
            .map(|path| UnixDatagram::bind(path).unwrap());
        a.connect(&paths[1]).unwrap();
        b.connect(&paths[0]).unwrap();
        b.send(b"lost").await.unwrap();
        let mut bytes = [0; 8];
        let mut receiving = pin!(b.recv(&mut bytes));
        assert!(at_once(receiving.as_mut()).is_pending());
        a.connect(&paths[2]).unwrap();
        assert_eq!(
            receiving.await.unwrap_err().kind(),
            ErrorKind::ConnectionReset
        );
        for path in paths {
            std::fs::remove_file(path).unwrap();
        }
    });
}

#[test]
fn regression_55_a_new_pair_is_writable_and_not_readable() {
    on_each(async || {
        let (near, far) = UnixStream::pair().unwrap();
        assert!(at_once(near.writable()).is_ready());
        assert!(polled(|cx| far.poll_write_ready(cx)).is_ready());
        assert!(at_once(near.readable()).is_pending());
        assert!(polled(|cx| far.poll_read_ready(cx)).is_pending());
        assert_eq!(
            near.try_read(&mut [0; 1]).unwrap_err().kind(),
            ErrorKind::WouldBlock
        );
        far.try_write(b"x").unwrap();
        near.readable().await.unwrap();
        assert_eq!(near.try_read(&mut [0; 8]).unwrap(), 1);

        let (near, far) = UnixDatagram::pair().unwrap();
        assert!(at_once(near.writable()).is_ready());
        assert!(polled(|cx| far.poll_send_ready(cx)).is_ready());
        assert!(at_once(near.readable()).is_pending());
        assert!(polled(|cx| far.poll_recv_ready(cx)).is_pending());
        far.try_send(b"x").unwrap();
        near.readable().await.unwrap();
        assert_eq!(near.try_recv(&mut [0; 8]).unwrap(), 1);
    });
}

#[test]
fn regression_55_bytes_that_are_there_are_read_at_the_first_poll() {
    on_each(async || {
        let both = Interest::READABLE | Interest::WRITABLE;
        // In each of the ways to ask.
        for way in 0..4 {
            let (near, far) = UnixStream::pair().unwrap();
            far.try_write(b"x").unwrap();
            let is_seen = match way {
                0 => at_once(near.readable()).is_ready(),
                1 => polled(|cx| near.poll_read_ready(cx)).is_ready(),
                2 => {
                    matches!(at_once(near.ready(both)), Poll::Ready(Ok(ready)) if ready.is_readable() && ready.is_writable())
                }
                _ => near.try_read(&mut [0; 8]).is_ok(),
            };
            assert!(is_seen, "way {way}");
        }
        // Also that the peer is gone.
        let (near, far) = UnixStream::pair().unwrap();
        drop(far);
        let Poll::Ready(Ok(ready)) = at_once(near.ready(both)) else {
            panic!("the end is not seen")
        };
        assert!(
            ready.is_read_closed() && ready.is_write_closed(),
            "{ready:?}"
        );

        let (near, far) = UnixDatagram::pair().unwrap();
        far.try_send(b"x").unwrap();
        assert!(at_once(near.readable()).is_ready());
    });
}

/// An accepted stream, whose client is std's and has sent `data`.
async fn accepted(data: &[u8]) -> (TcpStream, std::net::TcpStream) {
    let listener = TcpListener::bind(ANY).await.unwrap();
    let mut client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    io::Write::write_all(&mut client, data).unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    (stream, client)
}

#[test]
fn regression_55_an_accepted_stream_is_tried_first() {
    on_each(async || {
        let (mut stream, mut client) = accepted(b"").await;
        assert!(at_once(stream.writable()).is_ready());
        assert!(at_once(stream.readable()).is_ready(), "nobody knows yet");
        assert_eq!(
            stream.try_read(&mut [0; 1]).unwrap_err().kind(),
            ErrorKind::WouldBlock
        );
        assert!(at_once(stream.readable()).is_pending());
        assert_eq!(stream.try_write(b"early").unwrap(), 5);
        io::Write::write_all(&mut client, b"later").unwrap();
        stream.readable().await.unwrap();
        let mut text = [0; 5];
        stream.read_exact(&mut text).await.unwrap();
        assert_eq!(&text, b"later");

        // By polls of readiness alone, as servers do it that read by themselves.
        let (mut stream, mut client) = accepted(b"").await;
        poll_fn(|cx| stream.poll_read_ready(cx)).await.unwrap();
        let mut byte = [0; 1];
        let mut room = ReadBuf::new(&mut byte);
        let read =
            polled(|cx| selkie::io::AsyncRead::poll_read(Pin::new(&mut stream), cx, &mut room));
        assert!(read.is_pending());
        assert!(polled(|cx| stream.poll_read_ready(cx)).is_pending());
        io::Write::write_all(&mut client, b"x").unwrap();
        poll_fn(|cx| stream.poll_read_ready(cx)).await.unwrap();

        // That the client has ended is seen at the first look.
        let (stream, client) = accepted(b"").await;
        client.shutdown(std::net::Shutdown::Write).unwrap();
        stream.peek(&mut [0; 1]).await.unwrap();
        let ready = stream.ready(Interest::READABLE).await.unwrap();
        assert!(ready.is_read_closed(), "{ready:?}");
    });
}

#[test]
fn regression_55_unix_streams_are_accepted_and_connect_as_tcps() {
    on_each(async || {
        let name = format!(
            "\0selkie-ready-{}-{:?}",
            std::process::id(),
            std::thread::current().id()
        );
        let listener = UnixListener::bind(&name).unwrap();
        let client = UnixStream::connect(&name).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        assert!(at_once(client.writable()).is_ready());
        assert!(at_once(client.readable()).is_pending());
        assert!(at_once(stream.writable()).is_ready());
        assert!(at_once(stream.readable()).is_ready());
        assert_eq!(
            stream.try_read(&mut [0; 1]).unwrap_err().kind(),
            ErrorKind::WouldBlock
        );
        assert!(at_once(stream.readable()).is_pending());
    });
}

#[test]
fn a_stream_that_was_just_connected_is_writable() {
    on_each(async || {
        let listener = TcpListener::bind(ANY).await.unwrap();
        let addr: SocketAddr = listener.local_addr().unwrap();
        let by_socket = TcpSocket::new_v4().unwrap().connect(addr).await.unwrap();
        for stream in [by_socket, TcpStream::connect(addr).await.unwrap()] {
            assert!(at_once(stream.writable()).is_ready());
            assert!(polled(|cx| stream.poll_write_ready(cx)).is_ready());
            assert!(at_once(stream.readable()).is_pending());
            let (server, _) = listener.accept().await.unwrap();
            // Half closed: the end of the stream is reported, and there is still room to write.
            server.into_split().1.shutdown().await.unwrap();
            let ready = stream.ready(Interest::READABLE).await.unwrap();
            assert!(ready.is_read_closed(), "{ready:?}");
            assert_eq!(stream.try_read(&mut [0; 1]).unwrap(), 0);
            assert!(at_once(stream.writable()).is_ready());
        }
    });
}

#[test]
fn a_reset_connection_is_reported_to_each_caller() {
    on_each(async || {
        for interest in [Interest::READABLE, Interest::WRITABLE, Interest::ERROR] {
            let (near, far) = tcp().await;
            far.set_zero_linger().unwrap();
            drop(far);
            // The reset itself, not the room of a stream that was just connected.
            near.ready(Interest::ERROR).await.unwrap();
            let ready = near.ready(interest).await.unwrap();
            match interest {
                Interest::READABLE => assert!(ready.is_read_closed(), "{ready:?}"),
                Interest::WRITABLE => assert!(ready.is_write_closed(), "{ready:?}"),
                _ => assert!(ready.is_error(), "{ready:?}"),
            }
            let error = near.try_read(&mut [0; 1]).unwrap_err();
            assert_eq!(error.raw_os_error(), Some(libc::ECONNRESET));
        }
    });
}

#[test]
fn operations_on_urgent_data_and_errors_are_not_tried_in_vain() {
    on_each(async || {
        for interest in [Interest::PRIORITY, Interest::ERROR] {
            let ((client, server), (near, _far)) = (tcp().await, UnixStream::pair().unwrap());
            for stream in [&client, &server] {
                let outcome = stream.try_io(interest, || -> io::Result<()> { panic!("tried") });
                assert_eq!(outcome.unwrap_err().kind(), ErrorKind::WouldBlock);
                let operation = stream.async_io(interest, || -> io::Result<()> { panic!("tried") });
                assert!(at_once(operation).is_pending());
            }
            let outcome = near.try_io(interest, || -> io::Result<()> { panic!("tried") });
            assert_eq!(outcome.unwrap_err().kind(), ErrorKind::WouldBlock);
        }
    });
}

#[test]
fn regression_91_a_read_continues_after_the_mark_of_urgent_data() {
    on_each(async || {
        let (mut near, mut far) = tcp().await;
        far.write_all(b"before").await.unwrap();
        socket2::SockRef::from(&far).send_out_of_band(b"!").unwrap();
        far.write_all(b" after").await.unwrap();
        // All of it is here before the first read, which ends at the mark.
        near.ready(Interest::PRIORITY).await.unwrap();
        far.shutdown().await.unwrap();
        let ready = loop {
            let ready = near
                .ready(Interest::READABLE | Interest::PRIORITY)
                .await
                .unwrap();
            if ready.is_read_closed() {
                break ready;
            }
            selkie::task::yield_now().await;
        };
        assert!(ready.is_priority(), "{ready:?}");
        let mut text = Vec::new();
        near.read_to_end(&mut text).await.unwrap();
        assert_eq!(text, b"before after");
    });
}

#[test]
fn regression_91_an_open_connection_continues_after_the_mark() {
    on_each(async || {
        // The end of the stream would be reported, and would hide that a read ended early.
        let (mut near, mut far) = tcp().await;
        for _ in 0..3 {
            far.write_all(b"before").await.unwrap();
            socket2::SockRef::from(&far).send_out_of_band(b"!").unwrap();
            far.write_all(b" after").await.unwrap();
            let mut text = [0; 64];
            let mut read = 0;
            while read < 12 {
                read += near.read(&mut text[read..]).await.unwrap();
            }
            assert_eq!(&text[..read], b"before after");
        }
    });
}

#[test]
fn a_socket_from_std_is_registered_at_once_and_deregistered_though_a_duplicate_is_open() {
    on_each(async || {
        let (near, _far) = std::os::unix::net::UnixStream::pair().unwrap();
        near.set_nonblocking(true).unwrap();
        let duplicate = near.try_clone().unwrap();
        let stream = UnixStream::from_std(near).unwrap();
        assert!(
            is_watched(&duplicate),
            "it may be in blocking mode, after all"
        );
        drop(stream);
        assert!(!is_watched(&duplicate));
    });
}
