//! Selkie's own runtimes in orders that no machine shows: shutdowns, steals, blocking calls, timers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use selkie::runtime::{Builder, Runtime};
use selkie::sync::{Mutex, Notify, Semaphore, mpsc, oneshot};
use selkie::task::{self, JoinSet};
use selkie::time::{sleep, timeout};
use selkie_sim::Builder as Simulation;

const SECOND: Duration = Duration::from_secs(1);

fn four_workers() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .unwrap()
}

/// Runs `main` on a host of its own, for each of `runs` seeds.
fn each_seed(runs: u64, main: fn()) {
    Simulation::new().runs(runs).run(move |world| async move {
        let host = world.host("host").processors(4).start_main(main);
        world
            .eventually(600 * SECOND, "the program ends", || host.ended().is_some())
            .await;
    });
}

#[test]
fn a_runtime_that_shuts_down_has_dropped_every_task() {
    each_seed(100, || {
        let alive = Arc::new(());
        let runtime = four_workers();
        for number in 0..40_u64 {
            let alive = Arc::clone(&alive);
            runtime.spawn(async move {
                sleep(Duration::from_millis(number % 7)).await;
                let inner = Arc::clone(&alive);
                task::spawn(async move {
                    task::yield_now().await;
                    std::future::pending::<()>().await;
                    drop(inner);
                });
                let blocking = Arc::clone(&alive);
                let slow = task::spawn_blocking(move || {
                    std::thread::sleep(Duration::from_millis(3));
                    drop(blocking);
                });
                let _ended = slow.await;
                drop(alive);
            });
        }
        runtime.block_on(async { sleep(Duration::from_millis(4)).await });
        drop(runtime);
        assert_eq!(Arc::strong_count(&alive), 1);
    });
}

#[test]
fn a_shutdown_with_a_limit_takes_no_longer() {
    each_seed(50, || {
        let runtime = four_workers();
        runtime.spawn(async { std::thread::sleep(30 * SECOND) });
        runtime.spawn_blocking(|| std::thread::sleep(20 * SECOND));
        runtime.block_on(async { sleep(SECOND).await });
        let begun = Instant::now();
        runtime.shutdown_timeout(2 * SECOND);
        assert!(begun.elapsed() < 3 * SECOND, "{:?}", begun.elapsed());
    });
}

#[test]
fn channels_and_locks_lose_nothing_between_workers() {
    each_seed(100, || {
        four_workers().block_on(async {
            let (sender, mut receiver) = mpsc::channel(3);
            let sum = Arc::new(Mutex::new(0));
            let limit = Arc::new(Semaphore::new(2));
            let mut tasks = JoinSet::new();
            for number in 0..30_u64 {
                let (sender, sum, limit) = (sender.clone(), Arc::clone(&sum), Arc::clone(&limit));
                tasks.spawn(async move {
                    let _permit = limit.acquire().await.unwrap();
                    let (tell, told) = oneshot::channel();
                    sender.send((number, tell)).await.unwrap();
                    *sum.lock().await += told.await.unwrap();
                });
            }
            drop(sender);
            let answers = task::spawn(async move {
                while let Some((number, tell)) = receiver.recv().await {
                    task::spawn(async move { tell.send(number) });
                }
            });
            while let Some(ended) = tasks.join_next().await {
                ended.unwrap();
            }
            answers.await.unwrap();
            assert_eq!(*sum.lock().await, (0..30).sum());
        });
    });
}

#[test]
fn timers_fire_in_time_whatever_workers_do() {
    each_seed(50, || {
        four_workers().block_on(async {
            let mut tasks = JoinSet::new();
            for number in 0..60_u64 {
                tasks.spawn(async move {
                    let wanted = Duration::from_millis(10 + number * 7 % 500);
                    let begun = Instant::now();
                    sleep(wanted).await;
                    let slept = begun.elapsed();
                    assert!(slept >= wanted, "{slept:?}");
                    assert!(
                        slept < wanted + Duration::from_millis(25),
                        "{slept:?} for {wanted:?}"
                    );
                    let never = timeout(wanted, std::future::pending::<()>()).await;
                    assert!(never.is_err());
                });
            }
            while let Some(ended) = tasks.join_next().await {
                ended.unwrap();
            }
        });
    });
}

#[test]
fn aborts_race_with_everything_and_nobody_waits_for_ever() {
    each_seed(100, || {
        let dropped = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&dropped);
        four_workers().block_on(async move {
            struct DropCounter(Arc<AtomicUsize>);
            impl Drop for DropCounter {
                fn drop(&mut self) {
                    self.0.fetch_add(1, Ordering::SeqCst);
                }
            }
            let notify = Arc::new(Notify::new());
            let tasks: Vec<_> = (0..30_u64)
                .map(|number| {
                    let (value, notify) = (DropCounter(Arc::clone(&counted)), Arc::clone(&notify));
                    task::spawn(async move {
                        let _value = value;
                        match number % 3 {
                            0 => notify.notified().await,
                            1 => sleep(Duration::from_millis(number)).await,
                            _ => task::yield_now().await,
                        }
                    })
                })
                .collect();
            let aborts = tasks
                .iter()
                .map(task::JoinHandle::abort_handle)
                .collect::<Vec<_>>();
            let other = task::spawn(async move {
                for abort in aborts {
                    abort.abort();
                    task::yield_now().await;
                }
            });
            notify.notify_waiters();
            for task in tasks {
                let ended = timeout(10 * SECOND, task).await.expect("a task ends");
                assert!(ended.is_ok() || ended.unwrap_err().is_cancelled());
            }
            other.await.unwrap();
        });
        assert_eq!(dropped.load(Ordering::SeqCst), 30);
    });
}

#[test]
fn many_runtimes_on_one_host_do_not_meet() {
    each_seed(30, || {
        let threads: Vec<_> = (0..4)
            .map(|number| {
                std::thread::spawn(move || {
                    for round in 0..3 {
                        let runtime = if (number + round) % 2 == 0 {
                            Builder::new_current_thread().enable_all().build().unwrap()
                        } else {
                            Builder::new_multi_thread()
                                .worker_threads(2)
                                .enable_all()
                                .build()
                                .unwrap()
                        };
                        let handle = runtime.handle().clone();
                        let task = handle.spawn(async { sleep(Duration::from_millis(5)).await });
                        runtime.block_on(task).unwrap();
                        handle.spawn(std::future::pending::<()>());
                        drop(runtime);
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
    });
}
