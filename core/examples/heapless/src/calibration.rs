//! Values that are set once: a calibration that is read from slow memory when a task first needs it, and a time that
//! comes from outside.

use selkie_core::sync::{OnceCell, SetOnce};

/// Straight line through two measured points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calibration {
    /// Added to every sample.
    pub offset: i16,
    /// In thousandths.
    pub gain: i16,
}

static CALIBRATION: OnceCell<Calibration> = OnceCell::const_new();
static FIRST_FIX: SetOnce<u64> = SetOnce::const_new();

/// A sample as it should be. The first caller reads the calibration by `load`; others that come
/// meanwhile wait for it.
pub async fn corrected<F>(sample: i16, load: impl FnOnce() -> F) -> i16
where
    F: Future<Output = Calibration>,
{
    let calibration = CALIBRATION.get_or_init(load).await;
    let scaled = i32::from(sample) * i32::from(calibration.gain) / 1000;
    scaled as i16 + calibration.offset
}

/// The satellite receiver's interrupt: the first fix counts, later ones are ignored.
pub fn on_fix(seconds: u64) {
    let _ = FIRST_FIX.set(seconds);
}

/// Waits for the time of the first fix.
pub async fn first_fix() -> u64 {
    *FIRST_FIX.wait().await
}
