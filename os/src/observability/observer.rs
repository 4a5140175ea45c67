//! What a runtime tells its table of probes.
//!
//! Idea        Schedulers reach the table through a trait object, which is made where something is asked for. So a program
//!             that asks for nothing contains no hooks, histograms, statistics of tasks and recordings.

use std::fmt;
use std::ops::Range;
use std::panic::Location;
use std::time::Duration;

use selkie_core::raw::task::Notified;
use selkie_core::task::Id;

use super::histogram::Figure;
use super::probes::Probes;
use super::probes_config::StallHook;
use super::recorder::RecordingSnapshot;
use super::statistics::{SpawnPlaceStatistics, TaskStatistics};
use super::thread_role::WakeCause;

/// Declares [`Observer`], whose functions are those of [`Probes`].
macro_rules! observer {
    ($($(#[$meta:meta])* fn $name:ident(&self $(, $argument:ident: $type:ty)* $(,)?) $(-> $output:ty)?;)*) => {
        /// A table of probes.
        pub(crate) trait Observer: fmt::Debug + Send + Sync {
            $(
                #[doc = concat!("[`Probes::", stringify!($name), "`].")]
                $(#[$meta])*
                fn $name(&self $(, $argument: $type)*) $(-> $output)?;
            )*
        }

        impl Observer for Probes {
            $(
                #[inline]
                fn $name(&self $(, $argument: $type)*) $(-> $output)? {
                    Self::$name(self $(, $argument)*)
                }
            )*
        }
    };
}

observer! {
    fn spawned(&self, id: Id, location: &'static Location<'static>);
    fn queued(&self, task: &Notified);
    fn interrupt(&self, worker: usize);
    fn run(&self, worker: usize, task: Notified);
    #[cfg_attr(not(feature = "rt-multi-thread"), allow(dead_code))]
    fn handed_off(&self, worker: usize);
    fn finished(&self, id: Id, location: &'static Location<'static>);
    #[cfg_attr(not(feature = "rt-multi-thread"), allow(dead_code))]
    fn stolen(&self, worker: usize, victim: usize, tasks: usize);
    fn parks(&self, worker: usize);
    fn unparked(&self, worker: usize);
    fn depth(&self, worker: usize, local: usize, inject: usize);
    fn look(&self, worker: usize, cause: WakeCause, look: &mut dyn FnMut());
    fn fire(&self, worker: usize, fire: &mut dyn FnMut() -> usize);
    fn blocking(&self, begins: bool, id: Id, location: &'static Location<'static>);
    fn track_tasks(&self, workers: usize);
    fn is_tracking_tasks(&self) -> bool;
    fn tasks(&self) -> Option<Vec<TaskStatistics>>;
    fn spawn_places(&self) -> Option<Vec<SpawnPlaceStatistics>>;
    fn is_recording(&self) -> bool;
    fn start_recording(&self, workers: usize, capacity: usize) -> u64;
    fn stop_recording(&self);
    fn stop_recording_of(&self, starts: u64) -> bool;
    fn recording(&self, runtime: String) -> Option<RecordingSnapshot>;
    fn recorder_starts(&self) -> Option<u64>;
    #[allow(dead_code, reason = "asked for by recordings that are written")]
    fn on_stall(&self, hook: StallHook);
    fn stall_hook(&self) -> Option<&StallHook>;
    fn buckets(&self, figure: Figure) -> Option<usize>;
    fn bucket_range(&self, figure: Figure, bucket: usize) -> Option<Range<Duration>>;
    fn bucket_count(&self, figure: Figure, worker: usize, bucket: usize) -> Option<u64>;
}
