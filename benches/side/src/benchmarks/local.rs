//! Tasks of the runtimes that keep each task on the thread it was spawned on.

use crate::peer::Peer;

/// Tasks of a batch, as in `spawn`.
#[cfg(target_os = "linux")]
const BATCH: u64 = 1_000;

/// The benchmarks for one such runtime: `$run` drives a future, `$spawn` makes a task of one.
#[cfg(target_os = "linux")]
macro_rules! local {
    ($benchmark:expr, $run:expr, $spawn:path) => {
        match $benchmark {
            "spawn_one" => Some($run(crate::measurement::repeat(100, || async {
                for n in 0..100_u64 {
                    let _number = std::hint::black_box($spawn(async move { n }).await);
                }
            }))),
            "spawn_batch" => Some($run(crate::measurement::repeat(BATCH, || async {
                let tasks: Vec<_> = (0..BATCH).map(|n| $spawn(async move { n })).collect();
                for task in tasks {
                    let _number = std::hint::black_box(task.await);
                }
            }))),
            "yield_one" => Some($run(crate::measurement::repeat(1_000, || async {
                for _ in 0..1_000 {
                    smol::future::yield_now().await;
                }
            }))),
            _ => None,
        }
    };
}

/// The figure of a runtime whose tasks stay on their thread, where there are such runtimes.
#[cfg(target_os = "linux")]
pub(super) fn measure(peer: Peer, benchmark: &str) -> Option<f64> {
    match peer {
        Peer::Compio => {
            let runtime = compio::runtime::Runtime::new().expect("a ring");
            local!(
                benchmark,
                |future| runtime.block_on(future),
                compio::runtime::spawn
            )
        }
        Peer::Monoio => {
            let mut runtime = monoio::RuntimeBuilder::<monoio::IoUringDriver>::new()
                .build()
                .expect("a ring");
            local!(benchmark, |future| runtime.block_on(future), monoio::spawn)
        }
        Peer::Glommio => {
            let executor = glommio::LocalExecutor::default();
            local!(
                benchmark,
                |future| executor.run(future),
                glommio::spawn_local
            )
        }
        _ => None,
    }
}

/// These runtimes are Linux's.
#[cfg(not(target_os = "linux"))]
pub(super) fn measure(_peer: Peer, _benchmark: &str) -> Option<f64> {
    None
}
