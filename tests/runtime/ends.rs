//! Shutdowns: within the time limit, in the documented order, and with everything done that was promised.
//!
//! Length      one subject; the children that some tests start are tests of this file.

use std::future::pending;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::time::{Duration, Instant};

use selkie::runtime::{Builder, Handle, Runtime};
use selkie::task::{LocalSet, block_in_place};

use crate::flavors::both;

const LIMIT: Duration = Duration::from_millis(100);
const LONG: Duration = Duration::from_secs(30);

fn workers(count: usize) -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(count)
        .enable_all()
        .build()
        .unwrap()
}

/// Runs `f` on a thread of its own; fails if it does not end.
fn within_a_limit(f: impl FnOnce() + Send + 'static) {
    let (ended, ends) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        f();
        ended.send(()).unwrap();
    });
    match ends.recv_timeout(LONG) {
        Ok(()) => thread.join().unwrap(),
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("it does not end"),
        Err(mpsc::RecvTimeoutError::Disconnected) => {
            std::panic::resume_unwind(thread.join().unwrap_err())
        }
    }
}

#[test]
fn regression_44_a_thread_that_blocks_on_a_timer_or_a_socket_does_not_delay_the_shutdown() {
    within_a_limit(|| {
        for blocks_on_a_socket in [false, true] {
            let runtime = workers(2);
            let (begins, begun) = mpsc::channel();
            let task = runtime.spawn(async move {
                let listener = selkie::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                block_in_place(|| {
                    begins.send(()).unwrap();
                    if blocks_on_a_socket {
                        Handle::current().block_on(async { listener.accept().await.map(drop) })
                    } else {
                        Handle::current().block_on(selkie::time::sleep(LONG * 1000));
                        Ok(())
                    }
                })
            });
            begun.recv_timeout(LONG).unwrap();
            drop(runtime);
            // A socket's operation returns the error, a timer panics, as after any end of a runtime; or
            // the task was dropped.
            assert!(task.is_finished());
            let told = Builder::new_current_thread()
                .build()
                .unwrap()
                .block_on(task);
            match told {
                Ok(outcome) => assert!(selkie::runtime::is_rt_shutdown_err(&outcome.unwrap_err())),
                Err(error) => assert!(error.is_panic() || error.is_cancelled(), "{error}"),
            }
        }
    });
}

/// Run in a process of its own by the test below, which is to use no processor.
#[test]
#[ignore = "run by `regression_44_the_last_worker_sleeps_while_it_waits`"]
fn waits_for_a_blocked_thread() {
    let runtime = workers(1);
    let (begins, begun) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    runtime.spawn(async move {
        block_in_place(|| {
            begins.send(()).unwrap();
            let _released = released.recv_timeout(LONG);
        });
    });
    begun.recv_timeout(LONG).unwrap();
    let before = processor_time();
    let begun = Instant::now();
    runtime.shutdown_timeout(Duration::from_millis(500));
    let (took, used) = (begun.elapsed(), processor_time() - before);
    assert!(took >= Duration::from_millis(500));
    release.send(()).unwrap();
    assert!(used < took / 4, "{used:?} of {took:?}");
}

#[test]
fn regression_44_the_last_worker_sleeps_while_it_waits() {
    let status = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "ends::waits_for_a_blocked_thread",
            "--ignored",
            "--test-threads",
            "1",
        ])
        .status()
        .unwrap();
    assert!(status.success());
}

/// What the process has used of the processors.
fn processor_time() -> Duration {
    // SAFETY: zeros are a `timespec`.
    #[allow(unsafe_code)]
    let mut time: libc::timespec = unsafe { std::mem::zeroed() };
    // SAFETY: the system writes one `timespec`.
    #[allow(unsafe_code)]
    unsafe {
        libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time)
    };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

