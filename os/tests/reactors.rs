//! A reactor for each worker: who watches which socket, and what becomes of it when that worker is stuck.
//!
//! Length      one arrangement of stuck workers, which all tests share.
#![cfg(target_os = "linux")]
#![allow(unsafe_code)]

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream as StdStream};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream as StdUnix;
use std::process::Command;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Wake, Waker};
use std::time::{Duration, Instant};

use selkie::io::{AsyncReadExt, AsyncWriteExt};
use selkie::net::{TcpListener, TcpStream, UnixStream};
use selkie::runtime::{Builder, Runtime};
use selkie::signal::unix::{SignalKind, signal};
use selkie::task::JoinHandle;

use fixture::watched_by;

mod fixture {
    #[path = "../fixture/interest_list.rs"]
    mod interest_list;
    pub(crate) use interest_list::watched_by;
}

/// Longer than anything takes that happens at all.
const LONG: Duration = Duration::from_secs(60);

fn workers(count: usize, own: bool) -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(count).reactor_per_worker(own);
    builder.enable_all().disable_io_uring().build().unwrap()
}

/// Clients of a server on `runtime` that have been answered, and duplicates of the server's sockets.
fn clients(runtime: &Runtime, count: usize) -> (Vec<StdStream>, Vec<OwnedFd>, SocketAddr) {
    let (address, told) = serve(runtime);
    let mut clients: Vec<_> = (0..count).map(|_| connect(address)).collect();
    clients.iter_mut().for_each(ask);
    let sockets = clients.iter().map(|_| told.recv_timeout(LONG).unwrap());
    let sockets = sockets.collect();
    (clients, sockets, address)
}

/// Gives back what comes, byte by byte.
async fn echo(mut stream: TcpStream) {
    while let Ok(byte) = stream.read_u8().await {
        if stream.write_all(&[byte]).await.is_err() {
            return;
        }
    }
}

/// Accepts and serves in one task of `runtime`; the address, and a duplicate of each socket.
fn serve(runtime: &Runtime) -> (SocketAddr, mpsc::Receiver<OwnedFd>) {
    let (tell, told) = mpsc::channel();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            // A duplicate, by which the test asks who watches the socket.
            let _ = tell.send(stream.as_fd().try_clone_to_owned().unwrap());
            selkie::spawn(echo(stream));
        }
    });
    (address, told)
}

fn connect(address: SocketAddr) -> StdStream {
    let stream = StdStream::connect(address).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

fn ask(stream: &mut StdStream) {
    stream.write_all(b"?").unwrap();
    let mut answer = [0];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"?");
}

/// The poller of each socket, once all of them are watched.
fn pollers(sockets: &[OwnedFd]) -> Vec<i32> {
    let begun = Instant::now();
    sockets
        .iter()
        .map(|socket| {
            loop {
                match watched_by(socket) {
                    Some(poller) => return poller,
                    None => assert!(begun.elapsed() < LONG, "a socket is not watched"),
                }
                std::thread::yield_now();
            }
        })
        .collect()
}

fn counts(pollers: &[i32]) -> HashMap<i32, usize> {
    let mut counts = HashMap::new();
    for poller in pollers {
        *counts.entry(*poller).or_insert(0) += 1;
    }
    counts
}

#[test]
fn accepted_connections_spread_over_the_workers() {
    const SOCKETS: usize = 64;
    let runtime = workers(4, true);
    let (_clients, sockets, _) = clients(&runtime, SOCKETS);
    let counts = counts(&pollers(&sockets));
    assert_eq!(counts.len(), 4, "{counts:?}");
    let is_fair = |count: &usize| (SOCKETS / 8..=SOCKETS * 3 / 8).contains(count);
    assert!(counts.values().all(is_fair), "{counts:?}");
}

#[test]
fn listeners_to_signals_count_as_one_source() {
    const SOCKETS: usize = 64;
    let runtime = workers(4, true);
    let listen = || signal(SignalKind::user_defined1()).unwrap();
    let _listeners: Vec<_> = runtime.block_on(async { (0..1_000).map(|_| listen()).collect() });
    let (_clients, sockets, _) = clients(&runtime, SOCKETS);
    let counts = counts(&pollers(&sockets));
    assert_eq!(counts.len(), 4, "{counts:?}");
}

#[test]
fn one_reactor_serves_all_workers_if_the_builder_says_so() {
    let runtime = workers(4, false);
    let (_clients, sockets, _) = clients(&runtime, 16);
    assert_eq!(counts(&pollers(&sockets)).len(), 1);
}

/// Occupies `count` workers of `runtime` until the sender drops.
fn occupy(runtime: &Runtime, count: usize) -> Vec<mpsc::Sender<()>> {
    let (began, begins) = mpsc::channel();
    let occupied: Vec<_> = (0..count)
        .map(|_| {
            let (let_go, wait) = mpsc::channel::<()>();
            let began = began.clone();
            runtime.spawn(async move {
                began.send(()).unwrap();
                let _gone = wait.recv();
            });
            let_go
        })
        .collect();
    occupied
        .iter()
        .for_each(|_| begins.recv_timeout(LONG).unwrap());
    occupied
}

