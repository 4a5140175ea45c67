//! Migration of a source to the reactor of the worker where its task waits.
//!
//! Idea        An event wakes the task on the worker whose reactor reports it. If the task runs elsewhere all the
//!             same, because that worker is stuck or has too much to do, its sources migrate to the reactor of the
//!             worker that runs it.
//! States      of a source: registered with one reactor ─waited for on other workers [`MIGRATES_AFTER`] times in a
//!             row→ with that of the last one; [`MIGRATES_TO_FULLER_AFTER`] times if that has more sources
//! Invariants  I1 a source that moves is registered with both reactors for a moment, never with none. An event that
//!                both report is dispatched twice, which costs a look.
//! Rejected    A move at the first wait elsewhere: a task that was stolen once comes back with the next event. Counting
//!             waits on one other worker only: the sources of a stuck worker that two others serve by turns would stay.

use std::sync::atomic::Ordering;

use super::conversion::to_mio;
use super::reactors::PendingNotify;
use super::registration::{ALL, Registration};

/// After how many waits in a row on workers other than its own a source moves to the last of them.
const MIGRATES_AFTER: u8 = 4;

/// As [`MIGRATES_AFTER`], if the other reactor has more sources. By then the worker that should serve the
/// source is stuck, and until the source moves its events wait for the workers that look after a stuck one.
const MIGRATES_TO_FULLER_AFTER: u8 = 16;

impl Registration {
    /// Records that the task waits for the source on the calling worker. If that has been the worker of another
    /// reactor for long, the source moves there.
    #[inline]
    pub(super) fn record_wait(&self) {
        if !self.handle.shared.reactors.is_one() {
            self.migrate_if_elsewhere();
        }
    }

    fn migrate_if_elsewhere(&self) {
        let reactors = &self.handle.shared.reactors;
        let from = self.reactor();
        let Some(to) = reactors.current().filter(|current| *current != from) else {
            if self.waits_elsewhere.load(Ordering::Relaxed) != 0 {
                self.waits_elsewhere.store(0, Ordering::Relaxed);
            }
            return;
        };
        // Relaxed: a count that need not be exact.
        let times = self
            .waits_elsewhere
            .load(Ordering::Relaxed)
            .saturating_add(1);
        self.waits_elsewhere.store(times, Ordering::Relaxed);
        let is_long = times >= MIGRATES_TO_FULLER_AFTER
            || times >= MIGRATES_AFTER && reactors.may_migrate(from, to);
        if is_long && self.deferred.is_some() {
            self.waits_elsewhere.store(0, Ordering::Relaxed);
            self.migrate(to);
        }
    }

    /// Moves the registration to the reactor `to`, if that can be made (I1).
    #[cold]
    fn migrate(&self, to: usize) {
        let shared = &*self.handle.shared;
        if !shared.is_same_process() {
            return;
        }
        let mut pending = PendingNotify::NONE;
        self.slot().move_registration(|| {
            let (from, mut deferred) = (self.reactor(), self.deferred);
            if from == to {
                return; // Another thread was faster.
            }
            // What is ready now is reported at once, so that nothing is lost.
            let (moved, notify) = shared.reactors.register_at(to, &mut |registry| {
                registry.register(&mut deferred, self.token(), to_mio(ALL))
            });
            pending = notify;
            let Ok(to) = moved else { return };
            shared.reactors.deregister(from, &mut deferred);
            self.set_reactor(to);
        });
        shared.reactors.notify(pending);
    }
}
