//! TCP and UDP over loopback.

use std::net::{Ipv4Addr, SocketAddr};

use selkie::io::{AsyncReadExt, AsyncWriteExt};
use selkie::net::{TcpListener, TcpStream, UdpSocket};
use selkie::task::{JoinSet, spawn};

const ANY_PORT: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

/// A server that echoes `connections` connections.
async fn echo_server(connections: usize) -> SocketAddr {
    let listener = TcpListener::bind(ANY_PORT).await.expect("bind");
    let address = listener.local_addr().expect("an address");
    spawn(async move {
        for _ in 0..connections {
            let (mut stream, _) = listener.accept().await.expect("accept");
            spawn(async move {
                let (mut reader, mut writer) = stream.split();
                selkie::io::copy(&mut reader, &mut writer)
                    .await
                    .expect("echo");
            });
        }
    });
    address
}

async fn send_and_check(address: SocketAddr, bytes: usize) {
    let mut stream = TcpStream::connect(address).await.expect("connect");
    let sent: Vec<u8> = (0..bytes).map(|index| index as u8).collect();
    let (mut reader, mut writer) = stream.split();
    let send = async {
        writer.write_all(&sent).await.expect("write");
        writer.shutdown().await.expect("shutdown");
    };
    let mut received = Vec::new();
    let receive = async {
        reader.read_to_end(&mut received).await.expect("read");
    };
    selkie::join!(send, receive);
    assert!(received == sent, "the echo differs");
}

pub(crate) async fn tcp_echo() {
    let address = echo_server(1).await;
    send_and_check(address, 300_000).await;
}

pub(crate) async fn many_connections() {
    let address = echo_server(40).await;
    let mut set = JoinSet::new();
    for number in 0..40 {
        set.spawn(send_and_check(address, 100 * number));
    }
    while let Some(ended) = set.join_next().await {
        ended.expect("no panic");
    }
}

pub(crate) async fn udp_echo() {
    let server = UdpSocket::bind(ANY_PORT).await.expect("bind");
    let client = UdpSocket::bind(ANY_PORT).await.expect("bind");
    let address = server.local_addr().expect("an address");
    let echo = spawn(async move {
        let mut buffer = [0; 64];
        let (bytes, from) = server.recv_from(&mut buffer).await.expect("receive");
        server.send_to(&buffer[..bytes], from).await.expect("send");
    });
    client.connect(address).await.expect("connect");
    client.send(b"ahoy").await.expect("send");
    let mut buffer = [0; 64];
    let bytes = client.recv(&mut buffer).await.expect("receive");
    assert_eq!(&buffer[..bytes], b"ahoy");
    echo.await.expect("no panic");
}
