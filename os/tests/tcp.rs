//! TCP over loopback: what a user of the sockets would notice.

mod fixture;

use std::io;

use selkie::io::{AsyncReadExt, AsyncWriteExt, Interest};
use selkie::net::{TcpListener, TcpSocket, TcpStream, lookup_host};
use selkie::runtime::Builder;

use fixture::ringed;

async fn pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let client = TcpStream::connect(listener.local_addr()?).await?;
    let (server, _) = listener.accept().await?;
    Ok((client, server))
}

#[test]
fn many_clients_are_echoed() {
    for runtime in ringed() {
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let addr = listener.local_addr().unwrap();
            let server = selkie::spawn(async move {
                for _ in 0..20 {
                    let (mut stream, _) = listener.accept().await.unwrap();
                    selkie::spawn(async move {
                        let (mut read, mut write) = stream.split();
                        selkie::io::copy(&mut read, &mut write).await.unwrap();
                    });
                }
            });
            let clients: Vec<_> = (0..20u8)
                .map(|client| {
                    selkie::spawn(async move {
                        let stream = TcpStream::connect(addr).await.unwrap();
                        let sent = vec![client; 100_000];
                        let (mut read, mut write) = stream.into_split();
                        let to_send = sent.clone();
                        selkie::spawn(async move { write.write_all(&to_send).await.unwrap() });
                        let mut received = Vec::new();
                        read.read_to_end(&mut received).await.unwrap();
                        assert_eq!(received, sent);
                    })
                })
                .collect();
            for client in clients {
                client.await.unwrap();
            }
            server.await.unwrap();
        });
    }
}

#[test]
fn halves_close_and_reunite() {
    for runtime in ringed() {
        runtime.block_on(async {
            let (client, mut server) = pair().await.unwrap();
            let (read, mut write) = client.into_split();
            write.write_all(b"last words").await.unwrap();
            drop(write);
            let mut text = String::new();
            server.read_to_string(&mut text).await.unwrap();
            assert_eq!(text, "last words");
            drop(read);

            let (client, _server) = pair().await.unwrap();
            let (other, _other_server) = pair().await.unwrap();
            let (read, write) = client.into_split();
            let (other_read, other_write) = other.into_split();
            let error = read.reunite(other_write).unwrap_err();
            error.0.reunite(write).unwrap();
            other_read.reunite(error.1).unwrap();
        });
    }
}

#[test]
fn a_refused_connection_is_an_error() {
    for runtime in ringed() {
        runtime.block_on(async {
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
            let nobody = socket.local_addr().unwrap();
            let error = TcpStream::connect(nobody).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        });
    }
}

#[test]
fn try_methods_say_would_block() {
    for runtime in ringed() {
        runtime.block_on(async {
            let (client, server) = pair().await.unwrap();
            client.writable().await.unwrap();
            assert_eq!(client.try_write(b"abc").unwrap(), 3);
            let ready = server
                .ready(Interest::READABLE | Interest::WRITABLE)
                .await
                .unwrap();
            assert!(ready.is_readable() || ready.is_writable());
            server.readable().await.unwrap();
            let mut buf = Vec::with_capacity(8);
            assert_eq!(server.try_read_buf(&mut buf).unwrap(), 3);
            let error = server.try_read(&mut [0; 8]).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
        });
    }
}

#[test]
fn many_tasks_wait_on_one_listener() {
    for runtime in ringed() {
        runtime.block_on(async {
            let listener = std::sync::Arc::new(TcpListener::bind("127.0.0.1:0").await.unwrap());
            let addr = listener.local_addr().unwrap();
            let tasks: Vec<_> = (0..40)
                .map(|_| {
                    let listener = std::sync::Arc::clone(&listener);
                    selkie::spawn(async move { listener.accept().await.map(drop) })
                })
                .collect();
            for _ in 0..40 {
                TcpStream::connect(addr).await.unwrap();
            }
            for task in tasks {
                task.await.unwrap().unwrap();
            }
        });
    }
}

#[test]
fn the_shutdown_of_the_runtime_ends_its_sockets() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    drop(runtime);
    let other = Builder::new_current_thread().build().unwrap();
    let error = other.block_on(listener.accept()).unwrap_err();
    assert!(selkie::runtime::is_rt_shutdown_err(&error), "{error}");
}

#[test]
fn names_are_looked_up() {
    for runtime in ringed() {
        runtime.block_on(async {
            let addrs: Vec<_> = lookup_host(("localhost", 80)).await.unwrap().collect();
            assert!(
                addrs
                    .iter()
                    .all(|addr| addr.ip().is_loopback() && addr.port() == 80)
            );
            assert!(!addrs.is_empty());
            let none: &[std::net::SocketAddr] = &[];
            assert!(TcpStream::connect(none).await.is_err());
        });
    }
}

#[cfg(target_os = "linux")]
#[test]
fn fast_open_carries_the_first_bytes_and_reports_a_refused_connection() {
    for runtime in ringed() {
        runtime.block_on(async {
            let server = TcpSocket::new_v4().unwrap();
            assert_eq!(server.fast_open().unwrap(), 0);
            server.set_fast_open(u32::MAX).unwrap();
            assert!(server.fast_open().unwrap() > 0);
            server.set_fast_open(16).unwrap();
            assert_eq!(server.fast_open().unwrap(), 16);
            server.bind("127.0.0.1:0".parse().unwrap()).unwrap();
            let address = server.local_addr().unwrap();
            let listener = server.listen(8).unwrap();
            // The first asks the server for leave, the others use it.
            for round in 0..3_u8 {
                let socket = TcpSocket::new_v4().unwrap();
                assert!(!socket.fast_open_connect().unwrap());
                if let Err(error) = socket.set_fast_open_connect(true) {
                    eprintln!("skipped: clients may not here: {error}");
                    return;
                }
                assert!(socket.fast_open_connect().unwrap());
                let mut client = socket.connect(address).await.unwrap();
                client.write_all(&[round; 3]).await.unwrap();
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = [9; 3];
                stream.read_exact(&mut request).await.unwrap();
                assert_eq!(request, [round; 3]);
                stream.write_all(b"!").await.unwrap();
                assert_eq!(client.read_u8().await.unwrap(), b'!');
            }
            drop(listener);
            let socket = TcpSocket::new_v4().unwrap();
            socket.set_fast_open_connect(true).unwrap();
            let told = async {
                let mut client = socket.connect(address).await?;
                client.write_all(b"?").await?;
                client.read_u8().await
            };
            let error = told.await.unwrap_err();
            let kinds = [
                io::ErrorKind::ConnectionRefused,
                io::ErrorKind::ConnectionReset,
            ];
            assert!(kinds.contains(&error.kind()), "{error}");
        });
    }
}
