//! Copies inside the system: between streams, from files and to them.
#![cfg(target_os = "linux")]

mod fixture;

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use selkie::io::{AsyncReadExt, AsyncWriteExt};
use selkie::net::unix::pipe;
use selkie::net::{Splice, TcpListener, TcpStream, UnixStream};

use fixture::ringed;

/// More than the buffers of a socket hold, and no whole number of pages.
const MANY: usize = (5 << 20) + 77;

/// Bytes of which no two stretches look alike.
fn sample(len: usize) -> Vec<u8> {
    (0..len as u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect()
}

/// A file without a name that holds `bytes`.
fn file_of(bytes: &[u8]) -> File {
    let name = format!("selkie-splice-{:?}", std::thread::current().id());
    let path = std::env::temp_dir().join(name);
    let mut options = File::options();
    let mut file = options
        .read(true)
        .write(true)
        .create_new(true)
        .open(&path)
        .unwrap();
    std::fs::remove_file(path).unwrap();
    file.write_all(bytes).unwrap();
    file
}

async fn tcp_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap())
        .await
        .unwrap();
    (client, listener.accept().await.unwrap().0)
}

/// Polls once.
fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn spliced_bytes_arrive_in_order() {
    for runtime in ringed() {
        runtime.block_on(async {
            let (mut client, near) = tcp_pair().await;
            let (far, mut server) = tcp_pair().await;
            let writer = selkie::spawn(async move {
                client.write_all(&sample(MANY)).await.unwrap();
                client.shutdown().await.unwrap();
                // Half closed: the other way still goes.
                let mut answer = String::new();
                client.read_to_string(&mut answer).await.unwrap();
                answer
            });
            let reader = selkie::spawn(async move {
                let mut all = Vec::new();
                server.read_to_end(&mut all).await.unwrap();
                server.write_all(b"seen").await.unwrap();
                all
            });
            let (near_read, near_write) = near.into_split();
            let (far_read, mut far_write) = far.into_split();
            let mut there = Splice::new().unwrap();
            let copied = there.copy(&near_read, &far_write, u64::MAX).await.unwrap();
            assert_eq!(
                (copied, there.delivered(), there.held()),
                (MANY as u64, MANY as u64, 0)
            );
            far_write.shutdown().await.unwrap();
            let mut back = Splice::with_capacity(1 << 17).unwrap();
            assert_eq!(
                back.copy(&far_read, &near_write, u64::MAX).await.unwrap(),
                4
            );
            drop(near_write);
            assert_eq!(writer.await.unwrap(), "seen");
            assert!(reader.await.unwrap() == sample(MANY));
        });
    }
}

#[test]
fn unix_streams_and_pipes_can_be_spliced() {
    for runtime in ringed() {
        runtime.block_on(async {
            let (mut client, near) = UnixStream::pair().unwrap();
            let (sender, receiver) = pipe::pipe().unwrap();
            let (far, mut server) = UnixStream::pair().unwrap();
            let write = async move { client.write_all(&sample(MANY)).await };
            let first = async move {
                let mut splice = Splice::new()?;
                splice.copy(&near, &sender, u64::MAX).await
            };
            let second = async move {
                let mut splice = Splice::new()?;
                splice.copy(&receiver, &far, u64::MAX).await
            };
            let read = async move {
                let mut all = Vec::new();
                server.read_to_end(&mut all).await.map(|_| all)
            };
            let ((), first, second, all) = selkie::try_join!(write, first, second, read).unwrap();
            assert_eq!((first, second), (MANY as u64, MANY as u64));
            assert!(all == sample(MANY));
        });
    }
}

#[test]
fn a_limit_is_kept_to_the_byte() {
    for runtime in ringed() {
        runtime.block_on(async {
            let (mut client, near) = UnixStream::pair().unwrap();
            let (far, mut server) = UnixStream::pair().unwrap();
            let mut splice = Splice::new().unwrap();
            // Nothing is asked, so nothing is waited for.
            assert_eq!(splice.copy(&near, &far, 0).await.unwrap(), 0);
            client.write_all(b"abcdefg").await.unwrap();
            assert_eq!(splice.copy(&near, &far, 3).await.unwrap(), 3);
            assert_eq!(splice.copy(&near, &far, 3).await.unwrap(), 3);
            assert_eq!(splice.delivered(), 6);
            client.shutdown().await.unwrap();
            assert_eq!(splice.copy(&near, &far, 2).await.unwrap(), 1);
            assert_eq!(splice.copy(&near, &far, 2).await.unwrap(), 0);
            drop(far);
            let mut text = String::new();
            server.read_to_string(&mut text).await.unwrap();
            assert_eq!(text, "abcdefg");
        });
    }
}

