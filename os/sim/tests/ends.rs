//! Ends of Selkie's own runtimes in orders that no machine shows: while sockets are waited for, while others start, while calls that
//! block are spawned, while signals come; and drivers whose owner changes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use selkie::io::{AsyncReadExt, AsyncWriteExt};
use selkie::net::{TcpListener, TcpStream, UdpSocket};
use selkie::runtime::{Builder, Runtime};
use selkie::sync::oneshot;
use selkie::task;
use selkie::time::{sleep, timeout};
use selkie_sim::{Builder as Simulation, Host};

const SECOND: Duration = Duration::from_secs(1);
const MILLISECOND: Duration = Duration::from_millis(1);

fn workers(count: usize) -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(count).enable_all().build().unwrap()
}

fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Runs `main` on a host of its own, for each of `runs` seeds; `during` sees to what befalls it.
fn each_seed_with<Fut: Future<Output = ()>>(
    runs: u64,
    main: fn(),
    during: impl FnOnce(Host) -> Fut + Send + 'static,
) {
    Simulation::new().runs(runs).run(move |world| async move {
        let host = world.host("host").processors(4).start_main(main);
        during(host.clone()).await;
        world
            .eventually(600 * SECOND, "the program ends", || host.ended().is_some())
            .await;
        assert_eq!(host.ended(), Some(Ok(())));
    });
}

fn each_seed(runs: u64, main: fn()) {
    each_seed_with(runs, main, |_| async {});
}

/// A number that differs from seed to seed.
fn any(below: u64) -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(0) % below
}

/// Waits for sockets in all ways, and never ends.
async fn wait_for_sockets(alive: Arc<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut connection = TcpStream::connect(address).await.unwrap();
    let (mut other, _) = listener.accept().await.unwrap();
    let datagrams = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let keep = Arc::clone(&alive);
    task::spawn(async move {
        let _alive = keep;
        other.read_to_end(&mut Vec::new()).await
    });
    let keep = Arc::clone(&alive);
    task::spawn(async move {
        let _alive = keep;
        datagrams.recv(&mut [0; 10]).await
    });
    let keep = Arc::clone(&alive);
    task::spawn(async move {
        let _alive = keep;
        listener.accept().await.map(drop)
    });
    let keep = Arc::clone(&alive);
    // Nobody is there, and nobody says so.
    task::spawn(async move {
        let _alive = keep;
        TcpStream::connect("10.77.0.1:9").await.map(drop)
    });
    // Once the buffers are full this waits as well: the other end is read, but not for ever.
    loop {
        connection.write_all(&[1; 4096]).await.unwrap();
        sleep(any(3) as u32 * MILLISECOND).await;
    }
}

#[test]
fn a_runtime_ends_while_its_tasks_wait_for_sockets() {
    each_seed(300, || {
        let alive = Arc::new(());
        let runtime = match any(3) {
            0 => one_thread(),
            count => workers(count as usize * 2),
        };
        for _ in 0..3 {
            runtime.spawn(wait_for_sockets(Arc::clone(&alive)));
        }
        runtime.block_on(async { sleep(any(8) as u32 * MILLISECOND).await });
        let begun = Instant::now();
        drop(runtime);
        assert!(begun.elapsed() < SECOND, "{:?}", begun.elapsed());
        assert_eq!(Arc::strong_count(&alive), 1);
    });
}

#[test]
fn who_waits_for_a_socket_of_another_runtime_hears_of_its_end() {
    each_seed(300, || {
        let (owner, other) = (workers(2), one_thread());
        let listener = owner.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let socket = owner.block_on(UdpSocket::bind("127.0.0.1:0")).unwrap();
        let ends = thread::spawn(move || {
            thread::sleep(any(3) as u32 * MILLISECOND);
            drop(owner);
        });
        // No error, or one: but an end.
        let waits = async {
            let accepts = timeout(10 * SECOND, listener.accept());
            let receives = timeout(10 * SECOND, socket.recv(&mut []));
            (accepts.await.is_ok(), receives.await.is_ok())
        };
        assert_eq!(other.block_on(waits), (true, true));
        ends.join().unwrap();
    });
}

/// Answers each byte with itself.
async fn echo(listener: TcpListener) {
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        task::spawn(async move {
            while let Ok(byte) = stream.read_u8().await {
                stream.write_u8(byte).await.unwrap();
            }
        });
    }
}

async fn call(address: SocketAddr, times: u32) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    for number in 0..times {
        let begun = Instant::now();
        stream.write_u8(number as u8).await.unwrap();
        assert_eq!(stream.read_u8().await.unwrap(), number as u8);
        let took = begun.elapsed();
        assert!(took < SECOND, "{took:?} for an echo");
        sleep(any(5) as u32 * MILLISECOND).await;
    }
}

