//! A program on the registry's Tokio: the simulated world does not ask whose runtime a program brings.

use std::time::Duration;

use selkie_sim::Builder;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

#[tokio::main]
async fn server() {
    let listener = TcpListener::bind("0.0.0.0:3000").await.unwrap();
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        tokio::spawn(async move {
            // What blocks runs on threads of the runtime's own.
            let answer = tokio::task::spawn_blocking(|| {
                std::thread::sleep(Duration::from_millis(300));
                "late, but here\n"
            });
            stream.write_all(answer.await.unwrap().as_bytes()).await
        });
    }
}

#[tokio::main(worker_threads = 3)]
async fn client() {
    let calls = (0..5).map(|_| {
        tokio::spawn(async {
            let begun = tokio::time::Instant::now();
            let stream = TcpStream::connect("server:3000").await.unwrap();
            let mut line = String::new();
            BufReader::new(stream).read_line(&mut line).await.unwrap();
            assert_eq!(line, "late, but here\n");
            assert!(begun.elapsed() >= Duration::from_millis(300));
            tokio::time::sleep(Duration::from_secs(20)).await;
        })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap();
    }
}

#[test]
fn a_program_on_the_registrys_tokio() {
    Builder::new().runs(20).repeats(3).run(|world| async move {
        let _server = world.host("server").start_main(server);
        world.sleep(Duration::from_millis(100)).await;
        let client = world.host("client").start_main(client);
        let is_over = || client.ended().is_some();
        world
            .eventually(Duration::from_secs(60), "the client ends", is_over)
            .await;
        assert_eq!(client.ended(), Some(Ok(())));
    });
}
