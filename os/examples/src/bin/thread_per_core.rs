//! A server of one thread per core: each has a runtime and a listener of its own, the system spreads the connections, and
//! nothing is shared. Tasks need not be `Send`.
//!
//! ```sh
//! cargo run -p selkie-examples --bin thread_per_core -- 127.0.0.1:7000
//! ```

#[cfg(target_os = "linux")]
fn main() -> std::io::Result<()> {
    use std::cell::Cell;
    use std::rc::Rc;
    use std::thread;

    use selkie::io::{AsyncReadExt, AsyncWriteExt};
    use selkie::net::TcpListener;
    use selkie::runtime::{Builder, LocalOptions};

    async fn serve(listener: TcpListener) -> std::io::Result<()> {
        // Counts the connections of this thread: no atomic, no lock.
        let count = Rc::new(Cell::new(0u64));
        loop {
            let (mut connection, _peer) = listener.accept().await?;
            let count = Rc::clone(&count);
            selkie::task::spawn_local(async move {
                count.set(count.get() + 1);
                let mut request = [0; 64];
                while let Ok(1..) = connection.read(&mut request).await {
                    let answer = format!("connection {} of this thread\n", count.get());
                    if connection.write_all(answer.as_bytes()).await.is_err() {
                        return;
                    }
                }
            });
        }
    }

    let threads = thread::available_parallelism()?.get();
    let address = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:0".into());
    let start = Builder::new_current_thread().enable_all().build()?;
    let listeners = start.block_on(TcpListener::bind_many(address, threads))?;
    println!("listening on {}", listeners[0].local_addr()?);
    let mut workers = Vec::new();
    for listener in listeners {
        // A socket belongs to the runtime in which it was made: on to the thread as std's.
        let listener = listener.into_std()?;
        workers.push(thread::spawn(move || {
            let runtime = Builder::new_current_thread()
                .enable_all()
                .build_local(LocalOptions::default())?;
            runtime.block_on(async { serve(TcpListener::from_std(listener)?).await })
        }));
    }
    for worker in workers {
        worker.join().expect("no thread panics")?;
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("this system does not spread connections over listeners");
}
