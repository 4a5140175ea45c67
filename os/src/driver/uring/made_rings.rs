//! The rings that a driver has made, as it reaches them: a trait object (see `rings`).

use std::fmt;
use std::io;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::time::Instant;

use super::super::reactors::Reactors;
use super::ring::Ring;

/// The token of the first ring; the others have the next lower ones. They are above every key, see `reactor`.
pub(super) const FIRST_TOKEN: usize = usize::MAX - 2;

/// What a table of rings does.
pub(super) trait MadeRings: fmt::Debug + Send + Sync + UnwindSafe + RefUnwindSafe {
    /// The ring of `worker`, or of the threads that are no workers, registered with one of `reactors`. If the
    /// system refuses it, one that exists.
    fn get(&self, worker: Option<usize>, reactors: &Reactors) -> Option<&Arc<Ring>>;

    /// The same, for callers that cannot do without: if there is no ring at all, this asks again even after a
    /// refusal a moment ago.
    ///
    /// # Errors
    /// Why there is none.
    fn require(&self, worker: Option<usize>, reactors: &Reactors) -> io::Result<&Arc<Ring>>;

    /// The ring of `worker`, or of the threads that are no workers, if it has been made.
    fn existing(&self, worker: Option<usize>) -> Option<&Arc<Ring>>;

    /// Operations in flight in the ring of `worker`; `None` if it has none.
    fn in_flight(&self, worker: usize) -> Option<usize>;

    /// Submits what is queued in the ring of `worker`, and takes its completions. Returns whether anybody
    /// was woken, or more is queued.
    fn submit_and_reap(&self, worker: usize) -> bool;

    /// Takes the completions of the rings that are registered with the reactor `index`.
    fn reap_of_reactor(&self, index: usize);

    /// Takes the completions of the ring `index`.
    fn reap(&self, index: usize);

    /// Cancels all operations, waits until the deadline for those that end by it, and leaves those that are
    /// still in flight to a thread. No ring is made any more.
    fn close(&self, deadline: Option<Instant>);
}
