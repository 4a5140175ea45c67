//! What a world promises at its edges: limits of links, ends of hosts by themselves, invariants that panic, faults without shares.
#![allow(unsafe_code)]

use std::panic::catch_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use selkie::io::{AsyncReadExt, AsyncWriteExt};
use selkie::net::{TcpListener, TcpStream};
use selkie::time::sleep;
use selkie_sim::{Builder, Faults, Link};

const SECOND: Duration = Duration::from_secs(1);

fn simulation() -> Builder {
    Builder::new().runs(10).repeats(2)
}

/// What a run that must fail says.
fn failure(run: impl FnOnce() + std::panic::UnwindSafe) -> String {
    let failed = catch_unwind(run).expect_err("the run fails");
    failed.downcast_ref::<String>().expect("a text").clone()
}

#[test]
fn a_link_lets_no_more_bytes_through_than_it_has_bandwidth_for() {
    const BYTES: usize = 2_000_000;
    simulation().run(|world| async move {
        world.default_link(Link::default().bandwidth(1_000_000));
        world.host("source").start(|| async {
            let listener = TcpListener::bind("0.0.0.0:9").await.unwrap();
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(&vec![7; BYTES]).await.unwrap();
            sleep(60 * SECOND).await;
        });
        world.sleep(SECOND).await;
        let begun = Instant::now();
        let mut stream = TcpStream::connect("source:9").await.unwrap();
        stream.read_exact(&mut vec![0; BYTES]).await.unwrap();
        let took = begun.elapsed();
        assert!(took >= 2 * SECOND, "{took:?}");
        assert!(took < 3 * SECOND, "{took:?}");
    });
}

#[test]
fn a_connection_over_a_slow_link_has_one_other_end() {
    simulation().run(|world| async move {
        // The answer takes longer than the client waits before it asks again.
        world.default_link(Link::default().latency(2 * SECOND..3 * SECOND));
        world.host("server").start(|| async {
            let listener = TcpListener::bind("0.0.0.0:9").await.unwrap();
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                selkie::spawn(async move {
                    let mut byte = [0];
                    while stream.read_exact(&mut byte).await.is_ok() {
                        stream.write_all(&byte).await.unwrap();
                    }
                });
            }
        });
        world.sleep(SECOND).await;
        let mut stream = TcpStream::connect("server:9").await.unwrap();
        for number in 0..10 {
            stream.write_all(&[number]).await.unwrap();
            assert_eq!(stream.read_u8().await.unwrap(), number);
        }
    });
}

#[test]
fn a_program_that_kills_itself_does_nothing_more() {
    simulation().run(|world| async move {
        let steps = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&steps);
        let host = world.host("host").start_main(move || {
            counted.fetch_add(1, Ordering::SeqCst);
            // SAFETY: the call touches no memory.
            unsafe { libc::raise(libc::SIGTERM) };
            counted.fetch_add(1, Ordering::SeqCst);
        });
        world.sleep(SECOND).await;
        assert_eq!(steps.load(Ordering::SeqCst), 1);
        let signal = format!("signal {}", libc::SIGTERM);
        assert_eq!(host.ended(), Some(Err(signal)));
    });
}

/// Joins a thread that sleeps for ten seconds, for one second at most.
fn joins_in_vain() {
    let sleeper = std::thread::spawn(|| std::thread::sleep(10 * SECOND));
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let time = libc::timespec {
        tv_sec: now.unwrap().as_secs() as i64 + 1,
        tv_nsec: 0,
    };
    let thread = std::os::unix::thread::JoinHandleExt::as_pthread_t(&sleeper);
    let begun = Instant::now();
    // SAFETY: the thread is there, and nobody else joins it.
    let joined = unsafe { libc_timedjoin(thread, std::ptr::null_mut(), &raw const time) };
    assert_eq!(joined, libc::ETIMEDOUT);
    assert!(begun.elapsed() < 5 * SECOND);
}

unsafe extern "C" {
    #[link_name = "pthread_timedjoin_np"]
    fn libc_timedjoin(
        thread: libc::pthread_t,
        value: *mut *mut libc::c_void,
        time: *const libc::timespec,
    ) -> libc::c_int;
}

