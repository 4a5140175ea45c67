//! Entering a runtime, and what a runtime costs to have.

use crate::peer::Peer;
use crate::same;

same!({
    use crate::measure::per_operation;

    pub(super) fn ask(workers: Option<usize>, question: &str) -> Option<f64> {
        Some(match question {
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
}, peer, question => others(peer, question));

fn others(peer: Peer, question: &str) -> Option<f64> {
    use crate::measure::per_operation;
    match (peer, question) {
        (Peer::Smol(None), "block_on") => Some(per_operation(1_000, || {
            for n in 0..1_000 {
                assert_eq!(smol::block_on(async { std::hint::black_box(n) }), n);
            }
        })),
        _ => None,
    }
}
