//! File locks are waited for without a thread of the pool, and are released at once.
#![cfg(unix)]

mod fixture;

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use fixture::{TempDir, busy_pool, poll_once};
use selkie::fs::File;
use selkie::runtime::{Builder, Runtime};
use selkie::task::JoinSet;
use selkie::time::timeout;

const LONG: Duration = Duration::from_secs(20);

/// Runtimes whose pool has one thread: of each kind, with files in place and without.
fn narrow() -> Vec<(&'static str, Runtime)> {
    let mut all = Vec::new();
    for (name, in_place) in [("in place", true), ("by the pool", false)] {
        let mut workers = Builder::new_multi_thread();
        workers.worker_threads(2);
        for mut builder in [Builder::new_current_thread(), workers] {
            builder.max_blocking_threads(1).enable_all();
            if !in_place {
                builder.disable_files_in_place();
            }
            all.push((name, builder.build().unwrap()));
        }
    }
    all
}

async fn in_time<F: Future>(future: F) -> F::Output {
    timeout(LONG, future).await.expect("ends in its limit")
}

#[test]
fn regression_84_a_task_that_waits_for_a_lock_does_not_keep_it_from_being_released() {
    const WAITING: usize = 20;

    let directory = TempDir::new("locks");
    let path = directory.file("file", b"");
    for (name, runtime) in narrow() {
        println!("{name}");
        runtime.block_on(in_time(async {
            let ours = File::open(&path).await.unwrap();
            ours.lock().await.unwrap();
            let mut waiting = JoinSet::new();
            for _ in 0..WAITING {
                let theirs = File::open(&path).await.unwrap();
                waiting.spawn(async move {
                    theirs.lock().await.unwrap();
                    theirs.unlock().await.unwrap();
                });
            }
            // Each has asked, and was refused.
            let other = File::open(&path).await.unwrap();
            for _ in 0..10 {
                let refused = other.try_lock().await.unwrap_err();
                assert_eq!(refused.kind(), io::ErrorKind::WouldBlock);
            }
            // Files can be read meanwhile, on the one thread that there is.
            assert_eq!(selkie::fs::read(&path).await.unwrap(), b"");
            ours.unlock().await.unwrap();
            let all = waiting.join_all().await;
            assert_eq!(all.len(), WAITING);
        }));
    }
}

/// How many threads of this process have that name.
#[cfg(target_os = "linux")]
fn threads(name: &str) -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let is_named = |path: &std::path::PathBuf| {
        // It may have ended by now.
        std::fs::read_to_string(path).is_ok_and(|found| found.trim_end() == name)
    };
    tasks
        .map(|task| task.unwrap().path().join("comm"))
        .filter(is_named)
        .count()
}

/// Regression 84: who waits asks again and again; many who did took half a processor.
#[test]
fn regression_84_many_waiting_tasks_do_not_retry_all_the_time() {
    const WAITING: usize = 400;
    /// In a second, and at once.
    const MOST: (f64, f64) = (2_500.0, 100.0);
    const LOOKED_AT: Duration = Duration::from_millis(500);

    let directory = TempDir::new("locks-many");
    let path = directory.file("file", b"");
    for (name, runtime) in narrow() {
        let polls = Arc::new(AtomicUsize::new(0));
        runtime.block_on(in_time(async {
            let ours = File::open(&path).await.unwrap();
            ours.lock().await.unwrap();
            let mut waiting = JoinSet::new();
            for _ in 0..WAITING {
                let (theirs, polls) = (File::open(&path).await.unwrap(), Arc::clone(&polls));
                waiting.spawn(async move {
                    let mut lock = Box::pin(theirs.lock());
                    let counted = std::future::poll_fn(|cx| {
                        polls.fetch_add(1, Ordering::Relaxed);
                        lock.as_mut().poll(cx)
                    });
                    counted.await.unwrap();
                    drop(lock);
                    theirs.unlock().await.unwrap();
                });
            }
            while polls.load(Ordering::Relaxed) < WAITING {
                selkie::task::yield_now().await;
            }
            // They wait longer and longer until they ask as seldom as they ever do.
            selkie::time::sleep(LOOKED_AT / 5).await;
            let (before, begun) = (polls.load(Ordering::Relaxed), Instant::now());
            selkie::time::sleep(LOOKED_AT).await;
            let count = polls.load(Ordering::Relaxed) - before;
            // A try on the pool takes two polls, and one more that finds nothing.
            let most = MOST.0 * begun.elapsed().as_secs_f64() + MOST.1;
            let tries = if name == "in place" { count } else { count / 3 };
            assert!((tries as f64) < most, "{name}: asked {tries} times");
            #[cfg(target_os = "linux")]
            assert_eq!(threads("selkie-alarm"), 1, "{name}: one thread wakes all");
            ours.unlock().await.unwrap();
            assert_eq!(waiting.join_all().await.len(), WAITING, "{name}");
        }));
    }
}

#[test]
fn a_lock_is_released_while_the_pool_is_busy() {
    let directory = TempDir::new("locks-busy");
    let path = directory.file("file", b"");
    for (name, runtime) in narrow() {
        println!("{name}");
        let (ours, theirs) = runtime.block_on(in_time(async {
            let ours = File::open(&path).await.unwrap();
            ours.lock().await.unwrap();
            let theirs = std::fs::File::open(&path).unwrap();
            (ours, theirs)
        }));
        assert!(theirs.try_lock().is_err());
        let release = busy_pool(runtime.handle());
        runtime.block_on(in_time(async { ours.unlock().await.unwrap() }));
        theirs.try_lock().unwrap();
        theirs.unlock().unwrap();
        drop(release);
        // What is taken by a handle is shared by its clones, and goes with the last.
        runtime.block_on(in_time(async {
            let clone = ours.try_clone().await.unwrap();
            ours.lock_shared().await.unwrap();
            drop(ours);
            assert!(theirs.try_lock().is_err());
            theirs.try_lock_shared().unwrap();
            clone.unlock().await.unwrap();
            theirs.try_lock().unwrap();
        }));
    }
}

