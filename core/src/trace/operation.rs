//! The spans of an operation that waits, and of its polls.
//!
//! Idea        An operation is a span `runtime.resource.async_op` inside its resource's, with one
//!             `runtime.resource.async_op.poll` inside, which all its polls enter. What a poll comes to is
//!             an event of the target `runtime::resource::poll_op` there.
//! Invariants  those of [`resource`](super::resource).

use core::fmt;
use core::future::Future;
use core::task::Poll;

use super::resource::Resource;

/// An operation's spans, or none.
pub(crate) struct Operation {
    #[cfg(feature = "tracing")]
    pub(super) op: tracing::Span,
    #[cfg(feature = "tracing")]
    pub(super) poll: tracing::Span,
}

// As for a resource's.
impl core::panic::UnwindSafe for Operation {}
impl core::panic::RefUnwindSafe for Operation {}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operation").finish_non_exhaustive()
    }
}

#[cfg_attr(not(feature = "tracing"), allow(unused_variables))]
impl Operation {
    /// No spans.
    pub(crate) const fn none() -> Self {
        Self {
            #[cfg(feature = "tracing")]
            op: tracing::Span::none(),
            #[cfg(feature = "tracing")]
            poll: tracing::Span::none(),
        }
    }

    #[cfg(feature = "tracing")]
    pub(super) fn with_op(op: tracing::Span, poll: impl FnOnce() -> tracing::Span) -> Self {
        let poll = op.in_scope(poll);
        Self { op, poll }
    }

    /// A call of `source`; of a resource whose inner one tells more, `inherits` says so.
    #[cfg(feature = "tracing")]
    fn call(resource: &Resource, source: &'static str, inherits: bool) -> Self {
        #[cfg(feature = "tracing")]
        resource.span.in_scope(|| {
            let op = tracing::trace_span!(
                target: "tokio::util::trace",
                "runtime.resource.async_op",
                source = source,
                inherits_child_attrs = inherits,
            );
            Self::with_op(op, || {
                tracing::trace_span!(target: "tokio::util::trace", "runtime.resource.async_op.poll")
            })
        })
    }

    /// The wait for a channel's one value.
    #[inline]
    #[cfg(feature = "alloc")]
    pub(crate) fn receive(resource: &Resource) -> Self {
        #[cfg(feature = "tracing")]
        {
            let op = resource.span.in_scope(|| {
                tracing::trace_span!(
                    target: "tokio::sync::oneshot",
                    "runtime.resource.async_op",
                    source = "Receiver::await",
                )
            });
            Self::with_op(
                op,
                || tracing::trace_span!(target: "tokio::sync::oneshot", "runtime.resource.async_op.poll"),
            )
        }
        #[cfg(not(feature = "tracing"))]
        Self {}
    }

    /// Runs `f` inside the spans.
    #[inline]
    pub(crate) fn enter<R>(&self, resource: &Resource, f: impl FnOnce() -> R) -> R {
        #[cfg(feature = "tracing")]
        {
            let _resource = resource.span.enter();
            let _op = self.op.enter();
            let _poll = self.poll.enter();
            f()
        }
        #[cfg(not(feature = "tracing"))]
        f()
    }

    /// Runs `f`, one poll of what is called `name`, inside the spans.
    #[inline]
    pub(crate) fn poll<R>(
        &self,
        resource: &Resource,
        name: &'static str,
        f: impl FnOnce() -> Poll<R>,
    ) -> Poll<R> {
        self.enter(resource, || {
            let polled = f();
            Self::polled(name, polled.is_ready());
            polled
        })
    }

    /// A poll of what is called `name` came to an end.
    #[inline]
    pub(crate) fn polled(name: &'static str, is_ready: bool) {
        #[cfg(feature = "tracing")]
        tracing::trace!(target: "runtime::resource::poll_op", op_name = name, is_ready = is_ready);
    }
}

/// The future that `make` makes, as a call of `source` on `resource`; each of its polls is one of what
/// is called `name`.
#[cfg(feature = "tracing")]
pub(crate) async fn instrument<F: Future>(
    resource: &Resource,
    source: &'static str,
    name: &'static str,
    inherits: bool,
    make: impl FnOnce() -> F,
) -> F::Output {
    let operation = Operation::call(resource, source, inherits);
    let mut future = core::pin::pin!(make());
    core::future::poll_fn(|cx| operation.poll(resource, name, || future.as_mut().poll(cx))).await
}

/// The future that `make` makes.
#[cfg(not(feature = "tracing"))]
#[inline(always)]
pub(crate) fn instrument<F: Future>(
    _resource: &Resource,
    _source: &'static str,
    _name: &'static str,
    _inherits: bool,
    make: impl FnOnce() -> F,
) -> F {
    make()
}
