//! `/metrics`: the figures of all runtimes, in Prometheus's text format 0.0.4.

use http::StatusCode;
use prometheus::proto::{
    Bucket, Counter, Gauge, Histogram as ProtoHistogram, LabelPair, Metric, MetricFamily,
    MetricType,
};
use prometheus::{Encoder, TEXT_FORMAT, TextEncoder};
use selkie::runtime::RuntimeMetrics;

use crate::histograms::{Histogram, Kind as HistogramKind};
use crate::instruments::{INSTRUMENTS, Instrument, Kind, Source};
use crate::reply::{Reply, problem, reply};
use crate::runtimes::InspectedRuntime;

pub(super) fn metrics(runtimes: &[InspectedRuntime]) -> Reply {
    let read: Vec<_> = runtimes
        .iter()
        .map(|runtime| (&*runtime.label, runtime.handle.metrics()))
        .collect();
    let mut families = vec![versions()];
    families.extend(
        INSTRUMENTS
            .iter()
            .map(|instrument| family(instrument, &read)),
    );
    let kinds = [HistogramKind::PollTime, HistogramKind::Latency];
    families.extend(kinds.iter().map(|kind| histograms(*kind, &read)));
    families.retain(|family| !family.get_metric().is_empty());
    let mut text = Vec::new();
    match TextEncoder::new().encode(&families, &mut text) {
        Ok(()) => reply(StatusCode::OK, TEXT_FORMAT, text),
        Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, error),
    }
}

fn label(name: &str, value: &str) -> LabelPair {
    let mut label = LabelPair::default();
    label.set_name(name.to_owned());
    label.set_value(value.to_owned());
    label
}

fn new_family(name: &str, help: &str, kind: MetricType, metrics: Vec<Metric>) -> MetricFamily {
    let mut family = MetricFamily::default();
    family.set_name(name.to_owned());
    family.set_help(help.to_owned());
    family.set_field_type(kind);
    family.set_metric(metrics);
    family
}

fn metric(kind: Kind, value: f64, labels: Vec<LabelPair>) -> Metric {
    let mut metric = Metric::from_label(labels);
    match kind {
        Kind::Counter => {
            let mut counter = Counter::default();
            counter.set_value(value);
            metric.set_counter(counter);
        }
        Kind::Gauge => {
            let mut gauge = Gauge::default();
            gauge.set_value(value);
            metric.set_gauge(gauge);
        }
    }
    metric
}

fn versions() -> MetricFamily {
    let version = label("version", env!("CARGO_PKG_VERSION"));
    let metric = metric(Kind::Gauge, 1.0, vec![version]);
    let help = "The version of the inspector; the value is always 1.";
    new_family("selkie_build_info", help, MetricType::GAUGE, vec![metric])
}

fn family(instrument: &Instrument, runtimes: &[(&str, RuntimeMetrics)]) -> MetricFamily {
    let Instrument {
        name,
        help,
        kind,
        source,
        ..
    } = *instrument;
    let mut metrics = Vec::new();
    for (runtime, figures) in runtimes {
        match source {
            Source::Runtime(read) => {
                let labels = vec![label("runtime", runtime)];
                metrics.push(metric(kind, read(figures), labels));
            }
            Source::Worker(read) => {
                for worker in 0..figures.num_workers() {
                    let number = label("worker", &worker.to_string());
                    let labels = vec![label("runtime", runtime), number];
                    metrics.push(metric(kind, read(figures, worker), labels));
                }
            }
        }
    }
    let kind = match kind {
        Kind::Counter => MetricType::COUNTER,
        Kind::Gauge => MetricType::GAUGE,
    };
    new_family(name, help, kind, metrics)
}

fn histograms(kind: HistogramKind, runtimes: &[(&str, RuntimeMetrics)]) -> MetricFamily {
    let (name, help) = kind.names();
    let metrics = runtimes.iter().filter_map(|(runtime, figures)| {
        let mut metric = Metric::from_label(vec![label("runtime", runtime)]);
        metric.set_histogram(proto(&kind.read(figures)?));
        Some(metric)
    });
    new_family(name, help, MetricType::HISTOGRAM, metrics.collect())
}

fn proto(histogram: &Histogram) -> ProtoHistogram {
    let buckets = histogram.cumulative.iter().map(|(bound, count)| {
        let mut bucket = Bucket::default();
        bucket.set_upper_bound(*bound);
        bucket.set_cumulative_count(*count);
        bucket
    });
    let mut proto = ProtoHistogram::default();
    proto.set_bucket(buckets.collect());
    proto.set_sample_count(histogram.count);
    proto.set_sample_sum(histogram.sum_estimate);
    proto
}
