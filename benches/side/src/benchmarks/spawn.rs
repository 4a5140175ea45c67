//! What it costs to spawn a task and to join it.

use super::local;
use crate::peer::{self, Peer};
use crate::same;

/// Tasks of a batch.
const BATCH: u64 = 1_000;
/// Tasks that come from another thread.
const BURST: u64 = 10_000;
/// Levels of a tree of tasks.
const LEVELS: u32 = 10;

same!({
    use super::{BATCH, BURST, LEVELS};
    use crate::measurement::repeat;

    fn tree(levels: u32) -> std::pin::Pin<Box<dyn Future<Output = u64> + Send>> {
        Box::pin(async move {
            if levels == 0 {
                return 1;
            }
            let left = rt::spawn(tree(levels - 1));
            let right = rt::spawn(tree(levels - 1));
            left.await.expect("no panic") + right.await.expect("no panic")
        })
    }

    async fn large() -> u8 {
        let ballast = std::hint::black_box([1_u8; 4096]);
        std::future::ready(()).await;
        std::hint::black_box(&ballast)[4095]
    }

    pub(super) fn measure(workers: Option<usize>, benchmark: &str) -> Option<f64> {
        Some(match benchmark {
            "spawn_one" => on(workers, repeat(100, || async {
                for n in 0..100_u64 {
                    assert_eq!(rt::spawn(async move { n }).await.expect("no panic"), n);
                }
            })),
            "spawn_batch" => on(workers, repeat(BATCH, || async {
                let tasks: Vec<_> = (0..BATCH).map(|n| rt::spawn(async move { n })).collect();
                for task in tasks {
                    task.await.expect("no panic");
                }
            })),
            "spawn_remote" => {
                let runtime = crate::build!(rt, workers);
                let handle = runtime.handle().clone();
                let burst = move || {
                    let tasks: Vec<_> = (0..BURST).map(|n| handle.spawn(async move { n })).collect();
                    async move {
                        for task in tasks {
                            task.await.expect("no panic");
                        }
                    }
                };
                crate::measurement::per_operation(BURST, move || {
                    let burst = burst.clone();
                    let waiting = std::thread::spawn(burst).join().expect("no panic");
                    runtime.block_on(waiting);
                })
            }
            "spawn_tree" => on(workers, repeat((1 << (LEVELS + 1)) - 1, || async {
                assert_eq!(tree(LEVELS).await, 1 << LEVELS);
            })),
            "spawn_4k" => on(workers, repeat(100, || async {
                for _ in 0..100 {
                    assert_eq!(rt::spawn(large()).await.expect("no panic"), 1);
                }
            })),
            _ => return None,
        })
    }
}, peer, benchmark => others(peer, benchmark));

fn others(peer: Peer, benchmark: &str) -> Option<f64> {
    use crate::measurement::repeat;
    let Peer::Smol(workers) = peer else {
        return local::measure(peer, benchmark);
    };
    Some(match benchmark {
        "spawn_one" => peer::smol(
            workers,
            repeat(100, || async {
                for n in 0..100_u64 {
                    assert_eq!(peer::executor().spawn(async move { n }).await, n);
                }
            }),
        ),
        "spawn_batch" => peer::smol(
            workers,
            repeat(BATCH, || async {
                let tasks: Vec<_> = (0..BATCH)
                    .map(|n| peer::executor().spawn(async move { n }))
                    .collect();
                for task in tasks {
                    task.await;
                }
            }),
        ),
        _ => return None,
    })
}
