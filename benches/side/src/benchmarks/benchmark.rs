//! One benchmark.

use crate::peer::Peer;

/// One benchmark.
pub struct Benchmark {
    pub name: &'static str,
    /// What the figure counts; less is better.
    pub unit: &'static str,
    pub description: &'static str,
    /// The figure for a runtime, or `None` if it makes no sense there.
    pub measure: fn(Peer, &str) -> Option<f64>,
}
