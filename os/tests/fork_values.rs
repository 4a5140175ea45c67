//! A forked child drops its own copy of each value: the parent's sources, operations and buffers are not affected.
//!
//! Length      one child for each kind of value, which share how they are watched.
#![cfg(target_os = "linux")]
#![allow(unsafe_code)]

mod fixture;

use std::io::{Read, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::UnixStream as StdUnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use selkie::fs::File;
use selkie::io::{AsyncReadExt, AsyncWriteExt};
use selkie::net::{
    TcpListener, TcpStream, UdpSocket, UnixDatagram, UnixListener, UnixStream, unix::pipe,
};
use selkie::process::Command;
use selkie::runtime::{Builder, LocalOptions, Runtime};
use selkie::signal::unix::{SignalKind, signal};
use selkie::time::{interval, sleep, timeout};

/// Longer than anything takes that happens at all.
const LONG: Duration = Duration::from_secs(10);

/// Forks; the child calls `child`, which says by its result what went wrong, and ends.
fn fork(child: impl FnOnce() -> i32) {
    // SAFETY: the test is `alone`, and no other thread of its runtimes is amid anything, so the child's
    // memory is whole.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "{}", std::io::Error::last_os_error());
    if pid == 0 {
        let status = catch_unwind(AssertUnwindSafe(child)).unwrap_or(99);
        // SAFETY: it ends the child without what the parent registered for its own end.
        unsafe { libc::_exit(status) };
    }
    let (mut status, begun) = (-1, Instant::now());
    loop {
        // SAFETY: `pid` is a child of this process, and `status` lives.
        let waited = unsafe { libc::waitpid(pid, &raw mut status, libc::WNOHANG) };
        if waited != 0 {
            return assert_eq!((waited, status), (pid, 0), "what the child said");
        }
        if begun.elapsed() > LONG {
            // SAFETY: as above.
            unsafe { libc::kill(pid, libc::SIGKILL) };
            panic!("the child hangs");
        }
        std::thread::yield_now();
    }
}

/// The child's own copy of `value`, to be dropped there.
fn copy_of<T>(value: &T) -> T {
    // SAFETY: used in the child alone, whose other copy is never dropped: it ends by `_exit`.
    unsafe { std::ptr::read(value) }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Polls `future` once, so that its source is registered and its waker left.
fn begin<F: Future>(future: F) {
    let polled = pin!(future).poll(&mut Context::from_waker(Waker::noop()));
    assert!(polled.is_pending());
}

async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    let done = timeout(LONG, future).await;
    done.unwrap_or_else(|_| panic!("{what}: the child took it away"))
}

/// Regression 93: a stream whose descriptor was shown was taken out of the parent's poller.
async fn streams() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    begin(listener.accept());
    let _ = listener.as_fd();
    let (ours, mut theirs) = StdUnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    let mut ours = UnixStream::from_std(ours).unwrap();
    let mut byte = [0];
    begin(ours.read(&mut byte));
    let _ = ours.as_fd();
    fork(|| {
        drop((copy_of(&listener), copy_of(&ours)));
        0
    });
    // It was empty when the parent looked, and is not looked at again unless the poller tells.
    theirs.write_all(b"!").unwrap();
    let read = soon("a stream", ours.read_exact(&mut byte)).await;
    assert_eq!((read.unwrap(), byte), (1, *b"!"));
    let mut client = TcpStream::connect(address).await.unwrap();
    let (mut accepted, _) = soon("a listener", listener.accept()).await.unwrap();
    client.write_all(b"?").await.unwrap();
    assert_eq!(accepted.read_u8().await.unwrap(), b'?');
}

