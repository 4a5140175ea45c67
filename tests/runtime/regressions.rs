//! Bugs that other runtimes have had, and that must not happen here.
//!
//! Length      one list: a test for each of its rows.

use std::cell::RefCell;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Poll, Wake, Waker};
use std::time::Duration;

use selkie::io::AsyncReadExt;
use selkie::runtime::{Builder, Handle};
use selkie::sync::Notify;
use selkie::task;
use selkie::time::{sleep, timeout};

use crate::flavors::both;

const LONG: Duration = Duration::from_secs(30);

#[test]
fn regression_15_a_wake_just_before_blocking_is_not_kept_back() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let notify = Arc::new(Notify::new());
    let (answer, answers) = mpsc::channel();
    let theirs = Arc::clone(&notify);
    let woken = runtime.spawn(async move {
        theirs.notified().await;
        answer.send(()).unwrap();
        theirs.notified().await;
        7
    });
    let blocking = runtime.spawn(async move {
        task::yield_now().await;
        notify.notify_one();
        // The task woken just now stands before us on the only worker.
        task::block_in_place(|| answers.recv_timeout(LONG).unwrap());
        notify.notify_one();
        task::block_in_place(|| Handle::current().block_on(woken).unwrap())
    });
    assert_eq!(runtime.block_on(blocking).unwrap(), 7);
}

#[test]
fn regression_16_a_wake_in_the_park_hook_keeps_awake_and_the_driver_is_looked_at() {
    let notify = Arc::new(Notify::new());
    let theirs = Arc::clone(&notify);
    let runtime = Builder::new_current_thread()
        .enable_all()
        .on_thread_park(move || theirs.notify_one())
        .build()
        .unwrap();
    // Nothing else ends the sleep.
    runtime.block_on(notify.notified());
    runtime.block_on(async {
        let listener = selkie::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (at_work, works) = mpsc::channel();
        let writer = std::thread::spawn(move || {
            let mut stream = std::net::TcpStream::connect(address).unwrap();
            works.recv_timeout(LONG).unwrap();
            stream.write_all(b"!").unwrap();
        });
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut byte = [0];
        let mut read = Box::pin(stream.read_exact(&mut byte));
        // Woken at each park; the byte is seen all the same.
        let mut rounds = 0;
        loop {
            selkie::select! {
                read = &mut read => {
                    read.unwrap();
                    break;
                }
                () = notify.notified() => rounds += 1,
            }
            if rounds == 10 {
                at_work.send(()).unwrap();
            }
        }
        assert!(rounds >= 10);
        writer.join().unwrap();
    });
}

#[test]
fn regression_17_two_tasks_that_wake_each_other_let_a_third_run() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .unwrap();
    let notifies = [Arc::new(Notify::new()), Arc::new(Notify::new())];
    for turn in 0..2 {
        let (mine, other) = (Arc::clone(&notifies[turn]), Arc::clone(&notifies[1 - turn]));
        runtime.spawn(async move {
            loop {
                mine.notified().await;
                other.notify_one();
            }
        });
    }
    let first = Arc::clone(&notifies[0]);
    let third = runtime.spawn(async move {
        first.notify_one();
        task::spawn(async { "ran" }).await.unwrap()
    });
    assert_eq!(runtime.block_on(third).unwrap(), "ran");
}

#[test]
fn regression_18_no_closure_is_lost_while_threads_come_and_go() {
    for runtime in both(|builder| {
        builder.thread_keep_alive(Duration::from_micros(30));
        builder.max_blocking_threads(4);
    }) {
        let done = Arc::new(AtomicUsize::new(0));
        runtime.block_on(async {
            for burst in 0..200 {
                let closures: Vec<_> = (0..burst % 9)
                    .map(|_| {
                        let done = Arc::clone(&done);
                        task::spawn_blocking(move || done.fetch_add(1, Ordering::SeqCst))
                    })
                    .collect();
                for closure in closures {
                    timeout(LONG, closure).await.unwrap().unwrap();
                }
                sleep(Duration::from_micros(20)).await;
            }
        });
        let expected: usize = (0..200).map(|burst| burst % 9).sum();
        assert_eq!(done.load(Ordering::SeqCst), expected);
    }
}

/// Panics when dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("on purpose");
    }
}

