//! Waits that the runtime itself wakes: timers, sockets, tasks, signals, children, files.
#![allow(unsafe_code)]

use std::future::poll_fn;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc as std_mpsc};
use std::time::Duration;

use selkie::io::AsyncReadExt;
use selkie::net::UdpSocket;
use selkie::process::Command;
use selkie::signal::unix::{SignalKind, signal};
use selkie::sync::Notify;
use selkie::task::{self, JoinSet};
use selkie::time::{Instant, interval_at, timeout};

use crate::action::LIMIT;
use crate::fixture::is_answered_in_place;
use crate::wait::{PendingWait, ignore, made, waits};

/// Long enough that what is polled just after it began still waits.
const SOON: Duration = Duration::from_millis(20);

pub(crate) fn sleeps(count: usize) -> PendingWait {
    made(
        waits(count, || async { selkie::time::sleep(SOON).await }),
        || (),
    )
}

pub(crate) fn ticks(count: usize) -> PendingWait {
    let waits = waits(count, || async {
        let mut interval = interval_at(Instant::now() + SOON, LIMIT);
        interval.tick().await;
    });
    made(waits, || ())
}

pub(crate) fn timeouts(count: usize) -> PendingWait {
    let waits = waits(count, || async {
        ignore(timeout(SOON, std::future::pending::<()>()).await)
    });
    made(waits, || ())
}

fn pair() -> (UdpSocket, std::net::UdpSocket) {
    let ours = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let theirs = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    theirs.connect(ours.local_addr().unwrap()).unwrap();
    ours.set_nonblocking(true).unwrap();
    (UdpSocket::from_std(ours).unwrap(), theirs)
}

pub(crate) fn readable(count: usize) -> PendingWait {
    let (ours, theirs) = pair();
    let ours = Arc::new(ours);
    let waits = waits(count, || {
        let ours = Arc::clone(&ours);
        async move { ignore(ours.recv(&mut [0]).await) }
    });
    made(waits, move || {
        for _ in 0..2 {
            theirs.send(b"!").unwrap();
        }
    })
}

pub(crate) fn poll_readable(_count: usize) -> PendingWait {
    let (ours, theirs) = pair();
    let wait = Box::pin(poll_fn(move |cx| {
        let mut bytes = [0];
        let mut buf = selkie::io::ReadBuf::new(&mut bytes);
        ours.poll_recv(cx, &mut buf).map(drop)
    }));
    made(vec![wait], move || ignore(theirs.send(b"!")))
}

pub(crate) fn join_handle(_count: usize) -> PendingWait {
    let notify = Arc::new(Notify::new());
    let theirs = Arc::clone(&notify);
    let task = selkie::spawn(async move { theirs.notified().await });
    made(
        vec![Box::pin(async move { ignore(task.await) })],
        move || {
            notify.notify_one();
        },
    )
}

pub(crate) fn aborted_handle(_count: usize) -> PendingWait {
    let task = selkie::spawn(std::future::pending::<()>());
    let abort = task.abort_handle();
    made(
        vec![Box::pin(async move { ignore(task.await) })],
        move || abort.abort(),
    )
}

pub(crate) fn join_set(_count: usize) -> PendingWait {
    let notify = Arc::new(Notify::new());
    let theirs = Arc::clone(&notify);
    let mut set = JoinSet::new();
    set.spawn(async move { theirs.notified().await });
    let wait = Box::pin(async move { ignore(set.join_next().await) });
    made(vec![wait], move || notify.notify_one())
}

pub(crate) fn scope(_count: usize) -> PendingWait {
    let notify = Arc::new(Notify::new());
    let theirs = Arc::clone(&notify);
    let wait = Box::pin(async move {
        let _done = task::scope(|scope: task::Scope<()>| async move {
            ignore(scope.spawn(async move {
                theirs.notified().await;
                Ok(())
            }));
            Ok(())
        })
        .await;
    });
    made(vec![wait], move || notify.notify_one())
}

pub(crate) fn blocking_handle(_count: usize) -> PendingWait {
    let (release, released) = std_mpsc::channel::<()>();
    let task = task::spawn_blocking(move || ignore(released.recv_timeout(LIMIT)));
    made(
        vec![Box::pin(async move { ignore(task.await) })],
        move || ignore(release),
    )
}

pub(crate) fn signals(count: usize) -> PendingWait {
    let waits = waits(count, || {
        let mut signal = signal(SignalKind::user_defined1()).unwrap();
        async move { ignore(signal.recv().await) }
    });
    made(waits, || {
        // SAFETY: the signal is handled since the waits were made.
        assert_eq!(unsafe { libc::raise(libc::SIGUSR1) }, 0);
    })
}

pub(crate) fn children(_count: usize) -> PendingWait {
    let mut command = Command::new("cat");
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .kill_on_drop(true);
    let mut child = command.spawn().unwrap();
    let stdin = child.stdin.take();
    let wait = Box::pin(async move { ignore(child.wait().await) });
    made(vec![wait], move || ignore(stdin))
}

/// A socket that nobody has written to is read on the pool.
pub(crate) fn file_read(_count: usize) -> PendingWait {
    use std::os::fd::OwnedFd;
    let (reader, writer) = std::os::unix::net::UnixStream::pair().unwrap();
    let mut file = selkie::fs::File::from_std(std::fs::File::from(OwnedFd::from(reader)));
    let wait = Box::pin(async move { ignore(file.read(&mut [0]).await) });
    made(vec![wait], move || ignore(writer))
}

/// A lock that another handle has: whoever waits is woken to try again by a thread of the process. Where a try is not made
/// in place it has its own wakes, and this row says nothing.
pub(crate) fn file_lock(count: usize) -> PendingWait {
    static FILES: AtomicUsize = AtomicUsize::new(0);
    let name = FILES.fetch_add(1, Ordering::Relaxed);
    let name = format!("selkie-lock-{}-{name}", std::process::id());
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, b"x").unwrap();
    let held = std::fs::File::open(&path).unwrap();
    if !is_answered_in_place(&path) {
        std::fs::remove_file(&path).unwrap();
        return poll_readable(count);
    }
    // SAFETY: the descriptor is open.
    let locked = unsafe { libc::flock(std::os::fd::AsRawFd::as_raw_fd(&held), libc::LOCK_EX) };
    assert_eq!(locked, 0);
    let open = || {
        let runtime = selkie::runtime::Builder::new_current_thread().build();
        let file = runtime.unwrap().block_on(selkie::fs::File::open(&path));
        file.unwrap()
    };
    // Where no runtime is, if there is one here.
    let open = || std::thread::scope(|scope| scope.spawn(open).join().unwrap());
    let waits = waits(count, || {
        let file = open();
        async move { ignore(file.lock().await) }
    });
    std::fs::remove_file(&path).unwrap();
    made(waits, move || drop(held))
}

/// A receive by the ring; where there is none, by the poller.
pub(crate) fn ring_read(count: usize) -> PendingWait {
    #[cfg(io_uring)]
    if let Ok(buffers) = selkie::uring::Buffers::new(8, 64) {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let socket = selkie::uring::Socket::new(ours).unwrap();
        let mut received = socket.receive(&buffers);
        let wait = Box::pin(async move { ignore(received.next().await) });
        return made(vec![wait], move || {
            ignore(socket);
            ignore(theirs);
        });
    }
    poll_readable(count)
}
