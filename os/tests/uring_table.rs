//! Sockets that are registered files of a ring.
#![cfg(io_uring)]
#![allow(unsafe_code)]

mod fixture;

use std::os::fd::AsFd;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use fixture::{CountedBuffer, alone, buffers, open_descriptors, ordinary, pair, poll_once, ringed};
use selkie::io::{AsyncReadExt, AsyncWriteExt};
use selkie::runtime::{Builder, Runtime};
use selkie::uring::{Buffers, Socket};

/// Places in the tables here.
const PLACES: usize = 256;
/// Longer than anything takes that happens at all.
const LONG: Duration = Duration::from_secs(20);

/// A ring with small tables, unless the system has none for us.
fn has_ring() -> bool {
    buffers(&current_thread(), 1, 1).is_some()
}

fn current_thread() -> Runtime {
    let mut builder = Builder::new_current_thread();
    builder.enable_all().build().unwrap()
}

/// Makes the table of this thread's ring while the process may have but `PLACES` descriptors.
fn make_table() {
    let mut before = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the system writes the limit, which is alive.
    let outcome = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut before) };
    assert_eq!(outcome, 0);
    let few = libc::rlimit {
        rlim_cur: PLACES as libc::rlim_t,
        ..before
    };
    // SAFETY: the system reads the limit, which is alive.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &few) }, 0);
    let registered = pair().0.register();
    let most = libc::rlimit {
        rlim_cur: before.rlim_max,
        ..before
    };
    // SAFETY: as above.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &most) }, 0);
    registered.unwrap();
}

/// Fills the table, which is possible only if each place is free; the system needs a while for the last.
async fn fill() -> Vec<Socket> {
    let mut all = Vec::new();
    let filling = async {
        while all.len() < PLACES {
            let (socket, _) = pair();
            match socket.register() {
                Ok(()) => all.push(socket),
                Err(_) => selkie::task::yield_now().await,
            }
        }
    };
    let filled = selkie::time::timeout(LONG, filling).await;
    filled.expect("a place was lost");
    all
}

#[test]
fn a_registered_socket_sends_and_receives_on_any_worker() {
    let _alone = alone();
    if !has_ring() {
        return;
    }
    for runtime in ringed() {
        runtime.block_on(async {
            let buffers = Buffers::new(16, 64).unwrap();
            let mut ends = Vec::new();
            for _ in 0..16 {
                let (socket, theirs) = pair();
                // By the ring of this thread; the tasks run on workers, too.
                socket.register().unwrap();
                socket.register().unwrap();
                let buffers = buffers.clone();
                selkie::spawn(async move {
                    socket.register().unwrap();
                    let mut received = socket.receive(&buffers);
                    while let Some(bytes) = received.next().await {
                        let (sent, bytes) = socket.send_all(bytes.unwrap()).await;
                        sent.unwrap();
                        let elsewhere = socket.clone();
                        let other = selkie::spawn(async move { elsewhere.send(bytes).await.0 });
                        other.await.unwrap().unwrap();
                    }
                });
                ends.push(ordinary(theirs));
            }
            for mut theirs in ends {
                for _ in 0..50 {
                    theirs.write_all(b"ahoy").await.unwrap();
                    let mut twice = [0; 8];
                    theirs.read_exact(&mut twice).await.unwrap();
                    assert_eq!(&twice, b"ahoyahoy");
                }
            }
        });
    }
}

#[test]
fn a_full_table_is_an_error_and_the_socket_is_unchanged() {
    let _alone = alone();
    if !has_ring() {
        return;
    }
    current_thread().block_on(async {
        make_table();
        let mut all = fill().await;
        let (one_more, theirs) = pair();
        let error = one_more.register().unwrap_err().to_string();
        assert!(error.contains("256 of 256 places"), "{error}");
        let (sent, _) = one_more.send_all("by its descriptor").await;
        sent.unwrap();
        let mut arrived = [0; 17];
        ordinary(theirs).read_exact(&mut arrived).await.unwrap();
        assert_eq!(&arrived, b"by its descriptor");
        all.pop();
        one_more.register().unwrap();
        one_more.as_fd();
    });
}

#[test]
fn regression_24_operations_dropped_at_any_poll_free_their_slots() {
    let _alone = alone();
    if !has_ring() {
        return;
    }
    let witness = Arc::new(());
    current_thread().block_on(async {
        make_table();
        let buffers = Buffers::new(8, 4).unwrap();
        for polls in 0..40 {
            let (socket, theirs) = pair();
            socket.register().unwrap();
            let mut theirs = ordinary(theirs);
            let mut received = socket.receive(&buffers);
            let owned = Arc::clone(&witness);
            let long = CountedBuffer(vec![7; 1 << 20], owned);
            let mut sending = Box::pin(socket.send_all(long));
            for poll in 0..polls {
                let _ = poll_once(&mut pin!(received.next()));
                if poll % 2 == 0 {
                    let _ = poll_once(&mut sending);
                    selkie::task::yield_now().await;
                }
                if poll % 3 == 0 {
                    theirs.write_all(b"more than a buffer").await.unwrap();
                }
            }
            drop(sending);
            if polls % 2 == 0 {
                drop(socket);
                drop(received);
            } else {
                drop(received);
                drop(socket);
            }
        }
        drop(fill().await);
        drop(fill().await);
    });
    assert_eq!(Arc::strong_count(&witness), 1);
}

#[test]
fn regression_24_a_runtime_that_ends_keeps_no_registered_file() {
    let _alone = alone();
    if !has_ring() {
        return;
    }
    for kind in 0..2 {
        let before = open_descriptors();
        let runtime = ringed().into_iter().nth(kind).unwrap();
        let (socket, mut received, theirs) = runtime.block_on(async {
            let (socket, theirs) = pair();
            socket.register().unwrap();
            let buffers = Buffers::new(4, 64).unwrap();
            let mut received = socket.receive(&buffers);
            assert!(poll_once(&mut pin!(received.next())).is_pending());
            (socket, received, theirs)
        });
        drop(runtime);
        let next = received.poll_next(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(next, Poll::Ready(Some(Err(_)))), "{next:?}");
        drop((socket, received, theirs));
        assert_eq!(open_descriptors(), before);
    }
}