#[test]
fn regression_28_outputs_whose_drop_panics_end_no_worker() {
    for runtime in both(|_| ()) {
        // Dropped by the runtime: nobody joins.
        drop(runtime.spawn(async { Bomb }));
        let forgotten = runtime.spawn(async { Bomb });
        runtime.block_on(async {
            while !forgotten.is_finished() {
                task::yield_now().await;
            }
        });
        // Dropped with the handle, by a thread that panics already.
        let unwound = catch_unwind(AssertUnwindSafe(move || {
            let _dropped = forgotten;
            panic!("first");
        }));
        assert_eq!(unwound.unwrap_err().downcast_ref(), Some(&"first"));
        let after = runtime.spawn(async { 1 });
        assert_eq!(runtime.block_on(after).unwrap(), 1);
    }
}

#[test]
fn regression_28_a_wake_from_the_destructor_of_a_thread_local_arrives() {
    struct WakesAtTheEnd(RefCell<Option<Waker>>);
    impl Drop for WakesAtTheEnd {
        fn drop(&mut self) {
            if let Some(waker) = self.0.take() {
                waker.wake();
            }
        }
    }
    thread_local! {
        static LATE: WakesAtTheEnd = const { WakesAtTheEnd(RefCell::new(None)) };
    }
    for runtime in both(|_| ()) {
        let ended = Arc::new(AtomicBool::new(false));
        let task = runtime.spawn(async move {
            let mut polled = false;
            std::future::poll_fn(move |cx| {
                if std::mem::replace(&mut polled, true) {
                    return Poll::Ready(());
                }
                let waker = cx.waker().clone();
                std::thread::spawn(move || LATE.with(|late| drop(late.0.replace(Some(waker)))));
                Poll::Pending
            })
            .await;
            ended.store(true, Ordering::SeqCst);
        });
        runtime.block_on(async { timeout(LONG, task).await.unwrap().unwrap() });
    }
}

#[test]
fn regression_28_guards_out_of_order_are_named() {
    let runtimes: Vec<_> = both(|_| ()).collect();
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let first = runtimes[0].enter();
        let second = runtimes[1].enter();
        drop(first);
        drop(second);
    }));
    let payload = unwound.unwrap_err();
    let text = payload.downcast_ref::<&str>().copied().unwrap_or_default();
    assert!(text.contains("out of order"), "{text}");
}

