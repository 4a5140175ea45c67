//! Closures on the blocking pool.

use crate::peer::{self, Peer};
use crate::same;

/// Closures of a burst.
const BURST: u64 = 1_000;

same!({
    use super::BURST;
    use crate::measurement::repeat;

    pub(super) fn measure(workers: Option<usize>, benchmark: &str) -> Option<f64> {
        Some(match benchmark {
            "blocking_one" => on(workers, repeat(100, || async {
                for n in 0..100_u64 {
                    assert_eq!(rt::task::spawn_blocking(move || n).await.expect("no panic"), n);
                }
            })),
            "blocking_burst" => on(workers, repeat(BURST, || async {
                let tasks: Vec<_> = (0..BURST)
                    .map(|n| rt::task::spawn_blocking(move || n))
                    .collect();
                for task in tasks {
                    task.await.expect("no panic");
                }
            })),
            _ => return None,
        })
    }
}, peer, benchmark => smol(peer, benchmark));

fn smol(peer: Peer, benchmark: &str) -> Option<f64> {
    use crate::measurement::repeat;
    let Peer::Smol(workers) = peer else {
        return None;
    };
    Some(match benchmark {
        "blocking_one" => peer::smol(
            workers,
            repeat(100, || async {
                for n in 0..100_u64 {
                    assert_eq!(smol::unblock(move || n).await, n);
                }
            }),
        ),
        "blocking_burst" => peer::smol(
            workers,
            repeat(BURST, || async {
                let tasks: Vec<_> = (0..BURST).map(|n| smol::unblock(move || n)).collect();
                for task in tasks {
                    task.await;
                }
            }),
        ),
        _ => return None,
    })
}
