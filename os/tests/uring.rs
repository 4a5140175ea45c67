//! Sockets by the runtime's ring: what arrives, what is counted, and which error there is without a ring.
//!
//! Length      one arrangement of sockets, which all tests share.
#![cfg(io_uring)]

mod fixture;

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::pin;
use std::process::Command;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use fixture::{
    CountedBuffer, PART, alone, buffers, can_trace, is_part, open_descriptors, ordinary, pair,
    poll_once, ringed,
};
use selkie::io::{AsyncReadExt, AsyncWriteExt};
use selkie::net::{TcpListener, TcpStream};
use selkie::runtime::{Builder, Runtime};
use selkie::uring::{Buffer, Buffers, Incoming, Socket};

/// Runtimes with a ring, unless the system has none for us.
fn runtimes() -> Vec<Runtime> {
    let runtimes = ringed();
    if buffers(&runtimes[0], 1, 1).is_some() {
        runtimes.into()
    } else {
        Vec::new()
    }
}

async fn echo(mut incoming: Incoming, buffers: Buffers) {
    while let Ok(socket) = incoming.next().await {
        let mut received = socket.receive(&buffers);
        selkie::spawn(async move {
            while let Some(bytes) = received.next().await {
                let (sent, _) = socket.send_all(bytes.unwrap()).await;
                sent.unwrap();
            }
            socket.shutdown(std::net::Shutdown::Write).unwrap();
        });
    }
}

async fn listen() -> (Incoming, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let listener = listener.into_std().unwrap();
    (Incoming::new(listener).unwrap(), address)
}

async fn ask(address: SocketAddr, bytes: Vec<u8>) {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut reads, mut writes) = stream.into_split();
    let expected = bytes.clone();
    let writing = selkie::spawn(async move {
        writes.write_all(&bytes).await.unwrap();
        writes.shutdown().await.unwrap();
    });
    let mut echoed = Vec::new();
    reads.read_to_end(&mut echoed).await.unwrap();
    assert!(echoed == expected, "other bytes than were sent");
    writing.await.unwrap();
}

#[test]
fn all_bytes_come_back_in_order_to_each_connection() {
    let _alone = alone();
    for runtime in runtimes() {
        runtime.block_on(async {
            let (incoming, address) = listen().await;
            // Few and small: they run out, and bundles span several.
            let server = selkie::spawn(echo(incoming, Buffers::new(16, 100).unwrap()));
            let clients: Vec<_> = (0..50_u32)
                .map(|n| {
                    let bytes = (0..n * 1_000).map(|k| (k * 7 + n) as u8).collect();
                    selkie::spawn(ask(address, bytes))
                })
                .collect();
            for client in clients {
                client.await.unwrap();
            }
            server.abort();
        });
    }
}

/// Longer than anything takes that happens at all.
const LONG: Duration = Duration::from_secs(20);

/// Holds all `count` buffers at once, which is possible only if none was lost.
async fn hold_all(buffers: &Buffers, count: usize) {
    let (socket, theirs) = pair();
    let mut theirs = ordinary(theirs);
    let mut received = socket.receive(buffers);
    let mut held: Vec<Buffer> = Vec::new();
    while held.len() < count {
        theirs.write_all(b"x").await.unwrap();
        let next = selkie::time::timeout(LONG, received.next()).await;
        let next = next.expect("a buffer was lost");
        held.push(next.unwrap().unwrap());
    }
    // And there is none more.
    theirs.write_all(b"y").await.unwrap();
    poll_fn(|cx| {
        assert!(received.poll_next(cx).is_pending());
        Poll::Ready(())
    })
    .await;
    held.pop();
    assert_eq!(&*received.next().await.unwrap().unwrap(), b"y");
}

#[test]
fn regression_24_operations_dropped_at_any_poll_return_buffers_and_descriptors() {
    let _alone = alone();
    for runtime in runtimes() {
        let before = runtime.block_on(async {
            let buffers = Buffers::new(8, 4).unwrap();
            hold_all(&buffers, 8).await;
            open_descriptors()
        });
        runtime.block_on(async {
            let buffers = Buffers::new(8, 4).unwrap();
            for polls in 0..40 {
                let (socket, theirs) = pair();
                let mut theirs = ordinary(theirs);
                let mut received = socket.receive(&buffers);
                for poll in 0..polls {
                    let _ = poll_once(&mut pin!(received.next()));
                    if poll % 3 == 0 {
                        theirs.write_all(b"more than a buffer").await.unwrap();
                    }
                    if poll % 2 == 0 {
                        selkie::task::yield_now().await;
                    }
                }
                if polls % 2 == 0 {
                    drop(socket);
                }
                // Whatever arrived goes back, whether it was taken or not.
                drop(received);
            }
            hold_all(&buffers, 8).await;
        });
        drop(runtime);
        // The runtime's own are gone with it.
        assert!(
            open_descriptors() < before,
            "{before} descriptors before, {} after",
            open_descriptors()
        );
    }
}