#[test]
fn a_join_with_a_limit_ends_in_a_simulation_and_outside() {
    // Once: only the process that starts the others comes here with a real clock.
    if std::env::var_os("SELKIE_SIM_CHILD").is_none() {
        joins_in_vain();
    }
    simulation().run(|world| async move {
        let host = world.host("host").start_main(joins_in_vain);
        world.sleep(20 * SECOND).await;
        assert_eq!(host.ended(), Some(Ok(())));
    });
}

#[test]
fn a_host_that_was_paused_runs_after_a_restart() {
    simulation().run(|world| async move {
        let steps = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&steps);
        let host = world.host("host").start(move || {
            counted.fetch_add(1, Ordering::SeqCst);
            std::future::pending::<()>()
        });
        world.sleep(SECOND).await;
        host.pause();
        host.restart();
        world.sleep(SECOND).await;
        assert_eq!(steps.load(Ordering::SeqCst), 2);
        host.resume();
    });
}

#[test]
fn an_invariant_may_assert() {
    let said = failure(|| {
        Builder::new().run(|world| async move {
            let number = Arc::new(AtomicU64::new(0));
            let seen = Arc::clone(&number);
            world.always("the number is small", move || {
                assert!(seen.load(Ordering::SeqCst) < 3, "it is large");
                Ok(())
            });
            for _ in 0..5 {
                number.fetch_add(1, Ordering::SeqCst);
                world.sleep(SECOND).await;
            }
        });
    });
    assert!(said.contains("the number is small: it is large"), "{said}");
}

#[test]
fn faults_without_shares_do_nothing_and_the_second_time_brings_others() {
    let said = failure(|| {
        Builder::new().run(|world| async move {
            let host = world.host("host").start(std::future::pending::<()>);
            let none = Faults::rough()
                .partitions(0)
                .pauses(0)
                .crashes(0)
                .slow_links(0)
                .clock_shifts(0);
            world.faults(&none, &[&host], 60 * SECOND).await;
            std::fs::write("/file", b"there is room").unwrap();
            world.faults(&Faults::rough(), &[&host], 60 * SECOND).await;
            panic!("to see the trace");
        });
    });
    let trace = said.split("its trace is ").nth(1).expect("a path");
    let trace = std::fs::read_to_string(trace.split(',').next().unwrap()).unwrap();
    let numbers = trace
        .lines()
        .filter_map(|line| line.split(" fault ").nth(1));
    let numbers: Vec<u64> = numbers.map(|number| number.parse().unwrap()).collect();
    assert!(numbers.is_sorted_by(|one, two| one < two), "{numbers:?}");
}

#[test]
fn a_host_restarts_itself() {
    simulation().run(|world| async move {
        let own = Arc::new(std::sync::Mutex::new(None::<selkie_sim::Host>));
        let (known, starts) = (Arc::clone(&own), Arc::new(AtomicU64::new(0)));
        let counted = Arc::clone(&starts);
        let host = world.host("host").start(move || {
            let (known, start) = (Arc::clone(&known), counted.fetch_add(1, Ordering::SeqCst));
            async move {
                sleep(SECOND).await;
                if start == 0 {
                    let host = known.lock().unwrap().clone();
                    host.expect("it is known").restart();
                    unreachable!("its threads never run again");
                }
            }
        });
        *own.lock().unwrap() = Some(host.clone());
        world.sleep(4 * SECOND).await;
        assert_eq!(starts.load(Ordering::SeqCst), 2);
        assert_eq!(host.ended(), Some(Ok(())));
    });
}

#[test]
fn clocks_of_a_host_drift_and_others_do_not() {
    simulation().run(|world| async move {
        let shown = Arc::new(AtomicU64::new(0));
        let own = Arc::clone(&shown);
        let host = world.host("fast").start(move || {
            let own = Arc::clone(&own);
            async move {
                let begun = (Instant::now(), std::time::SystemTime::now());
                loop {
                    sleep(SECOND / 10).await;
                    let walls = begun.1.elapsed().unwrap();
                    let apart = walls.abs_diff(begun.0.elapsed());
                    assert!(apart < SECOND / 1000, "{apart:?} apart");
                    own.store(walls.as_millis() as u64, Ordering::SeqCst);
                }
            }
        });
        // What it shows after so many seconds, with a clock that is so many millionths fast.
        for (drift, ends_at) in [(0, 10), (500_000, 25), (-500_000, 30), (0, 40)] {
            host.drift_clock(drift);
            world.sleep(10 * SECOND).await;
            let shown = shown.load(Ordering::SeqCst);
            assert!(
                (ends_at * 1000 - 400..=ends_at * 1000).contains(&shown),
                "{shown}"
            );
        }
        let faults = Faults::rough()
            .partitions(0)
            .pauses(0)
            .crashes(0)
            .slow_links(0);
        let faults = faults.clock_shifts(0).clock_drifts(1).every(SECOND);
        world.faults(&faults, &[&host], 60 * SECOND).await;
        assert_eq!(host.ended(), None);
    });
}

