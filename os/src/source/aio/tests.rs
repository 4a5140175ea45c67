//! Tests on Linux, where epoll stands in for kqueue, and a byte that arrives stands in for a completion.
#![allow(unsafe_code)]

use std::future::poll_fn;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use super::{Aio, AioSource};
use crate::async_io::{Interest, Ready};
use crate::runtime::{Builder, Runtime};
use crate::time::timeout;

/// An operation that is complete when a byte comes.
#[derive(Debug)]
struct Operation {
    near: UnixStream,
    poller: Option<RawFd>,
    deregistered: Arc<AtomicUsize>,
}

impl Operation {
    fn new() -> (Self, UnixStream) {
        let (near, far) = UnixStream::pair().expect("a pair");
        near.set_nonblocking(true).expect("non-blocking");
        let deregistered = Arc::default();
        let operation = Self {
            near,
            poller: None,
            deregistered,
        };
        (operation, far)
    }

    fn tell(&mut self, poller: RawFd, token: usize) {
        assert!(self.poller.replace(poller).is_none(), "registered once");
        let mut event = libc::epoll_event {
            events: (libc::EPOLLIN | libc::EPOLLET) as u32,
            u64: token as u64,
        };
        let fd = self.near.as_raw_fd();
        // SAFETY: both descriptors are open, and the system reads one event.
        let added = unsafe { libc::epoll_ctl(poller, libc::EPOLL_CTL_ADD, fd, &mut event) };
        assert_eq!(added, 0);
    }

    fn forget(&mut self) {
        let poller = self.poller.expect("registered before");
        let fd = self.near.as_raw_fd();
        // SAFETY: both descriptors are open; for this the system reads nothing.
        let gone =
            unsafe { libc::epoll_ctl(poller, libc::EPOLL_CTL_DEL, fd, std::ptr::null_mut()) };
        assert_eq!(gone, 0, "the poller's descriptor is open (I2)");
        self.deregistered.fetch_add(1, Ordering::SeqCst);
    }
}

impl AioSource for Operation {
    fn register_borrowed(&mut self, kq: BorrowedFd<'_>, token: usize) {
        self.tell(kq.as_raw_fd(), token);
    }

    fn deregister(&mut self) {
        self.forget();
    }
}

/// A source that was written before there was `register_borrowed`.
struct LegacySource(Operation);

impl AioSource for LegacySource {
    fn register(&mut self, kq: RawFd, token: usize) {
        self.0.tell(kq, token);
    }

    fn deregister(&mut self) {
        self.0.forget();
    }
}

/// A source that does not say how it is registered.
struct SilentSource;

impl AioSource for SilentSource {
    fn deregister(&mut self) {}
}

fn runtime() -> Runtime {
    let mut builder = Builder::new_current_thread();
    builder.enable_all().build().expect("a runtime")
}

