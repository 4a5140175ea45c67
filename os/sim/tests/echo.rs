//! Programs between hosts.

use std::time::{Duration, Instant};

use selkie::io::{AsyncReadExt, AsyncWriteExt};
use selkie::net::{TcpListener, TcpStream};
use selkie_sim::Builder;

#[test]
fn an_hour_of_sleep_takes_no_time() {
    Builder::new().run(|world| async move {
        let begun = Instant::now();
        world.sleep(Duration::from_secs(3000)).await;
        assert!(begun.elapsed() >= Duration::from_secs(3000));
    });
}

#[test]
fn an_echo_between_hosts() {
    Builder::new().runs(20).repeats(5).run(|world| async move {
        let _server = world.host("server").start(|| async {
            let listener = TcpListener::bind("0.0.0.0:3000").await.unwrap();
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                selkie::spawn(async move {
                    let mut buffer = [0; 100];
                    loop {
                        let count = stream.read(&mut buffer).await.unwrap();
                        if count == 0 {
                            break;
                        }
                        stream.write_all(&buffer[..count]).await.unwrap();
                    }
                });
            }
        });
        world.sleep(Duration::from_secs(1)).await;
        let (told, mut hears) = selkie::sync::mpsc::unbounded_channel();
        let _client = world.host("client").start(move || {
            let told = told.clone();
            async move {
                let mut stream = TcpStream::connect("server:3000").await.unwrap();
                stream.write_all(b"hello").await.unwrap();
                let mut buffer = [0; 5];
                stream.read_exact(&mut buffer).await.unwrap();
                told.send(buffer).unwrap();
            }
        });
        assert_eq!(&hears.recv().await.unwrap(), b"hello");
    });
}
