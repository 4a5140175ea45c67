//! A token that asks tasks and blocking closures to stop.
//!
//! States      running → stopped, for good
//! Invariants  I1 `stopped` is set before anybody is woken for it.

use std::error::Error;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::sync::Notify;

/// Tells whoever holds a clone to stop; reaches blocking closures, too, which cannot be aborted.
/// Beyond Tokio.
///
/// # Cost
/// A clone is one atomic operation, a look one load.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use selkie::task::{self, StopToken};
///
/// # let runtime = selkie::runtime::Builder::new_current_thread().build()?;
/// # runtime.block_on(async {
/// let token = StopToken::new();
/// let theirs = token.clone();
/// let work = task::spawn_blocking(move || {
///     let mut rounds = 0;
///     // A pause that ends early when it is time to stop.
///     while theirs.pause(Duration::from_secs(60)).is_ok() {
///         rounds += 1;
///     }
///     rounds
/// });
/// token.stop();
/// assert_eq!(work.await.unwrap(), 0);
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct StopToken {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    stopped: AtomicBool,
    tasks: Notify,
    /// Guards no data: a thread that pauses holds it from its look until it waits.
    pausing: Mutex<()>,
    threads: Condvar,
}

/// The work was asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped;

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the work was told to stop")
    }
}

impl Error for Stopped {}

impl StopToken {
    /// A token that has told nobody to stop.
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells everybody to stop. A second time changes nothing.
    pub fn stop(&self) {
        // AcqRel: pairs with the Acquire in `is_stopped`: what was done before is seen (I1).
        if self.shared.stopped.swap(true, Ordering::AcqRel) {
            return;
        }
        let pausing = &self.shared.pausing;
        drop(pausing.lock().unwrap_or_else(PoisonError::into_inner));
        self.shared.threads.notify_all();
        self.shared.tasks.notify_waiters();
    }

    /// Whether it is time to stop.
    pub fn is_stopped(&self) -> bool {
        // Acquire: pairs with the AcqRel in `stop` (I1).
        self.shared.stopped.load(Ordering::Acquire)
    }

    /// For `?` between the steps of blocking work.
    ///
    /// # Errors
    /// If it is time to stop.
    pub fn check(&self) -> Result<(), Stopped> {
        match self.is_stopped() {
            true => Err(Stopped),
            false => Ok(()),
        }
    }

    /// Waits until it is time to stop.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub async fn stopped(&self) {
        let notified = self.shared.tasks.notified();
        let mut notified = std::pin::pin!(notified);
        // Queued before the look, so that a stop in between is not missed.
        let _already = notified.as_mut().enable();
        if !self.is_stopped() {
            notified.await;
        }
    }

    /// Blocks the thread for `duration`, or until it is time to stop.
    ///
    /// # Errors
    /// If it is time to stop.
    pub fn pause(&self, duration: Duration) -> Result<(), Stopped> {
        let pausing = &self.shared.pausing;
        let pausing = pausing.lock().unwrap_or_else(PoisonError::into_inner);
        let _ended = self
            .shared
            .threads
            .wait_timeout_while(pausing, duration, |()| !self.is_stopped());
        self.check()
    }
}