#[test]
#[cfg(target_os = "linux")]
fn on_a_local_file_system_locks_need_no_pool() {
    let directory = TempDir::new("locks-local");
    let path = directory.file("file", b"");
    if !fixture::is_answered_in_place(&path) {
        return;
    }
    for (name, runtime) in narrow() {
        if name == "by the pool" {
            continue;
        }
        let [ours, theirs] = [(); 2].map(|()| runtime.block_on(File::open(&path)).unwrap());
        let release = busy_pool(runtime.handle());
        runtime.block_on(in_time(async {
            ours.lock().await.unwrap();
            // Waited for, given up, and not taken later.
            assert!(poll_once(theirs.lock()).is_pending());
            let given_up = timeout(Duration::from_millis(50), theirs.lock_shared());
            assert!(given_up.await.is_err());
            ours.unlock().await.unwrap();
            ours.try_lock().await.unwrap();
            let waiting = selkie::spawn(async move { theirs.lock_shared().await });
            selkie::task::yield_now().await;
            ours.unlock().await.unwrap();
            waiting.await.unwrap().unwrap();
        }));
        drop(release);
    }
}

#[test]
fn a_runtime_ends_at_once_while_locks_are_waited_for() {
    let directory = TempDir::new("locks-end");
    let path = directory.file("file", b"");
    let held = std::fs::File::open(&path).unwrap();
    held.lock().unwrap();
    for (name, runtime) in narrow() {
        let waiting: Vec<_> = (0..4)
            .map(|_| {
                let path = path.clone();
                let (asks, asked) = mpsc::channel();
                runtime.spawn(async move {
                    let file = File::open(path).await.unwrap();
                    let mut lock = pin!(file.lock());
                    std::future::poll_fn(move |cx| {
                        let polled = lock.as_mut().poll(cx);
                        let _ = asks.send(());
                        polled
                    })
                    .await
                });
                asked
            })
            .collect();
        runtime.block_on(in_time(async {
            for asked in waiting {
                while asked.try_recv().is_err() {
                    selkie::task::yield_now().await;
                }
            }
        }));
        let begun = Instant::now();
        drop(runtime);
        assert!(begun.elapsed() < LONG, "{name}");
    }
    let clock = Builder::new_current_thread().build().unwrap();
    // Without timers, too.
    let waiting = clock.block_on(async { File::open(&path).await.unwrap() });
    let unlocks = std::thread::spawn(move || held.unlock().unwrap());
    clock.block_on(async { waiting.lock().await.unwrap() });
    unlocks.join().unwrap();
}

/// Whether nobody has a lock on the file at `path`, as a runtime with a pool of its own finds it.
fn is_free(path: &std::path::Path) -> bool {
    let look = || {
        let runtime = Builder::new_current_thread().build().unwrap();
        runtime.block_on(async { File::open(path).await?.try_lock().await })
    };
    std::thread::scope(|scope| scope.spawn(look).join().unwrap().is_ok())
}

/// The pool's only thread is busy: what it is to close stays open.
#[test]
fn a_lock_is_gone_when_the_last_handle_has_dropped() {
    let directory = TempDir::new("lock-last-handle");
    let path = directory.0.join("file");
    for (name, runtime) in narrow() {
        let (file, clone) = runtime.block_on(in_time(async {
            let file = File::create(&path).await.unwrap();
            file.try_lock().await.unwrap();
            let clone = file.try_clone().await.unwrap();
            (file, clone)
        }));
        let other = directory.0.join("other");
        let std = runtime.block_on(in_time(async {
            let file = File::create(&other).await.unwrap();
            file.try_lock().await.unwrap();
            file.into_std().await
        }));
        let release = busy_pool(runtime.handle());
        runtime.block_on(async {
            drop(file);
            assert!(!is_free(&path), "the clone has it, {name}");
            drop(clone);
            assert!(is_free(&path), "a clone was kept open, {name}");
            drop(File::from_std(std));
            assert!(is_free(&other), "a file of std's was kept open, {name}");
        });
        drop(release);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_end_of_a_pipe_does_not_wait_for_its_reader() {
    use std::io::Read;

    let directory = TempDir::new("lock-pipe");
    let path = directory.0.join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.unwrap().success());
    for (name, runtime) in narrow() {
        let mut options = std::fs::OpenOptions::new();
        // Both directions: opening waits for nobody.
        let both = options.read(true).write(true).open(&path).unwrap();
        let mut reader = std::fs::File::open(&path).unwrap();
        let opened = async { File::options().write(true).open(&path).await };
        let file = runtime.block_on(in_time(opened)).unwrap();
        drop(both);
        let (at_end, ended) = mpsc::channel();
        let (begun, has_begun) = mpsc::channel();
        runtime.spawn_blocking(move || {
            begun.send(()).unwrap();
            let _ = reader.read(&mut [0]);
            let _ = at_end.send(());
        });
        has_begun.recv_timeout(LONG).unwrap();
        runtime.block_on(async { drop(file) });
        let outcome = ended.recv_timeout(LONG / 4);
        if outcome.is_err() {
            runtime.shutdown_background();
        }
        assert!(outcome.is_ok(), "the reader waits for the end, {name}");
    }
}
