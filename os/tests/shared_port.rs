//! Several sockets bound to one address (`bind_many`).
#![cfg(target_os = "linux")]

mod fixture;

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use selkie::net::{TcpListener, TcpSocket, TcpStream, UdpSocket};

use fixture::ringed;

/// More than enough for each of a few sockets to get something, wherever the ports fall.
const TRIES: usize = 2_000;

#[test]
fn every_listener_gets_connections() {
    for runtime in ringed() {
        runtime.block_on(async {
            let listeners = TcpListener::bind_many("127.0.0.1:0", 4).await.unwrap();
            let address = listeners[0].local_addr().unwrap();
            assert_ne!(address.port(), 0);
            let counts: Arc<[AtomicUsize; 4]> = Arc::default();
            for (i, listener) in listeners.into_iter().enumerate() {
                assert_eq!(listener.local_addr().unwrap(), address);
                let counts = Arc::clone(&counts);
                selkie::spawn(async move {
                    loop {
                        let (mut stream, _) = listener.accept().await.unwrap();
                        counts[i].fetch_add(1, Ordering::Relaxed);
                        selkie::io::AsyncWriteExt::write_all(&mut stream, b"!")
                            .await
                            .unwrap();
                    }
                });
            }
            let mut connected = 0;
            while counts.iter().any(|n| n.load(Ordering::Relaxed) == 0) {
                assert!(connected < TRIES, "{counts:?}");
                let mut stream = TcpStream::connect(address).await.unwrap();
                let answer = selkie::io::AsyncReadExt::read_u8(&mut stream).await;
                assert_eq!(answer.unwrap(), b'!');
                connected += 1;
            }
            let accepted: usize = counts.iter().map(|n| n.load(Ordering::Relaxed)).sum();
            assert_eq!(accepted, connected);
        });
    }
}

#[test]
fn every_socket_gets_datagrams_and_one_sender_stays_with_one() {
    for runtime in ringed() {
        runtime.block_on(async {
            let sockets = UdpSocket::bind_many("127.0.0.1:0", 3).await.unwrap();
            let address = sockets[0].local_addr().unwrap();
            let mut got = [0; 3];
            let mut tries = 0;
            while got.contains(&0) {
                assert!(tries < TRIES, "{got:?}");
                tries += 1;
                let client = UdpSocket::bind("127.0.0.1:0").await.unwrap();
                client.send_to(b"one", address).await.unwrap();
                client.send_to(b"two", address).await.unwrap();
                let [a, b, c] = &sockets[..] else {
                    panic!("{} sockets", sockets.len());
                };
                let (mut one, mut two, mut three) = ([0; 8], [0; 8], [0; 8]);
                let (at, received) = selkie::select! {
                    received = a.recv_from(&mut one) => (0, received),
                    received = b.recv_from(&mut two) => (1, received),
                    received = c.recv_from(&mut three) => (2, received),
                };
                assert_eq!(received.unwrap(), (3, client.local_addr().unwrap()));
                let mut buf = [0; 8];
                let (n, from) = sockets[at].recv_from(&mut buf).await.unwrap();
                assert_eq!(
                    (&buf[..n], from),
                    (&b"two"[..], client.local_addr().unwrap())
                );
                got[at] += 1;
            }
        });
    }
}

#[test]
fn at_least_one_socket_is_bound_and_either_all_or_none() {
    for runtime in ringed() {
        runtime.block_on(async {
            let error = TcpListener::bind_many("127.0.0.1:0", 0).await.unwrap_err();
            assert_eq!(
                error.to_string(),
                "too few sockets: 0 asked, 1 is the least"
            );
            let error = UdpSocket::bind_many("127.0.0.1:0", 0).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            let one = TcpListener::bind_many("127.0.0.1:0", 1).await.unwrap();
            assert_eq!(one.len(), 1);

            // A listener that shares with nobody keeps the address to itself.
            let lone = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let taken = lone.local_addr().unwrap();
            let error = TcpListener::bind_many(taken, 2).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AddrInUse);
            // The next address is tried, and none is left behind at the first.
            let free = "127.0.0.2:0".parse().unwrap();
            let two = TcpListener::bind_many(&[taken, free][..], 2).await.unwrap();
            assert_eq!(two[1].local_addr().unwrap().ip(), free.ip());
            assert_eq!(two.len(), 2);

            // Whoever sets the option by hand may join.
            let socket = TcpSocket::new_v4().unwrap();
            socket.set_reuseport(true).unwrap();
            socket.bind(one[0].local_addr().unwrap()).unwrap();
            socket.listen(8).unwrap();
        });
    }
}
