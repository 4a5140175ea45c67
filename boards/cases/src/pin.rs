//! A pin in memory, whose level other tasks set.

use core::convert::Infallible;
use core::sync::atomic::{AtomicBool, Ordering};

use embedded_hal::digital::{ErrorType, InputPin};
use embedded_hal_async::digital::Wait;
use selkie_core::sync::Notify;

/// The wire: what sets the level and what reads it share it.
pub(crate) struct Wire {
    high: AtomicBool,
    changed: Notify,
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

/// The reading end.
pub(crate) struct Pin(pub(crate) &'static Wire);

impl Pin {
    fn level(&self) -> bool {
        self.0.high.load(Ordering::Acquire)
    }

    async fn wait_for(&self, high: bool) {
        while self.level() != high {
            self.0.changed.notified().await;
        }
    }
}

impl ErrorType for Pin {
    type Error = Infallible;
}

impl InputPin for Pin {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        Ok(self.level())
    }

    fn is_low(&mut self) -> Result<bool, Infallible> {
        Ok(!self.level())
    }
}

impl Wait for Pin {
    async fn wait_for_high(&mut self) -> Result<(), Infallible> {
        self.wait_for(true).await;
        Ok(())
    }

    async fn wait_for_low(&mut self) -> Result<(), Infallible> {
        self.wait_for(false).await;
        Ok(())
    }

    async fn wait_for_rising_edge(&mut self) -> Result<(), Infallible> {
        self.wait_for(false).await;
        self.wait_for_high().await
    }

    async fn wait_for_falling_edge(&mut self) -> Result<(), Infallible> {
        self.wait_for(true).await;
        self.wait_for_low().await
    }

    async fn wait_for_any_edge(&mut self) -> Result<(), Infallible> {
        let before = self.level();
        self.wait_for(!before).await;
        Ok(())
    }
}
