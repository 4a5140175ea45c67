//! What subscribers see of permits: the requests, and what is granted.
//!
//! Idea        A request has spans of its own. Whoever gives permits to a request that waits reports it inside
//!             that request's span, after the lock is let go: the span is moved out of the wait queue under the
//!             lock.
//! Invariants  those of [`resource`](super::resource).

#[cfg(feature = "tracing")]
use alloc::vec::Vec;
use core::fmt;
use core::task::Poll;

use super::operation::Operation;
use super::resource::Resource;

/// The span of a request that stands in a queue, or none; reported once.
#[derive(Default)]
pub(crate) struct RequestSpan {
    #[cfg(feature = "tracing")]
    op: Option<tracing::Span>,
}

impl fmt::Debug for RequestSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestSpan").finish_non_exhaustive()
    }
}

/// What requests were given under a lock, to be reported after it.
#[derive(Default)]
pub(crate) struct GrantEvent {
    #[cfg(feature = "tracing")]
    requests: Vec<(tracing::Span, u64)>,
    #[cfg(feature = "tracing")]
    sum: u64,
}

#[cfg_attr(not(feature = "tracing"), allow(unused_variables))]
impl GrantEvent {
    /// `asked` is given `count` permits; `complete` says that it wants no more.
    #[inline]
    pub(crate) fn to(&mut self, asked: &mut RequestSpan, count: u64, complete: bool) {
        #[cfg(feature = "tracing")]
        {
            self.sum += count;
            // A part is reported with the rest: a span is not cloned under a lock.
            if complete && tracing::level_enabled!(tracing::Level::TRACE) {
                if let Some(op) = asked.op.take() {
                    self.requests.push((op, count));
                }
            }
        }
    }

    /// Tells all of it: of `returned` permits, what was given to nobody is the resource's again.
    #[inline]
    pub(crate) fn tell(self, resource: &Resource, returned: u64) {
        #[cfg(feature = "tracing")]
        {
            for (op, count) in &self.requests {
                op.in_scope(|| {
                    tracing::trace!(
                        target: "runtime::resource::async_op::state_update",
                        permits_obtained = *count,
                        permits.op = "add"
                    );
                });
            }
            resource.permits_added(returned.saturating_sub(self.sum));
        }
    }
}

#[cfg_attr(not(feature = "tracing"), allow(unused_variables))]
impl Resource {
    /// `count` permits came back, or are new.
    #[inline]
    pub(crate) fn permits_added(&self, count: u64) {
        #[cfg(feature = "tracing")]
        if count > 0 {
            super::resource::state_update!(self, permits = count, permits.op = "add");
        }
    }

    /// `count` permits were taken.
    #[inline]
    pub(crate) fn permits_taken(&self, count: u64) {
        #[cfg(feature = "tracing")]
        super::resource::state_update!(self, permits = count, permits.op = "sub");
    }
}

#[cfg_attr(not(feature = "tracing"), allow(unused_variables))]
impl Operation {
    /// A request for `count` permits.
    #[inline]
    pub(crate) fn acquire(resource: &Resource, count: u64) -> Self {
        #[cfg(feature = "tracing")]
        return resource.span.in_scope(|| {
            let op = tracing::trace_span!(
                target: "tokio::sync::batch_semaphore",
                "runtime.resource.async_op",
                source = "Acquire::new",
            );
            Self::with_op(op, || {
                tracing::trace!(
                    target: "runtime::resource::async_op::state_update",
                    permits_requested = count,
                    permits.op = "override"
                );
                tracing::trace!(
                    target: "runtime::resource::async_op::state_update",
                    permits_obtained = 0_u64,
                    permits.op = "override"
                );
                tracing::trace_span!(
                    target: "tokio::sync::batch_semaphore",
                    "runtime.resource.async_op.poll"
                )
            })
        });
        #[cfg(not(feature = "tracing"))]
        Self {}
    }

    /// The request, for the wait queue.
    #[inline]
    pub(crate) fn asked(&self) -> RequestSpan {
        RequestSpan {
            #[cfg(feature = "tracing")]
            op: Some(self.op.clone()),
        }
    }

    /// The request took `count` permits itself.
    #[inline]
    pub(crate) fn took(&self, resource: &Resource, count: u64) {
        #[cfg(feature = "tracing")]
        {
            resource.permits_taken(count);
            if tracing::level_enabled!(tracing::Level::TRACE) {
                self.op.in_scope(|| {
                    tracing::trace!(
                        target: "runtime::resource::async_op::state_update",
                        permits_obtained = count,
                        permits.op = "add"
                    );
                });
            }
        }
    }

    /// Runs `f`, one poll of a request.
    #[inline]
    pub(crate) fn poll_acquire<R>(
        &self,
        resource: &Resource,
        f: impl FnOnce() -> Poll<R>,
    ) -> Poll<R> {
        self.poll(resource, "poll_acquire", f)
    }
}
