//! The statistics of all tasks of one spawn place, as users see them.

use std::panic::Location;
use std::time::Duration;

use super::ended_tasks::{Place, Total};
use super::record::Usage;
use crate::sys::TickScale;

/// The statistics of all tasks that were spawned at one place, living and ended; from
/// [`Handle::spawn_place_statistics`](crate::runtime::Handle::spawn_place_statistics).
///
/// Tasks that were spawned before the runtime tracked its tasks count from when they were first seen.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use selkie::runtime::{Handle, SpawnPlaceStatistics};
///
/// /// The place whose tasks took most of the time.
/// fn busiest(handle: &Handle) -> Option<SpawnPlaceStatistics> {
///     handle.spawn_place_statistics().into_iter().next()
/// }
///
/// let handle = Handle::current();
/// handle.track_tasks();
/// for _ in 0..3 {
///     selkie::spawn(async {}).await.unwrap();
/// }
/// let place = busiest(&handle).unwrap();
/// assert_eq!((place.spawned_count(), place.ended_count()), (3, 3));
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct SpawnPlaceStatistics {
    location: Place,
    live: usize,
    ended: u64,
    polls: u64,
    wakes: u64,
    busy: Duration,
    queued: Duration,
    longest_poll: Duration,
    longest_queued: Duration,
}

impl SpawnPlaceStatistics {
    #[inline]
    pub(super) fn new(location: Place, total: &Total, scale: TickScale) -> Self {
        let Usage {
            polls,
            wakes,
            busy,
            queued,
            longest_poll,
            longest_wait,
        } = total.usage;
        Self {
            location,
            live: total.living,
            ended: total.ended,
            polls,
            wakes,
            busy: scale.duration(busy),
            queued: scale.duration(queued),
            longest_poll: scale.duration(longest_poll),
            longest_queued: scale.duration(longest_wait),
        }
    }

    /// The place, as file, line and column; `None` for the row of all places beyond the first 4,096.
    #[inline]
    pub fn location(&self) -> Option<&'static Location<'static>> {
        self.location
    }

    /// How many of its tasks live.
    #[inline]
    pub fn live_count(&self) -> usize {
        self.live
    }

    /// How many tasks it has spawned: those that live, and those that have ended.
    #[inline]
    pub fn spawned_count(&self) -> u64 {
        self.ended + self.live as u64
    }

    /// How many of its tasks have ended: returned, panicked or cancelled.
    #[inline]
    pub fn ended_count(&self) -> u64 {
        self.ended
    }

    /// How many polls of its tasks have ended.
    #[inline]
    pub fn poll_count(&self) -> u64 {
        self.polls
    }

    /// How often its tasks were queued because they were woken.
    #[inline]
    pub fn wake_count(&self) -> u64 {
        self.wakes
    }

    /// The time in polls of its tasks.
    #[inline]
    pub fn busy_duration(&self) -> Duration {
        self.busy
    }

    /// The time that its tasks have spent in queues.
    #[inline]
    pub fn queued_duration(&self) -> Duration {
        self.queued
    }

    /// The longest poll of any of its tasks.
    #[inline]
    pub fn longest_poll(&self) -> Duration {
        self.longest_poll
    }

    /// The longest time that any of its tasks was in a queue.
    #[inline]
    pub fn longest_queued(&self) -> Duration {
        self.longest_queued
    }
}