#[test]
fn regression_45_a_stuck_worker_keeps_its_own_tasks_only() {
    within_a_limit(|| {
        for count in [1, 2] {
            let runtime = workers(count);
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap();
            listener.set_nonblocking(true).unwrap();
            // From outside: the tasks of no worker.
            runtime.spawn(async move {
                let listener = selkie::net::TcpListener::from_std(listener).unwrap();
                loop {
                    let _stream = listener.accept().await.unwrap();
                }
            });
            let (held, mut holds) = selkie::sync::mpsc::channel::<()>(1);
            runtime.spawn(async move {
                let _held = held;
                pending::<()>().await;
            });
            // It is there.
            drop(TcpStream::connect(address).unwrap());
            let (begins, begun) = mpsc::channel();
            let (release, released) = mpsc::channel::<()>();
            runtime.spawn(async move {
                begins.send(()).unwrap();
                let _released = released.recv_timeout(LONG);
            });
            begun.recv_timeout(LONG).unwrap();
            runtime.shutdown_timeout(LIMIT);
            // Its task is dropped, and the port is free again.
            assert!(holds.blocking_recv().is_none());
            TcpListener::bind(address).expect("the port is still taken");
            release.send(()).unwrap();
        }
    });
}

#[test]
fn regression_48_drops_at_the_end_of_threads_are_done_when_a_runtime_has_been_dropped() {
    struct SlowDrop(Arc<Mutex<usize>>);
    impl Drop for SlowDrop {
        fn drop(&mut self) {
            // Long enough to be missed, were it not waited for.
            std::thread::sleep(Duration::from_millis(50));
            *self.0.lock().unwrap() += 1;
        }
    }
    thread_local! {
        static KEPT: std::cell::RefCell<Option<SlowDrop>> = const { std::cell::RefCell::new(None) };
    }
    type End = fn(Runtime);
    let ends: [End; 2] = [drop, |runtime| runtime.shutdown_timeout(LONG)];
    for end in ends {
        for runtime in both(|_| ()) {
            let dropped = Arc::default();
            let keep = |dropped: &Arc<Mutex<usize>>| {
                let slow = SlowDrop(Arc::clone(dropped));
                KEPT.set(Some(slow));
            };
            let theirs = Arc::clone(&dropped);
            runtime
                .block_on(runtime.spawn_blocking(move || keep(&theirs)))
                .unwrap();
            end(runtime);
            assert_eq!(*dropped.lock().unwrap(), 1);
        }
    }
}

#[test]
fn regression_49_a_pool_whose_threads_panic_as_they_start_runs_its_closures() {
    within_a_limit(|| {
        for runtime in both(|builder| {
            builder
                .on_thread_start(|| panic!("asked for: start"))
                .thread_name_fn(|| panic!("asked for: name"));
        }) {
            for round in 0..4 {
                let closure = runtime.spawn_blocking(move || round);
                assert_eq!(runtime.block_on(closure).unwrap(), round);
            }
            assert!(runtime.shutdown_with_report(LONG).is_complete());
        }
    });
}

#[test]
fn a_name_may_be_made_by_a_thread_of_the_pool() {
    within_a_limit(|| {
        let handle = Arc::new(Mutex::new(None::<Handle>));
        let theirs = Arc::clone(&handle);
        let runtime = Builder::new_current_thread()
            .thread_name_fn(move || {
                // Foreign code: the pool's lock is not held.
                let handle = theirs.lock().unwrap().take();
                if let Some(handle) = handle {
                    drop(handle.spawn_blocking(|| ()));
                }
                String::from("named")
            })
            .build()
            .unwrap();
        *handle.lock().unwrap() = Some(runtime.handle().clone());
        let name = runtime.spawn_blocking(|| std::thread::current().name().map(String::from));
        assert_eq!(runtime.block_on(name).unwrap().as_deref(), Some("named"));
    });
}

