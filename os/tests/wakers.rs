//! Wakers are foreign code: none is cloned, woken or dropped under a lock, and no more of them are kept than there are
//! waits.
//!
//! Length      one table of waits, and the wakers that check locks.
#![cfg(unix)]
#![allow(unsafe_code)]

#[path = "../../core/tests/fixture/checked.rs"]
mod checked;
mod fixture;

use std::future::{Future, poll_fn};
use std::io::Write as _;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use checked::{WithCheckedWaker, checked};
use fixture::{TempDir, alone, narrow, ringed, runtimes};
use selkie::fs::File;
use selkie::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use selkie::net::{TcpListener, TcpStream};
use selkie::runtime::Handle;
use selkie::signal::unix::{SignalKind, signal};
use selkie::task::{self, JoinSet, LocalSet};
use selkie::time::{sleep, timeout};
use selkie_core::raw::platform::locks_held;

/// Longer than anything takes that happens at all.
const LONG: Duration = Duration::from_secs(30);

/// Runs `work` on each kind of runtime, as its root and as a task, with checked wakers.
fn everywhere<F: Future<Output = ()> + Send + 'static>(work: impl Fn() -> F) {
    for runtime in runtimes().into_iter().chain(ringed()) {
        let root = WithCheckedWaker::new(locks_held, work());
        runtime.block_on(async { timeout(LONG, root).await.expect("the root ends") });
        let spawned = runtime.spawn(WithCheckedWaker::new(locks_held, work()));
        runtime.block_on(async {
            timeout(LONG, spawned)
                .await
                .expect("the task ends")
                .unwrap()
        });
    }
}

/// A checked part of a future of its own.
fn part<F: Future>(future: F) -> WithCheckedWaker<F> {
    WithCheckedWaker::new(locks_held, future)
}

#[test]
#[should_panic(expected = "a waker was woken under 1 locks")]
#[cfg(debug_assertions)]
fn a_wake_under_a_lock_is_noticed() {
    let lock = selkie_core::raw::platform::Lock::new(());
    let waker = checked(Waker::noop().clone(), locks_held);
    let _guard = lock.lock();
    waker.wake_by_ref();
}

#[test]
fn join_sets() {
    everywhere(|| async {
        let mut set = JoinSet::new();
        for n in 0..40 {
            set.spawn(part(async move {
                task::yield_now().await;
                sleep(Duration::from_millis(n % 3)).await;
            }));
        }
        set.spawn_blocking(|| ());
        // Another waker for each wait, so that the one before is replaced.
        while part(set.join_next()).await.is_some() {}
        set.spawn(std::future::pending());
        assert!(poll_once(&mut pin!(set.join_next())).is_pending());
        part(set.shutdown()).await;
    });
}

#[test]
fn scopes() {
    everywhere(|| async {
        for fails in [false, true] {
            let ended = task::scope(|scope| async move {
                for n in 0..20_u64 {
                    scope.spawn(part(async move {
                        sleep(Duration::from_millis(n % 3)).await;
                        if fails && n == 7 { Err(()) } else { Ok(()) }
                    }));
                }
                // The body waits while tasks fail, and then the scope.
                task::yield_now().await;
                Ok(())
            });
            assert_eq!(part(ended).await.is_err(), fails);
        }
    });
}

#[test]
fn local_sets() {
    everywhere(|| async {
        // A local set stays on its thread: it gets a thread of its own.
        let ended = task::spawn_blocking(|| {
            let runtime = selkie::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let set = LocalSet::new();
            runtime.block_on(part(set.run_until(part(async {
                let (told, hears) = selkie::sync::oneshot::channel();
                let remote = task::spawn_local(part(hears));
                std::thread::spawn(move || told.send(7).unwrap());
                let near = task::spawn_local(part(task::yield_now()));
                assert_eq!(remote.await.unwrap(), Ok(7));
                near.await.unwrap();
                drop(task::spawn_local(part(std::future::pending::<()>())));
            }))));
            // Awaited by another waker, and closed with a task in it.
            let mut set = set;
            set.spawn_local(part(std::future::pending::<()>()));
            let mut waits = pin!(part(poll_fn(|cx| Pin::new(&mut set).poll(cx))));
            // Two wakers after each other, neither of which is woken.
            assert!(poll_once(&mut waits).is_pending());
            assert!(poll_once(&mut waits).is_pending());
        });
        ended.await.unwrap();
    });
}

#[test]
fn signals() {
    let _alone = alone();
    everywhere(|| async {
        let kind = SignalKind::user_defined2();
        let (mut one, mut two) = (signal(kind).unwrap(), signal(kind).unwrap());
        for _ in 0..20 {
            assert!(poll_once(&mut pin!(part(one.recv()))).is_pending());
            assert!(poll_once(&mut pin!(part(two.recv()))).is_pending());
            // SAFETY: the signal is handled by the listeners above.
            assert_eq!(unsafe { libc::raise(kind.as_raw_value()) }, 0);
            part(one.recv()).await.unwrap();
            part(two.recv()).await.unwrap();
        }
        // One that waits when it drops.
        assert!(poll_once(&mut pin!(part(one.recv()))).is_pending());
    });
}

