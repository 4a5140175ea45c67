//! Foreign code that workers call between polls: hooks, and the wakers of timers.
#![cfg(feature = "rt-multi-thread")]

use std::future::{Future, pending};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Wake, Waker};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use selkie::runtime::Builder;
use selkie::task::{block_in_place, yield_now};
use selkie::time::{Sleep, sleep};

const LONG: Duration = Duration::from_secs(60);

/// A hook that, when it is called for the first time after it was armed, says so and waits for a word.
struct Hook {
    is_armed: AtomicBool,
    began: mpsc::SyncSender<()>,
    go_on: Mutex<mpsc::Receiver<()>>,
}

impl Hook {
    fn new(is_armed: bool) -> (Arc<Self>, mpsc::Receiver<()>, mpsc::SyncSender<()>) {
        let (began, has_begun) = mpsc::sync_channel(1);
        let (go, go_on) = mpsc::sync_channel(1);
        let hook = Self {
            is_armed: AtomicBool::new(is_armed),
            began,
            go_on: Mutex::new(go_on),
        };
        (Arc::new(hook), has_begun, go)
    }

    fn wait(&self) {
        self.began.send(()).unwrap();
        let _timeout = self.go_on.lock().unwrap().recv_timeout(LONG);
    }

    fn is_first(&self) -> bool {
        self.is_armed.swap(false, Ordering::SeqCst)
    }
}

#[test]
fn a_hook_that_blocks_in_place_is_no_poll() {
    const TASKS: u64 = 10;
    let (hook, has_begun, go) = Hook::new(true);
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(1).on_thread_park(move || {
        if hook.is_first() {
            block_in_place(|| hook.wait());
        }
    });
    let runtime = builder.build().unwrap();
    has_begun.recv_timeout(LONG).unwrap();
    for _ in 0..TASKS {
        runtime.block_on(runtime.spawn(async {})).unwrap();
    }
    go.send(()).unwrap();
    let metrics = runtime.metrics();
    drop(runtime);
    assert_eq!(metrics.worker_poll_count(0), TASKS);
}

/// A worker that was woken counts as searching until it has found something. If its hook blocks, another worker takes the task.
#[test]
fn a_hook_that_blocks_does_not_hold_back_wakes_of_others() {
    let (hook, has_begun, go) = Hook::new(false);
    let mut builder = Builder::new_multi_thread();
    let theirs = Arc::clone(&hook);
    builder.worker_threads(2).on_thread_unpark(move || {
        if theirs.is_first() {
            theirs.wait();
        }
    });
    let runtime = builder.build().unwrap();
    let metrics = runtime.metrics();
    let begun = Instant::now();
    // Long enough that nobody is the monitor, which wakes by itself.
    while begun.elapsed() < Duration::from_millis(300) {
        thread::sleep(Duration::from_millis(10));
    }
    hook.is_armed.store(true, Ordering::SeqCst);
    let (done, is_done) = mpsc::channel();
    for number in 0..3 {
        let done = done.clone();
        runtime.spawn(async move { done.send(number).unwrap() });
    }
    has_begun.recv_timeout(LONG).unwrap();
    let ran: Result<Vec<_>, _> = (0..3).map(|_| is_done.recv_timeout(LONG / 12)).collect();
    go.send(()).unwrap();
    assert!(ran.is_ok(), "{ran:?} while a hook blocks");
    drop((runtime, metrics));
}

/// Notes the thread that wakes it, and may panic then.
struct LoggedWaker {
    wakes: Arc<AtomicUsize>,
    on: Arc<Mutex<Vec<ThreadId>>>,
    panics: bool,
}

impl Wake for LoggedWaker {
    fn wake(self: Arc<Self>) {
        self.wakes.fetch_add(1, Ordering::SeqCst);
        self.on.lock().unwrap().push(thread::current().id());
        assert!(!self.panics, "a waker that panics");
    }
}

/// The timers of a worker that is stuck are fired by one that is busy: a waker that panics there keeps no other timer back,
/// and the busy worker goes on.
#[test]
fn a_waker_that_panics_on_a_busy_worker_loses_no_timer_and_no_worker() {
    const TIMERS: usize = 100;
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).enable_all().build().unwrap();
    // The busy worker: whichever runs this when the other is stuck.
    let is_over = Arc::new(AtomicBool::new(false));
    let ends = Arc::clone(&is_over);
    let busy = runtime.spawn(async move {
        let mut rounds = 0_u64;
        while !ends.load(Ordering::SeqCst) {
            rounds += 1;
            yield_now().await;
        }
        rounds
    });
    for _ in 0..3 {
        let (wakes, on) = (Arc::new(AtomicUsize::new(0)), Arc::default());
        let (all, stuck_on) = (Arc::clone(&wakes), Arc::clone(&on));
        let stuck = runtime.spawn(async move {
            let waker = |number: usize| {
                Waker::from(Arc::new(LoggedWaker {
                    wakes: Arc::clone(&all),
                    on: Arc::clone(&stuck_on),
                    panics: number % 7 == 3,
                }))
            };
            let mut timers: Vec<_> = (0..TIMERS)
                .map(|_| Box::pin(sleep(Duration::from_millis(5))))
                .collect();
            for (number, timer) in timers.iter_mut().enumerate() {
                let polled = timer
                    .as_mut()
                    .poll(&mut Context::from_waker(&waker(number)));
                assert!(polled.is_pending());
            }
            let begun = Instant::now();
            while all.load(Ordering::SeqCst) < TIMERS && begun.elapsed() < LONG {
                thread::sleep(Duration::from_millis(1)); // It is stuck.
            }
            let here = thread::current().id();
            assert!(timers.iter().all(|timer| Sleep::is_elapsed(timer)));
            here
        });
        let here = runtime.block_on(stuck).unwrap();
        let on: &Mutex<Vec<ThreadId>> = &on;
        let on = on.lock().unwrap();
        assert_eq!((wakes.load(Ordering::SeqCst), on.len()), (TIMERS, TIMERS));
        assert!(on.iter().all(|thread| *thread != here), "woken by itself");
    }
    is_over.store(true, Ordering::SeqCst);
    assert!(runtime.block_on(busy).unwrap() > 0);
    // Both workers are there.
    let tasks: Vec<_> = (0..2)
        .map(|_| {
            runtime.spawn(async {
                thread::sleep(Duration::from_millis(1));
                thread::current().id()
            })
        })
        .collect();
    for task in tasks {
        runtime.block_on(task).unwrap();
    }
    runtime.spawn(pending::<()>());
}
