//! What subscribers see of a future that waits for a point in time.

use core::fmt;
use core::task::Poll;
use core::time::Duration;

use super::operation::Operation;
use super::resource::Resource;

/// The spans of a sleep, or none.
pub(crate) struct SleepSpan {
    operation: Operation,
    resource: Resource,
}

impl fmt::Debug for SleepSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SleepSpan").finish_non_exhaustive()
    }
}

#[cfg_attr(not(feature = "tracing"), allow(unused_variables))]
impl SleepSpan {
    /// No spans.
    pub(crate) const fn none() -> Self {
        Self {
            resource: Resource::none(),
            operation: Operation::none(),
        }
    }

    /// A sleep that its caller's caller makes.
    #[inline]
    #[track_caller]
    pub(crate) fn new() -> Self {
        let resource = Resource::sleep();
        #[cfg(feature = "tracing")]
        let operation = {
            let op = tracing::trace_span!(
                target: "tokio::time::sleep",
                parent: &resource.span,
                "runtime.resource.async_op",
                source = "Sleep::new_timeout",
            );
            let poll = tracing::trace_span!(
                target: "tokio::time::sleep",
                parent: &op,
                "runtime.resource.async_op.poll",
            );
            Operation { op, poll }
        };
        #[cfg(not(feature = "tracing"))]
        let operation = Operation::none();
        Self {
            resource,
            operation,
        }
    }

    /// The sleep is to last for `left` from now on.
    #[inline]
    pub(crate) fn reset(&mut self, left: impl FnOnce() -> Duration) {
        #[cfg(feature = "tracing")]
        if tracing::level_enabled!(tracing::Level::TRACE) {
            let op = self.resource.span.in_scope(|| {
                tracing::trace_span!(
                    target: "tokio::time::sleep",
                    "runtime.resource.async_op",
                    source = "Sleep::reset",
                )
            });
            self.operation = Operation::with_op(
                op,
                || tracing::trace_span!(target: "tokio::time::sleep", "runtime.resource.async_op.poll"),
            );
            let (resource, op) = (&self.resource, &self.operation.op);
            resource
                .span
                .in_scope(|| op.in_scope(|| Self::tell_duration(left())));
        }
    }

    /// Runs `f`, one poll, inside the spans.
    #[inline]
    pub(crate) fn enter<R>(&self, f: impl FnOnce() -> Poll<R>) -> Poll<R> {
        self.operation.enter(&self.resource, f)
    }

    /// Inside a poll: the sleep was registered, and lasts for `left`.
    #[inline]
    pub(crate) fn registered(left: impl FnOnce() -> Duration) {
        #[cfg(feature = "tracing")]
        if tracing::level_enabled!(tracing::Level::TRACE) {
            Self::tell_duration(left());
        }
    }

    /// Inside a poll: what a step of it came to.
    #[inline]
    pub(crate) fn stepped<R>(step: Poll<R>) -> Poll<R> {
        Operation::polled("poll_elapsed", step.is_ready());
        step
    }

    #[cfg(feature = "tracing")]
    fn tell_duration(left: Duration) {
        // Rounded up, as timers are.
        let millis = u64::try_from(left.as_micros().div_ceil(1000)).unwrap_or(u64::MAX);
        tracing::trace!(
            target: "runtime::resource::state_update",
            duration = millis,
            duration.unit = "ms",
            duration.op = "override"
        );
    }
}
