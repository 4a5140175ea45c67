//! Channels, alone and with several senders.

use crate::same;

/// Values per round.
const VALUES: u64 = 1_000;
/// Senders, or receivers, of the benchmarks with several.
const SEVERAL: u64 = 4;

same!({
    use rt::sync::{broadcast, mpsc, oneshot, watch};

    use super::{SEVERAL, VALUES};
    use crate::measurement::repeat;

    async fn many_to_one() {
        let (sender, mut receiver) = mpsc::channel(64);
        for _ in 0..SEVERAL {
            let sender = sender.clone();
            rt::spawn(async move {
                for n in 0..VALUES {
                    sender.send(n).await.expect("a receiver");
                }
            });
        }
        drop(sender);
        let mut sum = 0;
        while let Some(n) = receiver.recv().await {
            sum += n;
        }
        assert_eq!(sum, SEVERAL * VALUES * (VALUES - 1) / 2);
    }

    async fn many_to_one_unbounded() {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        for _ in 0..SEVERAL {
            let sender = sender.clone();
            rt::spawn(async move {
                for n in 0..VALUES {
                    sender.send(n).expect("a receiver");
                    if n % 64 == 0 {
                        rt::task::yield_now().await;
                    }
                }
            });
        }
        drop(sender);
        let mut sum = 0;
        while let Some(n) = receiver.recv().await {
            sum += n;
        }
        assert_eq!(sum, SEVERAL * VALUES * (VALUES - 1) / 2);
    }

    async fn one_to_many() {
        let (sender, _) = broadcast::channel(2 * VALUES as usize);
        let tasks: Vec<_> = (0..SEVERAL)
            .map(|_| {
                let mut receiver = sender.subscribe();
                rt::spawn(async move {
                    let mut sum = 0;
                    while let Ok(n) = receiver.recv().await {
                        sum += n;
                    }
                    sum
                })
            })
            .collect();
        for n in 0..VALUES {
            sender.send(n).expect("receivers");
        }
        drop(sender);
        for task in tasks {
            assert_eq!(task.await.expect("no panic"), VALUES * (VALUES - 1) / 2);
        }
    }

    async fn oneshot_pairs() {
        let pairs: Vec<_> = (0..SEVERAL)
            .map(|_| {
                rt::spawn(async {
                    for n in 0..VALUES {
                        let (sender, receiver) = oneshot::channel();
                        let other = rt::spawn(async move { sender.send(n).expect("a receiver") });
                        assert_eq!(receiver.await, Ok(n));
                        other.await.expect("no panic");
                    }
                })
            })
            .collect();
        for pair in pairs {
            pair.await.expect("no panic");
        }
    }

    async fn one_seen_by_many() {
        let (sender, receiver) = watch::channel(0);
        let seers: Vec<_> = (0..SEVERAL)
            .map(|_| {
                let mut receiver = receiver.clone();
                rt::spawn(async move { while receiver.changed().await.is_ok() {} })
            })
            .collect();
        drop(receiver);
        for n in 0..VALUES {
            sender.send(n).expect("receivers");
            rt::task::yield_now().await;
        }
        drop(sender);
        for seer in seers {
            seer.await.expect("no panic");
        }
    }

    pub(super) fn measure(workers: Option<usize>, benchmark: &str) -> Option<f64> {
        Some(match benchmark {
            "oneshot" => on(
                workers,
                repeat(VALUES, || async {
                    for n in 0..VALUES {
                        let (sender, receiver) = oneshot::channel();
                        sender.send(n).expect("a receiver");
                        assert_eq!(receiver.await, Ok(n));
                    }
                }),
            ),
            "mpsc" => on(workers, async {
                let (sender, mut receiver) = mpsc::channel(64);
                let sender = &sender;
                let receiver = &mut receiver;
                let mut figure = 0.0;
                for _ in 0..2 {
                    let begun = std::time::Instant::now();
                    for n in 0..100 * VALUES {
                        sender.send(n).await.expect("a receiver");
                        assert_eq!(receiver.recv().await, Some(n));
                    }
                    figure = begun.elapsed().as_nanos() as f64 / (100 * VALUES) as f64;
                }
                figure
            }),
            "mpsc_4" => on(workers, repeat(SEVERAL * VALUES, many_to_one)),
            "unbounded_4" => on(workers, repeat(SEVERAL * VALUES, many_to_one_unbounded)),
            "watch" => on(workers, async {
                let (sender, mut receiver) = watch::channel(0);
                let begun = std::time::Instant::now();
                for n in 0..100 * VALUES {
                    sender.send(n + 1).expect("a receiver");
                    receiver.changed().await.expect("a sender");
                }
                begun.elapsed().as_nanos() as f64 / (100 * VALUES) as f64
            }),
            "unbounded" => on(workers, async {
                let (sender, mut receiver) = mpsc::unbounded_channel();
                let begun = std::time::Instant::now();
                for n in 0..100 * VALUES {
                    sender.send(n).expect("a receiver");
                    assert_eq!(receiver.recv().await, Some(n));
                }
                begun.elapsed().as_nanos() as f64 / (100 * VALUES) as f64
            }),
            "broadcast" => on(workers, async {
                let (sender, mut receiver) = broadcast::channel(64);
                let begun = std::time::Instant::now();
                for n in 0..100 * VALUES {
                    sender.send(n).expect("a receiver");
                    assert_eq!(receiver.recv().await, Ok(n));
                }
                begun.elapsed().as_nanos() as f64 / (100 * VALUES) as f64
            }),
            "oneshot_4" => on(workers, repeat(SEVERAL * VALUES, oneshot_pairs)),
            "watch_4" => on(workers, repeat(VALUES, one_seen_by_many)),
            "broadcast_4" => on(workers, repeat(SEVERAL * VALUES, one_to_many)),
            _ => return None,
        })
    }
});
