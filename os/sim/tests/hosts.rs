//! What happens to hosts: signals, exits, crashes, pauses, partitions.
//!
//! Length      one world after the other.

use std::io::ErrorKind;
use std::panic::catch_unwind;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant, SystemTime};

use selkie::io::{AsyncReadExt, AsyncWriteExt};
use selkie::net::{TcpListener, TcpStream, UdpSocket, UnixListener, UnixStream};
use selkie::time::{sleep, timeout};
use selkie_sim::{Builder, Link};

const SECOND: Duration = Duration::from_secs(1);

fn simulation() -> Builder {
    Builder::new().runs(10).repeats(2)
}

/// Answers every connection with what comes.
async fn echo() {
    let listener = TcpListener::bind("0.0.0.0:7").await.unwrap();
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        selkie::spawn(async move {
            let (mut reader, mut writer) = stream.split();
            selkie::io::copy(&mut reader, &mut writer).await
        });
    }
}

async fn say(stream: &mut TcpStream) -> std::io::Result<()> {
    stream.write_all(b"hello").await?;
    stream.read_exact(&mut [0; 5]).await.map(drop)
}

#[test]
fn a_signal_reaches_one_host_alone() {
    simulation().run(|world| async move {
        let waits = || async { selkie::signal::ctrl_c().await.unwrap() };
        let (one, two) = (
            world.host("one").start(waits),
            world.host("two").start(waits),
        );
        world.sleep(SECOND).await;
        one.ctrl_c();
        world.sleep(SECOND).await;
        assert_eq!((one.ended(), two.ended()), (Some(Ok(())), None));
        two.ctrl_c();
        world.sleep(SECOND).await;
        assert_eq!(two.ended(), Some(Ok(())));
        // It listens again after a restart.
        one.restart();
        world.sleep(SECOND).await;
        assert_eq!(one.ended(), None);
        one.ctrl_c();
        world.sleep(SECOND).await;
        assert_eq!(one.ended(), Some(Ok(())));
    });
}

#[test]
fn a_program_ends_with_its_main_function_or_exit() {
    simulation().run(|world| async move {
        let ends = world.host("ends").start(|| async {
            selkie::spawn(std::future::pending::<()>());
        });
        let exits = world.host("exits").start(|| async {
            selkie::spawn(async { std::process::exit(3) });
            sleep(Duration::from_secs(60)).await;
        });
        let panics = world
            .host("panics")
            .may_panic()
            .start(|| async { panic!("on purpose") });
        world.sleep(SECOND).await;
        assert_eq!(ends.ended(), Some(Ok(())));
        assert_eq!(exits.ended(), Some(Err(String::from("exit code 3"))));
        assert_eq!(
            panics.ended(),
            Some(Err(String::from("panicked: on purpose")))
        );
    });
}

#[test]
fn a_panic_of_a_host_fails_the_run() {
    let failed = catch_unwind(|| {
        Builder::new().run(|world| async move {
            world
                .host("server")
                .start(|| async { panic!("on purpose") });
            world.sleep(SECOND).await;
        });
    });
    let failed = failed.expect_err("the host panics");
    let said = failed.downcast_ref::<String>().expect("a text");
    assert!(said.contains("server panicked: on purpose"), "{said}");
}

