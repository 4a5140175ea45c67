//! A dump shows where tasks wait, and disturbs none of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use selkie::runtime::dump::{Trace, trace_with};
use selkie::runtime::{Builder, Handle};
use selkie::sync::{Mutex, Notify, oneshot};
use selkie::task;

use crate::dump_operations::has_names;
use crate::flavors::both;

const LONG: Duration = Duration::from_secs(60);

#[inline(never)]
async fn outer_wait(lock: Arc<Mutex<()>>) {
    inner_wait(lock).await;
}

#[inline(never)]
async fn inner_wait(lock: Arc<Mutex<()>>) {
    let _guard = lock.lock().await;
}

#[test]
fn each_task_is_shown_with_the_calls_that_lead_to_where_it_waits() {
    for runtime in both(|_| ()) {
        runtime.block_on(async {
            let lock = Arc::new(Mutex::new(()));
            let _held = lock.lock().await;
            let waiting: Vec<_> = (0..3)
                .map(|_| selkie::spawn(outer_wait(Arc::clone(&lock))))
                .collect();
            let two = selkie::spawn(async {
                let notify = Notify::new();
                selkie::select! {
                    () = selkie::time::sleep(LONG) => {}
                    () = notify.notified() => {}
                }
            });
            let dump = Handle::current().dump().await;
            assert_eq!(dump.missing_workers(), [0; 0]);
            assert_eq!(dump.tasks().iter().count(), 4);
            for task in &waiting {
                let dumped = dump.tasks().iter().find(|d| d.id() == task.id());
                let dumped = dumped.unwrap();
                assert_eq!(dumped.spawned_at().file(), file!());
                assert_eq!(dumped.name(), None);
                let text = dumped.trace().to_string();
                if !has_names() {
                    continue;
                }
                let outer = text.find("outer_wait").expect(&text);
                let inner = text.find("inner_wait").expect(&text);
                assert!(outer < inner, "{text}");
                assert!(text.contains(file!()), "{text}");
                // The runtime's own calls around the poll are no news.
                assert!(!text.contains("catch_panic"), "{text}");
            }
            let dumped = dump.tasks().iter().find(|d| d.id() == two.id()).unwrap();
            assert_eq!(dumped.trace().resolve_backtraces().len(), 2);
        });
    }
}

#[test]
fn nothing_is_lost_under_load() {
    for runtime in both(|_| ()) {
        let done = Arc::new(AtomicUsize::new(0));
        let stop = Arc::new(AtomicBool::new(false));
        const PAIRS: usize = 50;
        const ROUNDS: usize = 300;
        runtime.block_on(async {
            let mut set = task::JoinSet::new();
            for _ in 0..PAIRS {
                let (to, mut from) = selkie::sync::mpsc::channel(2);
                set.spawn(async move {
                    for n in 0..ROUNDS {
                        to.send(n).await.unwrap();
                        if n % 50 == 0 {
                            selkie::time::sleep(Duration::from_micros(50)).await;
                        }
                    }
                });
                let done = Arc::clone(&done);
                set.spawn(async move {
                    let mut next = 0;
                    while let Some(n) = from.recv().await {
                        assert_eq!(n, next);
                        next += 1;
                    }
                    done.fetch_add(next, Ordering::SeqCst);
                });
            }
            let stopped = Arc::clone(&stop);
            let dumping = selkie::spawn(async move {
                let mut dumps = 0;
                while !stopped.load(Ordering::SeqCst) {
                    let dump = Handle::current().dump().await;
                    assert!(dump.tasks().iter().count() <= 2 * PAIRS + 1);
                    dumps += 1;
                }
                dumps
            });
            set.join_all().await;
            stop.store(true, Ordering::SeqCst);
            assert!(dumping.await.unwrap() > 0);
        });
        assert_eq!(done.load(Ordering::SeqCst), PAIRS * ROUNDS);
    }
}

#[test]
fn a_worker_in_a_long_poll_is_named_and_the_others_answer() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let (release, released) = mpsc::channel();
    let (started, starts) = mpsc::channel();
    runtime.spawn(async move {
        started.send(()).unwrap();
        released.recv_timeout(LONG).unwrap();
    });
    starts.recv_timeout(LONG).unwrap();
    let waiting = runtime.spawn(std::future::pending::<()>());
    let dump = runtime.block_on(runtime.handle().dump());
    release.send(()).unwrap();
    assert_eq!(dump.missing_workers().len(), 1);
    assert!(dump.tasks().iter().any(|task| task.id() == waiting.id()));
}

#[test]
fn the_tasks_of_a_runtime_that_nobody_drives_are_listed_without_a_trace() {
    let idle = Builder::new_current_thread().build().unwrap();
    let queued = idle.spawn(std::future::pending::<()>());
    let other = Builder::new_current_thread().build().unwrap();
    for _ in 0..2 {
        let dump = other.block_on(idle.handle().dump());
        assert_eq!(dump.missing_workers(), [0]);
        assert_eq!(dump.tasks().iter().count(), 0);
        let tasks: Vec<_> = dump.untraced().iter().collect();
        assert_eq!(tasks.len(), 1);
        assert_eq!(tasks[0].id(), queued.id());
        assert!(!tasks[0].is_traced());
        // Now it waits.
        idle.block_on(task::yield_now());
    }
}

