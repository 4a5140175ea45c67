//! The blocking pool in a burst: every closure that needs a thread gets one, and no more threads are made than that.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use selkie::runtime::Builder;
use selkie::task;
use selkie::time::timeout;

use crate::flavors::both;

const LONG: Duration = Duration::from_secs(30);

#[test]
fn closures_that_wait_for_each_other_each_get_a_thread() {
    for waiting in [2, 3, 64] {
        // As many threads as are needed: one fewer would hang.
        for runtime in both(|builder| {
            builder.max_blocking_threads(waiting);
        }) {
            // The second time, the threads are there and idle.
            for _ in 0..2 {
                let barrier = Arc::new(Barrier::new(waiting));
                let leaders = runtime.block_on(async {
                    let closures: Vec<_> = (0..waiting)
                        .map(|_| {
                            let barrier = Arc::clone(&barrier);
                            task::spawn_blocking(move || barrier.wait().is_leader())
                        })
                        .collect();
                    let mut leaders = 0;
                    for closure in closures {
                        leaders += usize::from(closure.await.unwrap());
                    }
                    leaders
                });
                assert_eq!(leaders, 1);
            }
        }
    }
}

#[test]
fn no_more_run_at_once_than_the_limit_and_all_run() {
    for runtime in both(|builder| {
        builder.max_blocking_threads(3);
    }) {
        let now = Arc::new(AtomicUsize::new(0));
        let most = Arc::new(AtomicUsize::new(0));
        runtime.block_on(async {
            let closures: Vec<_> = (0..300)
                .map(|n| {
                    let (now, most) = (Arc::clone(&now), Arc::clone(&most));
                    task::spawn_blocking(move || {
                        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        thread::yield_now();
                        now.fetch_sub(1, Ordering::SeqCst);
                        n
                    })
                })
                .collect();
            for (n, closure) in closures.into_iter().enumerate() {
                assert_eq!(closure.await.unwrap(), n);
            }
        });
        assert!((1..=3).contains(&most.load(Ordering::SeqCst)));
    }
}

/// The thread that was woken last may not keep the next closures waiting, whatever its own one does,
/// and whatever the hook does.
#[test]
fn a_closure_behind_one_that_blocks_still_runs() {
    let begun = Arc::new(Mutex::new(Vec::new()));
    let (go_on, wait) = mpsc::channel::<()>();
    let wait = Arc::new(Mutex::new(wait));
    let hook = Arc::clone(&begun);
    let runtime = Builder::new_current_thread()
        .on_thread_start(move || hook.lock().unwrap().push(thread::current().id()))
        .build()
        .unwrap();
    runtime.block_on(async {
        let blocked = task::spawn_blocking({
            let wait = Arc::clone(&wait);
            move || wait.lock().unwrap().recv_timeout(LONG).is_ok()
        });
        let behind: Vec<_> = (0..8).map(|n| task::spawn_blocking(move || n)).collect();
        for (n, closure) in behind.into_iter().enumerate() {
            assert_eq!(closure.await.unwrap(), n);
        }
        go_on.send(()).unwrap();
        assert!(blocked.await.unwrap());
    });
    drop(runtime);
    let threads = begun.lock().unwrap().len();
    assert!(
        (2..=9).contains(&threads),
        "{threads} threads for nine closures"
    );
}

#[test]
fn closures_begin_in_the_order_in_which_they_came() {
    for runtime in both(|builder| {
        builder.max_blocking_threads(1);
    }) {
        let begun = Arc::new(Mutex::new(Vec::new()));
        runtime.block_on(async {
            let closures: Vec<_> = (0..100)
                .map(|n| {
                    let begun = Arc::clone(&begun);
                    task::spawn_blocking(move || begun.lock().unwrap().push(n))
                })
                .collect();
            for closure in closures {
                closure.await.unwrap();
            }
        });
        assert!(begun.lock().unwrap().is_sorted());
    }
}

#[test]
fn closures_that_come_while_the_last_thread_leaves_get_another() {
    let (leaves, has_left) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let released = Mutex::new(released);
    let runtime = Builder::new_current_thread()
        .enable_time()
        .max_blocking_threads(1)
        .thread_keep_alive(Duration::ZERO)
        .on_thread_stop(move || {
            leaves.send(()).ok();
            released.lock().unwrap().recv().ok();
        })
        .build()
        .unwrap();
    runtime.block_on(runtime.spawn_blocking(|| ())).unwrap();
    has_left.recv_timeout(LONG).unwrap();
    let late = [1, 2].map(|n| runtime.spawn_blocking(move || n));
    drop(release);
    for (n, late) in (1..).zip(late) {
        let ended = runtime.block_on(async { timeout(LONG, late).await });
        assert_eq!(ended.unwrap().unwrap(), n);
    }
}
