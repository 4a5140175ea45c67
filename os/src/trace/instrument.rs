//! How tasks get their spans; without the feature `tracing` futures are spawned unchanged.

use std::future::Future;
use std::panic::Location;

use selkie_core::task::Id;

use super::kind::Kind;
#[cfg(feature = "tracing")]
use super::span::{self, Instrumented};

/// A future as it is.
#[cfg(not(feature = "tracing"))]
type Instrumented<F> = F;

/// `future` as a task that subscribers see.
#[inline(always)]
#[cfg_attr(not(feature = "tracing"), allow(unused_variables))]
pub(crate) fn task<F: Future>(
    future: F,
    kind: Kind,
    name: Option<&str>,
    id: Id,
    location: &'static Location<'static>,
) -> Instrumented<F> {
    #[cfg(feature = "tracing")]
    let future = span::task(future, kind, name, id, location);
    future
}

/// `future` as one that a thread waits for, which subscribers see.
#[inline(always)]
#[track_caller]
pub(crate) fn root<F: Future>(future: F) -> Instrumented<F> {
    #[cfg(feature = "tracing")]
    let future = span::task(
        future,
        Kind::BlockOn,
        None,
        selkie_core::raw::task::next_id(),
        Location::caller(),
    );
    future
}

/// `closure` as a blocking task that subscribers see.
#[inline(always)]
#[cfg_attr(not(feature = "tracing"), allow(unused_variables))]
pub(crate) fn trace_blocking<F: FnOnce() -> R, R>(
    closure: F,
    name: Option<&str>,
    id: Id,
    location: &'static Location<'static>,
) -> impl FnOnce() -> R + use<F, R> {
    #[cfg(feature = "tracing")]
    let closure = span::blocking(closure, name, id, location);
    closure
}
