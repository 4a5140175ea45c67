//! The memory of tasks, timers and sockets that wait.

use crate::same;

/// Tasks, sleepers, channels.
const MANY: u64 = 100_000;
/// Connections: each takes two file descriptors of this process.
const CONNECTIONS: u64 = 4_000;

same!({
    use std::time::Duration;

    use super::{CONNECTIONS, MANY};
    use crate::measurement::resident_bytes;

    /// Growth per piece while `make` makes `count` pieces that its result keeps.
    async fn growth<T, F: Future<Output = T>>(count: u64, make: impl FnOnce() -> F) -> f64 {
        let before = resident_bytes();
        let kept = make().await;
        let grown = resident_bytes() - before;
        drop(kept);
        grown as f64 / count as f64
    }

    async fn settle() {
        for _ in 0..10 {
            rt::task::yield_now().await;
        }
        rt::time::sleep(Duration::from_millis(50)).await;
    }

    async fn connections() {
        let listener = rt::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let address = listener.local_addr().expect("bound");
        for _ in 0..CONNECTIONS {
            // The other end is std's: only one end is the runtime's.
            std::mem::forget(std::net::TcpStream::connect(address).expect("a connection"));
            let (mut stream, _) = listener.accept().await.expect("a connection");
            rt::spawn(async move {
                use rt::io::AsyncReadExt;
                let mut byte = [0];
                let _end = stream.read(&mut byte).await;
            });
        }
        settle().await;
    }

    pub(super) fn measure(workers: Option<usize>, benchmark: &str) -> Option<f64> {
        Some(match benchmark {
            "task_bytes" => on(
                workers,
                growth(MANY, || async {
                    for _ in 0..MANY {
                        rt::spawn(std::future::pending::<()>());
                    }
                    settle().await;
                }),
            ),
            "sleeper_bytes" => on(
                workers,
                growth(MANY, || async {
                    for _ in 0..MANY {
                        rt::spawn(rt::time::sleep(Duration::from_secs(3_600)));
                    }
                    settle().await;
                }),
            ),
            "connection_bytes" => on(workers, growth(CONNECTIONS, connections)),
            "channel_bytes" => on(
                workers,
                growth(MANY, || async {
                    (0..MANY)
                        .map(|_| rt::sync::mpsc::channel::<u64>(16))
                        .collect::<Vec<_>>()
                }),
            ),
            _ => return None,
        })
    }
});
