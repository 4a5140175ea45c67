//! Entering a runtime, and starting and stopping one.

use crate::peer::Peer;
use crate::same;

same!({
    use crate::measurement::per_operation;

    pub(super) fn measure(workers: Option<usize>, benchmark: &str) -> Option<f64> {
        Some(match benchmark {
            "block_on" => {
                let runtime = crate::build!(rt, workers);
                per_operation(1_000, || {
                    for n in 0..1_000 {
                        assert_eq!(runtime.block_on(async { std::hint::black_box(n) }), n);
                    }
                })
            }
            "start_stop" => per_operation(1, || drop(crate::build!(rt, workers))),
            _ => return None,
        })
    }
}, peer, benchmark => others(peer, benchmark));

fn others(peer: Peer, benchmark: &str) -> Option<f64> {
    use crate::measurement::per_operation;
    match (peer, benchmark) {
        (Peer::Smol(None), "block_on") => Some(per_operation(1_000, || {
            for n in 0..1_000 {
                assert_eq!(smol::block_on(async { std::hint::black_box(n) }), n);
            }
        })),
        _ => None,
    }
}