#[test]
fn a_driver_that_changes_its_owner_misses_nothing() {
    each_seed(300, || {
        let runtime = Arc::new(one_thread());
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(echo(listener));
        // Each of them drives the runtime while it is the one that came first.
        let threads: Vec<_> = (0..4)
            .map(|number| {
                let runtime = Arc::clone(&runtime);
                thread::spawn(move || {
                    for _ in 0..3 {
                        runtime.block_on(call(address, 1 + number));
                        thread::sleep(any(3) as u32 * MILLISECOND);
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

#[test]
fn workers_that_block_leave_their_sockets_to_others() {
    each_seed(200, || {
        workers(3).block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            task::spawn(echo(listener));
            let calls: Vec<_> = (0..4).map(|_| task::spawn(call(address, 8))).collect();
            let is_over = Arc::new(AtomicBool::new(false));
            let mut blocks = Vec::new();
            for number in 0..2 {
                let is_over = Arc::clone(&is_over);
                blocks.push(task::spawn(async move {
                    while !is_over.load(Ordering::SeqCst) {
                        match number {
                            0 => task::block_in_place(|| thread::sleep(3 * SECOND)),
                            _ => thread::sleep(3 * SECOND),
                        }
                        task::yield_now().await;
                    }
                }));
            }
            for call in calls {
                call.await.unwrap();
            }
            is_over.store(true, Ordering::SeqCst);
            for block in blocks {
                block.await.unwrap();
            }
        });
    });
}

#[test]
fn calls_that_block_run_or_are_dropped_when_a_runtime_ends() {
    static RUN: AtomicUsize = AtomicUsize::new(0);
    each_seed(300, || {
        let alive = Arc::new(());
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .max_blocking_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let spawners: Vec<_> = (0..3)
            .map(|_| {
                let (handle, alive) = (runtime.handle().clone(), Arc::clone(&alive));
                thread::spawn(move || {
                    let mut calls = Vec::new();
                    for _ in 0..6 {
                        let alive = Arc::clone(&alive);
                        calls.push(handle.spawn_blocking(move || {
                            thread::sleep(any(2) as u32 * MILLISECOND);
                            RUN.fetch_add(1, Ordering::SeqCst);
                            drop(alive);
                        }));
                        thread::sleep(Duration::from_micros(any(500)));
                    }
                    calls
                })
            })
            .collect();
        thread::sleep(Duration::from_micros(any(3000)));
        let begun = Instant::now();
        drop(runtime);
        assert!(begun.elapsed() < SECOND, "{:?}", begun.elapsed());
        let calls = spawners
            .into_iter()
            .flat_map(|spawner| spawner.join().unwrap());
        let calls: Vec<_> = calls.collect();
        let mut run = 0;
        for call in calls {
            match one_thread().block_on(async { timeout(10 * SECOND, call).await }) {
                Ok(Ok(())) => run += 1,
                Ok(Err(error)) => assert!(error.is_cancelled(), "{error}"),
                Err(_) => panic!("a call that blocks is waited for without end"),
            }
        }
        assert_eq!(run, RUN.load(Ordering::SeqCst));
        assert_eq!(Arc::strong_count(&alive), 1);
    });
}

#[test]
fn signals_reach_who_listens_while_runtimes_end() {
    static SEEN: AtomicUsize = AtomicUsize::new(0);
    static LISTENS: AtomicBool = AtomicBool::new(false);
    fn program() {
        let (end, ended) = oneshot::channel::<()>();
        let listener = thread::spawn(|| {
            one_thread().block_on(async {
                let mut signals =
                    selkie::signal::unix::signal(selkie::signal::unix::SignalKind::interrupt());
                let signals = signals.as_mut().unwrap();
                LISTENS.store(true, Ordering::SeqCst);
                let counts = async {
                    loop {
                        signals.recv().await;
                        SEEN.fetch_add(1, Ordering::SeqCst);
                    }
                };
                selkie::select! {
                    () = counts => (),
                    _ = ended => (),
                }
            });
        });
        // Others come and go meanwhile, some while they wait for the same signal.
        for round in 0..12_u32 {
            let runtime = match round % 2 {
                0 => one_thread(),
                _ => workers(2),
            };
            runtime.spawn(async { selkie::signal::ctrl_c().await });
            runtime.block_on(async { sleep(any(4) as u32 * MILLISECOND).await });
            match round % 3 {
                0 => runtime.shutdown_background(),
                _ => drop(runtime),
            }
        }
        thread::sleep(SECOND);
        drop(end);
        listener.join().unwrap();
    }
    each_seed_with(300, program, |host| async move {
        while !LISTENS.load(Ordering::SeqCst) {
            sleep(Duration::from_micros(100)).await;
        }
        for _ in 0..10 {
            sleep(any(4) as u32 * MILLISECOND).await;
            let before = SEEN.load(Ordering::SeqCst);
            host.ctrl_c();
            let begun = Instant::now();
            while SEEN.load(Ordering::SeqCst) == before {
                assert!(begun.elapsed() < SECOND, "a signal is lost");
                sleep(Duration::from_micros(200)).await;
            }
        }
    });
}

#[test]
fn runtimes_that_end_inside_others_take_nothing_with_them() {
    each_seed(200, || {
        let runtime = workers(2);
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            task::spawn(echo(listener));
            let inner: Vec<_> = (0..3)
                .map(|number| {
                    task::spawn_blocking(move || {
                        let inner = match number {
                            0 => one_thread(),
                            _ => workers(2),
                        };
                        inner.block_on(call(address, 3));
                        inner.spawn(call(address, 100));
                        match number {
                            1 => inner.shutdown_background(),
                            2 => inner.shutdown_timeout(SECOND),
                            _ => drop(inner),
                        }
                    })
                })
                .collect();
            let own = task::spawn(call(address, 10));
            for inner in inner {
                inner.await.unwrap();
            }
            own.await.unwrap();
        });
    });
}
