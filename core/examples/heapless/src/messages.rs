//! Collections of the crate `heapless` between tasks: texts are sent whole, samples come in batches.

use core::fmt::Write;

use heapless::{String, Vec};
use selkie_core::sync::{FixedChannel, Signal};

/// A text of the log: at most 24 bytes, in place.
pub type Line = String<24>;

static LOG: FixedChannel<Line, 4> = FixedChannel::new();
static SAMPLES: FixedChannel<u16, 16> = FixedChannel::new();
/// The latest name that somebody gave the device.
static NAME: Signal<String<12>> = Signal::new();

/// The end-of-conversion interrupt. `false` if the sample was lost: 16 wait already.
pub fn on_sample(sample: u16) -> bool {
    SAMPLES.try_send(sample).is_ok()
}

/// Takes up to eight samples at a time, for ever, and logs their mean.
pub async fn summarise() {
    loop {
        let mut batch = Vec::<u16, 8>::new();
        let count = SAMPLES.recv_many(&mut batch).await;
        let sum: u32 = batch.iter().copied().map(u32::from).sum();
        let mut line = Line::new();
        // At most 21 bytes: it fits.
        let _ = write!(line, "{count} samples, mean {}", sum / count as u32);
        LOG.send(line).await;
    }
}

/// Waits for the next line of the log.
pub async fn next_line() -> Line {
    LOG.recv().await
}

/// Gives the device a name; `false` if it has more than 12 bytes.
pub fn rename(name: &str) -> bool {
    let Ok(name) = String::try_from(name) else {
        return false;
    };
    NAME.signal(name);
    true
}

/// Waits for the next name.
pub async fn renamed() -> String<12> {
    NAME.wait().await
}
