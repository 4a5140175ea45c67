//! A kind of wait that stores a waker: how it is made, and what ends it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Waker};

/// What is done with a waker when it acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    Clone,
    Wake,
    /// With the wait.
    Drop,
    /// As another takes its place.
    Replace,
    /// As the runtime ends: it is woken, or dropped with the wait, whichever comes first.
    End,
}

pub(crate) type BoxedFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Waits for one thing, and what makes it happen.
pub(crate) struct PendingWait {
    pub(crate) waits: Vec<BoxedFuture>,
    pub(crate) trigger: Box<dyn FnOnce() + Send>,
}

/// A kind of wait.
#[derive(Debug)]
pub(crate) struct Wait {
    pub(crate) name: &'static str,
    /// Whether the runtime itself wakes: nobody has called it. Else the waking caller sees a panic.
    pub(crate) driven: bool,
    /// Whether two can wait at once.
    pub(crate) many: bool,
    /// Whether it keeps the waker beyond the wait, to wake it at its own end.
    pub(crate) keeps: bool,
    /// Whether it is woken to try again before what it waits for has happened.
    pub(crate) tries_again: bool,
    /// Makes as many waits as are asked for, in the runtime's context.
    pub(crate) make: fn(usize) -> PendingWait,
}

/// As many waits as are asked for, each by `make`.
pub(crate) fn waits<F>(count: usize, make: impl Fn() -> F) -> Vec<BoxedFuture>
where
    F: Future<Output = ()> + Send + 'static,
{
    (0..count)
        .map(|_| Box::pin(make()) as BoxedFuture)
        .collect()
}

/// Lets a value go that nobody looks at, whatever it is.
pub(crate) fn ignore<T>(_value: T) {}

pub(crate) fn made(
    waits: Vec<BoxedFuture>,
    trigger: impl FnOnce() + Send + 'static,
) -> PendingWait {
    PendingWait {
        waits,
        trigger: Box::new(trigger),
    }
}

/// Polls once what is ready at once.
pub(crate) fn now<F: Future>(future: F) {
    let mut future = Box::pin(future);
    let _ready = future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
}
