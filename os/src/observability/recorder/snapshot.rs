//! What a recording held at one moment.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use selkie_core::task::Id;

use super::super::names::all_names;
use super::super::running_polls::RunningPoll;
use super::event::Event;
use super::event_ring::CopiedEvents;
use crate::sys::TickScale;

/// The events of one ring.
#[derive(Debug)]
pub(super) struct Track {
    /// The worker; `None` for the threads that are no workers.
    pub(super) worker: Option<usize>,
    pub(super) events: Vec<Event>,
    pub(super) overwritten: u64,
}

impl Track {
    #[inline]
    pub(super) fn new(worker: Option<usize>, copied: CopiedEvents) -> Self {
        Self {
            worker,
            events: copied.events,
            overwritten: copied.overwritten,
        }
    }
}

/// What a [`Recording`](crate::runtime::Recording) held at one moment: the last events of each worker, and of the threads
/// that are no workers.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use selkie::runtime::{Handle, RecordingConfig, RecordingSnapshot};
///
/// let recording = Handle::current().start_recording(&RecordingConfig::new());
/// selkie::spawn(async {}).await.unwrap();
/// let snapshot: RecordingSnapshot = recording.snapshot();
/// // A spawn, a poll and an end, at the least; and the rings were long enough.
/// assert!(snapshot.event_count() >= 3);
/// assert_eq!(snapshot.overwritten_count(), 0);
/// # }
/// ```
#[derive(Debug)]
pub struct RecordingSnapshot {
    /// What the runtime is called.
    pub(super) runtime: String,
    pub(super) tracks: Vec<Track>,
    /// The polls that went on.
    pub(super) polls: Vec<RunningPoll>,
    /// The names of the tasks that lived when this was made.
    pub(super) names: HashMap<u64, Arc<str>>,
    /// When it was made, in ticks and by the system's clock.
    pub(super) now: u64,
    pub(super) time: SystemTime,
    pub(super) scale: TickScale,
}

impl RecordingSnapshot {
    #[inline]
    pub(super) fn new(
        runtime: String,
        tracks: Vec<Track>,
        polls: Vec<RunningPoll>,
        now: u64,
        time: SystemTime,
        scale: TickScale,
    ) -> Self {
        let names = all_names().into_iter();
        Self {
            runtime,
            tracks,
            polls,
            names: names
                .map(|(id, name): (Id, _)| (id.as_u64(), name))
                .collect(),
            now,
            time,
            scale,
        }
    }

    /// How many events it has.
    #[inline]
    pub fn event_count(&self) -> usize {
        self.tracks.iter().map(|track| track.events.len()).sum()
    }

    /// How many events were overwritten by later ones before.
    #[inline]
    pub fn overwritten_count(&self) -> u64 {
        self.tracks.iter().map(|track| track.overwritten).sum()
    }

    /// When it was made.
    #[inline]
    pub fn taken_at(&self) -> SystemTime {
        self.time
    }
}