#[test]
fn sockets_are_served_while_workers_are_stuck() {
    let runtime = workers(4, true);
    let (mut clients, sockets, address) = clients(&runtime, 32);
    assert!(counts(&pollers(&sockets)).len() > 1);
    let occupied = occupy(&runtime, 3);
    for _ in 0..3 {
        clients.iter_mut().for_each(ask);
    }
    // Also one that comes now.
    ask(&mut connect(address));
    drop(occupied);
}

#[test]
fn all_sockets_of_a_stuck_worker_move_to_the_one_that_serves_them() {
    let runtime = workers(2, true);
    let (mut clients, sockets, _) = clients(&runtime, 16);
    assert_eq!(counts(&pollers(&sockets)).len(), 2, "they spread");
    // Whichever it is, whether it has fewer of them or more: the other one serves all.
    let occupied = occupy(&runtime, 1);
    for _ in 0..100 {
        clients.iter_mut().for_each(ask);
    }
    let after = counts(&pollers(&sockets));
    assert_eq!(after.len(), 1, "{after:?}");
    drop(occupied);
    // Nothing is lost by it.
    for _ in 0..3 {
        clients.iter_mut().for_each(ask);
    }
}

/// Sleeps of all workers of `runtime` so far.
fn sleeps(runtime: &Runtime) -> u64 {
    let metrics = runtime.metrics();
    let workers = 0..metrics.num_workers();
    workers.map(|index| metrics.worker_park_count(index)).sum()
}

#[test]
fn an_event_ends_the_sleep_of_one_worker() {
    const EVENTS: u64 = 12;
    for own in [false, true] {
        let runtime = workers(4, own);
        let (address, _told) = serve(&runtime);
        let mut clients: Vec<_> = (0..16).map(|_| connect(address)).collect();
        clients.iter_mut().for_each(ask);
        let before = sleeps(&runtime);
        for client in clients.iter_mut().take(EVENTS as usize) {
            // All workers sleep, and nobody watches.
            std::thread::sleep(Duration::from_millis(150));
            ask(client);
        }
        let sleeps = sleeps(&runtime) - before;
        // The one that watches beside it goes on sleeping.
        assert!(sleeps <= 2 * EVENTS, "{sleeps} sleeps, own: {own}");
    }
}

/// The other ends of two sockets that one worker of `runtime` watches; their tasks do `work` when they have read.
fn two_beside_each_other(
    runtime: &Runtime,
    work: impl Fn() + Clone + Send + 'static,
) -> [(StdUnix, JoinHandle<()>); 2] {
    loop {
        let pairs = [(); 2].map(|()| StdUnix::pair().unwrap());
        let duplicates = [&pairs[0].0, &pairs[1].0].map(|near| near.try_clone().unwrap());
        let waiting = pairs.map(|(near, far)| {
            near.set_nonblocking(true).unwrap();
            let work = work.clone();
            let task = runtime.spawn(async move {
                let mut near = UnixStream::from_std(near).unwrap();
                if near.read_u8().await.is_ok() {
                    work();
                }
            });
            (far, task)
        });
        let watched = pollers(&duplicates.map(OwnedFd::from));
        if watched[0] == watched[1] {
            return waiting;
        }
    }
}

#[test]
fn a_task_woken_beside_a_long_poll_waits_for_one_round_of_the_monitor() {
    const TIMES: usize = 20;
    let runtime = workers(2, true);
    let (say, said) = mpsc::channel();
    let work = move || {
        say.send(Instant::now()).unwrap();
        std::thread::sleep(Duration::from_millis(50));
    };
    let mut late: Vec<_> = (0..TIMES)
        .map(|_| {
            let mut both = two_beside_each_other(&runtime, work.clone());
            // All sleep, and have not for long.
            std::thread::sleep(Duration::from_millis(13));
            let begun = Instant::now();
            for (far, _) in &mut both {
                far.write_all(b"!").unwrap();
            }
            let late = both
                .each_ref()
                .map(|_| said.recv_timeout(LONG).unwrap() - begun);
            for (_, task) in both {
                runtime.block_on(task).unwrap();
            }
            late[1]
        })
        .collect();
    late.sort();
    assert!(late[TIMES * 3 / 4] < Duration::from_millis(6), "{late:?}");
}

/// A waker that blocks in place once, until it is let go.
struct BlocksInPlace {
    blocks: mpsc::SyncSender<()>,
    until: Mutex<Option<mpsc::Receiver<()>>>,
}