#[test]
fn regression_24_accepted_connections_that_no_task_takes_are_closed() {
    let _alone = alone();
    for runtime in runtimes() {
        runtime.block_on(async {
            for polls in 0..20 {
                let (mut incoming, address) = listen().await;
                let mut clients = Vec::new();
                for _ in 0..polls {
                    clients.push(TcpStream::connect(address).await.unwrap());
                    let next = poll_once(&mut pin!(incoming.next()));
                    if polls % 2 == 0 {
                        selkie::task::yield_now().await;
                    }
                    drop(next);
                }
                drop(incoming);
                // Each is closed, taken or not.
                for mut client in clients {
                    let read = client.read(&mut [0]).await;
                    assert!(matches!(read, Ok(0) | Err(_)), "{read:?}");
                }
            }
        });
    }
}

#[test]
fn connections_beyond_those_accepted_in_advance_are_all_accepted() {
    const CONNECTIONS: usize = 300;
    let _alone = alone();
    for runtime in runtimes() {
        runtime.block_on(async {
            let (mut incoming, address) = listen().await;
            assert!(poll_once(&mut pin!(incoming.next())).is_pending());
            for _ in 0..2 {
                let mut clients = Vec::new();
                for _ in 0..CONNECTIONS {
                    clients.push(TcpStream::connect(address).await.unwrap());
                }
                for _ in 0..CONNECTIONS {
                    incoming.next().await.unwrap();
                }
            }
            assert!(poll_once(&mut pin!(incoming.next())).is_pending());
        });
    }
}

#[test]
fn a_listener_that_no_task_polls_stops_accepting() {
    const AHEAD: usize = 256;
    let _alone = alone();
    for runtime in runtimes() {
        runtime.block_on(async {
            let (mut incoming, address) = listen().await;
            assert!(poll_once(&mut pin!(incoming.next())).is_pending());
            selkie::task::yield_now().await;
            let before = open_descriptors();
            let mut clients = Vec::new();
            let accepted = |clients: usize| open_descriptors() - before - clients;
            while accepted(clients.len()) < AHEAD {
                clients.push(TcpStream::connect(address).await.unwrap());
            }
            // As many as wait for a listener that accepts none.
            let most = accepted(clients.len()) + 50;
            for _ in 0..100 {
                clients.push(TcpStream::connect(address).await.unwrap());
            }
            let now = accepted(clients.len());
            assert!(now < most, "{now} connections accepted ahead");
        });
    }
}

#[test]
fn a_runtime_that_ends_ends_operations_in_flight() {
    let _alone = alone();
    for runtime in runtimes() {
        let before = open_descriptors();
        let handle = runtime.handle().clone();
        let (mut incoming, mut received, socket, theirs) = runtime.block_on(async {
            let (mut incoming, _) = listen().await;
            let buffers = Buffers::new(4, 64).unwrap();
            let (socket, theirs) = pair();
            let mut received = socket.receive(&buffers);
            assert!(poll_once(&mut pin!(incoming.next())).is_pending());
            assert!(poll_once(&mut pin!(received.next())).is_pending());
            (incoming, received, socket, theirs)
        });
        drop(runtime);
        let mut cx = Context::from_waker(Waker::noop());
        let next = incoming.poll_next(&mut cx);
        assert!(matches!(next, Poll::Ready(Err(_))), "{next:?}");
        let next = received.poll_next(&mut cx);
        assert!(matches!(next, Poll::Ready(Some(Err(_)))), "{next:?}");
        let (sent, buf) = match poll_once(&mut Box::pin(socket.send(vec![7; 3]))) {
            Poll::Ready(done) => done,
            Poll::Pending => panic!("a send that waits for nobody"),
        };
        assert!(sent.is_err());
        assert_eq!(buf, [7; 3]);
        drop((incoming, received, socket, theirs, handle));
        assert!(open_descriptors() <= before);
    }
}

#[test]
fn regression_24_sends_dropped_at_any_poll_give_their_buffers_back() {
    let _alone = alone();
    for runtime in runtimes() {
        let witness = Arc::new(());
        runtime.block_on(async {
            for polls in 0..60 {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let client = TcpStream::connect(listener.local_addr().unwrap()).await;
                let client = Socket::new(client.unwrap().into_std().unwrap()).unwrap();
                let (_server, _) = listener.accept().await.unwrap();
                // More than the socket takes: it waits.
                let bytes = CountedBuffer(vec![7; 8 << 20], Arc::clone(&witness));
                let copied = polls % 2 == 0;
                let mut sending = Box::pin(async {
                    if copied {
                        client.send_all(bytes).await.0
                    } else {
                        client.send_zero_copy(bytes).await.0
                    }
                });
                for _ in 0..polls / 10 {
                    let _ = poll_once(&mut sending);
                    selkie::task::yield_now().await;
                }
            }
        });
        drop(runtime);
        assert_eq!(Arc::strong_count(&witness), 1);
    }
}

