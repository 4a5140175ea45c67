//! Rows of sockets by io_uring, and of standard input; on Linux.
#![allow(unsafe_code)]

use std::os::fd::AsRawFd;

use selkie::io::AsyncReadExt;
use selkie::net::{TcpListener, TcpStream};
use selkie::uring::{Buffers, Incoming, Socket};

use super::table::{Row, check, row};

/// A listener by a ring, or `None` if this system refuses one.
async fn incoming() -> Option<(Incoming, std::net::SocketAddr)> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    match Incoming::new(listener.into_std().unwrap()) {
        Ok(incoming) => Some((incoming, address)),
        Err(error) if error.kind() == std::io::ErrorKind::Unsupported => {
            eprintln!("NOT CHECKED: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

async fn socket() -> (Socket, TcpStream) {
    let (mut incoming, address) = incoming().await.unwrap();
    let (socket, client) = selkie::join!(incoming.next(), TcpStream::connect(address));
    (socket.unwrap(), client.unwrap())
}

fn rows() -> Vec<Row> {
    vec![
        row("Incoming::next", "uring/incoming.rs", async {
            incoming().await.unwrap().0.next().await.map(drop)
        }),
        row("Received::next", "uring/received.rs", async {
            let (socket, _client) = socket().await;
            let buffers = Buffers::new(4, 4096).unwrap();
            socket.receive(&buffers).next().await.map(drop)
        }),
        row("Socket::send_all", "uring/socket.rs", async {
            let (socket, _client) = socket().await;
            // More than both ends have room for.
            socket.send_all(vec![0; 64 << 20]).await.0
        }),
    ]
}

#[test]
fn sockets_by_a_ring() {
    let runtime = selkie::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    if runtime.block_on(incoming()).is_some() {
        check(rows);
    }
}

#[test]
fn standard_input() {
    check(|| {
        let (reader, writer) = std::os::unix::net::UnixStream::pair().unwrap();
        // SAFETY: both are open descriptors.
        assert!(unsafe { libc::dup2(reader.as_raw_fd(), 0) } == 0);
        vec![row("Stdin", "stdio/", async move {
            let read = selkie::io::stdin().read_u8().await;
            drop(writer);
            read
        })]
    });
}