#[test]
fn a_runtime_dropped_by_a_closure_of_its_own_ends() {
    within_a_limit(|| {
        for runtime in both(|_| ()) {
            let (told, tells) = mpsc::channel();
            let slot = Arc::new(Mutex::new(None));
            let theirs = Arc::clone(&slot);
            let gate = Arc::new((Mutex::new(false), Condvar::new()));
            let opened = Arc::clone(&gate);
            runtime.spawn_blocking(move || {
                let open = opened.0.lock().unwrap();
                drop(opened.1.wait_while(open, |open| !*open).unwrap());
                let runtime: Option<Runtime> = theirs.lock().unwrap().take();
                drop(runtime);
                told.send(()).unwrap();
            });
            *slot.lock().unwrap() = Some(runtime);
            *gate.0.lock().unwrap() = true;
            gate.1.notify_all();
            tells.recv_timeout(LONG).unwrap();
        }
    });
}

#[test]
fn a_runtime_may_end_anywhere() {
    within_a_limit(|| {
        // In a thread-local's destructor.
        std::thread::spawn(|| {
            thread_local! {
                static KEPT: std::cell::RefCell<Vec<Runtime>> =
                    const { std::cell::RefCell::new(Vec::new()) };
            }
            for runtime in both(|_| ()) {
                runtime.spawn(pending::<()>());
                KEPT.with_borrow_mut(|kept| kept.push(runtime));
            }
        })
        .join()
        .unwrap();
        // In a panic.
        let unwound = std::panic::catch_unwind(|| {
            let _runtimes: Vec<_> = both(|_| ()).collect();
            panic!("asked for");
        });
        assert!(unwound.is_err());
        // In the drop of another's task, which a panic tells of, and which ends all the same.
        for outer in both(|_| ()) {
            let inner: Vec<_> = both(|_| ()).collect();
            let (told, tells) = selkie::sync::mpsc::channel::<()>(1);
            inner[0].spawn(async move {
                let _told = told;
                pending::<()>().await;
            });
            let task = outer.spawn(async move {
                let _inner = inner;
                pending::<()>().await;
            });
            drop(outer);
            assert!(task.is_finished());
            let mut tells = tells;
            assert!(tells.blocking_recv().is_none());
        }
        // In a local set's task, and a local set in a task.
        let set = LocalSet::new();
        let runtime = Builder::new_current_thread().build().unwrap();
        set.block_on(&runtime, async {
            let inner = LocalSet::new();
            inner.spawn_local(pending::<()>());
            let background = Builder::new_current_thread().build().unwrap();
            background.spawn(pending::<()>());
            background.shutdown_background();
            drop(inner);
        });
    });
}

/// Run in a process of its own by the test below.
#[test]
#[ignore = "run by `regression_52_an_accepted_write_is_done_at_shutdown`"]
fn writes_and_ends() {
    use selkie::io::AsyncWriteExt;

    for ends_in_background in [false, true] {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(1)
            .build()
            .unwrap();
        let (begins, begun) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        let busy = runtime.spawn_blocking(move || {
            begins.send(()).unwrap();
            let _released = released.recv_timeout(LONG);
        });
        begun.recv_timeout(LONG).unwrap();
        runtime.block_on(async {
            // Taken, and behind a closure that goes on.
            selkie::io::stdout().write_all(b"taken\n").await.unwrap();
        });
        if ends_in_background {
            runtime.shutdown_background();
            release.send(()).unwrap();
            while !busy.is_finished() {
                std::thread::yield_now();
            }
        } else {
            release.send(()).unwrap();
            drop(runtime);
        }
    }
    // The background's write may come a moment after its closure: it is not this process's last act.
    let begun = Instant::now();
    while begun.elapsed() < LIMIT {
        std::thread::yield_now();
    }
    std::io::stdout().flush().unwrap();
}

#[test]
fn regression_52_an_accepted_write_is_done_at_shutdown() {
    let child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "ends::writes_and_ends",
            "--ignored",
            "--nocapture",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.matches("taken").count(), 2, "{text}");
}

/// What this process has of threads, descriptors and memory.
#[cfg(target_os = "linux")]
fn held() -> (usize, usize, usize) {
    let entries = |directory: &str| std::fs::read_dir(directory).unwrap().count();
    let status = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = status.split(' ').nth(1).unwrap().parse().unwrap();
    (
        entries("/proc/self/task"),
        entries("/proc/self/fd"),
        pages * 4096,
    )
}

