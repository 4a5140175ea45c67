//! The echo server of runtimes that stand on io_uring alone, in their own idiom.

use crate::client::{self, Load};
use crate::measurement::processor_nanos;

/// Waits for the client on another thread, and sends how it ended.
fn in_background(address: std::net::SocketAddr, load: Load) -> std::sync::mpsc::Receiver<f64> {
    let (sender, receiver) = std::sync::mpsc::channel();
    let mut client = client::start(address, load);
    let begun = processor_nanos();
    std::thread::spawn(move || {
        assert!(
            client.wait().expect("a child").success(),
            "the client failed"
        );
        let used = processor_nanos() - begun;
        let _gone = sender.send(used as f64 / load.requests as f64);
    });
    receiver
}

/// The figure, once it is there; this process then ends, server and all.
fn print_and_end(receiver: std::sync::mpsc::Receiver<f64>) {
    std::thread::spawn(move || {
        println!("{}", receiver.recv().expect("a figure"));
        std::process::exit(0);
    });
}

/// compio's echo server.
pub(super) fn compio(load: Load) -> f64 {
    use compio::io::{AsyncRead, AsyncWriteExt};
    let runtime = compio::runtime::Runtime::new().expect("a ring");
    runtime.block_on(async move {
        let listener = compio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        print_and_end(in_background(listener.local_addr().expect("bound"), load));
        loop {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            compio::runtime::spawn(async move {
                let mut buffer = Vec::with_capacity(4096);
                loop {
                    buffer.clear();
                    let compio::BufResult(read, filled) = stream.read(buffer).await;
                    if !matches!(read, Ok(length) if length > 0) {
                        return;
                    }
                    let compio::BufResult(written, filled) = stream.write_all(filled).await;
                    if written.is_err() {
                        return;
                    }
                    buffer = filled;
                }
            })
            .detach();
        }
    })
}

/// monoio's echo server.
pub(super) fn monoio(load: Load) -> f64 {
    use monoio::io::{AsyncReadRent, AsyncWriteRentExt};
    let mut runtime = monoio::RuntimeBuilder::<monoio::IoUringDriver>::new()
        .build()
        .expect("a ring");
    runtime.block_on(async move {
        let listener = monoio::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        print_and_end(in_background(listener.local_addr().expect("bound"), load));
        loop {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            monoio::spawn(async move {
                let mut buffer = Vec::with_capacity(4096);
                loop {
                    buffer.clear();
                    let (read, filled) = stream.read(buffer).await;
                    if !matches!(read, Ok(length) if length > 0) {
                        return;
                    }
                    let (written, filled) = stream.write_all(filled).await;
                    if written.is_err() {
                        return;
                    }
                    buffer = filled;
                }
            });
        }
    })
}

/// glommio's echo server.
pub(super) fn glommio(load: Load) -> f64 {
    use smol::io::{AsyncReadExt, AsyncWriteExt};
    glommio::LocalExecutor::default().run(async move {
        let listener = glommio::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        print_and_end(in_background(listener.local_addr().expect("bound"), load));
        loop {
            let mut stream = listener.accept().await.expect("a connection");
            stream.set_nodelay(true).expect("a socket option");
            glommio::spawn_local(async move {
                let mut buffer = [0; 4096];
                while let Ok(length) = stream.read(&mut buffer).await {
                    if length == 0 || stream.write_all(&buffer[..length]).await.is_err() {
                        return;
                    }
                }
            })
            .detach();
        }
    })
}
