//! Work that each worker creates for itself, or that one worker creates for all.

use std::time::{Duration, Instant};

use crate::by_workers;

/// How long each benchmark runs.
const LENGTH: Duration = Duration::from_millis(400);

/// Whether the time is over, by the clock, every so many calls.
struct Until {
    end: Instant,
    left: u32,
}

impl Until {
    fn new(end: Instant) -> Self {
        Self { end, left: 64 }
    }

    fn is_over(&mut self) -> bool {
        self.left -= 1;
        if self.left > 0 {
            return false;
        }
        self.left = 64;
        Instant::now() >= self.end
    }
}

by_workers!({
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Instant;

    use rt::sync::{Notify, broadcast, mpsc, oneshot};

    use super::{LENGTH, Until};
    use crate::measurement::processor_nanos;
    use crate::scale::benchmark::Figures;

    /// Has `tasks` tasks do what `make` says until the time is over; nanoseconds of a worker for each thing done.
    fn rate<F>(workers: usize, tasks: usize, make: impl Fn(Until) -> F) -> f64
    where
        F: Future<Output = u64> + Send + 'static,
    {
        let runtime = crate::build!(rt, Some(workers));
        let begun = Instant::now();
        let end = begun + LENGTH;
        let tasks: Vec<_> = (0..tasks)
            .map(|_| runtime.spawn(make(Until::new(end))))
            .collect();
        let done: u64 = runtime.block_on(async {
            let mut done = 0;
            for task in tasks {
                done += task.await.expect("no panic");
            }
            done
        });
        begun.elapsed().as_nanos() as f64 * workers as f64 / done as f64
    }

    async fn pair(mut until: Until) -> u64 {
        let (to, mut from) = mpsc::channel::<oneshot::Sender<u64>>(1);
        let other = rt::spawn(async move {
            let mut n = 0;
            while let Some(answer) = from.recv().await {
                n += 1;
                let _taken = answer.send(n);
            }
        });
        let mut done = 0;
        while !until.is_over() {
            let (answer, answered) = oneshot::channel();
            to.send(answer).await.expect("the other task");
            done = answered.await.expect("an answer");
        }
        drop(to);
        other.await.expect("no panic");
        done
    }

    async fn yields(mut until: Until) -> u64 {
        let mut done = 0;
        while !until.is_over() {
            rt::task::yield_now().await;
            done += 1;
        }
        done
    }

    async fn spawns(mut until: Until) -> u64 {
        let mut done = 0;
        while !until.is_over() {
            rt::spawn(async {}).await.expect("no panic");
            done += 1;
        }
        done
    }

    fn spawn_from_one(workers: usize) -> f64 {
        const BATCH: u64 = 10_000;
        let runtime = crate::build!(rt, Some(workers));
        let spawner = async {
            let begun = Instant::now();
            let mut spawned = 0;
            while begun.elapsed() < LENGTH {
                let tasks: Vec<_> = (0..BATCH)
                    .map(|n| rt::spawn(async move { std::hint::black_box(n) }))
                    .collect();
                for task in tasks {
                    task.await.expect("no panic");
                }
                spawned += BATCH;
            }
            begun.elapsed().as_nanos() as f64 / spawned as f64
        };
        runtime
            .block_on(async { rt::spawn(spawner).await })
            .expect("no panic")
    }

    fn broadcast(workers: usize) -> f64 {
        let runtime = crate::build!(rt, Some(workers));
        let received = Arc::new(AtomicUsize::new(0));
        runtime.block_on(async {
            let (sender, _) = broadcast::channel(16);
            let tasks: Vec<_> = (0..2 * workers)
                .map(|_| {
                    let (mut receiver, received) = (sender.subscribe(), received.clone());
                    rt::spawn(async move {
                        while let Ok(()) = receiver.recv().await {
                            received.fetch_add(1, Ordering::Relaxed);
                        }
                    })
                })
                .collect();
            let sends = async move {
                let (before, mut sent) = (processor_nanos(), 0);
                let begun = Instant::now();
                while begun.elapsed() < LENGTH {
                    sender.send(()).expect("receivers");
                    sent += 1;
                    while received.load(Ordering::Relaxed) < sent * 2 * workers {
                        rt::task::yield_now().await;
                    }
                }
                (processor_nanos() - before) as f64 / (sent * 2 * workers) as f64
            };
            let figure = rt::spawn(sends).await.expect("no panic");
            for task in tasks {
                task.await.expect("no panic");
            }
            figure
        })
    }

    fn storm(workers: usize) -> f64 {
        const TASKS: usize = 512;
        let runtime = crate::build!(rt, Some(workers));
        let notify = Arc::new(Notify::new());
        let waiting = Arc::new(AtomicUsize::new(0));
        for _ in 0..TASKS {
            let (notify, waiting) = (notify.clone(), waiting.clone());
            runtime.spawn(async move {
                loop {
                    let notified = notify.notified();
                    waiting.fetch_add(1, Ordering::SeqCst);
                    notified.await;
                }
            });
        }
        let storms = async move {
            let begun = Instant::now();
            let mut woken = 0;
            while begun.elapsed() < LENGTH {
                while waiting.load(Ordering::SeqCst) < TASKS {
                    rt::task::yield_now().await;
                }
                waiting.store(0, Ordering::SeqCst);
                notify.notify_waiters();
                woken += TASKS;
            }
            begun.elapsed().as_nanos() as f64 / woken as f64
        };
        runtime
            .block_on(async { rt::spawn(storms).await })
            .expect("no panic")
    }

    pub(super) fn measure(workers: usize, benchmark: &str) -> Option<Figures> {
        let figure = match benchmark {
            "pairs" => rate(workers, 2 * workers, pair),
            "yields" => rate(workers, 64 * workers, yields),
            "spawn_all" => rate(workers, workers, spawns),
            "spawn_from_one" => spawn_from_one(workers),
            "broadcast" => broadcast(workers),
            "storm" | "storm_crowded" => storm(workers),
            _ => return None,
        };
        Some(vec![("mean", figure)])
    }
});
