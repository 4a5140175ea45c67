//! What a service says to systemd: that it is ready, that it lives, that it stops.
//!
//! A unit of `Type=notify` counts as started when the program says so, and with `WatchdogSec=` it is restarted when the
//! program no longer says that it lives. Outside of such a unit these functions do nothing.
//!
//! ```ini
//! [Service]
//! Type=notify
//! WatchdogSec=10
//! Restart=on-failure
//! ```
//! ```
//! use selkie_inspect::systemd;
//!
//! #[selkie::main]
//! async fn main() -> std::io::Result<()> {
//!     let listener = selkie::net::TcpListener::bind("127.0.0.1:0").await?;
//!     // From here on systemd starts what waits for this service.
//!     systemd::ready()?;
//!     // … serve, until it is time to end …
//!     # drop(listener);
//!     systemd::stopping()
//! }
//! ```

use std::io;
use std::time::Duration;

use sd_notify::{NotifyState, notify, watchdog_enabled};
use selkie::runtime::Handle;
use selkie::time::{MissedTickBehavior, interval};

/// Says that the program is ready, and, if the unit has a watchdog, says from now on that it lives.
///
/// The latter is done by a task of the runtime that the caller is in, twice in each period. So a runtime that runs no
/// tasks any more, because all its workers are stuck, makes systemd restart the program; one stuck worker of several does
/// not, and is the business of [`Builder::watchdog`](selkie::runtime::Builder::watchdog).
///
/// # Errors
/// If the socket that systemd has named cannot be written to; or if there is a watchdog, and the caller is in no runtime.
///
/// # Panics
/// If there is a watchdog, and the runtime has no timers.
///
/// # Cost
/// Three system calls, and as many for each sign of life.
pub fn ready() -> io::Result<()> {
    if let Some(period) = watchdog_enabled() {
        let runtime = Handle::try_current().map_err(io::Error::other)?;
        // Made here, so that a runtime without timers is the caller's panic.
        let _context = runtime.enter();
        let mut ticks = interval((period / 2).max(Duration::from_millis(1)));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        runtime.spawn(async move {
            loop {
                ticks.tick().await;
                // Systemd is restarting, or has gone: the next one may be heard again.
                let _lost = notify(&[NotifyState::Watchdog]);
            }
        });
    }
    notify(&[NotifyState::Ready])
}

/// Says that the program ends, so that systemd waits for it as long as the unit allows.
///
/// # Errors
/// If the socket that systemd has named cannot be written to.
pub fn stopping() -> io::Result<()> {
    notify(&[NotifyState::Stopping])
}

/// Says what the program does at the moment; `systemctl status` shows it.
///
/// # Errors
/// If the socket that systemd has named cannot be written to.
pub fn status(text: &str) -> io::Result<()> {
    notify(&[NotifyState::Status(text)])
}