#[test]
fn a_connection_to_a_host_that_crashed_is_reset_once_it_is_back() {
    simulation().run(|world| async move {
        let server = world.host("server").start(echo);
        world.sleep(SECOND).await;
        let mut stream = TcpStream::connect("server:7").await.unwrap();
        say(&mut stream).await.unwrap();
        server.crash();
        // Nobody says that the host is gone.
        stream.write_all(b"hello").await.unwrap();
        assert!(
            timeout(10 * SECOND, stream.read(&mut [0; 5]))
                .await
                .is_err()
        );
        let connects = timeout(10 * SECOND, TcpStream::connect("server:7")).await;
        assert!(connects.is_err(), "{connects:?}");
        server.restart();
        let error = stream.read(&mut [0; 5]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        say(&mut TcpStream::connect("server:7").await.unwrap())
            .await
            .unwrap();
    });
}

#[test]
fn errors_of_connections_are_those_of_a_network() {
    simulation().run(|world| async move {
        let server = world.host("server").ip("10.1.2.3").start(|| async {
            sleep(Duration::from_secs(3000)).await;
        });
        let kind = |result: std::io::Result<TcpStream>| result.unwrap_err().kind();
        assert_eq!(
            kind(TcpStream::connect("server:7").await),
            ErrorKind::ConnectionRefused
        );
        assert_eq!(
            kind(TcpStream::connect("10.1.2.3:8").await),
            ErrorKind::ConnectionRefused
        );
        assert_eq!(
            kind(TcpStream::connect("10.9.9.9:8").await),
            ErrorKind::NetworkUnreachable
        );
        assert!(TcpStream::connect("nobody:8").await.is_err());
        let begun = Instant::now();
        server.crash();
        assert_eq!(
            kind(TcpStream::connect("server:7").await),
            ErrorKind::TimedOut
        );
        assert!(begun.elapsed() > 100 * SECOND);
        let bound = TcpListener::bind("0.0.0.0:80").await.unwrap();
        let again = TcpListener::bind("0.0.0.0:80").await.unwrap_err();
        assert_eq!(again.kind(), ErrorKind::AddrInUse);
        drop(bound);
        TcpListener::bind("0.0.0.0:80").await.unwrap();
    });
}

#[test]
fn what_a_partition_holds_up_arrives_when_it_is_healed() {
    simulation().run(|world| async move {
        let server = world.host("server").start(echo);
        let done = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&done);
        let client = world.host("client").start(move || {
            let counted = Arc::clone(&counted);
            async move {
                sleep(SECOND).await;
                let mut stream = TcpStream::connect("server:7").await.unwrap();
                for _ in 0..1000 {
                    say(&mut stream).await.unwrap();
                    counted.fetch_add(1, Ordering::SeqCst);
                    sleep(SECOND / 10).await;
                }
            }
        });
        world.sleep(3 * SECOND).await;
        let before = done.load(Ordering::SeqCst);
        assert!(before > 5);
        world.partition_one_way(&server, &client);
        world.sleep(20 * SECOND).await;
        assert!(done.load(Ordering::SeqCst) <= before + 2);
        world.heal_all();
        let arrives = || done.load(Ordering::SeqCst) > before + 5;
        world
            .eventually(60 * SECOND, "the client goes on", arrives)
            .await;
    });
}

#[test]
fn a_paused_host_goes_on_where_it_was() {
    simulation().run(|world| async move {
        let count = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&count);
        let host = world.host("counter").start(move || {
            let counted = Arc::clone(&counted);
            async move {
                loop {
                    sleep(SECOND).await;
                    counted.fetch_add(1, Ordering::SeqCst);
                }
            }
        });
        world.sleep(10 * SECOND).await;
        host.pause();
        let before = count.load(Ordering::SeqCst);
        world.sleep(10 * SECOND).await;
        assert_eq!(count.load(Ordering::SeqCst), before);
        host.resume();
        world.sleep(10 * SECOND).await;
        assert!(count.load(Ordering::SeqCst) >= before + 9);
    });
}

#[test]
fn wall_clocks_are_set_and_monotonic_clocks_are_not() {
    simulation().run(|world| async move {
        let (told, mut hears) = selkie::sync::mpsc::unbounded_channel();
        let host = world.host("clock").start(move || {
            let told = told.clone();
            async move {
                loop {
                    let _heard = told.send((SystemTime::now(), Instant::now()));
                    sleep(SECOND).await;
                }
            }
        });
        let before = hears.recv().await.unwrap();
        host.shift_clock(Duration::from_secs(3600), false);
        let after = hears.recv().await.unwrap();
        assert!(after.0.duration_since(before.0).unwrap() > Duration::from_secs(3600));
        assert!(after.1 - before.1 < 2 * SECOND);
    });
}

#[test]
fn datagrams_are_lost_doubled_and_reordered_as_the_link_says() {
    let seen = |link: Link| {
        simulation().run(move |world| async move {
            world.default_link(link);
            let (told, mut hears) = selkie::sync::mpsc::unbounded_channel();
            world.host("sink").start(move || {
                let told = told.clone();
                async move {
                    let socket = UdpSocket::bind("0.0.0.0:9").await.unwrap();
                    loop {
                        let mut bytes = [0; 8];
                        socket.recv_from(&mut bytes).await.unwrap();
                        told.send(u64::from_le_bytes(bytes)).unwrap();
                    }
                }
            });
            world.sleep(SECOND).await;
            world.host("source").start(|| async {
                let socket = UdpSocket::bind("0.0.0.0:0").await.unwrap();
                for number in 0..1000_u64 {
                    socket
                        .send_to(&number.to_le_bytes(), "sink:9")
                        .await
                        .unwrap();
                }
            });
            world.sleep(10 * SECOND).await;
            let mut numbers = Vec::new();
            while let Ok(number) = hears.try_recv() {
                numbers.push(number);
            }
            let is_sorted = numbers.is_sorted();
            numbers.sort_unstable();
            let all = numbers.len();
            numbers.dedup();
            assert!(!is_sorted, "a network reorders");
            assert!((600..900).contains(&numbers.len()), "{}", numbers.len());
            assert!(all > numbers.len() + 20);
        });
    };
    seen(Link::default().loss(0.25).duplication(0.1));
}

