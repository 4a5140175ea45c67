//! Spawn, join, wake, abort, panic, yield, shut down: on both schedulers.

use std::future::{Future, poll_fn};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::task::Poll;
use std::time::{Duration, Instant};

use selkie::runtime::{Builder, Runtime};
use selkie::task;

fn on_both(f: impl Fn(&Runtime)) {
    f(&Builder::new_current_thread().enable_all().build().unwrap());
    f(&Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap());
    f(&Builder::new_current_thread().build().unwrap());
    f(&Builder::new_multi_thread()
        .worker_threads(4)
        .enable_time()
        .build()
        .unwrap());
}

/// Counts its drops.
struct DropCounter(Arc<AtomicUsize>);

impl Drop for DropCounter {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn forever() -> impl Future<Output = ()> + Send {
    std::future::pending()
}

#[test]
fn a_thousand_tasks_return_what_they_were_given() {
    on_both(|rt| {
        let sum = rt.block_on(async {
            let handles: Vec<_> = (0..1000u64)
                .map(|n| selkie::spawn(async move { n }))
                .collect();
            let mut sum = 0;
            for handle in handles {
                sum += handle.await.unwrap();
            }
            sum
        });
        assert_eq!(sum, 499_500);
        assert_eq!(rt.metrics().num_alive_tasks(), 0);
    });
}

#[test]
fn a_future_larger_than_any_slot_is_boxed() {
    on_both(|rt| {
        let big = [7u8; 20_000];
        let sum = rt.block_on(async {
            selkie::spawn(async move {
                task::yield_now().await;
                let total: usize = big.iter().map(|byte| usize::from(*byte)).sum();
                (big, total)
            })
            .await
            .unwrap()
            .1
        });
        assert_eq!(sum, 140_000);
    });
}

#[test]
fn a_panic_comes_out_of_the_join_handle() {
    on_both(|rt| {
        let error = rt
            .block_on(async { selkie::spawn(async { panic!("seal") }).await })
            .unwrap_err();
        assert!(error.is_panic());
        assert!(error.to_string().contains("seal"));
        assert_eq!(
            *error.into_panic().downcast::<&'static str>().unwrap(),
            "seal"
        );
    });
}

#[test]
fn an_aborted_task_is_dropped_and_says_cancelled() {
    on_both(|rt| {
        let drops = Arc::new(AtomicUsize::new(0));
        let counted = DropCounter(Arc::clone(&drops));
        rt.block_on(async {
            let task = selkie::spawn(async move {
                let _counted = counted;
                forever().await;
            });
            task::yield_now().await;
            let abort = task.abort_handle();
            assert!(!abort.is_finished());
            abort.abort();
            let error = task.await.unwrap_err();
            assert!(error.is_cancelled());
            assert!(abort.is_finished());
            // The task's slot may serve another task by now: nothing happens.
            let other = selkie::spawn(async {
                task::yield_now().await;
                5
            });
            abort.abort();
            assert_eq!(other.await.unwrap(), 5);
        });
        assert_eq!(drops.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn dropping_the_runtime_drops_every_task() {
    let drops = Arc::new(AtomicUsize::new(0));
    let mut spawned = 0;
    for workers in [0, 1, 3] {
        let rt = match workers {
            0 => Builder::new_current_thread().enable_all().build().unwrap(),
            n => Builder::new_multi_thread()
                .worker_threads(n)
                .enable_all()
                .build()
                .unwrap(),
        };
        for _ in 0..500 {
            let counted = DropCounter(Arc::clone(&drops));
            rt.spawn(async move {
                let _counted = counted;
                forever().await;
            });
            spawned += 1;
        }
        rt.block_on(task::yield_now());
        drop(rt);
        assert_eq!(drops.load(Ordering::SeqCst), spawned);
    }
}

#[test]
fn spawning_on_a_runtime_that_is_gone_gives_a_cancelled_task() {
    for rt in [
        Builder::new_current_thread().build().unwrap(),
        Builder::new_multi_thread()
            .worker_threads(1)
            .build()
            .unwrap(),
    ] {
        let handle = rt.handle().clone();
        drop(rt);
        let drops = Arc::new(AtomicUsize::new(0));
        let counted = DropCounter(Arc::clone(&drops));
        let task = handle.spawn(async move { drop(counted) });
        assert!(task.is_finished());
        assert_eq!(drops.load(Ordering::SeqCst), 1);
        let other = Builder::new_current_thread().build().unwrap();
        assert!(other.block_on(task).unwrap_err().is_cancelled());
        let closure = handle.spawn_blocking(|| ());
        assert!(other.block_on(closure).unwrap_err().is_cancelled());
    }
}

#[test]
fn a_wake_from_another_thread_resumes_the_task() {
    on_both(|rt| {
        let (to_thread, wakers) = mpsc::channel::<std::task::Waker>();
        let polls = Arc::new(AtomicUsize::new(0));
        let thread = std::thread::spawn(move || {
            for waker in wakers {
                waker.wake();
            }
        });
        let seen = Arc::clone(&polls);
        rt.block_on(async {
            selkie::spawn(poll_fn(move |cx| {
                if seen.fetch_add(1, Ordering::SeqCst) == 1000 {
                    return Poll::Ready(());
                }
                to_thread.send(cx.waker().clone()).unwrap();
                Poll::Pending
            }))
            .await
            .unwrap();
        });
        thread.join().unwrap();
        assert_eq!(polls.load(Ordering::SeqCst), 1001);
    });
}

#[test]
fn sleeping_tasks_wake_in_time() {
    for rt in [
        Builder::new_current_thread().enable_all().build().unwrap(),
        Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap(),
    ] {
        let started = Instant::now();
        rt.block_on(async {
            let tasks: Vec<_> = (1..=50)
                .map(|n| {
                    selkie::spawn(async move {
                        selkie::time::sleep(Duration::from_millis(n)).await;
                        Instant::now()
                    })
                })
                .collect();
            for (n, task) in (1..=50).zip(tasks) {
                let woke = task.await.unwrap();
                assert!(woke - started >= Duration::from_millis(n));
            }
        });
        assert!(started.elapsed() < Duration::from_secs(5));
    }
}

#[test]
fn blocking_closures_run_beside_each_other() {
    on_both(|rt| {
        let barrier = Arc::new(Barrier::new(8));
        let sum = rt.block_on(async {
            let tasks: Vec<_> = (0..8)
                .map(|n| {
                    let barrier = Arc::clone(&barrier);
                    task::spawn_blocking(move || {
                        barrier.wait();
                        n
                    })
                })
                .collect();
            let mut sum = 0;
            for task in tasks {
                sum += task.await.unwrap();
            }
            sum
        });
        assert_eq!(sum, 28);
    });
}

#[test]
fn block_in_place_lets_the_other_tasks_go_on() {
    let rt = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let (sender, receiver) = mpsc::channel();
    let answer = rt.block_on(async move {
        let blocked =
            selkie::spawn(async move { task::block_in_place(|| receiver.recv().unwrap()) + 1 });
        task::yield_now().await;
        selkie::spawn(async move { sender.send(41).unwrap() });
        blocked.await.unwrap()
    });
    assert_eq!(answer, 42);
}

#[test]
fn regression_32_a_blocked_worker_stops_neither_timers_nor_tasks() {
    let rt = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let (release, blocked) = mpsc::channel::<()>();
    rt.block_on(async move {
        // Both tasks start on the same worker: the sleeper's timer is in the shard of the one that
        // then blocks.
        let parent = selkie::spawn(async move {
            let sleeper = selkie::spawn(async {
                for _ in 0..10 {
                    selkie::time::sleep(Duration::from_millis(1)).await;
                }
            });
            let blocker = selkie::spawn(async move { blocked.recv().unwrap() });
            (sleeper, blocker)
        });
        let (sleeper, blocker) = parent.await.unwrap();
        sleeper.await.unwrap();
        release.send(()).unwrap();
        blocker.await.unwrap();
    });
}

#[test]
#[should_panic(expected = "use `.await` on the future instead of blocking on it")]
fn nested_block_on_panics() {
    let rt = Builder::new_current_thread().build().unwrap();
    rt.block_on(async {
        Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(async {});
    });
}

#[test]
#[should_panic(expected = "there is no reactor running")]
fn spawning_without_a_runtime_panics() {
    selkie::spawn(async {});
}

#[test]
#[should_panic(expected = "Worker threads cannot be set to 0")]
fn zero_workers_panic() {
    Builder::new_multi_thread().worker_threads(0);
}

#[test]
#[should_panic(expected = "Cannot drop a runtime in a context where blocking is not allowed")]
fn dropping_a_runtime_in_a_task_panics() {
    let rt = Builder::new_current_thread().build().unwrap();
    rt.block_on(async {
        drop(Builder::new_current_thread().build().unwrap());
    });
}

#[test]
fn shutdown_timeout_does_not_wait_for_a_stuck_closure() {
    let rt = Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .unwrap();
    let (release, stuck) = mpsc::channel::<()>();
    let (begun, begins) = mpsc::channel();
    rt.spawn_blocking(move || {
        begun.send(()).unwrap();
        let _ = stuck.recv();
    });
    begins.recv().unwrap();
    let started = Instant::now();
    rt.shutdown_timeout(Duration::from_millis(20));
    assert!(started.elapsed() < Duration::from_secs(5));
    drop(release);
}

#[test]
fn one_blocking_thread_is_one_beside_the_workers() {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(2).max_blocking_threads(1);
    let runtime = builder.build().unwrap();
    // With the workers counted, this would wait for a thread for good.
    let answer = runtime.spawn_blocking(|| 7);
    assert_eq!(runtime.block_on(answer).unwrap(), 7);
}
