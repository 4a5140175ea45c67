//! The figures, as OpenTelemetry's SDK reads them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData, ResourceMetrics};
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider, Temporality};

use crate::client::runtime;

/// What was exported: name, number of attributes, value.
#[derive(Debug, Clone, Default)]
struct Exporter(Arc<Mutex<Vec<(String, usize, f64)>>>);

impl PushMetricExporter for Exporter {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let mut seen = self.0.lock().unwrap();
        for metric in metrics.scope_metrics().flat_map(|scope| scope.metrics()) {
            let name = metric.name().to_owned();
            let AggregatedMetrics::F64(data) = metric.data() else {
                panic!("{name} has no numbers");
            };
            match data {
                MetricData::Sum(sum) => seen.extend(
                    sum.data_points()
                        .map(|point| (name.clone(), point.attributes().count(), point.value())),
                ),
                MetricData::Gauge(gauge) => seen.extend(
                    gauge
                        .data_points()
                        .map(|point| (name.clone(), point.attributes().count(), point.value())),
                ),
                _ => panic!("{name} is neither a sum nor a gauge"),
            }
        }
        Ok(())
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        Temporality::Cumulative
    }
}

#[test]
fn figures_are_observed() {
    let runtime = runtime("sea");
    let exporter = Exporter::default();
    let reader = PeriodicReader::builder(exporter.clone()).build();
    let provider = SdkMeterProvider::builder().with_reader(reader).build();
    selkie_inspect::observe(&provider.meter("test"), runtime.handle());
    runtime.block_on(async {
        for _ in 0..10 {
            selkie::spawn(async {}).await.unwrap();
        }
    });
    let metrics = runtime.metrics();
    while metrics.worker_poll_count(0) + metrics.worker_poll_count(1) < 10 {
        std::thread::yield_now();
    }
    provider.force_flush().unwrap();
    let seen = exporter.0.lock().unwrap().clone();
    let values = |name: &str, attributes: usize| -> Vec<f64> {
        let points = seen.iter().filter(|point| point.0 == name);
        points
            .inspect(|point| assert_eq!(point.1, attributes, "{name}"))
            .map(|point| point.2)
            .collect()
    };
    assert_eq!(values("selkie.tasks.spawned", 1), [10.0]);
    let polls = values("selkie.worker.polls", 2);
    assert_eq!(polls.len(), 2);
    assert!(polls[0] + polls[1] >= 10.0, "{polls:?}");
}