#[inline(never)]
async fn asking(receive: oneshot::Receiver<()>) {
    receive.await.unwrap();
}

#[test]
fn a_poll_can_be_traced_by_hand() {
    let (_keep, receive) = oneshot::channel::<()>();
    let mut future = Box::pin(Trace::root(asking(receive)));
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let (polled, trace) = Trace::capture(|| future.as_mut().poll(&mut cx));
    assert!(polled.is_pending());
    let backtraces = trace.resolve_backtraces();
    assert_eq!(backtraces.len(), 1);
    let text = trace.to_string();
    assert!(
        text.starts_with("runtime::dump::asking") || !has_names(),
        "{text}"
    );
    // What is outside the root is left out.
    assert!(!text.contains("test::run_test"), "{text}");
    let mut leaves = 0;
    let polled = trace_with(
        || future.as_mut().poll(&mut cx),
        |meta| leaves += usize::from(meta.root_addr.is_some()),
    );
    assert!(polled.is_pending());
    assert_eq!(leaves, 1);
}

#[test]
fn a_task_can_see_that_it_is_traced() {
    for runtime in both(|_| ()) {
        let seen = Arc::new(AtomicBool::new(false));
        let theirs = Arc::clone(&seen);
        runtime.block_on(async move {
            let task = selkie::spawn(std::future::poll_fn(move |cx| {
                if Handle::is_tracing() {
                    theirs.store(true, Ordering::SeqCst);
                    return std::task::Poll::Ready(());
                }
                cx.waker().wake_by_ref();
                std::task::Poll::Pending
            }));
            // A worker that gets no processor for a while is not waited for.
            while !task.is_finished() {
                let dump = Handle::current().dump().await;
                // It ends in the traced poll, and so is never shown.
                assert_eq!(dump.tasks().iter().count(), 0);
            }
        });
        assert!(seen.load(Ordering::SeqCst));
    }
}

#[test]
fn a_traced_future_only_shows_where_it_waits_and_continues_afterwards() {
    for runtime in both(|_| ()) {
        runtime.block_on(async {
            let (sender, mut receiver) = selkie::sync::mpsc::channel(1);
            sender.send(1).await.unwrap();
            let mut receive = std::pin::pin!(receiver.recv());
            let mut asked = false;
            std::future::poll_fn(|cx| {
                if !asked {
                    asked = true;
                    let mut leaves = 0;
                    let polled = trace_with(|| receive.as_mut().poll(cx), |_| leaves += 1);
                    assert!(
                        polled.is_pending(),
                        "a value waits, but it only says where it is"
                    );
                    assert_eq!(leaves, 1);
                    // It has this task polled again.
                    return std::task::Poll::Pending;
                }
                receive
                    .as_mut()
                    .poll(cx)
                    .map(|value| assert_eq!(value, Some(1)))
            })
            .await;
        });
    }
}

struct Flag(AtomicBool);

impl std::task::Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Asks a future that waits where it is.
fn trace(future: std::pin::Pin<&mut impl Future>, waker: &std::task::Waker) {
    let mut cx = std::task::Context::from_waker(waker);
    let mut leaves = 0;
    assert!(trace_with(|| future.poll(&mut cx), |_| leaves += 1).is_pending());
    assert_eq!(leaves, 1);
}

#[test]
fn a_task_traced_by_hand_is_woken_after_the_other_tasks_have_run() {
    for runtime in both(|_| ()) {
        runtime.block_on(async {
            let task = selkie::spawn(async {
                let flag = Arc::new(Flag(AtomicBool::new(false)));
                let waker = std::task::Waker::from(Arc::clone(&flag));
                let (_keep, receive) = oneshot::channel::<()>();
                let mut receive = Box::pin(receive);
                trace(receive.as_mut(), &waker);
                assert!(!flag.0.load(Ordering::SeqCst), "woken in its own poll");
                for _ in 0..3 {
                    task::yield_now().await;
                }
                // Another worker may have taken this task, before the one that wakes has come to its look.
                let begun = std::time::Instant::now();
                let has_others = Handle::current().metrics().num_workers() > 1;
                while has_others && !flag.0.load(Ordering::SeqCst) && begun.elapsed() < LONG {
                    task::yield_now().await;
                }
                assert!(flag.0.load(Ordering::SeqCst), "it was forgotten");
            });
            task.await.unwrap();
        });
    }
}

#[test]
fn a_future_traced_by_a_hook_keeps_its_worker_awake() {
    // The hook runs when the worker has nothing left to do.
    let (send, woken) = mpsc::channel();
    struct SendOnWake(std::sync::Mutex<mpsc::Sender<()>>);
    impl std::task::Wake for SendOnWake {
        fn wake(self: Arc<Self>) {
            let _gone = self.0.lock().unwrap().send(());
        }
    }
    let waker = std::task::Waker::from(Arc::new(SendOnWake(std::sync::Mutex::new(send))));
    let once = AtomicBool::new(false);
    let _runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .on_thread_park(move || {
            if !once.swap(true, Ordering::SeqCst) {
                let (_keep, receive) = oneshot::channel::<()>();
                trace(Box::pin(receive).as_mut(), &waker);
            }
        })
        .build()
        .unwrap();
    woken.recv_timeout(LONG).expect("it was forgotten");
}