/// Run in a process of its own by the test below.
#[test]
#[ignore = "run by `ten_thousand_runtimes_leave_nothing`"]
#[cfg(target_os = "linux")]
fn ten_thousand_runtimes() {
    use std::panic::catch_unwind;

    const ROUNDS: usize = 5_000;
    std::panic::set_hook(Box::new(|_| ()));
    let wakers = Arc::new(Mutex::new(Vec::new()));
    let one = |runtime: Runtime, round: usize| {
        let theirs = Arc::clone(&wakers);
        runtime.spawn(std::future::poll_fn(move |cx| {
            // The last of the wakers of runtimes long gone are woken below.
            let mut wakers = theirs.lock().unwrap();
            if wakers.len() > 64 {
                wakers.clear();
            }
            wakers.push(cx.waker().clone());
            std::task::Poll::<()>::Pending
        }));
        drop(runtime.spawn(async { panic!("asked for") }));
        let closure = runtime.spawn_blocking(|| 1);
        let kept = runtime.spawn(async { 2 });
        let sum = runtime.block_on(async {
            selkie::time::sleep(Duration::ZERO).await;
            closure.await.unwrap() + kept.await.unwrap()
        });
        assert_eq!(sum, 3);
        match round % 3 {
            0 => drop(runtime),
            1 => runtime.shutdown_timeout(LONG),
            _ => {
                let outer = Builder::new_current_thread().build().unwrap();
                let panicked = catch_unwind(std::panic::AssertUnwindSafe(|| {
                    outer.block_on(async move { drop(runtime) });
                }));
                assert!(panicked.is_err());
            }
        }
        for waker in &*wakers.lock().unwrap() {
            waker.wake_by_ref();
        }
    };
    let pass = |rounds: usize| {
        let begun = Instant::now();
        for round in 0..rounds {
            one(
                Builder::new_current_thread().enable_all().build().unwrap(),
                round,
            );
            one(workers(1), round);
        }
        begun.elapsed()
    };
    pass(200);
    settle();
    let before = held();
    let first = pass(200);
    let _between = pass(ROUNDS - 400);
    let last = pass(200);
    settle();
    let after = held();
    println!("{before:?} before, {after:?} after; {first:?} for the first, {last:?} for the last");
    assert_eq!((before.0, before.1), (after.0, after.1));
    assert!(after.2 < before.2 + 8 * 1024 * 1024, "{before:?} {after:?}");
    assert!(
        last < first * 3,
        "{first:?} for the first, {last:?} for the last"
    );
}

/// Waits for threads that nobody waits for: those of runtimes that were dropped in async context.
#[cfg(target_os = "linux")]
fn settle() {
    let begun = Instant::now();
    while held().0 > 2 {
        assert!(begun.elapsed() < LONG, "{} threads stay", held().0);
        std::thread::yield_now();
    }
}

#[test]
#[cfg(target_os = "linux")]
fn ten_thousand_runtimes_leave_nothing() {
    let status = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "ends::ten_thousand_runtimes",
            "--ignored",
            "--test-threads",
            "1",
        ])
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
}

/// Polls a sleep of an ended runtime, which waited in it or did not.
fn poll_after_the_end(builder: &mut Builder, waited: bool) -> std::task::Poll<()> {
    let runtime = builder.build().unwrap();
    let mut sleep = Box::pin({
        let _entered = runtime.enter();
        selkie::time::sleep(LONG)
    });
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    if waited {
        assert!(sleep.as_mut().poll(&mut cx).is_pending());
    }
    drop(runtime);
    sleep.as_mut().poll(&mut cx)
}

#[test]
fn a_sleep_of_an_ended_runtime_panics_or_is_over_as_it_was_built() {
    for waited in [true, false] {
        let polled = poll_after_the_end(Builder::new_multi_thread().enable_alt_timer(), waited);
        assert!(polled.is_ready());
        // The shards are used again, by a runtime of the other kind.
        let panicked = std::panic::catch_unwind(|| {
            poll_after_the_end(Builder::new_multi_thread().enable_time(), waited)
        });
        assert!(panicked.is_err());
    }
}
