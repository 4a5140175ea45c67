//! Without the feature `tracing` a task is its future.

use std::future::Future;
use std::panic::Location;

use selkie_core::task::Id;

use super::kind::Kind;

/// Without the feature a task's future is itself.
type Traced<F> = F;

/// `future`, of which a subscriber is told as a task.
#[inline(always)]
pub(crate) fn task<F: Future>(
    future: F,
    _kind: Kind,
    _name: Option<&str>,
    _id: Id,
    _location: &'static Location<'static>,
) -> Traced<F> {
    future
}

/// `future`, of which a subscriber is told as one that a thread waits for.
#[inline(always)]
pub(crate) fn root<F: Future>(future: F) -> Traced<F> {
    future
}

/// `closure`, of which a subscriber is told as a task that blocks.
#[inline(always)]
pub(crate) fn trace_blocking<F: FnOnce() -> R, R>(
    closure: F,
    _name: Option<&str>,
    _id: Id,
    _location: &'static Location<'static>,
) -> F {
    closure
}