#[test]
fn local_sockets_stay_on_their_host() {
    simulation().run(|world| async move {
        let server = world.host("server").start(|| async {
            let listener = UnixListener::bind("/run/echo.sock").unwrap();
            let client = selkie::spawn(async {
                let mut stream = UnixStream::connect("/run/echo.sock").await.unwrap();
                stream.write_all(b"hi").await.unwrap();
                stream.shutdown().await.unwrap();
                let mut answer = String::new();
                stream.read_to_string(&mut answer).await.unwrap();
                answer
            });
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut question = String::new();
            stream.read_to_string(&mut question).await.unwrap();
            stream.write_all(question.as_bytes()).await.unwrap();
            drop(stream);
            assert_eq!(client.await.unwrap(), "hi");
        });
        world.sleep(SECOND).await;
        assert_eq!(server.ended(), Some(Ok(())));
        assert!(UnixStream::connect("/run/echo.sock").await.is_err());
    });
}

#[test]
fn threads_of_the_program_are_simulated() {
    simulation().run(|world| async move {
        let host = world.host("threads").start_main(|| {
            let pair = Arc::new((Mutex::new(Vec::new()), Condvar::new()));
            let threads: Vec<_> = (0..4)
                .map(|number| {
                    let pair = Arc::clone(&pair);
                    std::thread::spawn(move || {
                        std::thread::sleep(SECOND * number);
                        pair.0.lock().unwrap().push(number);
                        pair.1.notify_all();
                    })
                })
                .collect();
            let (list, changed) = &*pair;
            let all = changed
                .wait_while(list.lock().unwrap(), |list| list.len() < 4)
                .unwrap();
            assert_eq!(*all, [0, 1, 2, 3]);
            drop(all);
            for thread in threads {
                thread.join().unwrap();
            }
            assert_eq!(std::thread::available_parallelism().unwrap().get(), 2);
        });
        world.sleep(10 * SECOND).await;
        assert_eq!(host.ended(), Some(Ok(())));
    });
}

#[test]
fn other_programs_are_not_here() {
    simulation().run(|world| async move {
        let host = world.host("parent").start(|| async {
            let error = selkie::process::Command::new("true").spawn().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        });
        world.sleep(SECOND).await;
        assert_eq!(host.ended(), Some(Ok(())));
    });
}

#[test]
fn invariants_are_looked_at_after_every_step() {
    let failed = catch_unwind(|| {
        Builder::new().run(|world| async move {
            let number = Arc::new(AtomicU64::new(0));
            let seen = Arc::clone(&number);
            world.always("the number is small", move || {
                match seen.load(Ordering::SeqCst) {
                    0..5 => Ok(()),
                    number => Err(format!("it is {number}")),
                }
            });
            world.host("counter").start(move || {
                let number = Arc::clone(&number);
                async move {
                    // Back to zero before anybody but an invariant looks.
                    for step in 0..10 {
                        number.store(step, Ordering::SeqCst);
                        sleep(SECOND).await;
                    }
                    number.store(0, Ordering::SeqCst);
                }
            });
            world.sleep(60 * SECOND).await;
        });
    });
    let failed = failed.expect_err("the number grows");
    let said = failed.downcast_ref::<String>().expect("a text");
    assert!(said.contains("the number is small: it is 5"), "{said}");
}

#[test]
fn a_world_in_which_nothing_can_happen_says_so() {
    let failed = catch_unwind(|| {
        Builder::new().run(|_world| std::future::pending());
    });
    let failed = failed.expect_err("nothing happens");
    let said = failed.downcast_ref::<String>().expect("a text");
    assert!(said.contains("nothing can happen any more"), "{said}");
}

#[test]
fn places_of_the_program_go_their_rare_way_in_some_runs() {
    let failed = catch_unwind(|| {
        Builder::new().runs(100).run(|_world| async move {
            let rare = (0..20).filter(|_| selkie_sim::maybe!(0.5)).count();
            assert!(rare == 0, "{rare} of 20");
        });
    });
    let failed = failed.expect_err("the place is chosen in one of a hundred runs");
    let said = failed.downcast_ref::<String>().expect("a text");
    assert!(said.contains(" of 20"), "{said}");
    assert!(!selkie_sim::maybe!(1.0), "outside there is no simulation");
}
