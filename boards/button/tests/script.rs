//! The button on a scripted pin, under paused time.

use std::cell::Cell;
use std::convert::Infallible;
use std::rc::Rc;
use std::time::Duration;

use embedded_hal::digital::{ErrorType, InputPin};
use embedded_hal_async::digital::Wait;
use selkie::sync::Notify;
use selkie_button::{Button, Press, Timing};
use selkie_core::time::Delay;

/// A pin whose level the script sets.
#[derive(Clone)]
struct Pin {
    high: Rc<Cell<bool>>,
    changed: Rc<Notify>,
}

impl Pin {
    fn new() -> Self {
        Self {
            high: Rc::new(Cell::new(true)),
            changed: Rc::new(Notify::new()),
        }
    }

    fn set(&self, high: bool) {
        self.high.set(high);
        self.changed.notify_waiters();
    }

    async fn wait_for(&self, high: bool) {
        while self.high.get() != high {
            self.changed.notified().await;
        }
    }
}

impl ErrorType for Pin {
    type Error = Infallible;
}

impl InputPin for Pin {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        Ok(self.high.get())
    }

    fn is_low(&mut self) -> Result<bool, Infallible> {
        Ok(!self.high.get())
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
        let before = self.high.get();
        self.wait_for(!before).await;
        Ok(())
    }
}

/// Plays `script` (a level, and how many milliseconds it lasts) and returns what the button saw.
fn play(script: &'static [(bool, u64)]) -> Vec<Press> {
    let runtime = selkie::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let pin = Pin::new();
        let mut button = Button::new(pin.clone(), Delay, Timing::default());
        let mut presses = Vec::new();
        let player = async {
            for &(high, millis) in script {
                pin.set(high);
                selkie::time::sleep(Duration::from_millis(millis)).await;
            }
        };
        let mut player = std::pin::pin!(player);
        loop {
            selkie::select! {
                () = &mut player => return presses,
                press = button.press() => presses.push(press.expect("infallible")),
            }
        }
    })
}

#[test]
fn short_and_long_presses() {
    let seen = play(&[
        (true, 100),
        (false, 200),
        (true, 200),
        (false, 900),
        (true, 200),
        (false, 300),
        (true, 100),
    ]);
    assert_eq!(seen, [Press::Short, Press::Long, Press::Short]);
}

#[test]
fn a_contact_that_bounces_is_one_press() {
    let seen = play(&[
        (true, 50),
        (false, 3),
        (true, 2),
        (false, 4),
        (true, 1),
        (false, 200),
        (true, 3),
        (false, 2),
        (true, 200),
    ]);
    assert_eq!(seen, [Press::Short]);
}

#[test]
fn a_spike_is_not_a_press() {
    assert_eq!(play(&[(true, 50), (false, 5), (true, 100)]), []);
}

#[test]
fn a_long_press_is_reported_while_the_button_is_held() {
    assert_eq!(play(&[(true, 50), (false, 600)]), [Press::Long]);
    assert_eq!(play(&[(true, 50), (false, 5_000)]), [Press::Long]);
}

#[test]
fn a_press_is_long_from_the_limit_on() {
    let short = play(&[(true, 50), (false, 490), (true, 100)]);
    assert_eq!(short, [Press::Short]);
    let long = play(&[(true, 50), (false, 521), (true, 100)]);
    assert_eq!(long, [Press::Long]);
}
