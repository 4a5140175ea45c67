//! Sockets: an echo, and 64 KiB through a process that stands between two connections.

/// Bytes of a copy.
const CHUNK: usize = 1 << 16;

/// The operations on one runtime; see `operations!` in `main`.
macro_rules! net {
    ($name:ident) => {
        pub(crate) mod $name {
            use ::$name::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
            use ::$name::net::{TcpListener, TcpStream, UnixStream};
            use ::$name::runtime::Builder;

            use super::CHUNK;

            async fn echo(times: u64) {
                let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
                let address = listener.local_addr().expect("bound");
                let server = ::$name::spawn(async move {
                    let (mut stream, _) = listener.accept().await.expect("a client");
                    let mut buffer = [0; 4096];
                    loop {
                        match stream.read(&mut buffer).await.expect("a client") {
                            0 => return,
                            n => stream.write_all(&buffer[..n]).await.expect("a client"),
                        }
                    }
                });
                let mut client = TcpStream::connect(address).await.expect("a server");
                let mut answer = [0; 64];
                for _ in 0..times {
                    client.write_all(&[7; 64]).await.expect("a server");
                    client.read_exact(&mut answer).await.expect("an answer");
                }
                drop(client);
                server.await.expect("no panic");
            }

            async fn copy(times: u64) {
                let (mut client, mut near) = UnixStream::pair().expect("sockets");
                let (mut far, mut server) = UnixStream::pair().expect("sockets");
                let mut bytes = vec![7; CHUNK];
                for _ in 0..times {
                    client.write_all(&bytes).await.expect("room");
                    let mut part = (&mut near).take(CHUNK as u64);
                    let copied = ::$name::io::copy(&mut part, &mut far).await;
                    assert_eq!(copied.expect("room"), CHUNK as u64);
                    server.read_exact(&mut bytes).await.expect("bytes");
                }
            }

            async fn copy_file(times: u64) {
                let (mut far, mut server) = UnixStream::pair().expect("sockets");
                let mut bytes = vec![7; CHUNK];
                let path = std::env::temp_dir().join(format!("opcount-net-{}", std::process::id()));
                std::fs::write(&path, &bytes).expect("a temporary file");
                let mut file = ::$name::fs::File::open(&path).await.expect("opens");
                for _ in 0..times {
                    file.rewind().await.expect("seeks");
                    let copied = ::$name::io::copy(&mut file, &mut far).await;
                    assert_eq!(copied.expect("room"), CHUNK as u64);
                    server.read_exact(&mut bytes).await.expect("bytes");
                }
                std::fs::remove_file(path).expect("the temporary file");
            }

            pub(crate) fn run(operation: &str, times: u64) -> bool {
                let rt = Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .expect("a runtime");
                match operation {
                    "echo_ct" => rt.block_on(echo(times)),
                    "echo_mt" => {
                        let mut builder = Builder::new_multi_thread();
                        let rt = builder.worker_threads(1).enable_all().build();
                        let rt = rt.expect("a runtime");
                        rt.block_on(async { ::$name::spawn(echo(times)).await.expect("no panic") });
                    }
                    "copy_64k" => rt.block_on(copy(times)),
                    "copy_file_64k" => rt.block_on(copy_file(times)),
                    _ => return false,
                }
                true
            }
        }
    };
}

net!(selkie);
net!(tokio);

/// The same copies by Selkie's splicing, which Tokio does not have.
pub(crate) mod splice {
    use selkie::io::{AsyncReadExt, AsyncWriteExt};
    use selkie::net::{Splice, UnixStream};
    use selkie::runtime::Builder;

    use super::CHUNK;

    async fn copy(times: u64) {
        let (mut client, near) = UnixStream::pair().expect("sockets");
        let (far, mut server) = UnixStream::pair().expect("sockets");
        let mut splice = Splice::new().expect("a pipe");
        let mut bytes = vec![7; CHUNK];
        for _ in 0..times {
            client.write_all(&bytes).await.expect("room");
            let copied = splice.copy(&near, &far, CHUNK as u64).await;
            assert_eq!(copied.expect("room"), CHUNK as u64);
            server.read_exact(&mut bytes).await.expect("bytes");
        }
    }

    async fn copy_file(times: u64) {
        let (far, mut server) = UnixStream::pair().expect("sockets");
        let mut splice = Splice::new().expect("a pipe");
        let mut bytes = vec![7; CHUNK];
        let path = std::env::temp_dir().join(format!("opcount-net-{}", std::process::id()));
        std::fs::write(&path, &bytes).expect("a temporary file");
        let file = std::fs::File::open(&path).expect("opens");
        for _ in 0..times {
            let copied = splice.send_file(&file, 0, &far, CHUNK as u64).await;
            assert_eq!(copied.expect("room"), CHUNK as u64);
            server.read_exact(&mut bytes).await.expect("bytes");
        }
        std::fs::remove_file(path).expect("the temporary file");
    }

    pub(crate) fn run(operation: &str, times: u64) -> bool {
        let rt = Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        match operation {
            "splice_64k" => rt.block_on(copy(times)),
            "send_file_64k" => rt.block_on(copy_file(times)),
            _ => return false,
        }
        true
    }
}
