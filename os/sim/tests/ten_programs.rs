//! Ten programs, each a hundred times with the same seed, in a process of its own each time: the traces are the same, byte for byte.
//!
//! A trace ends with a digest of all turns of all threads, so that equal traces are equal runs.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use selkie::io::{AsyncReadExt, AsyncWriteExt};
use selkie::net::{TcpListener, TcpStream, UdpSocket, UnixStream};
use selkie::runtime::Builder;
use selkie::sync::{broadcast, oneshot};
use selkie::task::{self, JoinSet};
use selkie::time::{sleep, timeout};
use selkie_sim::{Builder as Simulation, Faults, Link};

const TIMES: u64 = 100;
const MILLISECOND: Duration = Duration::from_millis(1);

/// Runs `main` on a host with four processors, time and again with one seed that is its own.
fn a_hundred_times(seed: u64, main: fn()) {
    Simulation::new()
        .seed(seed)
        .repeats(TIMES)
        .run(move |world| async move {
            let host = world.host("host").processors(4).start_main(main);
            world
                .eventually(Duration::from_secs(60), "the program ends", || {
                    host.ended().is_some()
                })
                .await;
            assert_eq!(host.ended(), Some(Ok(())));
        });
}

fn on_workers(main: impl Future<Output = ()>) {
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(3).enable_all().build().unwrap();
    runtime.block_on(main);
}

#[test]
fn threads_that_share_a_lock() {
    a_hundred_times(1, || {
        let shared = Arc::new((Mutex::new(Vec::new()), Condvar::new()));
        for number in 0..6 {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                shared.0.lock().unwrap().push(number);
                shared.1.notify_one();
            });
        }
        let (lock, grown) = &*shared;
        drop(grown.wait_while(lock.lock().unwrap(), |list| list.len() < 6));
    });
}

#[test]
fn threads_that_send() {
    a_hundred_times(2, || {
        let (sender, receiver) = mpsc::channel();
        for number in 0..6_u64 {
            let sender = sender.clone();
            thread::spawn(move || {
                thread::sleep(Duration::from_micros(number % 3));
                sender.send(number).unwrap();
            });
        }
        drop(sender);
        assert_eq!(receiver.iter().sum::<u64>(), 15);
    });
}

#[test]
fn tasks_of_several_workers() {
    a_hundred_times(3, || {
        on_workers(async {
            let mut set = JoinSet::new();
            for number in 0..40_u64 {
                set.spawn(async move {
                    for _ in 0..number % 5 {
                        task::yield_now().await;
                    }
                    number
                });
            }
            assert_eq!(set.join_all().await.into_iter().sum::<u64>(), 780);
        });
    });
}

#[test]
fn the_first_of_several_timers() {
    a_hundred_times(4, || {
        on_workers(async {
            for _ in 0..20 {
                selkie::select! {
                    () = sleep(MILLISECOND) => {}
                    () = sleep(MILLISECOND) => {}
                    _ = timeout(2 * MILLISECOND, std::future::pending::<()>()) => {}
                }
            }
        });
    });
}

#[test]
fn calls_that_block() {
    a_hundred_times(5, || {
        on_workers(async {
            let calls = (0..12).map(|number| {
                task::spawn_blocking(move || thread::sleep(MILLISECOND * (number % 4)))
            });
            for call in calls.collect::<Vec<_>>() {
                call.await.unwrap();
            }
        });
    });
}

#[test]
fn an_order_that_hashes_decide() {
    a_hundred_times(6, || {
        let table: HashMap<u64, u64> = (0..32).map(|key| (key, key)).collect();
        let pause = table.keys().take(4).sum::<u64>();
        thread::sleep(Duration::from_micros(pause));
    });
}

#[test]
fn streams_of_a_host() {
    a_hundred_times(7, || {
        on_workers(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let server = selkie::spawn(async move {
                for _ in 0..5 {
                    let (mut stream, _) = listener.accept().await.unwrap();
                    selkie::spawn(async move {
                        let (mut reader, mut writer) = stream.split();
                        selkie::io::copy(&mut reader, &mut writer).await
                    });
                }
            });
            for _ in 0..5 {
                let mut stream = TcpStream::connect(address).await.unwrap();
                stream.write_all(b"hello").await.unwrap();
                stream.read_exact(&mut [0; 5]).await.unwrap();
            }
            server.await.unwrap();
            let (mut one, mut two) = UnixStream::pair().unwrap();
            one.write_all(b"hello").await.unwrap();
            two.read_exact(&mut [0; 5]).await.unwrap();
        });
    });
}

#[test]
fn files_that_are_synced() {
    a_hundred_times(8, || {
        std::fs::create_dir("/data").unwrap();
        let threads = [0, 1, 2].map(|number| {
            thread::spawn(move || {
                let mut file = std::fs::File::create(format!("/data/{number}")).unwrap();
                file.write_all(&[number; 5000]).unwrap();
                file.sync_all().unwrap();
            })
        });
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(std::fs::read_dir("/data").unwrap().count(), 3);
    });
}

#[test]
fn channels_of_the_runtime() {
    a_hundred_times(9, || {
        on_workers(async {
            let (sender, _) = broadcast::channel(8);
            let mut set = JoinSet::new();
            for _ in 0..5 {
                let mut receiver = sender.subscribe();
                set.spawn(async move {
                    let mut received = 0;
                    while receiver.recv().await.is_ok() {
                        received += 1;
                    }
                    assert_eq!(received, 4);
                });
            }
            let (done, wait) = oneshot::channel();
            selkie::spawn(async move {
                for number in 0..4 {
                    sender.send(number).unwrap();
                    sleep(MILLISECOND).await;
                }
                done.send(()).unwrap();
            });
            wait.await.unwrap();
            set.join_all().await;
        });
    });
}

#[test]
fn datagrams_between_hosts_that_crash() {
    Simulation::new()
        .seed(10)
        .repeats(TIMES)
        .run(|world| async move {
            let server = world.host("server").start(|| async {
                let socket = UdpSocket::bind("0.0.0.0:7").await.unwrap();
                let mut buffer = [0; 16];
                loop {
                    let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
                    let _lost = socket.send_to(&buffer[..length], from).await;
                }
            });
            let client = world.host("client").start(|| async {
                let socket = UdpSocket::bind("0.0.0.0:0").await.unwrap();
                socket.connect("server:7").await.unwrap();
                loop {
                    let _lost = socket.send(b"hello").await;
                    let _late = timeout(20 * MILLISECOND, socket.recv(&mut [0; 16])).await;
                }
            });
            let link = Link::default()
                .loss(0.2)
                .latency(MILLISECOND..5 * MILLISECOND);
            world.link(&client, &server, &link);
            let faults = Faults::rough();
            world
                .faults(&faults, &[&server, &client], Duration::from_secs(5))
                .await;
        });
}