#[test]
fn a_stream_can_be_source_and_target_of_a_splice() {
    for runtime in ringed() {
        runtime.block_on(async {
            let (mut client, server) = tcp_pair().await;
            let echo = selkie::spawn(async move {
                let mut splice = Splice::new().unwrap();
                splice.copy(&server, &server, u64::MAX).await.unwrap()
            });
            for n in 0..100_u32 {
                client.write_u32(n).await.unwrap();
                assert_eq!(client.read_u32().await.unwrap(), n);
            }
            drop(client);
            assert_eq!(echo.await.unwrap(), 400);
        });
    }
}

#[test]
fn a_splice_dropped_at_a_full_target_loses_nothing() {
    for runtime in ringed() {
        runtime.block_on(async {
            let (mut client, near) = tcp_pair().await;
            let (sender, mut receiver) = pipe::pipe().unwrap();
            let writer = selkie::spawn(async move {
                client.write_all(&sample(MANY)).await.unwrap();
            });
            let mut splice = Splice::new().unwrap();
            // Nobody reads the pipe: it is full some time.
            while splice.held() == 0 {
                let mut copy = pin!(splice.copy(&near, &sender, u64::MAX));
                assert!(poll(copy.as_mut()).is_pending());
                near.readable().await.unwrap();
            }
            let before = splice.delivered();
            assert!(before > 0);
            let mut all = vec![0; before as usize];
            receiver.read_exact(&mut all).await.unwrap();
            // All that was delivered was there, and no more.
            let error = receiver.try_read(&mut [0]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::WouldBlock);

            let rest = selkie::spawn(async move {
                receiver.read_to_end(&mut all).await.unwrap();
                all
            });
            let copied = splice.copy(&near, &sender, u64::MAX).await.unwrap();
            assert_eq!(copied + before, MANY as u64);
            drop(sender);
            writer.await.unwrap();
            assert!(rest.await.unwrap() == sample(MANY));
        });
    }
}

#[test]
fn a_closed_target_is_an_error_and_the_bytes_that_were_taken_are_kept() {
    for runtime in ringed() {
        runtime.block_on(async {
            let (mut client, near) = UnixStream::pair().unwrap();
            let (sender, receiver) = pipe::pipe().unwrap();
            drop(receiver);
            client.write_all(b"lost?").await.unwrap();
            let mut splice = Splice::new().unwrap();
            let error = splice.copy(&near, &sender, u64::MAX).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::BrokenPipe);
            assert_eq!((splice.held(), splice.delivered()), (5, 0));
            // Another target takes it.
            drop(client);
            let (far, mut server) = UnixStream::pair().unwrap();
            assert_eq!(splice.copy(&near, &far, u64::MAX).await.unwrap(), 5);
            drop(far);
            let mut text = String::new();
            server.read_to_string(&mut text).await.unwrap();
            assert_eq!(text, "lost?");
        });
    }
}

#[test]
fn a_reset_source_is_an_error() {
    for runtime in ringed() {
        runtime.block_on(async {
            let (client, near) = tcp_pair().await;
            let (far, _server) = tcp_pair().await;
            client.set_zero_linger().unwrap();
            drop(client);
            let mut splice = Splice::new().unwrap();
            let error = splice.copy(&near, &far, u64::MAX).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
            assert_eq!((splice.held(), splice.delivered()), (0, 0));
        });
    }
}

#[test]
fn a_file_is_sent_from_the_given_position_up_to_its_end() {
    for runtime in ringed() {
        runtime.block_on(async {
            let bytes = sample(MANY);
            let mut file = file_of(&bytes);
            file.seek(SeekFrom::Start(5)).unwrap();
            for (offset, limit, expected) in [
                (0, u64::MAX, MANY),     // shorter than asked
                (0, MANY as u64, MANY),  // as long as asked
                (3, 100_000, 100_000),   // longer
                (MANY as u64 - 1, 2, 1), // the last byte
                (MANY as u64, 1, 0),     // at the end
                (MANY as u64 + 9, 1, 0), // past it
                (17, 0, 0),              // nothing
            ] {
                let (mut client, server) = tcp_pair().await;
                let read = selkie::spawn(async move {
                    let mut all = Vec::new();
                    client.read_to_end(&mut all).await.map(|_| all)
                });
                let mut splice = Splice::with_capacity(1 << 18).unwrap();
                let sent = splice
                    .send_file(&file, offset, &server, limit)
                    .await
                    .unwrap();
                assert_eq!((sent, splice.delivered()), (expected as u64, sent));
                drop(server);
                let from = (offset as usize).min(MANY);
                assert!(read.await.unwrap().unwrap() == bytes[from..from + expected]);
            }
            assert_eq!(file.stream_position().unwrap(), 5);
        });
    }
}

