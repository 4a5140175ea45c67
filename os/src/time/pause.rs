//! A clock that stands still until it is advanced, for tests.
//!
//! Idea        The clock is part of the shard of the runtime's timers. While it is paused and every task waits, the
//!             scheduler advances it to the next timer by itself.

use std::time::Duration;

use selkie_core::raw::time::{Current, current};
use selkie_core::task::yield_now;
use selkie_core::time::TimersHandle;

#[track_caller]
fn timers() -> TimersHandle {
    match current() {
        Current::Timers(timers) => timers,
        Current::Absent | Current::Disabled => {
            panic!("time cannot be frozen from outside the Tokio runtime")
        }
    }
}

/// Stops the clock of the runtime that runs here; needs a current-thread runtime.
///
/// `Instant::now` then stands still but for [`advance`]; while every task waits, the clock moves
/// to the next timer by itself.
///
/// # Panics
/// If the clock is paused already, if no runtime runs here, or if it has several threads.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use std::time::Duration;
/// use selkie::time::{self, Instant};
///
/// time::pause();
/// let start = Instant::now();
/// // While every task waits, the clock moves to the next timer.
/// time::sleep(Duration::from_secs(24 * 3600)).await;
/// assert_eq!(start.elapsed().as_secs(), 24 * 3600);
/// # }
/// ```
#[track_caller]
pub fn pause() {
    if let Err(error) = timers().clock().pause() {
        panic!("{error}");
    }
}

/// Lets a paused clock run on from where it stands.
///
/// # Panics
/// If the clock runs, or no runtime runs here.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// use selkie::time::{self, Instant};
///
/// let stopped = Instant::now();
/// assert_eq!(Instant::now(), stopped, "the clock stands still");
/// time::resume();
/// while Instant::now() == stopped {
///     std::thread::yield_now();
/// }
/// # }
/// ```
#[track_caller]
pub fn resume() {
    if let Err(error) = timers().clock().resume() {
        panic!("{error}");
    }
}

/// Moves the paused clock by exactly `duration`, and lets other tasks run until the scheduler has looked
/// at its timers.
///
/// To have tasks react to timers one after the other, sleep instead: the clock then moves from
/// timer to timer.
///
/// # Panics
/// If the clock runs, or no runtime runs here.
///
/// # Cancel safety
/// The clock has moved once the future was polled.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// use std::time::Duration;
/// use selkie::time::{self, Instant};
///
/// let start = Instant::now();
/// let sleeper = selkie::spawn(time::sleep(Duration::from_secs(60)));
/// time::advance(Duration::from_secs(59)).await;
/// assert!(!sleeper.is_finished());
/// time::advance(Duration::from_secs(1)).await;
/// sleeper.await.unwrap();
/// assert_eq!(start.elapsed(), Duration::from_secs(60));
/// # }
/// ```
pub async fn advance(duration: Duration) {
    let timers = timers();
    if let Err(error) = timers.clock().advance(duration) {
        panic!("{error}");
    }
    yield_now().await;
}
