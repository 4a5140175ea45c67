//! A pin in memory, whose level other tasks set.

use core::convert::Infallible;
use core::sync::atomic::{AtomicBool, Ordering};

use embedded_hal::digital::{ErrorType, InputPin};
use selkie_core::sync::Notify;

/// The wire: what sets the level and what reads it share it.
pub(crate) struct Wire {
    high: AtomicBool,
    pub(crate) changed: Notify,
}

impl Wire {
    /// A wire that is pulled up.
    pub(crate) const fn new() -> Self {
        Self {
            high: AtomicBool::new(true),
            changed: Notify::const_new(),
        }
    }

    /// Sets the level.
    pub(crate) fn set(&self, high: bool) {
        self.high.store(high, Ordering::Release);
        self.changed.notify_one();
    }
}

/// The reading end, as a HAL without async code has it: what waits is the core's.
pub(crate) struct Pin(pub(crate) &'static Wire);

impl ErrorType for Pin {
    type Error = Infallible;
}

impl InputPin for Pin {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        Ok(self.0.high.load(Ordering::Acquire))
    }

    fn is_low(&mut self) -> Result<bool, Infallible> {
        Ok(!self.0.high.load(Ordering::Acquire))
    }
}
