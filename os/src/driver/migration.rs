//! Migration of a source to the reactor of the worker where its task waits.
//!
//! Idea        Events wake a task on the worker whose reactor tells of them. A task that runs elsewhere all the same, since
//!             that worker is stuck or has too much to do, has its sources migrate.
//! States      of a source: watched by one reactor ─waited for elsewhere [`MIGRATES_AFTER`] times in a row→ by another;
//!             [`MIGRATES_TO_FULLER_AFTER`] times if the other has more sources
//! Invariants  I1 a source that moves is known to both reactors for a moment, never to none. What both tell of is told of
//!                twice, which costs a look.
//! Rejected    A move at the first wait elsewhere: a task that was stolen once comes back with the next event.

use std::sync::atomic::Ordering;

use super::poller::ask;
use super::reactors::PendingNotify;
use super::registration::{ALL, Registration};

/// How often in a row a source is waited for elsewhere until it moves there.
const MIGRATES_AFTER: u8 = 4;

/// As [`MIGRATES_AFTER`], where the other reactor has more sources. By then the worker that should serve the source is
/// stuck, and until it moves its events wait for those who look after others.
const MIGRATES_TO_FULLER_AFTER: u8 = 16;

impl Registration {
    /// The source is waited for here: if that has been another reactor's worker for long, it moves there.
    #[inline]
    pub(super) fn waited_here(&self) {
        if !self.handle.shared.reactors.is_one() {
            self.migrate_if_elsewhere();
        }
    }

    fn migrate_if_elsewhere(&self) {
        let reactors = &self.handle.shared.reactors;
        let from = self.reactor();
        let Some(to) = reactors.here().filter(|here| *here != from) else {
            if self.elsewhere.load(Ordering::Relaxed) != 0 {
                self.elsewhere.store(0, Ordering::Relaxed);
            }
            return;
        };
        // Relaxed: a count that need not be exact.
        let times = self.elsewhere.load(Ordering::Relaxed).saturating_add(1);
        self.elsewhere.store(times, Ordering::Relaxed);
        let is_long = times >= MIGRATES_TO_FULLER_AFTER
            || times >= MIGRATES_AFTER && reactors.may_migrate(from, to);
        if is_long && self.deferred.is_some() {
            self.elsewhere.store(0, Ordering::Relaxed);
            self.migrate(to);
        }
    }

    /// The reactor `to` watches the source from now on, if it can (I1).
    #[cold]
    fn migrate(&self, to: usize) {
        let shared = &*self.handle.shared;
        if !shared.is_same_process() {
            return;
        }
        let mut pending = PendingNotify::NOBODY;
        self.slot().rewatch(|| {
            let (from, mut deferred) = (self.reactor(), self.deferred);
            if from == to {
                return; // Somebody else was faster.
            }
            // What is ready now is told at once: nothing is lost.
            let (moved, notify) = shared.reactors.watch_at(to, |registry| {
                registry.register(&mut deferred, self.token(), ask(ALL))
            });
            pending = notify;
            let Ok(to) = moved else { return };
            shared
                .reactors
                .forget(from, |registry| registry.deregister(&mut deferred));
            self.watched_by(to);
        });
        shared.reactors.notify(pending);
    }
}
