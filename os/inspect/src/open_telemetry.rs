//! The figures of a runtime as OpenTelemetry's instruments, which its SDK reads whenever it exports.

use opentelemetry::KeyValue;
use opentelemetry::metrics::{AsyncInstrument, Meter};
use selkie::runtime::{Handle, RuntimeMetrics};

use crate::instruments::{INSTRUMENTS, Instrument, Kind, Source};
use crate::runtimes::own_label;

/// Registers an observable instrument with `meter` for each figure of `handle`'s runtime: counters and gauges whose names
/// begin with `selkie.`, with the attribute `runtime`, and `worker` for those of workers.
///
/// They are the figures of `/metrics`, without the histograms. An inspector is not needed for this.
///
/// # Cost
/// The SDK reads all figures for each export, on its own thread.
///
/// # Examples
/// ```
/// # let runtime = selkie::runtime::Builder::new_current_thread().build()?;
/// # runtime.block_on(async {
/// let meter = opentelemetry::global::meter("my-program");
/// selkie_inspect::observe(&meter, &selkie::runtime::Handle::current());
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn observe(meter: &Meter, handle: &Handle) {
    for instrument in INSTRUMENTS {
        let name = instrument.dotted;
        let unit = if instrument.name.contains("_seconds") {
            "s"
        } else {
            "1"
        };
        let read = reader(instrument, handle);
        // Dropping the instrument leaves its callback registered.
        match instrument.kind {
            Kind::Counter => {
                let counter = meter.f64_observable_counter(name).with_unit(unit);
                let counter = counter.with_description(instrument.help);
                let _counter = counter.with_callback(read).build();
            }
            Kind::Gauge => {
                let gauge = meter.f64_observable_gauge(name).with_unit(unit);
                let gauge = gauge.with_description(instrument.help);
                let _gauge = gauge.with_callback(read).build();
            }
        }
    }
}

fn reader(
    instrument: &Instrument,
    handle: &Handle,
) -> impl Fn(&dyn AsyncInstrument<f64>) + Send + Sync + 'static {
    let (source, metrics): (_, RuntimeMetrics) = (instrument.source, handle.metrics());
    let runtime = KeyValue::new("runtime", own_label(handle));
    move |observer| match source {
        Source::Runtime(read) => observer.observe(read(&metrics), std::slice::from_ref(&runtime)),
        Source::Worker(read) => {
            for worker in 0..metrics.num_workers() {
                let number = KeyValue::new("worker", worker as i64);
                observer.observe(read(&metrics, worker), &[runtime.clone(), number]);
            }
        }
    }
}
