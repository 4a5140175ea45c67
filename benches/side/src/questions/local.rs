//! Tasks of the runtimes that keep each task on the thread it was spawned on.

use crate::peer::Peer;

/// Tasks of a batch, as in `spawn`.
const BATCH: u64 = 1_000;

/// The questions for one such runtime: `$run` drives a future, `$spawn` makes a task of one.
macro_rules! local {
    ($question:expr, $run:expr, $spawn:path) => {
        match $question {
            "spawn_one" => Some($run(crate::measure::repeat(100, || async {
                for n in 0..100_u64 {
                    let _number = std::hint::black_box($spawn(async move { n }).await);
                }
            }))),
            "spawn_batch" => Some($run(crate::measure::repeat(BATCH, || async {
                let tasks: Vec<_> = (0..BATCH).map(|n| $spawn(async move { n })).collect();
                for task in tasks {
                    let _number = std::hint::black_box(task.await);
                }
            }))),
            "yield_one" => Some($run(crate::measure::repeat(1_000, || async {
                for _ in 0..1_000 {
                    smol::future::yield_now().await;
                }
            }))),
            _ => None,
        }
    };
}

pub(super) fn ask(peer: Peer, question: &str) -> Option<f64> {
    match peer {
        Peer::Compio => {
            let runtime = compio::runtime::Runtime::new().expect("a ring");
            local!(
                question,
                |asked| runtime.block_on(asked),
                compio::runtime::spawn
            )
        }
        Peer::Monoio => {
            let mut runtime = monoio::RuntimeBuilder::<monoio::IoUringDriver>::new()
                .build()
                .expect("a ring");
            local!(question, |asked| runtime.block_on(asked), monoio::spawn)
        }
        Peer::Glommio => {
            let executor = glommio::LocalExecutor::default();
            local!(question, |asked| executor.run(asked), glommio::spawn_local)
        }
        _ => None,
    }
}
