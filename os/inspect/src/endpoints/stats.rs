//! `/api/stats`: the figures of one runtime in JSON, as the page and `selkie top` read them.
//!
//! The keys are the names of `/metrics` without `selkie_`, or for workers without `selkie_worker_`.

use serde_json::{Map, Value, json};

use crate::histograms::{Histogram, Kind};
use crate::instruments::{INSTRUMENTS, Source};
use crate::reply::{Reply, json as reply};
use crate::runtimes::InspectedRuntime;

pub(super) fn stats(runtime: &InspectedRuntime, all: &[InspectedRuntime]) -> Reply {
    let metrics = runtime.handle.metrics();
    let mut figures = Map::new();
    let mut workers = vec![Map::new(); metrics.num_workers()];
    for instrument in INSTRUMENTS {
        let name = instrument.name;
        match instrument.source {
            Source::Runtime(read) => {
                let key = name.trim_start_matches("selkie_");
                figures.insert(key.to_owned(), read(&metrics).into());
            }
            Source::Worker(read) => {
                let key = name.trim_start_matches("selkie_worker_");
                for (worker, row) in workers.iter_mut().enumerate() {
                    row.insert(key.to_owned(), read(&metrics, worker).into());
                }
            }
        }
    }
    let runtimes = all.iter().map(|other| {
        json!({
            "label": other.label,
            "id": other.handle.id().to_string(),
            "flavor": format!("{:?}", other.handle.runtime_flavor()),
        })
    });
    reply(&json!({
        "version": env!("CARGO_PKG_VERSION"),
        "process": std::process::id(),
        "program": program(),
        "runtime": runtime.label,
        "runtimes": runtimes.collect::<Vec<_>>(),
        "shown_seconds": runtime.since.elapsed().as_secs_f64(),
        "figures": figures,
        "workers": workers,
        "poll_duration": Kind::PollTime.read(&metrics).map(histogram),
        "schedule_latency": Kind::Latency.read(&metrics).map(histogram),
    }))
}

fn program() -> String {
    let path = std::env::current_exe().unwrap_or_default();
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn histogram(histogram: Histogram) -> Value {
    let buckets = histogram.cumulative.iter();
    json!({
        "count": histogram.count,
        "buckets": buckets.map(|(bound, count)| json!([bound, count])).collect::<Vec<_>>(),
    })
}