/// Regression 93: values of the ring took completions, cancelled operations and emptied tables.
#[cfg(io_uring)]
async fn by_ring() {
    use selkie::uring::{Buffers, Incoming, Socket};

    let buffers = match Buffers::new(16, 512) {
        Ok(buffers) => buffers,
        Err(error) => return println!("skipped: {error}"),
    };
    let (socket, mut theirs) = fixture::pair();
    if let Err(error) = socket.register() {
        println!("without a table: {error}");
    }
    let mut received = socket.receive(&buffers);
    begin(received.next());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut incoming = Incoming::new(listener).unwrap();
    begin(incoming.next());
    // What was begun is with the system.
    selkie::time::sleep(Duration::from_millis(1)).await;
    theirs.write_all(b"first").unwrap();
    let first = soon("what came before", received.next())
        .await
        .unwrap()
        .unwrap();
    // Complete when the child drops all, and not taken by the parent.
    theirs.write_all(b"second").unwrap();
    let waiting = std::net::TcpStream::connect(address).unwrap();
    fork(|| {
        let mine = (copy_of(&first), copy_of(&received), copy_of(&incoming));
        let rest = (copy_of(&socket), copy_of(&buffers));
        let own = Socket::new(StdUnixStream::pair().unwrap().0);
        let refused = Buffers::new(16, 512).is_err();
        drop((mine, rest, own));
        i32::from(!refused)
    });
    let second = soon("a completion", received.next())
        .await
        .unwrap()
        .unwrap();
    assert_eq!((&first[..], &second[..]), (&b"first"[..], &b"second"[..]));
    let accepted = soon("a connection", incoming.next()).await.unwrap();
    drop((first, second));
    // More than there are buffers: those that were given back come round.
    for _ in 0..64 {
        theirs.write_all(b"again").unwrap();
        let again = soon("a receive that goes on", received.next()).await;
        assert_eq!(again.unwrap().unwrap()[..], b"again"[..]);
    }
    let sent = soon("a send by the table", socket.send_all(b"back".to_vec())).await;
    sent.0.unwrap();
    let mut back = [0; 4];
    theirs.read_exact(&mut back).unwrap();
    assert_eq!(&back, b"back");
    let other = Socket::new(StdUnixStream::pair().unwrap().0).unwrap();
    other
        .register()
        .unwrap_or_else(|error| println!("without a table: {error}"));
    drop((accepted, waiting));
}

/// Regression 93: a half that was dropped in the child ended the parent's connection.
async fn halves() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let connecting = TcpStream::connect(listener.local_addr().unwrap());
    let (accepted, ours) = selkie::join!(listener.accept(), connecting);
    let mut theirs = accepted.unwrap().0;
    let (mut read, mut write) = ours.unwrap().into_split();
    let (local, mut peer) = UnixStream::pair().unwrap();
    let (mut local_read, mut local_write) = local.into_split();
    let mut byte = [0];
    begin(read.read(&mut byte));
    begin(local_read.read(&mut byte));
    fork(|| {
        drop((copy_of(&write), copy_of(&local_write)));
        drop((copy_of(&read), copy_of(&local_read)));
        0
    });
    write.write_all(b"tcp").await.unwrap();
    local_write.write_all(b"unix").await.unwrap();
    let (mut first, mut second) = ([0; 3], [0; 4]);
    soon("a half", theirs.read_exact(&mut first)).await.unwrap();
    soon("a half", peer.read_exact(&mut second)).await.unwrap();
    assert_eq!((&first, &second), (b"tcp", b"unix"));
    theirs.write_all(b"!").await.unwrap();
    peer.write_all(b"?").await.unwrap();
    assert_eq!(soon("a half", read.read_u8()).await.unwrap(), b'!');
    assert_eq!(soon("a half", local_read.read_u8()).await.unwrap(), b'?');
    // And its own drop does what it ever did.
    drop((write, local_write));
    assert_eq!(soon("the end", theirs.read(&mut byte)).await.unwrap(), 0);
    assert_eq!(soon("the end", peer.read(&mut byte)).await.unwrap(), 0);
}

