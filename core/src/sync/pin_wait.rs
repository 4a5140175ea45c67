//! Pins that can be waited for, made of pins that cannot: by an interrupt's notice, or by looking again and again.
//!
//! Idea        A driver that is written against embedded-hal-async asks for a pin with `Wait`; a HAL without async code has `InputPin` alone. What
//!             is missing is somebody who says that the level may have changed: the pin's interrupt, or a period.

use core::fmt;

use embedded_hal::digital::{ErrorType, InputPin};
use embedded_hal_async::delay::DelayNs;
use embedded_hal_async::digital::Wait;

use super::notify::Notify;

/// A pin whose interrupt notifies: embedded-hal-async's `Wait` for any `InputPin`.
///
/// The interrupt of both edges calls [`Notify::notify_one`] of the notify that the pin was made with, and that nobody else waits for.
/// Two edges that come before the waiting task looks are none: the level is as before.
///
/// # Cancel safety
/// A wait that is dropped takes no edge.
///
/// # Examples
/// ```
/// use embedded_hal::digital::InputPin;
/// use embedded_hal_async::digital::Wait;
/// use selkie_core::raw::platform::block_on;
/// use selkie_core::sync::{Notify, NotifiedPin};
///
/// static EDGE: Notify = Notify::const_new();
///
/// fn interrupt() {
///     EDGE.notify_one();
/// }
///
/// /// `pin` is a HAL's, whose interrupts at both edges are on.
/// async fn reset<P: InputPin>(pin: P) -> Result<(), P::Error> {
///     NotifiedPin::new(pin, &EDGE).wait_for_low().await
/// }
/// ```
pub struct NotifiedPin<'a, P> {
    pin: P,
    edge: &'a Notify,
}

impl<'a, P> NotifiedPin<'a, P> {
    /// A pin whose interrupt notifies `edge`.
    pub const fn new(pin: P, edge: &'a Notify) -> Self {
        Self { pin, edge }
    }

    /// The pin without the notify.
    pub fn into_inner(self) -> P {
        self.pin
    }
}

/// A pin that is looked at again and again: embedded-hal-async's `Wait` for any `InputPin` on a chip or a line that has no interrupt for it.
///
/// What changes and changes back between two looks is not seen.
///
/// # Cancel safety
/// A wait that is dropped takes nothing.
///
/// # Cost
/// A timer and a look for each period.
///
/// # Examples
/// ```
/// use embedded_hal::digital::InputPin;
/// use embedded_hal_async::digital::Wait;
/// use selkie_core::sync::PolledPin;
/// use selkie_core::time::Delay;
///
/// async fn opened<P: InputPin>(pin: P) -> Result<(), P::Error> {
///     PolledPin::new(pin, Delay, 10).wait_for_rising_edge().await
/// }
/// ```
pub struct PolledPin<P, D> {
    pin: P,
    delay: D,
    period_ms: u32,
}

impl<P, D> PolledPin<P, D> {
    /// A pin that is looked at every `period_ms` milliseconds, measured by `delay`; every one, if it is zero: a wait of no time at all would let
    /// nobody else run.
    pub const fn new(pin: P, delay: D, period_ms: u32) -> Self {
        let period_ms = if period_ms == 0 { 1 } else { period_ms };
        Self {
            pin,
            delay,
            period_ms,
        }
    }

    /// The pin alone.
    pub fn into_inner(self) -> P {
        self.pin
    }
}

/// A pin, and how to wait until it may have changed.
trait Changes: InputPin {
    async fn may_change(&mut self);
}

impl<P: InputPin> Changes for NotifiedPin<'_, P> {
    async fn may_change(&mut self) {
        self.edge.notified().await;
    }
}

impl<P: InputPin, D: DelayNs> Changes for PolledPin<P, D> {
    async fn may_change(&mut self) {
        self.delay.delay_ms(self.period_ms).await;
    }
}

/// Waits until the pin has the level.
async fn wait_for_level<P: Changes>(pin: &mut P, high: bool) -> Result<(), P::Error> {
    while pin.is_high()? != high {
        pin.may_change().await;
    }
    Ok(())
}

macro_rules! waits_by_levels {
    ([$($generics:tt)*] $type:ty) => {
        impl<$($generics)*> ErrorType for $type {
            type Error = P::Error;
        }

        impl<$($generics)*> InputPin for $type {
            fn is_high(&mut self) -> Result<bool, P::Error> {
                self.pin.is_high()
            }

            fn is_low(&mut self) -> Result<bool, P::Error> {
                self.pin.is_low()
            }
        }

        impl<$($generics)*> Wait for $type {
            async fn wait_for_high(&mut self) -> Result<(), P::Error> {
                wait_for_level(self, true).await
            }

            async fn wait_for_low(&mut self) -> Result<(), P::Error> {
                wait_for_level(self, false).await
            }

            async fn wait_for_rising_edge(&mut self) -> Result<(), P::Error> {
                wait_for_level(self, false).await?;
                wait_for_level(self, true).await
            }

            async fn wait_for_falling_edge(&mut self) -> Result<(), P::Error> {
                wait_for_level(self, true).await?;
                wait_for_level(self, false).await
            }

            async fn wait_for_any_edge(&mut self) -> Result<(), P::Error> {
                let before = self.is_high()?;
                wait_for_level(self, !before).await
            }
        }
    };
}

waits_by_levels!([P: InputPin] NotifiedPin<'_, P>);
waits_by_levels!([P: InputPin, D: DelayNs] PolledPin<P, D>);

impl<P: fmt::Debug> fmt::Debug for NotifiedPin<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NotifiedPin").field(&self.pin).finish()
    }
}

impl<P: fmt::Debug, D> fmt::Debug for PolledPin<P, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolledPin")
            .field("pin", &self.pin)
            .field("period_ms", &self.period_ms)
            .finish_non_exhaustive()
    }
}
