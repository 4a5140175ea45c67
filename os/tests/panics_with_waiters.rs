//! A panic of foreign code where others wait: they are woken, and values are dropped, all the same.
#![cfg(unix)]

mod fixture;

use std::future::{Future, pending};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc as std_mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use selkie::io::{AsyncReadExt, AsyncWriteExt};
use selkie::sync::{Mutex, Notify, RwLock, Semaphore, broadcast, mpsc, oneshot, watch};
use selkie::task;

/// Longer than anything takes that happens at all.
const LONG: Duration = Duration::from_secs(10);

/// Runs `work` on a thread of its own; fails if it does not end.
fn within<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> R {
    let (tell, told) = std_mpsc::channel();
    std::thread::spawn(move || tell.send(catch_unwind(AssertUnwindSafe(work))));
    match told.recv_timeout(LONG) {
        Ok(Ok(result)) => result,
        Ok(Err(payload)) => std::panic::resume_unwind(payload),
        Err(_) => panic!("it does not end"),
    }
}

/// A waker that panics.
struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        panic!("a waker that panics");
    }
}

/// Counts wakes.
#[derive(Default)]
struct Counts(AtomicUsize);

impl Wake for Counts {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn panicking() -> Waker {
    Waker::from(Arc::new(Panics))
}

fn poll_with<F: Future + ?Sized>(future: Pin<&mut F>, waker: &Waker) -> bool {
    future.poll(&mut Context::from_waker(waker)).is_ready()
}

/// An error whose drop panics.
#[derive(Debug)]
struct PanickingError;

impl Drop for PanickingError {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("an error that panics in its drop");
        }
    }
}

#[test]
fn a_scope_ends_though_a_later_error_panics_in_its_drop() {
    within(|| {
        for runtime in fixture::runtimes() {
            let ended = runtime.block_on(async {
                let (go, gone) = std_mpsc::channel::<()>();
                let (begun, begins) = oneshot::channel::<()>();
                let scope = task::scope(|scope| async move {
                    scope.spawn_blocking(move |_stop| {
                        let _ = begun.send(());
                        let _closed = gone.recv_timeout(LONG);
                        Err::<(), _>(PanickingError)
                    });
                    scope.spawn(async {
                        let _ = begins.await;
                        Err::<(), _>(PanickingError)
                    });
                    pending::<Result<(), PanickingError>>().await
                });
                // A task of its own: else the timer would poll it.
                let mut scope = task::spawn(scope);
                // The first failure is there; the closure still runs.
                let early = selkie::time::timeout(Duration::from_millis(100), &mut scope).await;
                assert!(early.is_err());
                drop(go);
                selkie::time::timeout(LONG / 4, scope).await
            });
            let error = ended.expect("the scope ends").unwrap().unwrap_err();
            std::mem::forget(error);
        }
    });
}

#[test]
fn a_scope_aborts_its_tasks_though_a_waker_of_its_token_panics() {
    within(|| {
        for runtime in fixture::runtimes() {
            let ended = runtime.block_on(async {
                let (token_sent, token_here) = oneshot::channel();
                let (go, gone) = oneshot::channel::<()>();
                let scope = task::scope(|scope| async move {
                    let _ = token_sent.send(scope.token());
                    scope.spawn(pending::<Result<(), u8>>());
                    scope.spawn(async move {
                        let _ = gone.await;
                        Err::<(), _>(1)
                    });
                    pending::<Result<(), u8>>().await
                });
                let scope = task::spawn(scope);
                let token = token_here.await.unwrap();
                let mut stopped = Box::pin(token.stopped());
                assert!(!poll_with(stopped.as_mut(), &panicking()));
                go.send(()).unwrap();
                selkie::time::timeout(LONG / 4, scope).await
            });
            assert_eq!(ended.expect("the scope ends").unwrap(), Err(1));
        }
    });
}

#[test]
fn a_dropped_duplex_end_wakes_both_sides_of_the_other() {
    let (near, far) = selkie::io::duplex(1);
    let (mut read, mut write) = selkie::io::split(far);
    let counts = Arc::new(Counts::default());
    let mut reading = Box::pin(async move { read.read_u8().await.is_err() });
    let mut writing = Box::pin(async move { write.write_all(b"xy").await.is_err() });
    assert!(!poll_with(reading.as_mut(), &panicking()));
    assert!(!poll_with(
        writing.as_mut(),
        &Waker::from(Arc::clone(&counts))
    ));
    assert!(catch_unwind(AssertUnwindSafe(|| drop(near))).is_err());
    assert_eq!(counts.0.load(Ordering::SeqCst), 1, "the writer is told");
    let told = writing
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    assert_eq!(told, Poll::Ready(true));
}