#[test]
fn regression_29_a_combinator_that_polls_again_at_once_still_yields() {
    struct Flag(AtomicBool);
    impl Wake for Flag {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    for runtime in both(|_| ()) {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        // As `FuturesUnordered` does: what was woken while it was polled is polled again, many times.
        let greedy = runtime.spawn(async move {
            let flag = Arc::new(Flag(AtomicBool::new(false)));
            let waker = Waker::from(Arc::clone(&flag));
            std::future::poll_fn(move |cx| {
                let mut inner = std::task::Context::from_waker(&waker);
                let mut starved = false;
                for _ in 0..1_000 {
                    if stopped.load(Ordering::SeqCst) {
                        return Poll::Ready(());
                    }
                    let unit = std::pin::pin!(task::coop::consume_budget());
                    if unit.poll(&mut inner).is_pending() {
                        starved = true;
                        // On one thread it is woken when the scheduler has looked at its driver.
                        if !flag.0.swap(false, Ordering::SeqCst) {
                            break;
                        }
                    }
                }
                assert!(starved, "a thousand units of a budget");
                cx.waker().wake_by_ref();
                Poll::Pending
            })
            .await;
        });
        runtime.block_on(async {
            selkie::spawn(sleep(Duration::from_millis(3)))
                .await
                .unwrap();
            stop.store(true, Ordering::SeqCst);
            greedy.await.unwrap();
        });
    }
}

/// Run in a process of its own by the test below, with a standard input that never ends.
#[test]
#[ignore = "run by `regression_33_a_pending_read_of_standard_input_does_not_delay_a_shutdown`"]
fn reads_standard_input() {
    let read = || async {
        let mut text = String::new();
        selkie::io::stdin().read_to_string(&mut text).await
    };
    for runtime in both(|_| ()) {
        let mut given_up = Box::pin(read());
        runtime.block_on(async {
            timeout(Duration::from_millis(1), &mut given_up)
                .await
                .unwrap_err();
            assert_eq!(Handle::current().metrics().num_blocking_threads(), 0);
        });
        drop(given_up);
        let reader = runtime.spawn(read());
        runtime.block_on(task::yield_now());
        // Waits for nobody.
        drop(runtime);
        drop(reader);
    }
    // Without I/O nobody watches, and the input is read like a file: by a thread of nobody's.
    let runtime = Builder::new_multi_thread().enable_time().build().unwrap();
    let mut given_up = Box::pin(read());
    runtime.block_on(async {
        timeout(Duration::from_millis(20), &mut given_up)
            .await
            .unwrap_err();
        assert_eq!(Handle::current().metrics().num_blocking_threads(), 0);
    });
    let reader = runtime.spawn(given_up);
    let report = runtime.shutdown_with_report(Duration::from_secs(20));
    assert!(report.is_complete(), "{report}");
    drop(reader);
}

#[test]
fn regression_33_a_pending_read_of_standard_input_does_not_delay_a_shutdown() {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "regressions::reads_standard_input", "--ignored"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let input = child.stdin.take();
    assert!(child.wait().unwrap().success());
    drop(input);
}

/// Run in a process of its own by the test below.
#[test]
#[ignore = "run by `standard_input_is_read_as_it_comes_to_its_end`"]
fn echoes_standard_input() {
    for runtime in both(|_| ()).take(1) {
        runtime.block_on(async {
            let mut input = selkie::io::stdin();
            let mut line = [0; 6];
            input.read_exact(&mut line).await.unwrap();
            eprint!("got {}", String::from_utf8_lossy(&line));
            let mut rest = Vec::new();
            input.read_to_end(&mut rest).await.unwrap();
            eprint!("rest {}", rest.len());
        });
    }
}

#[test]
fn standard_input_is_read_as_it_comes_to_its_end() {
    let command = || {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "regressions::echoes_standard_input", "--ignored"])
            .args(["--nocapture"])
            .stderr(Stdio::piped());
        command
    };
    // A pipe, over whose other end the child's answers come one by one.
    let mut child = command().stdin(Stdio::piped()).spawn().unwrap();
    let (mut input, mut output) = (child.stdin.take().unwrap(), child.stderr.take().unwrap());
    input.write_all(b"first\n").unwrap();
    let mut answer = [0; 10];
    std::io::Read::read_exact(&mut output, &mut answer).unwrap();
    assert_eq!(&answer, b"got first\n");
    input.write_all(&vec![b'x'; 1_000_000]).unwrap();
    drop(input);
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut output, &mut rest).unwrap();
    assert!(rest.contains("rest 1000000"), "{rest}");
    assert!(child.wait().unwrap().success());
    // A file.
    let path = std::env::temp_dir().join(format!("selkie-input-{}", std::process::id()));
    std::fs::write(&path, b"first\nsecond").unwrap();
    let file = std::fs::File::open(&path).unwrap();
    let done = command().stdin(file).output().unwrap();
    std::fs::remove_file(path).unwrap();
    let text = String::from_utf8_lossy(&done.stderr);
    assert!(text.contains("got first\nrest 6"), "{text}");
    // Nothing at all.
    let done = command().stdin(Stdio::null()).output().unwrap();
    assert!(!done.status.success());
}

#[test]
fn regression_32_a_blocked_worker_does_not_stop_the_sockets_of_the_others() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let (release, released) = mpsc::channel();
    let (started, starts) = mpsc::channel();
    let listener = runtime
        .block_on(selkie::net::TcpListener::bind("127.0.0.1:0"))
        .unwrap();
    let address = listener.local_addr().unwrap();
    let echo = runtime.spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (mut read, mut write) = stream.split();
        selkie::io::copy(&mut read, &mut write).await.unwrap()
    });
    runtime.spawn(async move {
        started.send(()).unwrap();
        released.recv_timeout(LONG).unwrap();
    });
    starts.recv_timeout(LONG).unwrap();
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    for round in 0..100_u8 {
        stream.write_all(&[round]).unwrap();
        let mut byte = [0];
        std::io::Read::read_exact(&mut stream, &mut byte).unwrap();
        assert_eq!(byte, [round]);
    }
    drop(stream);
    assert_eq!(runtime.block_on(echo).unwrap(), 100);
    release.send(()).unwrap();
}