#[test]
fn sockets() {
    everywhere(|| async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut client = TcpStream::connect(address).await.unwrap();
        let (mut server, _) = part(listener.accept()).await.unwrap();
        let mut buf = [0; 8];
        for _ in 0..20 {
            // What is known is forgotten once a read would block.
            assert!(server.try_read(&mut buf).is_err());
            let mut given_up = Box::pin(part(server.readable()));
            assert!(poll_once(&mut given_up.as_mut()).is_pending());
            drop(given_up);
            let mut waits = Box::pin(part(server.readable()));
            assert!(poll_once(&mut waits.as_mut()).is_pending());
            client.write_all(b"ahoy").await.unwrap();
            waits.await.unwrap();
            part(server.read_exact(&mut buf[..4])).await.unwrap();
        }
        let mut reads = pin!(part(server.read(&mut buf)));
        assert!(poll_once(&mut reads).is_pending());
        drop(client);
        assert_eq!(reads.await.unwrap(), 0);
    });
}

#[test]
fn files() {
    let directory = Arc::new(TempDir::new("wakers"));
    let number = Arc::new(AtomicUsize::new(0));
    everywhere(move || {
        let (directory, number) = (Arc::clone(&directory), Arc::clone(&number));
        async move {
            let path = directory
                .path()
                .join(number.fetch_add(1, Ordering::SeqCst).to_string());
            let mut file = part(File::create(&path)).await.unwrap();
            for _ in 0..40 {
                part(file.write_all(&[7; 4096])).await.unwrap();
                // Several wait for the same write: one is given up.
                let mut given_up = Box::pin(part(file.sync_data()));
                let _ = poll_once(&mut given_up.as_mut());
                let mut other = Box::pin(part(file.sync_all()));
                let other_waits = poll_once(&mut other.as_mut()).is_pending();
                drop(given_up);
                part(file.sync_data()).await.unwrap();
                if other_waits {
                    other.await.unwrap();
                }
            }
            let mut back = Vec::new();
            let mut file = part(File::open(&path)).await.unwrap();
            part(file.read_to_end(&mut back)).await.unwrap();
            assert_eq!(back.len(), 40 * 4096);
        }
    });
}

#[test]
fn pipes_in_memory() {
    everywhere(|| async {
        let (mut near, mut far) = selkie::io::duplex(16);
        let (mut reader, mut writer) = selkie::io::simplex(16);
        let (mut ours, mut theirs) = selkie::io::split(selkie::io::duplex(8).0);
        let writes = task::spawn(part(async move {
            for _ in 0..50 {
                near.write_all(&[1; 24]).await.unwrap();
                writer.write_all(&[2; 24]).await.unwrap();
            }
            writer.shutdown().await.unwrap();
            let _ = theirs.write(b"nobody reads").await;
            drop(near);
        }));
        for _ in 0..50 {
            part(far.read_exact(&mut [0; 24])).await.unwrap();
            part(reader.read_exact(&mut [0; 24])).await.unwrap();
        }
        assert_eq!(part(reader.read(&mut [0; 8])).await.unwrap(), 0);
        assert_eq!(part(ours.read(&mut [0; 8])).await.unwrap(), 0);
        part(writes).await.unwrap();
    });
}

fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    let waker = checked(Waker::noop().clone(), locks_held);
    Pin::new(future).poll(&mut Context::from_waker(&waker))
}

/// Regression 42: each poll of a wait for a file's operation left one more waker behind.
#[test]
fn regression_42_a_file_keeps_one_waker_per_wait() {
    struct NoopWaker;
    impl Wake for NoopWaker {
        fn wake(self: Arc<Self>) {}
    }
    let directory = TempDir::new("wakers-kept");
    let runtime = narrow();
    runtime.block_on(async {
        let mut file = File::create(directory.path().join("file")).await.unwrap();
        let (go, waits) = mpsc::channel::<()>();
        let blocks = task::spawn_blocking(move || waits.recv());
        file.write_all(b"behind").await.unwrap();
        let mine = Arc::new(NoopWaker);
        let waker = Waker::from(Arc::clone(&mine));
        let mut syncs = Box::pin(file.sync_all());
        for _ in 0..1000 {
            let polled = syncs.as_mut().poll(&mut Context::from_waker(&waker));
            assert!(polled.is_pending());
        }
        assert!(
            Arc::strong_count(&mine) <= 3,
            "{}",
            Arc::strong_count(&mine)
        );
        drop(syncs);
        assert_eq!(
            Arc::strong_count(&mine),
            2,
            "a wait that is given up keeps nothing"
        );
        go.send(()).unwrap();
        blocks.await.unwrap().unwrap();
        file.sync_all().await.unwrap();
    });
}

/// A waker that runs a poll of something else as it is woken.
struct Polls<F: Fn() + Send + Sync>(F);