#[test]
fn a_dropped_receiver_drops_its_values_though_a_senders_waker_panics() {
    let (requests, served) = mpsc::channel(1);
    let (reply, mut replied) = oneshot::channel::<()>();
    requests.try_send(reply).unwrap();
    let mut reserving = Box::pin(requests.reserve());
    assert!(!poll_with(reserving.as_mut(), &panicking()));
    assert!(catch_unwind(AssertUnwindSafe(|| drop(served))).is_err());
    assert!(
        poll_with(pin!(&mut replied), Waker::noop()),
        "the request was dropped"
    );
}

#[test]
fn a_dropped_receiver_wakes_tasks_that_wait_for_the_close_though_another_waker_panics() {
    let (tx, rx) = mpsc::channel::<u8>(1);
    tx.try_send(1).unwrap();
    let mut reserving = Box::pin(tx.reserve());
    assert!(!poll_with(reserving.as_mut(), &panicking()));
    let counts = Arc::new(Counts::default());
    let mut closed = Box::pin(tx.closed());
    assert!(!poll_with(
        closed.as_mut(),
        &Waker::from(Arc::clone(&counts))
    ));
    assert!(catch_unwind(AssertUnwindSafe(|| drop(rx))).is_err());
    assert_eq!(counts.0.load(Ordering::SeqCst), 1);
}

#[test]
fn the_last_broadcast_receiver_drops_its_values_though_a_waker_panics() {
    let (tx, rx) = broadcast::channel(4);
    let value = Arc::new(());
    tx.send(Arc::clone(&value)).unwrap();
    let mut closed = Box::pin(tx.closed());
    assert!(!poll_with(closed.as_mut(), &panicking()));
    assert!(catch_unwind(AssertUnwindSafe(|| drop(rx))).is_err());
    assert_eq!(Arc::strong_count(&value), 1);
    assert_eq!(tx.len(), 0);
}

#[test]
fn a_downgrade_in_which_a_waker_panics_leaves_the_lock_usable() {
    let lock = Arc::new(RwLock::new(()));
    for owned in [false, true] {
        let mut reading = Box::pin(lock.read());
        let downgraded = if owned {
            let guard = Arc::clone(&lock).try_write_owned().unwrap();
            assert!(!poll_with(reading.as_mut(), &panicking()));
            catch_unwind(AssertUnwindSafe(|| drop(guard.downgrade())))
        } else {
            let guard = lock.try_write().unwrap();
            assert!(!poll_with(reading.as_mut(), &panicking()));
            catch_unwind(AssertUnwindSafe(|| drop(guard.downgrade())))
        };
        assert!(downgraded.is_err(), "the caller is told");
        drop(reading);
        assert!(lock.try_write().is_ok(), "nobody holds it");
    }
}

#[derive(Clone)]
struct BadDrop(Arc<AtomicUsize>, bool);

impl Drop for BadDrop {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
        if std::mem::take(&mut self.1) {
            panic!("a value that panics in its drop");
        }
    }
}

#[test]
fn a_broadcast_receiver_drops_all_values_though_one_panics_in_its_drop() {
    let (tx, rx) = broadcast::channel(4);
    let drops = Arc::new(AtomicUsize::new(0));
    for n in 0..4 {
        assert!(tx.send(BadDrop(Arc::clone(&drops), n == 0)).is_ok());
    }
    assert!(catch_unwind(AssertUnwindSafe(|| drop(rx))).is_err());
    assert_eq!(drops.load(Ordering::SeqCst), 4);
    assert_eq!(tx.len(), 0);
}

/// Polls `wait` with a waker that panics, then drops `value`, which wakes it, in a panic.
fn drops_in_a_panic<F: Future, T>(wait: F, value: T) {
    let mut wait = Box::pin(wait);
    assert!(!poll_with(wait.as_mut(), &panicking()));
    let ended = catch_unwind(AssertUnwindSafe(move || {
        let _value = value;
        panic!("a task's own panic");
    }));
    let payload = ended.unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&"a task's own panic"));
}

