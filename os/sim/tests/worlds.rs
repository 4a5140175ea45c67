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
