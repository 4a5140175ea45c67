//! UDP, Unix sockets and pipes: what a user would notice.
#![cfg(unix)]

mod fixture;

use std::io;

use selkie::io::{AsyncReadExt, AsyncWriteExt, ReadBuf};
use selkie::net::unix::pipe;
use selkie::net::{UdpSocket, UnixDatagram, UnixListener, UnixStream};

use fixture::ringed;

#[test]
fn udp_peeks_and_cuts() {
    for runtime in ringed() {
        runtime.block_on(async {
            let one = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let two = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let (from, to) = (one.local_addr().unwrap(), two.local_addr().unwrap());
            one.send_to(b"spindrift", to).await.unwrap();
            let mut buf = [0; 4];
            assert_eq!(two.peek_from(&mut buf).await.unwrap(), (4, from));
            assert_eq!(two.peek_sender().await.unwrap(), from);
            let mut grown = Vec::with_capacity(64);
            assert_eq!(two.recv_buf_from(&mut grown).await.unwrap(), (9, from));
            assert_eq!(grown, b"spindrift");
            assert_eq!(
                two.try_recv(&mut buf).unwrap_err().kind(),
                io::ErrorKind::WouldBlock
            );
            one.connect(to).await.unwrap();
            one.send(b"spindrift").await.unwrap();
            let mut memory = [0; 4];
            let mut read = ReadBuf::new(&mut memory);
            let sender = std::future::poll_fn(|cx| two.poll_recv_from(cx, &mut read)).await;
            assert_eq!((sender.unwrap(), read.filled()), (from, &b"spin"[..]));
        });
    }
}

#[test]
fn the_address_of_an_unbound_sender_is_unnamed() {
    for runtime in ringed() {
        runtime.block_on(async {
            let (one, two) = UnixDatagram::pair().unwrap();
            one.send(b"ahoy").await.unwrap();
            let mut buf = [0; 8];
            let (n, from) = two.recv_from(&mut buf).await.unwrap();
            assert_eq!(&buf[..n], b"ahoy");
            assert!(from.is_unnamed());
        });
    }
}

#[test]
fn unix_streams_connect_at_an_abstract_name() {
    for (index, runtime) in ringed().into_iter().enumerate() {
        runtime.block_on(async {
            let name = format!("\0selkie-test-{}-{index}", std::process::id());
            let listener = UnixListener::bind(&name).unwrap();
            let addr = listener.local_addr().unwrap();
            assert_eq!(addr.as_abstract_name(), Some(&name.as_bytes()[1..]));
            let mut client = UnixStream::connect(&name).await.unwrap();
            let (mut server, _) = listener.accept().await.unwrap();
            assert_eq!(
                server.peer_cred().unwrap().pid(),
                Some(std::process::id() as i32)
            );
            client.write_all(b"ahoy").await.unwrap();
            client.shutdown().await.unwrap();
            let mut text = String::new();
            server.read_to_string(&mut text).await.unwrap();
            assert_eq!(text, "ahoy");
        });
    }
}

#[test]
fn a_full_pipe_waits_for_its_reader() {
    for runtime in ringed() {
        runtime.block_on(async {
            let (mut sender, mut receiver) = pipe::pipe().unwrap();
            let sending = selkie::spawn(async move {
                sender.write_all(&vec![1; 1 << 20]).await.unwrap();
            });
            let mut received = Vec::new();
            receiver.read_to_end(&mut received).await.unwrap();
            sending.await.unwrap();
            assert_eq!(received, vec![1; 1 << 20]);
        });
    }
}

#[test]
fn a_file_that_is_not_a_pipe_is_refused() {
    let [runtime, _] = ringed();
    let _context = runtime.enter();
    let file = std::fs::File::open("/proc/self/exe").unwrap();
    let error = pipe::Receiver::from_file(file).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    let (sender, receiver) = pipe::pipe().unwrap();
    let fd = receiver.into_nonblocking_fd().unwrap();
    assert!(pipe::Sender::from_owned_fd(fd).is_err());
    drop(sender);
}