impl Wake for BlocksInPlace {
    fn wake(self: Arc<Self>) {
        let until = self.until.lock().unwrap().take();
        if let Some(until) = until {
            selkie::task::block_in_place(|| {
                self.blocks.send(()).unwrap();
                let _gone = until.recv_timeout(LONG);
            });
        }
    }
}

/// A socket, known to the driver of `runtime`, that is not ready.
fn waiting(runtime: &Runtime) -> (UnixStream, StdUnix) {
    let (near, far) = StdUnix::pair().unwrap();
    near.set_nonblocking(true).unwrap();
    let _context = runtime.enter();
    (UnixStream::from_std(near).unwrap(), far)
}

#[test]
fn a_runtime_ends_while_a_waker_of_its_driver_blocks_in_place() {
    for own in [false, true] {
        let runtime = workers(2, own);
        // The workers look for events between tasks: they do not sleep.
        for _ in 0..4 {
            runtime.spawn(async {
                loop {
                    selkie::task::yield_now().await;
                }
            });
        }
        let (blocks, is_blocked) = mpsc::sync_channel(1);
        let (let_go, until) = mpsc::channel();
        let waker = Waker::from(Arc::new(BlocksInPlace {
            blocks,
            until: Mutex::new(Some(until)),
        }));
        let (near, mut far) = waiting(&runtime);
        while near
            .poll_read_ready(&mut Context::from_waker(&waker))
            .is_ready()
        {
            near.try_read(&mut [0]).unwrap_err();
        }
        let (other, _far) = waiting(&runtime);
        let (tell, told) = mpsc::channel();
        let handle = runtime.handle().clone();
        std::thread::spawn(move || tell.send(handle.block_on(other.readable())));
        far.write_all(b"!").unwrap();
        is_blocked.recv_timeout(LONG).unwrap();
        runtime.shutdown_timeout(Duration::from_millis(100));
        // Whoever waits for another socket gets an error.
        told.recv_timeout(LONG / 2).unwrap().unwrap_err();
        drop(let_go);
    }
}

/// Leaves this process no descriptor to open.
fn use_up_descriptors() -> Vec<File> {
    let limit = libc::rlimit {
        rlim_cur: 256,
        rlim_max: 256,
    };
    // SAFETY: the limit is there.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) }, 0);
    std::iter::from_fn(|| File::open("/dev/null").ok()).collect()
}

#[test]
#[ignore = "uses up the descriptors of its process"]
fn has_descriptors_for_few_reactors() {
    const SOCKETS: usize = 16;
    let runtime = workers(4, true);
    let (streams, mut clients): (Vec<_>, Vec<_>) = runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut pairs = Vec::new();
        for _ in 0..SOCKETS {
            let client = connect(listener.local_addr().unwrap());
            pairs.push((listener.accept().await.unwrap().0, client));
        }
        pairs.into_iter().unzip()
    });
    let sockets: Vec<_> = streams
        .iter()
        .map(|stream| stream.as_fd().try_clone_to_owned().unwrap())
        .collect();
    let used_up = use_up_descriptors();
    for stream in streams {
        runtime.spawn(echo(stream));
    }
    clients.iter_mut().for_each(ask);
    drop(used_up);
    // The first one, and that of the listener, which was there in time.
    assert!(counts(&pollers(&sockets)).len() <= 2);
}

#[test]
fn without_descriptors_for_more_the_first_reactor_serves_all() {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "has_descriptors_for_few_reactors", "--ignored"])
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success(), "{output}");
    assert!(output.contains("1 passed"), "{output}");
}

/// A waker that gives its worker away for a moment, and says that it was called.
struct YieldingWaker(mpsc::Sender<()>);

impl Wake for YieldingWaker {
    fn wake(self: Arc<Self>) {
        // Long enough for another thread to take the worker.
        selkie::task::block_in_place(|| std::thread::sleep(Duration::from_micros(300)));
        let _gone = self.0.send(());
    }
}

#[test]
fn wakers_that_block_in_place_leave_no_worker_searching() {
    const EVENTS: usize = 1_000;
    let runtime = workers(2, true);
    let (mut clients, _sockets, _) = clients(&runtime, 8);
    let (woke, woken) = mpsc::channel();
    let waker = Waker::from(Arc::new(YieldingWaker(woke)));
    let (near, mut far) = waiting(&runtime);
    for _ in 0..EVENTS {
        let cx = &mut Context::from_waker(&waker);
        while near.poll_read_ready(cx).is_ready() {
            let _nothing = near.try_read(&mut [0]);
        }
        // Events beside it, so that workers expect some and look for them between tasks.
        for client in &mut clients {
            client.write_all(b"?").unwrap();
        }
        far.write_all(b"!").unwrap();
        for client in &mut clients {
            client.read_exact(&mut [0]).unwrap();
        }
        woken.recv_timeout(LONG).unwrap();
    }
    // Both workers are still notified of tasks.
    drop(occupy(&runtime, 2));
}