impl<F: Fn() + Send + Sync> Wake for Polls<F> {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

/// Regression 94: a waker that polls the other half of a simplex, or of any split stream, waited for
/// the lock that its own thread held.
#[test]
fn regression_94_a_waker_polls_the_other_half() {
    let (sends, hears) = mpsc::channel();
    std::thread::spawn(move || {
        let (reader, mut writer) = selkie::io::simplex(16);
        let reader = Arc::new(Mutex::new(reader));
        let woken = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&woken);
        let other = Arc::clone(&reader);
        let last: Arc<Mutex<Vec<u8>>> = Arc::default();
        let read = Arc::clone(&last);
        let waker = Waker::from(Arc::new(Polls(move || {
            count.fetch_add(1, Ordering::SeqCst);
            // Polled with a waker that is woken at the end of the writer's poll.
            let (again, reads) = (Arc::clone(&other), Arc::clone(&read));
            let then = Waker::from(Arc::new(Polls(move || {
                reads
                    .lock()
                    .unwrap()
                    .extend(read_now(&again, Waker::noop()));
            })));
            read.lock().unwrap().extend(read_now(&other, &then));
        })));
        assert!(read_now(&reader, &waker).is_empty());
        let mut cx = Context::from_waker(Waker::noop());
        let written = Pin::new(&mut writer).poll_write(&mut cx, b"kelp");
        assert!(matches!(written, Poll::Ready(Ok(4))));
        sends
            .send((woken.load(Ordering::SeqCst), last.lock().unwrap().clone()))
            .unwrap();
    });
    let (woken, read) = hears.recv_timeout(LONG).expect("the write came back");
    assert_eq!((woken, read.as_slice()), (1, &b"kelp"[..]));
}

/// What `half` gives at one poll.
fn read_now(half: &Mutex<impl AsyncRead + Unpin>, waker: &Waker) -> Vec<u8> {
    let mut bytes = [0; 16];
    let mut buf = ReadBuf::new(&mut bytes);
    let mut half = half.lock().unwrap();
    let mut cx = Context::from_waker(waker);
    match Pin::new(&mut *half).poll_read(&mut cx, &mut buf) {
        Poll::Ready(outcome) => outcome.unwrap(),
        Poll::Pending => assert!(buf.filled().is_empty()),
    }
    buf.filled().to_vec()
}

/// Two halves on two threads, each of which meets the other's polls.
#[test]
fn halves_that_contend_wake_each_other() {
    for runtime in runtimes() {
        runtime.block_on(async {
            let (near, far) = selkie::io::duplex(64);
            let (mut far_read, mut far_write) = selkie::io::split(far);
            let (mut near_read, mut near_write) = selkie::io::split(near);
            let echo =
                task::spawn(async move { selkie::io::copy(&mut far_read, &mut far_write).await });
            let writes = task::spawn(async move {
                for n in 0..20_000_u32 {
                    near_write.write_all(&n.to_be_bytes()).await.unwrap();
                }
                near_write.shutdown().await.unwrap();
                near_write
            });
            for n in 0..20_000 {
                let read = timeout(LONG, near_read.read_u32())
                    .await
                    .expect("no half is forgotten");
                assert_eq!(read.unwrap(), n);
            }
            let near_write = writes.await.unwrap();
            drop(near_read.unsplit(near_write));
            echo.await.unwrap().unwrap();
        });
    }
    std::io::stdout().flush().unwrap();
}

/// Says whether it is woken in a runtime's context.
struct SaysContext(mpsc::Sender<bool>);

impl Wake for SaysContext {
    fn wake(self: Arc<Self>) {
        let _gone = self.0.send(Handle::try_current().is_ok());
    }
}

#[test]
fn a_shutdown_wakes_in_the_context_of_its_runtime() {
    for limit in [None, Some(Duration::from_millis(50))] {
        let [_, runtime] = runtimes();
        // All workers are stuck: who ends the runtime closes its driver.
        let (is_stuck, stuck) = mpsc::channel();
        let workers = 0..runtime.metrics().num_workers();
        let held: Vec<_> = workers
            .map(|_| {
                let (let_go, wait) = mpsc::channel::<()>();
                let is_stuck = is_stuck.clone();
                runtime.spawn(async move {
                    is_stuck.send(()).unwrap();
                    let _gone = wait.recv_timeout(LONG);
                });
                let_go
            })
            .collect();
        held.iter().for_each(|_| stuck.recv_timeout(LONG).unwrap());
        let (say, said) = mpsc::channel();
        let waker = Waker::from(Arc::new(SaysContext(say)));
        let mut sleep = {
            let _context = runtime.enter();
            Box::pin(sleep(LONG))
        };
        let polled = sleep.as_mut().poll(&mut Context::from_waker(&waker));
        assert!(polled.is_pending());
        let ends = std::thread::spawn(move || match limit {
            None => drop(runtime),
            Some(limit) => runtime.shutdown_timeout(limit),
        });
        assert!(said.recv_timeout(LONG / 2).unwrap(), "{limit:?}");
        drop(held);
        ends.join().unwrap();
    }
}
