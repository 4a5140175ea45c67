//! TCP: processor time of the server for each request, the client being another process.

use crate::client::Load;
use crate::peer::{self, Peer};
use crate::same;

/// The load of a benchmark.
pub(super) fn load(benchmark: &str) -> Option<Load> {
    let (connections, depth, requests, kind) = match benchmark {
        "echo_1" => (1, 1, 20_000, "echo"),
        "echo_64" => (64, 1, 60_000, "echo"),
        "echo_512" => (512, 1, 60_000, "echo"),
        "echo_4096" => (4_096, 1, 120_000, "echo"),
        "echo_deep" => (64, 16, 320_000, "echo"),
        "churn" => (1, 1, 5_000, "churn"),
        _ => return None,
    };
    Some(Load {
        connections,
        depth,
        requests,
        kind,
    })
}

same!({
    use rt::io::{AsyncReadExt, AsyncWriteExt};
    use rt::net::{TcpListener, TcpStream};

    use crate::client;
    use crate::measurement::processor_nanos;

    async fn echo(mut stream: TcpStream) {
        stream.set_nodelay(true).expect("a socket option");
        let mut buffer = [0; 4096];
        loop {
            match stream.read(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(length) => {
                    if stream.write_all(&buffer[..length]).await.is_err() {
                        return;
                    }
                }
            }
        }
    }

    pub(crate) async fn serve(listener: TcpListener) {
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            rt::spawn(echo(stream));
        }
    }

    pub(super) fn measure(workers: Option<usize>, benchmark: &str) -> Option<f64> {
        let load = super::load(benchmark)?;
        Some(on(workers, async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let address = listener.local_addr().expect("bound");
            let server = rt::spawn(serve(listener));
            let mut client = client::start(address, load);
            let begun = processor_nanos();
            let ended = rt::task::spawn_blocking(move || client.wait()).await;
            let figure = (processor_nanos() - begun) as f64 / load.requests as f64;
            assert!(ended.is_ok_and(|ended| ended.is_ok_and(|ended| ended.success())), "the client failed");
            server.abort();
            figure
        }))
    }
}, peer, benchmark => others(peer, benchmark));

fn others(peer: Peer, benchmark: &str) -> Option<f64> {
    let load = load(benchmark)?;
    match peer {
        Peer::Smol(workers) => Some(smol_echo(workers, load)),
        #[cfg(target_os = "linux")]
        Peer::SelkieRing(workers) => Some(selkie_ring(workers, load)),
        #[cfg(target_os = "linux")]
        Peer::Compio => Some(super::rings::compio(load)),
        #[cfg(target_os = "linux")]
        Peer::Monoio => Some(super::rings::monoio(load)),
        #[cfg(target_os = "linux")]
        Peer::Glommio => Some(super::rings::glommio(load)),
        _ => None,
    }
}

/// Selkie's sockets by io_uring.
#[cfg(target_os = "linux")]
fn selkie_ring(workers: Option<usize>, load: Load) -> f64 {
    use ::selkie::uring::{Buffers, Incoming};
    let mut builder = match workers {
        None => ::selkie::runtime::Builder::new_current_thread(),
        Some(_) => ::selkie::runtime::Builder::new_multi_thread(),
    };
    builder.worker_threads(workers.unwrap_or(1));
    let runtime = builder.enable_io_uring().build().expect("a runtime");
    runtime.block_on(async {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("bound");
        let mut incoming = Incoming::new(listener).expect("a ring");
        let buffers = Buffers::new(4_096, 4_096).expect("a ring");
        let server = ::selkie::spawn(async move {
            loop {
                let socket = incoming.next().await.expect("a connection");
                let mut received = socket.receive(&buffers);
                ::selkie::spawn(async move {
                    while let Some(Ok(bytes)) = received.next().await {
                        let (sent, _buffer) = socket.send_all(bytes).await;
                        if sent.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        let mut client = crate::client::start(address, load);
        let begun = crate::measurement::processor_nanos();
        let ended = ::selkie::task::spawn_blocking(move || client.wait()).await;
        let figure = (crate::measurement::processor_nanos() - begun) as f64 / load.requests as f64;
        assert!(
            ended.is_ok_and(|ended| ended.is_ok_and(|ended| ended.success())),
            "the client failed"
        );
        server.abort();
        figure
    })
}

fn smol_echo(workers: Option<usize>, load: Load) -> f64 {
    use smol::io::{AsyncReadExt, AsyncWriteExt};
    peer::smol(workers, async move {
        let listener = smol::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let address = listener.local_addr().expect("bound");
        peer::executor()
            .spawn(async move {
                loop {
                    let (mut stream, _) = listener.accept().await.expect("a connection");
                    stream.set_nodelay(true).expect("a socket option");
                    peer::executor()
                        .spawn(async move {
                            let mut buffer = [0; 4096];
                            while let Ok(length) = stream.read(&mut buffer).await {
                                if length == 0 || stream.write_all(&buffer[..length]).await.is_err()
                                {
                                    return;
                                }
                            }
                        })
                        .detach();
                }
            })
            .detach();
        let mut client = crate::client::start(address, load);
        let begun = crate::measurement::processor_nanos();
        let ended = smol::unblock(move || client.wait()).await.expect("a child");
        assert!(ended.success(), "the client failed");
        (crate::measurement::processor_nanos() - begun) as f64 / load.requests as f64
    })
}