/// Runs `future`, which has to end soon.
fn run<F: Future>(future: F) -> F::Output {
    let limit = Duration::from_secs(20);
    runtime().block_on(async { timeout(limit, future).await.expect("it ends") })
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_completion_is_awaited_and_cleared() {
    run(async {
        let (operation, mut far) = Operation::new();
        let mut aio = Aio::new_for_lio(operation).expect("a place");
        for _ in 0..3 {
            let early = poll_fn(|cx| Poll::Ready(aio.poll_ready(cx).is_pending())).await;
            assert!(early, "nothing is complete yet");
            far.write_all(b"!").expect("room");
            let event = poll_fn(|cx| aio.poll_ready(cx)).await.expect("it lives");
            // It stays complete until that is taken back.
            let event = match poll_fn(|cx| Poll::Ready(aio.poll_ready(cx))).await {
                Poll::Ready(again) => (event, again.expect("it lives")),
                Poll::Pending => panic!("a completion was lost"),
            };
            assert_eq!(aio.near.read(&mut [0; 8]).expect("a byte"), 1);
            aio.clear_ready(event.1);
        }
    });
}

#[test]
fn an_earlier_event_does_not_clear_a_later_completion() {
    run(async {
        let (operation, mut far) = Operation::new();
        let aio = Aio::new_for_lio(operation).expect("a place");
        far.write_all(b"!").expect("room");
        let first = poll_fn(|cx| aio.poll_ready(cx)).await.expect("it lives");
        let polls = AtomicUsize::new(0);
        far.write_all(b"!").expect("room");
        // Turns of the driver: the second completion is reported in one of them.
        poll_fn(|cx| {
            cx.waker().wake_by_ref();
            match polls.fetch_add(1, Ordering::SeqCst) {
                1000 => Poll::Ready(()),
                _ => Poll::Pending,
            }
        })
        .await;
        aio.clear_ready(first);
        poll_fn(|cx| aio.poll_ready(cx)).await.expect("it lives");
    });
}

#[test]
fn the_task_that_polled_last_is_woken() {
    run(async {
        let (operation, mut far) = Operation::new();
        let aio = Aio::new_for_aio(operation).expect("a place");
        let former = Arc::new(Wakes::default());
        let waker = Waker::from(Arc::clone(&former));
        assert!(
            aio.poll_ready(&mut Context::from_waker(&waker))
                .is_pending()
        );
        let mut wait = pin!(poll_fn(|cx| aio.poll_ready(cx)));
        let begun = poll_fn(|cx| Poll::Ready(wait.as_mut().poll(cx).is_pending())).await;
        assert!(begun);
        far.write_all(b"!").expect("room");
        wait.await.expect("it lives");
        assert_eq!(former.0.load(Ordering::SeqCst), 0);
    });
}

#[test]
fn an_older_source_is_registered_by_a_number() {
    run(async {
        let (operation, mut far) = Operation::new();
        let deregistered = Arc::clone(&operation.deregistered);
        let aio = Aio::new_for_aio(LegacySource(operation)).expect("a place");
        far.write_all(b"!").expect("room");
        poll_fn(|cx| aio.poll_ready(cx)).await.expect("it lives");
        drop(aio);
        assert_eq!(deregistered.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn a_source_is_deregistered_once_before_it_is_given_back() {
    run(async {
        let (operation, _far) = Operation::new();
        let deregistered = Arc::clone(&operation.deregistered);
        let operation = Aio::new_for_aio(operation).expect("a place").into_inner();
        assert_eq!(deregistered.load(Ordering::SeqCst), 1);
        drop(operation);
        assert_eq!(deregistered.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn a_wait_fails_after_the_shutdown_of_the_runtime_and_the_poller_stays_open() {
    let runtime = runtime();
    let (operation, _far) = Operation::new();
    let deregistered = Arc::clone(&operation.deregistered);
    let aio = runtime.block_on(async { Aio::new_for_aio(operation).expect("a place") });
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&wakes));
    let mut cx = Context::from_waker(&waker);
    assert!(aio.poll_ready(&mut cx).is_pending());
    drop(runtime);
    assert_eq!(wakes.0.load(Ordering::SeqCst), 1);
    assert!(matches!(aio.poll_ready(&mut cx), Poll::Ready(Err(_))));
    drop(aio);
    assert_eq!(deregistered.load(Ordering::SeqCst), 1);
}

#[test]
fn a_source_that_implements_no_registration_is_refused() {
    run(async {
        let made = catch_unwind(AssertUnwindSafe(|| {
            Aio::new_for_aio(SilentSource).map(drop)
        }));
        let payload = made.expect_err("a panic");
        let message = payload.downcast_ref::<&str>().expect("a text");
        assert!(message.contains("register_borrowed"), "{message}");
    });
}

#[test]
fn a_completion_is_awaited_by_its_kind() {
    let both = Interest::AIO | Interest::LIO;
    assert_eq!(format!("{both:?}"), "AIO | LIO");
    assert_eq!(both.remove(Interest::AIO), Some(Interest::LIO));
    assert!(!both.is_readable() && !both.is_writable());
    let told = Ready::READABLE;
    assert!(Interest::AIO.mask().intersects(told) && Interest::LIO.mask().intersects(told));
}
