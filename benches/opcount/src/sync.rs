//! What one use of a channel or a lock costs. Nobody waits, unless the name of the operation says so; all of it runs in
//! one task without a budget, except for the round trip between two tasks.

use std::sync::Arc;

/// The operations on one runtime: the same text for both, so that both do the same work.
macro_rules! operations {
    ($name:ident) => {
        pub(super) mod $name {
            use super::Arc;
            use ::$name::runtime::Builder;
            use ::$name::sync::{
                Mutex, Notify, RwLock, Semaphore, broadcast, mpsc, oneshot, watch,
            };
            use ::$name::task::unconstrained;

            fn alone(future: impl Future<Output = ()>) {
                let runtime = Builder::new_current_thread().build().expect("a runtime");
                runtime.block_on(unconstrained(future));
            }

            async fn bounded(capacity: usize, times: u64) {
                let (tx, mut rx) = mpsc::channel(capacity);
                for n in 0..times {
                    tx.send(n).await.expect("open");
                    assert_eq!(rx.recv().await, Some(n));
                }
            }

            async fn watched(times: u64, look: bool) {
                let (tx, mut rx) = watch::channel(0);
                for n in 1..=times {
                    tx.send(n).expect("open");
                    rx.changed().await.expect("open");
                    assert!(!look || *rx.borrow_and_update() == n);
                }
            }

            async fn round_trips(times: u64) {
                let (there, back) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
                let echo = {
                    let (there, back) = (there.clone(), back.clone());
                    ::$name::spawn(unconstrained(async move {
                        for _ in 0..times {
                            there.notified().await;
                            back.notify_one();
                        }
                    }))
                };
                let caller = ::$name::spawn(unconstrained(async move {
                    for _ in 0..times {
                        there.notify_one();
                        back.notified().await;
                    }
                }));
                echo.await.expect("no panic");
                caller.await.expect("no panic");
            }

            async fn locks(operation: &str, times: u64) {
                let (mutex, lock, semaphore) = (Mutex::new(0), RwLock::new(0), Semaphore::new(1));
                for n in 0..times {
                    match operation {
                        "mutex" => *mutex.lock().await = n,
                        "rwlock_read" => assert_eq!(*lock.read().await, 0),
                        "rwlock_write" => *lock.write().await = n,
                        _ => drop(semaphore.acquire().await.expect("open")),
                    }
                }
            }

            pub(crate) fn run(operation: &str, times: u64) -> bool {
                match operation {
                    "oneshot" => alone(async {
                        for n in 0..times {
                            let (tx, rx) = oneshot::channel();
                            tx.send(n).expect("open");
                            assert_eq!(rx.await, Ok(n));
                        }
                    }),
                    "mpsc_16" => alone(bounded(16, times)),
                    "mpsc_1024" => alone(bounded(1024, times)),
                    "mpsc_unbounded" => alone(async {
                        let (tx, mut rx) = mpsc::unbounded_channel();
                        for n in 0..times {
                            tx.send(n).expect("open");
                            assert_eq!(rx.recv().await, Some(n));
                        }
                    }),
                    "broadcast" => alone(async {
                        let (tx, mut rx) = broadcast::channel(16);
                        for n in 0..times {
                            tx.send(n).expect("open");
                            assert_eq!(rx.recv().await, Ok(n));
                        }
                    }),
                    "watch" => alone(watched(times, false)),
                    "watch_look" => alone(watched(times, true)),
                    "mutex" | "rwlock_read" | "rwlock_write" | "semaphore" => {
                        alone(locks(operation, times));
                    }
                    "notify_kept" => alone(async {
                        let bell = Notify::new();
                        for _ in 0..times {
                            bell.notify_one();
                            bell.notified().await;
                        }
                    }),
                    "notify_round_trip" => alone(round_trips(times)),
                    _ => return false,
                }
                true
            }
        }
    };
}

operations!(selkie);
operations!(tokio);