/// Regression 93: a process that was to be killed with its handle was killed by the child's copy.
async fn processes() {
    for kills in [true, false] {
        let mut command = Command::new("cat");
        command.stdin(std::process::Stdio::piped());
        command.stdout(std::process::Stdio::piped());
        let mut child = command.kill_on_drop(kills).spawn().unwrap();
        let (mut input, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        // Its end is watched for.
        begin(child.wait());
        let mut byte = [0];
        begin(output.read(&mut byte));
        fork(|| {
            drop((copy_of(&child), copy_of(&input), copy_of(&output)));
            0
        });
        input.write_all(b"alive").await.unwrap();
        let mut answer = [0; 5];
        soon("a process", output.read_exact(&mut answer))
            .await
            .unwrap();
        assert_eq!(&answer, b"alive");
        drop(input);
        let status = soon("its end", child.wait()).await.unwrap();
        assert!(status.success(), "{status}");
    }
}

/// What else is registered with the parent's poller.
async fn sources() {
    let address = "127.0.0.1:0";
    let udp = UdpSocket::bind(address).await.unwrap();
    let (datagram, other) = UnixDatagram::pair().unwrap();
    let directory = fixture::TempDir::new("fork-values");
    let unix = UnixListener::bind(directory.path().join("socket")).unwrap();
    let (sender, mut receiver) = pipe::pipe().unwrap();
    let (own, mut theirs) = StdUnixStream::pair().unwrap();
    own.set_nonblocking(true).unwrap();
    // SAFETY: a stream keeps its descriptor.
    let own = unsafe { selkie::io::unix::AsyncFd::register(own) }.unwrap();
    let mut heard = signal(SignalKind::user_defined1()).unwrap();
    let mut bytes = [0; 8];
    begin(udp.recv(&mut bytes));
    begin(datagram.recv(&mut bytes));
    begin(unix.accept());
    begin(receiver.read(&mut bytes));
    begin(own.readable());
    begin(heard.recv());
    fork(|| {
        drop((copy_of(&udp), copy_of(&datagram), copy_of(&unix)));
        drop((copy_of(&sender), copy_of(&receiver), copy_of(&own)));
        drop(copy_of(&heard));
        0
    });
    let to = udp.local_addr().unwrap();
    let client = std::net::UdpSocket::bind(address).unwrap();
    client.send_to(b"udp", to).unwrap();
    assert_eq!(soon("udp", udp.recv(&mut bytes)).await.unwrap(), 3);
    other.send(b"unix").await.unwrap();
    let came = soon("a datagram", datagram.recv(&mut bytes)).await;
    assert_eq!(came.unwrap(), 4);
    let _client = StdUnixStream::connect(directory.path().join("socket")).unwrap();
    soon("a Unix listener", unix.accept()).await.unwrap();
    sender.try_write(b"pipe").unwrap();
    let came = soon("a pipe", receiver.read(&mut bytes)).await;
    assert_eq!(came.unwrap(), 4);
    theirs.write_all(b"!").unwrap();
    drop(soon("a descriptor", own.readable()).await.unwrap());
    // SAFETY: the signal is handled.
    assert_eq!(unsafe { libc::raise(libc::SIGUSR1) }, 0);
    soon("a signal", heard.recv()).await.unwrap();
}

/// What lies in the parent's memory alone, and what its threads and timers do.
async fn the_rest() {
    /// Longer than a busy machine takes from one line to the next.
    const PAUSE: Duration = Duration::from_millis(500);
    let mut asleep = Box::pin(sleep(PAUSE));
    begin(asleep.as_mut());
    let mut ticks = interval(PAUSE);
    ticks.tick().await;
    begin(ticks.tick());
    let task = selkie::spawn(async {
        sleep(PAUSE).await;
        7
    });
    selkie::task::yield_now().await;
    let directory = fixture::TempDir::new("fork-files");
    let path = directory.path().join("file");
    let mut file = File::create(&path).await.unwrap();
    file.write_all(b"first").await.unwrap();
    file.flush().await.unwrap();
    // Given up, and done all the same.
    begin_or_done(file.write_at(b"later".to_vec(), 5));
    file.sync_all().await.unwrap();
    fork(|| {
        drop((
            copy_of(&asleep),
            copy_of(&ticks),
            copy_of(&task),
            copy_of(&file),
        ));
        0
    });
    soon("a sleep", asleep).await;
    soon("an interval", ticks.tick()).await;
    assert_eq!(soon("a task", task).await.unwrap(), 7);
    file.write_all_at(b"last".to_vec(), 10).await.0.unwrap();
    file.sync_all().await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"firstlaterlast");
}

/// Polls `future` once and drops it.
fn begin_or_done<F: Future>(future: F) {
    let _either = pin!(future).poll(&mut Context::from_waker(Waker::noop()));
}

/// Regression 93: a ring that the child made for its parent's runtime was watched by the parent's poller.
#[cfg(io_uring)]
async fn first_ring() {
    use selkie::uring::{Buffers, Incoming, Socket};

    fork(|| {
        let pair = || StdUnixStream::pair().unwrap().0;
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let made = [
            Buffers::new(16, 512).is_ok(),
            Socket::new(pair()).is_ok(),
            Incoming::new(listener).is_ok(),
        ];
        i32::from(made.contains(&true))
    });
    let buffers = match Buffers::new(16, 512) {
        Ok(buffers) => buffers,
        Err(error) => return println!("skipped: {error}"),
    };
    let (socket, mut theirs) = fixture::pair();
    let mut received = socket.receive(&buffers);
    theirs.write_all(b"own").unwrap();
    let own = soon("the parent's ring", received.next()).await;
    assert_eq!(own.unwrap().unwrap()[..], b"own"[..]);
}