#[test]
fn a_shorter_run_fails_for_the_same_reason() {
    let said = failure(|| {
        Builder::new().seed(1).run(|world| async move {
            let host = world.host("host").start(std::future::pending::<()>);
            let faults = Faults::rough().every(SECOND / 10).lasts(SECOND / 100);
            let faults = faults
                .crashes(0)
                .partitions(0)
                .slow_links(0)
                .clock_shifts(0);
            world.faults(&faults, &[&host], 2 * SECOND).await;
            let left_out = std::env::var("SELKIE_SIM_WITHOUT").unwrap_or_default();
            // As if a fault kept another bug from showing.
            assert!(left_out.is_empty(), "another bug");
            panic!("the bug that was found");
        });
    });
    assert!(said.contains("the bug that was found"), "{said}");
    assert!(!said.contains("another bug"), "{said}");
}

#[test]
fn worlds_at_their_limits() {
    Builder::new().runs(0).run(|_| async { panic!("not run") });
    Builder::new().repeats(0).runs(2).run(|_| async {});
    Builder::new()
        .seed(u64::MAX)
        .runs(2)
        .run(|world| async move {
            // Names that are no good file names.
            for name in ["", "a", "a", "\u{e4}\n\"b/"] {
                world.host(name).start(|| async {});
            }
            world.sleep(SECOND).await;
        });
}

#[test]
fn a_simulation_on_another_thread_is_refused() {
    let other = std::thread::Builder::new().name(String::from("no-test"));
    let run = || failure(|| Builder::new().runs(1).run(|_| async {}));
    let said = other.spawn(run).unwrap().join().unwrap();
    assert!(said.contains("the test's own thread"), "{said}");
}

#[test]
fn a_long_datagram_travels_in_pieces_or_not_at_all() {
    use std::net::UdpSocket;
    simulation().run(|world| async move {
        world.default_link(Link::default().loss(0.1).mtu(1000));
        let host = world.host("host").start_main(|| {
            let socket = UdpSocket::bind("0.0.0.0:5000").unwrap();
            let mut come = [0_usize; 2];
            socket.set_read_timeout(Some(5 * SECOND)).unwrap();
            while let Ok(length) = socket.recv(&mut [0; 40_000]) {
                come[usize::from(length > 1000)] += 1;
            }
            // One in ten is lost of the short ones, and all but one in thirty of those that travel in 31 pieces.
            assert!(come[0] > 150 && come[1] < 40, "{come:?}");
        });
        world.sleep(SECOND).await;
        let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
        for _ in 0..200 {
            socket.send_to(&[0; 900], "host:5000").unwrap();
            socket.send_to(&[0; 30_000], "host:5000").unwrap();
            world.sleep(SECOND / 100).await;
        }
        let whole = libc::IP_PMTUDISC_DO;
        let number = std::os::fd::AsRawFd::as_raw_fd(&socket);
        let (value, length) = ((&raw const whole).cast(), size_of_val(&whole) as u32);
        // SAFETY: the value has the length that is said.
        let set = unsafe {
            libc::setsockopt(
                number,
                libc::IPPROTO_IP,
                libc::IP_MTU_DISCOVER,
                value,
                length,
            )
        };
        assert_eq!(set, 0);
        let refused = socket.send_to(&[0; 1400], "host:5000").unwrap_err();
        assert_eq!(refused.raw_os_error(), Some(libc::EMSGSIZE));
        world.sleep(10 * SECOND).await;
        assert_eq!(host.ended(), Some(Ok(())));
    });
}