#[test]
fn a_buffer_sent_without_a_copy_arrives_and_is_returned() {
    let _alone = alone();
    for runtime in runtimes() {
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let client = TcpStream::connect(listener.local_addr().unwrap()).await;
            let client = Socket::new(client.unwrap().into_std().unwrap()).unwrap();
            let (mut server, _) = listener.accept().await.unwrap();
            let bytes: Vec<u8> = (0..1_000_000_u32).map(|n| n as u8).collect();
            let expected = bytes.clone();
            let reading = selkie::spawn(async move {
                let mut all = vec![0; expected.len()];
                server.read_exact(&mut all).await.unwrap();
                assert!(all == expected, "other bytes than were sent");
            });
            let (sent, back) = client.send_zero_copy(bytes).await;
            sent.unwrap();
            assert_eq!(back.len(), 1_000_000);
            reading.await.unwrap();
        });
    }
}

#[test]
fn a_peer_that_closes_or_resets_the_connection_is_noticed() {
    let _alone = alone();
    for runtime in runtimes() {
        runtime.block_on(async {
            let buffers = Buffers::new(2, 16).unwrap();
            let (socket, theirs) = pair();
            let mut received = socket.receive(&buffers);
            let mut theirs = ordinary(theirs);
            theirs.write_all(b"last").await.unwrap();
            drop(theirs);
            assert_eq!(&*received.next().await.unwrap().unwrap(), b"last");
            assert!(received.next().await.is_none());
            assert!(received.next().await.is_none());
            let (sent, _) = socket.send_all("too late").await;
            assert_eq!(sent.unwrap_err().kind(), ErrorKind::BrokenPipe);
        });
    }
}

#[test]
fn another_task_sends_while_the_driver_sleeps() {
    let _alone = alone();
    for runtime in runtimes() {
        let (socket, theirs) = runtime.block_on(async { pair() });
        let buffers = runtime.block_on(async { Buffers::new(2, 16) }).unwrap();
        // A thread of its own polls the send, once the runtime has nothing else to do.
        let theirs = std::thread::spawn(move || {
            use std::io::{Read, Write};
            let mut theirs = theirs;
            let mut byte = [0; 1];
            theirs.read_exact(&mut byte).unwrap();
            theirs.write_all(b"!").unwrap();
            byte
        });
        let handle = runtime.handle().clone();
        let mut received = socket.receive(&buffers);
        let sender = std::thread::spawn(move || {
            let _context = handle.enter();
            // What is queued must be submitted though nothing wakes the driver.
            let mut sending = Box::pin(socket.send("?"));
            while poll_once(&mut sending).is_pending() {
                std::thread::yield_now();
            }
        });
        let answer = runtime.block_on(async { received.next().await.unwrap().unwrap().to_vec() });
        assert_eq!(answer, b"!");
        sender.join().unwrap();
        assert_eq!(&theirs.join().unwrap(), b"?");
    }
}

#[test]
fn impossible_buffer_sizes_are_refused() {
    let _alone = alone();
    for runtime in runtimes() {
        runtime.block_on(async {
            for (count, size) in [(0, 1), (3, 1), (65_535, 1), (1, 0), (1, (1 << 30) + 1)] {
                let error = Buffers::new(count, size).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::InvalidInput, "{count} {size}");
            }
            Buffers::new(1 << 15, 1).unwrap();
        });
    }
}

#[test]
fn a_runtime_without_a_ring_says_so() {
    let _alone = alone();
    let told = |outcome: io::Result<Buffers>| {
        let error = outcome.unwrap_err();
        (error.kind(), error.to_string())
    };
    let mut without_io = Builder::new_current_thread();
    let mut without_ring = Builder::new_current_thread();
    without_ring.enable_all().disable_io_uring();
    for (builder, word) in [
        (&mut without_io, "enable_io_uring"),
        (&mut without_ring, "disable_io_uring"),
    ] {
        let runtime = builder.build().unwrap();
        let (kind, words) = told(runtime.block_on(async { Buffers::new(1, 1) }));
        assert_eq!(kind, ErrorKind::Unsupported);
        assert!(words.contains(word), "{words}");
    }
    assert!(told(Buffers::new(1, 1)).1.contains("need a runtime"));
}

#[test]
fn regression_31_a_refused_ring_is_an_error_that_says_why() {
    let _alone = alone();
    let name = "regression_31_a_refused_ring_is_an_error_that_says_why";
    if is_part() {
        let mut builder = Builder::new_current_thread();
        let runtime = builder.enable_io_uring().build().unwrap();
        let error = runtime.block_on(async { Buffers::new(1, 1).unwrap_err() });
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.to_string().contains("refuses io_uring"), "{error}");
        return;
    }
    if !can_trace() {
        return;
    }
    let strace = |rest: &[&str]| {
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-o", "/dev/null"]).args(rest);
        command.env(PART, "yes").output()
    };
    let program = std::env::current_exe().unwrap();
    for error in ["EPERM", "ENOSYS", "ENOMEM"] {
        let inject = format!("inject=io_uring_setup:error={error}");
        let program = program.to_str().unwrap();
        let output = strace(&["-e", &inject, program, "--exact", name]).unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{error}: {text}");
    }
}
