//! Changes of io, net and fs in Tokio's changelogs since 1.49 that no other test covers. The whole list, with the test
//! for each change, is `tests/conformance/changelog.md`.
#![cfg(target_os = "linux")]

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::pin::pin;
use std::time::Duration;

use selkie::fs::File;
use selkie::io::{self, AsyncReadExt, AsyncWriteExt, Interest};
use selkie::net::unix::pipe;
use selkie::net::{TcpListener, TcpSocket, TcpStream, UdpSocket, UnixSocket, UnixStream};
use selkie::runtime::Builder;
use selkie::time::timeout;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let limited = async { timeout(Duration::from_secs(30), future).await };
    runtime.block_on(limited).expect("it hangs")
}

#[test]
fn an_ipv6_socket_has_a_traffic_class() {
    block_on(async {
        let Ok(udp) = UdpSocket::bind("[::1]:0").await else {
            return eprintln!("no IPv6 here");
        };
        udp.set_tclass_v6(96).unwrap();
        assert_eq!(udp.tclass_v6().unwrap(), 96);
        let tcp = TcpSocket::new_v6().unwrap();
        tcp.set_tclass_v6(32).unwrap();
        assert_eq!(tcp.tclass_v6().unwrap(), 32);
    });
}

#[test]
fn a_backlog_beyond_the_range_of_the_system_is_the_largest_possible() {
    block_on(async {
        let tcp = TcpSocket::new_v4().unwrap();
        tcp.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = tcp.listen(u32::MAX).unwrap();
        // Taken for a negative number, or for zero, it would refuse the second.
        let addr = listener.local_addr().unwrap();
        for _ in 0..4 {
            drop(TcpStream::connect(addr).await.unwrap());
        }

        let name = format!("\0selkie-backlog-{}", std::process::id());
        let unix = UnixSocket::new_stream().unwrap();
        unix.bind(&name).unwrap();
        let _listener = unix.listen(u32::MAX).unwrap();
        for _ in 0..4 {
            drop(UnixStream::connect(&name).await.unwrap());
        }
    });
}

#[test]
fn a_stream_whose_peer_is_gone_is_shut_down_all_the_same() {
    block_on(async {
        let (mut near, far) = UnixStream::pair().unwrap();
        drop(far);
        near.shutdown().await.unwrap();
        near.shutdown().await.unwrap();

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut near = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let (far, _) = listener.accept().await.unwrap();
        far.set_zero_linger().unwrap();
        drop(far);
        near.ready(Interest::ERROR).await.unwrap();
        near.shutdown().await.unwrap();
    });
}

#[test]
fn operations_on_a_pipe_are_tried_when_it_is_ready() {
    block_on(async {
        let (sender, receiver) = pipe::pipe().unwrap();
        sender.writable().await.unwrap();
        let tried = Cell::new(0);
        let would_block = || {
            tried.set(tried.get() + 1);
            Err::<(), _>(ErrorKind::WouldBlock.into())
        };
        // What says would-block takes the readiness away.
        assert_eq!(
            sender.try_io(would_block).unwrap_err().kind(),
            ErrorKind::WouldBlock
        );
        assert_eq!(
            sender.try_io(would_block).unwrap_err().kind(),
            ErrorKind::WouldBlock
        );
        assert_eq!(tried.get(), 1);
        assert_eq!(
            receiver.try_io(|| Ok(1)).unwrap_err().kind(),
            ErrorKind::WouldBlock
        );
        write_past(&sender);
        receiver.readable().await.unwrap();
        assert_eq!(receiver.try_io(|| Ok(1)).unwrap(), 1);
    });
}

/// Writes a byte past the runtime.
fn write_past(sender: &pipe::Sender) {
    use std::io::Write;
    use std::os::fd::AsFd;

    let duplicate = sender.as_fd().try_clone_to_owned().unwrap();
    std::fs::File::from(duplicate).write_all(b"x").unwrap();
}

#[test]
fn a_file_is_made_of_a_descriptor() {
    block_on(async {
        let null = std::fs::File::open("/dev/zero").unwrap();
        let mut file = File::from(OwnedFd::from(null));
        assert_eq!(file.read_u32().await.unwrap(), 0);
    });
}

#[test]
fn copies_between_streams_that_are_always_ready_let_others_run() {
    block_on(async {
        for buffered in [false, true] {
            let mut copying = pin!(async {
                loop {
                    let (mut reader, mut writer) = (&b"hello"[..], Vec::new());
                    if buffered {
                        io::copy_buf(&mut reader, &mut writer).await.unwrap();
                    } else {
                        io::copy(&mut reader, &mut writer).await.unwrap();
                    }
                }
            });
            let mut others = pin!(selkie::task::yield_now());
            poll_fn(|cx| {
                let copying: std::task::Poll<()> = copying.as_mut().poll(cx);
                assert!(copying.is_pending());
                others.as_mut().poll(cx)
            })
            .await;
        }
    });
}

#[test]
fn a_buffer_of_parts_is_written_in_one_call_if_possible() {
    use bytes::Buf;

    block_on(async {
        let (mut sender, mut receiver) = pipe::pipe().unwrap();
        let mut buf = Buf::chain(&b"one "[..], &b"call"[..]);
        assert_eq!(sender.write_buf(&mut buf).await.unwrap(), 8);
        let mut text = [0; 8];
        receiver.read_exact(&mut text).await.unwrap();
        assert_eq!(&text, b"one call");
    });
}
