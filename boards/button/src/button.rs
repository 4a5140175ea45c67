//! A debounced button: short and long presses.
//!
//! Idea        A change counts if the pin still shows it after the debounce time. A long press is reported as soon as it
//!             has lasted long enough, not when it ends.
//! States      released ─stable press→ pressed ─stable release→ short
//!             pressed ─time over→ long, then its release is waited for before the next press

use embedded_hal::digital::InputPin;
use embedded_hal_async::delay::DelayNs;
use embedded_hal_async::digital::Wait;

use crate::select::{Either, select};

/// What a user did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Press {
    /// Pressed and released.
    Short,
    /// Pressed for the time of a long press, and perhaps still held.
    Long,
}

/// How long things take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Milliseconds that a contact may bounce.
    pub debounce_ms: u32,
    /// Milliseconds after which a press is long.
    pub long_ms: u32,
}

impl Default for Timing {
    /// 20 milliseconds of bouncing, half a second for a long press.
    fn default() -> Self {
        Self {
            debounce_ms: 20,
            long_ms: 500,
        }
    }
}

/// A button between a pin and ground, with a pull-up: pressed is low.
#[derive(Debug)]
pub struct Button<P, D> {
    pin: P,
    delay: D,
    timing: Timing,
    /// A long press was reported and its release not yet seen.
    held: bool,
}

impl<P: Wait + InputPin, D: DelayNs + Clone> Button<P, D> {
    /// A button on `pin` that measures time by `delay`.
    pub const fn new(pin: P, delay: D, timing: Timing) -> Self {
        Self {
            pin,
            delay,
            timing,
            held: false,
        }
    }

    /// Waits for the next press.
    ///
    /// # Errors
    /// The pin's.
    ///
    /// # Cancel safety
    /// A press that has begun when the future is dropped is lost, a long one that was reported is
    /// not reported again.
    pub async fn press(&mut self) -> Result<Press, P::Error> {
        if self.held {
            released(&mut self.pin, &mut self.delay, self.timing).await?;
            self.held = false;
        }
        self.pressed().await?;
        let mut timer = self.delay.clone();
        let release = released(&mut self.pin, &mut self.delay, self.timing);
        match select(release, timer.delay_ms(self.timing.long_ms)).await {
            Either::Left(released) => released.map(|()| Press::Short),
            Either::Right(()) => {
                self.held = true;
                Ok(Press::Long)
            }
        }
    }

    /// Waits until the pin is low and stays so.
    async fn pressed(&mut self) -> Result<(), P::Error> {
        loop {
            self.pin.wait_for_low().await?;
            self.delay.delay_ms(self.timing.debounce_ms).await;
            if self.pin.is_low()? {
                return Ok(());
            }
        }
    }
}

/// Waits until the pin is high and stays so.
async fn released<P: Wait + InputPin, D: DelayNs>(
    pin: &mut P,
    delay: &mut D,
    timing: Timing,
) -> Result<(), P::Error> {
    loop {
        pin.wait_for_high().await?;
        delay.delay_ms(timing.debounce_ms).await;
        if pin.is_high()? {
            return Ok(());
        }
    }
}
