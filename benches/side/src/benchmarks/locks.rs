//! Locks, alone and contended.

use crate::same;

/// Rounds of one measurement.
const ROUNDS: u64 = 1_000;
/// Tasks of the contended ones.
const TASKS: u64 = 4;

same!({
    use std::sync::Arc;

    use rt::sync::{Barrier, Mutex, Notify, RwLock, Semaphore};

    use super::{ROUNDS, TASKS};
    use crate::measurement::repeat;

    async fn all<F: Future<Output = ()> + Send + 'static>(make: impl Fn(u64) -> F) {
        let tasks: Vec<_> = (0..TASKS).map(|task| rt::spawn(make(task))).collect();
        for task in tasks {
            task.await.expect("no panic");
        }
    }

    async fn contended_mutex() {
        let lock = Arc::new(Mutex::new(0));
        all(|_| {
            let lock = lock.clone();
            async move {
                for _ in 0..ROUNDS {
                    let mut guard = lock.lock().await;
                    *guard += 1;
                    rt::task::yield_now().await;
                }
            }
        })
        .await;
        assert_eq!(*lock.lock().await, TASKS * ROUNDS);
    }

    async fn readers_and_writers() {
        let lock = Arc::new(RwLock::new(0));
        all(|_| {
            let lock = lock.clone();
            async move {
                for round in 0..ROUNDS {
                    if round % 10 == 0 {
                        *lock.write().await += 1;
                    } else {
                        std::hint::black_box(*lock.read().await);
                    }
                }
            }
        })
        .await;
        assert_eq!(*lock.read().await, TASKS * ROUNDS / 10);
    }

    async fn two_permits() {
        let permits = Arc::new(Semaphore::new(2));
        all(|_| {
            let permits = permits.clone();
            async move {
                for _ in 0..ROUNDS {
                    let _permit = permits.acquire().await.expect("not closed");
                    rt::task::yield_now().await;
                }
            }
        })
        .await;
    }

    async fn round_trips() {
        let (to, back) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let other = {
            let (to, back) = (to.clone(), back.clone());
            rt::spawn(async move {
                for _ in 0..ROUNDS {
                    to.notified().await;
                    back.notify_one();
                }
            })
        };
        for _ in 0..ROUNDS {
            to.notify_one();
            back.notified().await;
        }
        other.await.expect("no panic");
    }

    pub(super) fn measure(workers: Option<usize>, benchmark: &str) -> Option<f64> {
        Some(match benchmark {
            "mutex" => on(
                workers,
                repeat(ROUNDS, || async {
                    let lock = Mutex::new(0);
                    for _ in 0..ROUNDS {
                        *lock.lock().await += 1;
                    }
                }),
            ),
            "rwlock" => on(
                workers,
                repeat(ROUNDS, || async {
                    let lock = RwLock::new(0_u64);
                    for _ in 0..ROUNDS / 2 {
                        std::hint::black_box(*lock.read().await);
                        *lock.write().await += 1;
                    }
                }),
            ),
            "semaphore" => on(
                workers,
                repeat(ROUNDS, || async {
                    let permits = Semaphore::new(1);
                    for _ in 0..ROUNDS {
                        let _permit = permits.acquire().await.expect("not closed");
                    }
                }),
            ),
            "barrier_4" => on(
                workers,
                repeat(ROUNDS, || async {
                    let barrier = Arc::new(Barrier::new(TASKS as usize));
                    all(|_| {
                        let barrier = barrier.clone();
                        async move {
                            for _ in 0..ROUNDS {
                                barrier.wait().await;
                            }
                        }
                    })
                    .await;
                }),
            ),
            "mutex_4" => on(workers, repeat(TASKS * ROUNDS, contended_mutex)),
            "rwlock_4" => on(workers, repeat(TASKS * ROUNDS, readers_and_writers)),
            "semaphore_4" => on(workers, repeat(TASKS * ROUNDS, two_permits)),
            "notify" => on(workers, repeat(ROUNDS, round_trips)),
            _ => return None,
        })
    }
});