#[test]
fn a_dropped_file_send_reports_how_many_bytes_went() {
    for runtime in ringed() {
        runtime.block_on(async {
            let bytes = sample(MANY);
            let file = file_of(&bytes);
            let (mut client, server) = UnixStream::pair().unwrap();
            let mut splice = Splice::new().unwrap();
            // Nobody reads, so it does not come to its end.
            let mut turns = 0;
            selkie::select! {
                sent = splice.send_file(&file, 0, &server, u64::MAX) => panic!("{sent:?}"),
                () = async {
                    while turns < 500 {
                        selkie::task::yield_now().await;
                        selkie::task::spawn_blocking(|| ()).await.unwrap();
                        turns += 1;
                    }
                } => {}
            }
            let went = splice.delivered();
            assert!(went > 0 && went < MANY as u64, "{went}");
            drop(splice);
            let read = selkie::spawn(async move {
                let mut all = Vec::new();
                client.read_to_end(&mut all).await.map(|_| all)
            });
            let mut rest = Splice::new().unwrap();
            let sent = rest
                .send_file(&file, went, &server, u64::MAX)
                .await
                .unwrap();
            assert_eq!(sent + went, MANY as u64);
            drop(server);
            assert!(read.await.unwrap().unwrap() == bytes);
        });
    }
}

#[test]
fn a_stream_is_received_into_a_file() {
    for runtime in ringed() {
        runtime.block_on(async {
            let (mut client, server) = tcp_pair().await;
            let writer = selkie::spawn(async move {
                client.write_all(&sample(MANY)).await.unwrap();
            });
            let mut file = file_of(b"head");
            let mut splice = Splice::new().unwrap();
            let first = splice
                .receive_file(&server, &file, 4, 100_001)
                .await
                .unwrap();
            assert_eq!((first, splice.held()), (100_001, 0));
            let rest = splice
                .receive_file(&server, &file, 4 + first, u64::MAX)
                .await
                .unwrap();
            assert_eq!(
                (first + rest, splice.delivered()),
                (MANY as u64, MANY as u64)
            );
            assert_eq!(splice.receive_file(&server, &file, 0, 0).await.unwrap(), 0);
            writer.await.unwrap();
            let mut all = Vec::new();
            file.seek(SeekFrom::Start(0)).unwrap();
            file.read_to_end(&mut all).unwrap();
            assert_eq!(&all[..4], b"head");
            assert!(all[4..] == sample(MANY));
        });
    }
}

#[test]
fn a_file_that_takes_no_bytes_is_an_error() {
    for runtime in ringed() {
        runtime.block_on(async {
            let (mut client, server) = UnixStream::pair().unwrap();
            client.write_all(b"kept").await.unwrap();
            let read_only = File::open("/proc/self/exe").unwrap();
            let mut splice = Splice::new().unwrap();
            let outcome = splice.receive_file(&server, &read_only, 0, 4).await;
            assert!(outcome.is_err(), "{outcome:?}");
            assert_eq!((splice.held(), splice.delivered()), (4, 0));
            splice.settle().await.unwrap();
            let file = file_of(b"");
            assert_eq!(splice.receive_file(&server, &file, 0, 4).await.unwrap(), 4);
            let mut text = [0; 4];
            std::os::unix::fs::FileExt::read_exact_at(&file, &mut text, 0).unwrap();
            assert_eq!(&text, b"kept");
        });
    }
}

#[test]
fn a_pipe_may_be_as_large_as_the_system_allows() {
    let most: io::Result<usize> = std::fs::read_to_string("/proc/sys/fs/pipe-max-size")
        .map(|text| text.trim().parse().unwrap());
    let most = most.unwrap();
    assert_eq!(Splice::new().unwrap().capacity(), 65_536);
    assert_eq!(Splice::with_capacity(0).unwrap().capacity(), 4096);
    assert_eq!(Splice::with_capacity(most).unwrap().capacity(), most);
    // A privileged process may have more.
    if let Err(error) = Splice::with_capacity(most + 1) {
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    }
}
