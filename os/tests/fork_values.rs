//! What a forked child drops is its own copy: the parent's sources, operations and buffers go on.
#![cfg(target_os = "linux")]
#![allow(unsafe_code)]

mod fixture;

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use selkie::io::{AsyncReadExt, AsyncWriteExt};
use selkie::net::{TcpListener, TcpStream, UnixStream};
use selkie::runtime::{Builder, Runtime};
use selkie::time::timeout;

/// Longer than anything takes that happens at all.
const LONG: Duration = Duration::from_secs(10);

/// Forks; the child calls `child`, which says by its result what went wrong, and ends.
fn fork(child: impl FnOnce() -> i32) {
    // SAFETY: this program has one test, and its runtime has one thread, so the child's memory is whole.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "{}", std::io::Error::last_os_error());
    if pid == 0 {
        let status = catch_unwind(AssertUnwindSafe(child)).unwrap_or(99);
        // SAFETY: it ends the child without what the parent registered for its own end.
        unsafe { libc::_exit(status) };
    }
    let mut status = -1;
    // SAFETY: `pid` is a child of this process, and `status` lives.
    let waited = unsafe { libc::waitpid(pid, &mut status, 0) };
    assert_eq!((waited, status), (pid, 0), "what the child said");
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

#[test]
fn regression_93_a_forked_child_drops_its_own() {
    let runtime = runtime();
    runtime.block_on(streams());
    #[cfg(io_uring)]
    runtime.block_on(by_ring());
    // The runtime's end in the parent is as ever.
    drop(runtime);
}