/// Regression 93: sends and files by the ring, under way or given up.
#[cfg(io_uring)]
async fn under_way() {
    use selkie::uring::Buffers;

    if let Err(error) = Buffers::new(16, 512) {
        return println!("skipped: {error}");
    }
    let (socket, mut theirs) = fixture::pair();
    const MUCH: usize = 4 << 20;
    // More than there is room for: it waits with the system.
    let mut sending = Box::pin(socket.send_all(vec![7; MUCH]));
    begin(sending.as_mut());
    sleep(Duration::from_millis(1)).await;
    let directory = fixture::TempDir::new("fork-ring");
    let file = File::create(directory.path().join("file")).await.unwrap();
    let mut writing = Box::pin(file.write_all_at(vec![9; MUCH], 0));
    // A busy machine may have done it by now.
    let written = match writing
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(written) => Some(written),
        Poll::Pending => None,
    };
    let registered = socket.register();
    fork(|| {
        drop((copy_of(&sending), copy_of(&writing)));
        drop((copy_of(&file), copy_of(&socket)));
        0
    });
    let reader = std::thread::spawn(move || {
        let mut all = vec![0; MUCH];
        theirs.read_exact(&mut all).map(|()| all)
    });
    soon("a send", sending).await.0.unwrap();
    assert!(reader.join().unwrap().unwrap() == [7; MUCH]);
    let written = match written {
        Some(written) => written,
        None => soon("a write", writing).await,
    };
    written.0.unwrap();
    assert!(std::fs::read(directory.path().join("file")).unwrap() == [9; MUCH]);
    registered.unwrap_or_else(|error| println!("without a table: {error}"));
}

/// The thread that wakes who waits for a lock is the parent's.
async fn locks() {
    let directory = fixture::TempDir::new("fork-lock");
    let path = directory.path().join("file");
    let holder = std::fs::File::create(&path).unwrap();
    let flock = |how| {
        // SAFETY: a call with numbers; the descriptor is open.
        assert_eq!(unsafe { libc::flock(holder.as_raw_fd(), how) }, 0);
    };
    flock(libc::LOCK_EX);
    let file = File::open(&path).await.unwrap();
    let waiting = timeout(Duration::from_millis(20), file.lock()).await;
    assert!(waiting.is_err(), "the lock is another's");
    let in_the_child = || async {
        let own = File::open(&path).await.unwrap();
        // Given up once the wait has begun, so that the wait goes by its alarm.
        let (locked, ()) = selkie::join!(own.lock(), async { flock(libc::LOCK_UN) });
        i32::from(locked.is_err())
    };
    fork(|| {
        // A thread without the parent's runtime.
        let waits = || runtime().block_on(in_the_child());
        std::thread::scope(|scope| scope.spawn(waits).join().unwrap_or(98))
    });
    soon("the parent's wait", file.lock()).await.unwrap();
}

/// Runs each on a runtime of its own, which ends as ever.
fn on_own_runtime(future: impl Future<Output = ()>) {
    let _alone = fixture::alone();
    let runtime = runtime();
    runtime.block_on(future);
    drop(runtime);
}

#[test]
fn regression_93_a_forked_child_drops_its_own() {
    on_own_runtime(streams());
    #[cfg(io_uring)]
    on_own_runtime(by_ring());
}

#[test]
fn regression_93_a_forked_child_ends_no_connection() {
    on_own_runtime(halves());
}

#[test]
fn regression_93_a_forked_child_waits_for_locks() {
    on_own_runtime(locks());
}

#[test]
fn regression_93_a_forked_child_kills_no_process() {
    on_own_runtime(processes());
}

#[test]
fn regression_93_a_forked_child_deregisters_no_source() {
    on_own_runtime(sources());
}

#[test]
fn regression_93_a_forked_child_ends_no_timer_task_or_file() {
    on_own_runtime(the_rest());
}

#[cfg(io_uring)]
#[test]
fn regression_93_a_forked_child_makes_no_ring_for_its_parent() {
    on_own_runtime(first_ring());
}

#[cfg(io_uring)]
#[test]
fn regression_93_a_forked_child_ends_no_operation_in_flight() {
    on_own_runtime(under_way());
}

/// A runtime of each kind, with something under way on it, that the child drops.
#[test]
fn regression_93_a_forked_child_drops_its_parents_runtimes() {
    let _alone = fixture::alone();
    let local = Builder::new_current_thread()
        .enable_all()
        .build_local(LocalOptions::default())
        .unwrap();
    let (first, second) = (runtime(), runtime());
    let work = || async {
        let (mut ours, mut theirs) = UnixStream::pair().unwrap();
        begin(ours.read_u8());
        theirs.write_all(b"!").await.unwrap();
        sleep(Duration::from_millis(1)).await;
        ours.read_u8().await.unwrap()
    };
    let waiting = first.spawn(std::future::pending::<()>());
    fork(|| {
        drop((copy_of(&first), copy_of(&local)));
        copy_of(&second).shutdown_timeout(Duration::from_millis(1));
        i32::from(copy_of(&waiting).is_finished())
    });
    assert_eq!(local.block_on(work()), b'!');
    for runtime in [first, second] {
        assert_eq!(runtime.block_on(work()), b'!');
        drop(runtime);
    }
}
