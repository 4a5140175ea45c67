//! Waiting for a condition, of whose changes a [`Notify`] tells.
//!
//! Idea        The condition is checked, and if it does not hold, the next notification is awaited.
//!             A wait takes a spare unit of the budget, also when the condition holds at once.

use core::future::poll_fn;
use core::task::{Poll, ready};

use super::notify::Notify;
use crate::coop;

/// Waits until `holds`; whoever makes it hold calls `notify_waiters`.
pub(super) async fn wait_until(told: &Notify, holds: impl Fn() -> bool) {
    let at_once = poll_fn(|cx| {
        let unit = ready!(coop::raw::poll_spare(cx));
        let at_once = holds();
        if at_once {
            unit.made_progress();
        }
        Poll::Ready(at_once)
    });
    if at_once.await {
        return;
    }
    loop {
        let notified = told.notified();
        if holds() {
            return;
        }
        notified.await;
    }
}
