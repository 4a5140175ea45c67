//! Rows of sockets on every system.

use std::net::SocketAddr;

use selkie::io::{AsyncReadExt, AsyncWriteExt, Interest};
use selkie::net::{TcpListener, TcpStream, UdpSocket};

use super::table::{Row, check, row};

const ANY: &str = "127.0.0.1:0";

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind(ANY).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (ours, theirs) = selkie::join!(TcpStream::connect(address), listener.accept());
    (ours.unwrap(), theirs.unwrap().0)
}

/// A stream whose peer takes no more, and the peer.
async fn full() -> (TcpStream, TcpStream) {
    let (ours, theirs) = pair().await;
    loop {
        ours.writable().await.unwrap();
        if ours.try_write(&[0; 65_536]).is_err() {
            return (ours, theirs);
        }
    }
}

async fn udp() -> UdpSocket {
    UdpSocket::bind(ANY).await.unwrap()
}

fn tcp() -> Vec<Row> {
    vec![
        row("TcpListener::accept", "net/", async {
            TcpListener::bind(ANY).await.unwrap().accept().await
        }),
        row("TcpListener::poll_accept", "net/", async {
            let listener = TcpListener::bind(ANY).await.unwrap();
            std::future::poll_fn(|cx| listener.poll_accept(cx)).await
        }),
        row("TcpStream::readable", "net/", async {
            pair().await.0.readable().await
        }),
        row("TcpStream::writable", "net/", async {
            let (ours, _theirs) = full().await;
            ours.writable().await
        }),
        row("TcpStream::ready", "net/", async {
            let (ours, _theirs) = pair().await;
            ours.ready(Interest::READABLE).await
        }),
        row("TcpStream::peek", "net/", async {
            let (ours, _theirs) = pair().await;
            ours.peek(&mut [0; 8]).await
        }),
        row("TcpStream as ", "net/", async {
            let (mut ours, _theirs) = pair().await;
            ours.read_u8().await
        }),
        row("TcpStream as ", "net/", async {
            let (mut ours, _theirs) = full().await;
            ours.write_u8(1).await
        }),
        row("OwnedReadHalf", "net/", async {
            let (ours, _theirs) = pair().await;
            let (mut reader, _writer) = ours.into_split();
            reader.read_u8().await
        }),
        row("TcpStream::async_io", "net/", async {
            let (ours, _theirs) = pair().await;
            let nothing = || ours.try_read(&mut [0; 8]);
            ours.async_io(Interest::READABLE, nothing).await
        }),
    ]
}

fn datagrams() -> Vec<Row> {
    vec![
        row("UdpSocket::recv_from", "net/", async {
            udp().await.recv_from(&mut [0; 8]).await
        }),
        row("UdpSocket::recv", "net/", async {
            udp().await.recv(&mut [0; 8]).await
        }),
        row("UdpSocket::peek_from", "net/", async {
            udp().await.peek_from(&mut [0; 8]).await
        }),
        row("UdpSocket::peek_sender", "net/", async {
            udp().await.peek_sender().await
        }),
        row("UdpSocket::readable", "net/", async {
            udp().await.readable().await
        }),
        row("UdpSocket::poll_recv", "net/", async {
            let socket = udp().await;
            let mut bytes = [0; 8];
            let mut buffer = selkie::io::ReadBuf::new(&mut bytes);
            std::future::poll_fn(|cx| socket.poll_recv(cx, &mut buffer)).await
        }),
    ]
}

/// A listener whose queue is full, and what fills it.
#[cfg(target_os = "linux")]
fn busy_listener() -> (std::net::TcpListener, SocketAddr, Vec<std::net::TcpStream>) {
    let address: SocketAddr = ANY.parse().unwrap();
    let socket = selkie::net::TcpSocket::new_v4().unwrap();
    socket.bind(address).unwrap();
    let listener = socket.listen(0).unwrap().into_std().unwrap();
    let address = listener.local_addr().unwrap();
    let limit = std::time::Duration::from_millis(100);
    let connect = || std::net::TcpStream::connect_timeout(&address, limit).ok();
    let filled = std::iter::from_fn(connect).collect();
    (listener, address, filled)
}

#[test]
fn streams() {
    check(tcp);
}

#[test]
fn sockets_of_datagrams() {
    check(datagrams);
}

#[cfg(target_os = "linux")]
#[test]
fn a_connection_that_is_being_made() {
    check(|| {
        let (listener, address, filled) = busy_listener();
        vec![row("TcpStream::connect", "net/tcp/stream.rs", async move {
            let connected = TcpStream::connect(address).await;
            drop((listener, filled));
            connected
        })]
    });
}