/// Drops of guards in a panic.
fn guards_wake_in_a_panic(name: &str) {
    let (mutex, rwlock) = (Mutex::new(()), RwLock::new(()));
    let (semaphore, notify) = (Semaphore::new(1), Notify::new());
    match name {
        "mutex" => {
            let guard = mutex.try_lock().unwrap();
            drops_in_a_panic(mutex.lock(), guard);
        }
        "rwlock" => {
            let guard = rwlock.try_write().unwrap();
            drops_in_a_panic(rwlock.read(), guard);
        }
        "semaphore" => {
            let guard = semaphore.try_acquire().unwrap();
            drops_in_a_panic(semaphore.acquire(), guard);
        }
        "notified" => {
            let mut first = Box::pin(notify.notified());
            assert!(!poll_with(first.as_mut(), Waker::noop()));
            notify.notify_one();
            drops_in_a_panic(notify.notified(), first);
        }
        other => unreachable!("{other}"),
    }
}

/// Drops of the sides of channels in a panic.
fn sides_wake_in_a_panic(name: &str) {
    let (tx, mut rx) = mpsc::channel::<()>(1);
    let (unbounded_tx, mut unbounded_rx) = mpsc::unbounded_channel::<()>();
    let (mut one_tx, one_rx) = oneshot::channel::<()>();
    let (watch_tx, mut watch_rx) = watch::channel(());
    let (broadcast_tx, mut broadcast_rx) = broadcast::channel::<u8>(1);
    let (near, mut far) = selkie::io::duplex(1);
    match name {
        "mpsc_sender" => drops_in_a_panic(rx.recv(), tx),
        "mpsc_receiver" => drops_in_a_panic(tx.closed(), rx),
        "unbounded_sender" => drops_in_a_panic(unbounded_rx.recv(), unbounded_tx),
        "oneshot_sender" => drops_in_a_panic(one_rx, one_tx),
        "oneshot_receiver" => drops_in_a_panic(one_tx.closed(), one_rx),
        "watch_sender" => drops_in_a_panic(watch_rx.changed(), watch_tx),
        "watch_receiver" => drops_in_a_panic(watch_tx.closed(), watch_rx),
        "broadcast_sender" => drops_in_a_panic(broadcast_rx.recv(), broadcast_tx),
        "broadcast_receiver" => drops_in_a_panic(broadcast_tx.closed(), broadcast_rx),
        "duplex" => drops_in_a_panic(far.read_u8(), near),
        "split" => split_unwinds(),
        guard => guards_wake_in_a_panic(guard),
    }
}

/// A stream that panics in a poll in which the other half comes to wait.
struct Stream(Arc<std::sync::Mutex<Option<BoxedRead>>>);
type BoxedRead = Pin<Box<dyn Future<Output = std::io::Result<usize>> + Send>>;

impl selkie::io::AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        _buf: &mut selkie::io::ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let mut other = self.0.lock().unwrap();
        assert!(!poll_with(other.as_mut().unwrap().as_mut(), &panicking()));
        drop(other);
        panic!("a stream that panics");
    }
}

impl selkie::io::AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Poll::Ready(Ok(buf.len()))
    }
    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn split_unwinds() {
    let place = Arc::new(std::sync::Mutex::new(None));
    let (mut read, mut write) = selkie::io::split(Stream(Arc::clone(&place)));
    *place.lock().unwrap() = Some(Box::pin(async move { write.write(b"x").await }));
    let polled = catch_unwind(AssertUnwindSafe(|| {
        poll_with(pin!(read.read_u8()), Waker::noop())
    }));
    let payload = polled.unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&"a stream that panics"));
}

const IN_A_PANIC: &[&str] = &[
    "mutex",
    "rwlock",
    "semaphore",
    "mpsc_sender",
    "unbounded_sender",
    "mpsc_receiver",
    "oneshot_sender",
    "oneshot_receiver",
    "watch_sender",
    "watch_receiver",
    "broadcast_sender",
    "broadcast_receiver",
    "notified",
    "duplex",
    "split",
];

const CASE: &str = "SELKIE_TEST_WAKES_IN_A_PANIC";

#[test]
fn drops_during_a_panic_wake_others_without_ending_the_process() {
    if let Ok(name) = std::env::var(CASE) {
        return sides_wake_in_a_panic(&name);
    }
    let mut failed = Vec::new();
    for name in IN_A_PANIC {
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "drops_during_a_panic_wake_others_without_ending_the_process",
            ])
            .env(CASE, name)
            .output()
            .unwrap();
        if !output.status.success() {
            failed.push((*name, output.status));
        }
    }
    assert!(failed.is_empty(), "{failed:?}");
}
