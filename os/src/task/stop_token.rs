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
///
/// # Examples
/// ```
/// use selkie::task::{StopToken, Stopped};
///
/// let token = StopToken::new();
/// token.stop();
/// assert_eq!(token.check(), Err(Stopped));
/// assert!(Stopped.to_string().ends_with("to stop"));
/// ```
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
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::task::StopToken;
    ///
    /// let token = StopToken::new();
    /// let clone = token.clone();
    /// assert!(!clone.is_stopped());
    /// token.stop();
    /// assert!(clone.is_stopped());
    /// # }
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells everybody to stop. A second time changes nothing.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::task::StopToken;
    ///
    /// let token = StopToken::new();
    /// let theirs = token.clone();
    /// let server = selkie::spawn(async move {
    ///     theirs.stopped().await;
    ///     "said goodbye"
    /// });
    /// // Unlike an abort, the task can end in its own time.
    /// token.stop();
    /// assert_eq!(server.await.unwrap(), "said goodbye");
    /// # }
    /// ```
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
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::task::{StopToken, Stopped};
    ///
    /// fn steps(token: &StopToken) -> Result<u32, Stopped> {
    ///     let mut sum = 0;
    ///     for step in 0..1000 {
    ///         token.check()?;
    ///         sum += step;
    ///     }
    ///     Ok(sum)
    /// }
    ///
    /// let token = StopToken::new();
    /// assert_eq!(steps(&token), Ok(499_500));
    /// token.stop();
    /// assert_eq!(steps(&token), Err(Stopped));
    /// # }
    /// ```
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
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::sync::mpsc;
    /// use selkie::task::StopToken;
    ///
    /// let (_tx, mut rx) = mpsc::channel::<u32>(8);
    /// let token = StopToken::new();
    /// let theirs = token.clone();
    /// let worker = selkie::spawn(async move {
    ///     let mut done = 0;
    ///     loop {
    ///         selkie::select! {
    ///             Some(job) = rx.recv() => done += job,
    ///             () = theirs.stopped() => return done,
    ///         }
    ///     }
    /// });
    /// token.stop();
    /// assert_eq!(worker.await.unwrap(), 0);
    /// # }
    /// ```
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
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use selkie::task::{StopToken, Stopped};
    ///
    /// let token = StopToken::new();
    /// assert_eq!(token.pause(Duration::from_millis(1)), Ok(()));
    /// let theirs = token.clone();
    /// let thread = std::thread::spawn(move || theirs.pause(Duration::from_secs(3600)));
    /// token.stop();
    /// assert_eq!(thread.join().unwrap(), Err(Stopped));
    /// ```
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
