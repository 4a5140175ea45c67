//! The span of a resource: a lock, a channel, a timer.
//!
//! Idea        A resource is a root span `runtime.resource` that is closed as the resource is dropped.
//!             What changes about it is an event of the target `runtime::resource::state_update` inside
//!             that span: a field with the new value, or with a difference and `add` or `sub` as its `op`.
//! Invariants  I1 a subscriber is foreign code: no lock is held where a span or an event is made, and
//!             what was taken is given back if it panics.
//! Rejected    Functions that a subscriber's glue registers: `tracing` has that glue already.

use core::fmt;

/// A resource's span, or none: nobody listens, the resource stands in a static, or the feature is off.
pub(crate) struct Resource {
    #[cfg(feature = "tracing")]
    pub(super) span: tracing::Span,
}

// A subscriber's panic leaves a span as it is.
impl core::panic::UnwindSafe for Resource {}
impl core::panic::RefUnwindSafe for Resource {}

impl fmt::Debug for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resource").finish_non_exhaustive()
    }
}

/// The span of a resource that the caller's caller makes, with the fields that all have.
#[cfg(feature = "tracing")]
macro_rules! resource_span {
    ($target:literal, $concrete_type:literal, $kind:literal $(, $field:ident = $value:expr)*) => {{
        let location = core::panic::Location::caller();
        tracing::trace_span!(
            target: $target,
            parent: None,
            "runtime.resource",
            concrete_type = $concrete_type,
            kind = $kind,
            loc.file = location.file(),
            loc.line = location.line(),
            loc.col = location.column(),
            $($field = $value,)*
        )
    }};
}

/// Tells of a change of a resource, if somebody listens.
#[cfg(feature = "tracing")]
macro_rules! state_update {
    ($resource:expr, $($fields:tt)*) => {
        if tracing::level_enabled!(tracing::Level::TRACE) {
            $resource.span.in_scope(|| {
                tracing::trace!(target: "runtime::resource::state_update", $($fields)*);
            });
        }
    };
}
#[cfg(feature = "tracing")]
pub(super) use state_update;

#[cfg_attr(not(feature = "tracing"), allow(unused_variables))]
impl Resource {
    /// No span.
    pub(crate) const fn none() -> Self {
        Self {
            #[cfg(feature = "tracing")]
            span: tracing::Span::none(),
        }
    }

    /// Runs `f` inside the span.
    #[inline]
    pub(crate) fn enter<R>(&self, f: impl FnOnce() -> R) -> R {
        #[cfg(feature = "tracing")]
        return self.span.in_scope(f);
        #[cfg(not(feature = "tracing"))]
        f()
    }

    /// The same span.
    #[inline]
    #[cfg(feature = "alloc")]
    pub(crate) fn share(&self) -> Self {
        Self {
            #[cfg(feature = "tracing")]
            span: self.span.clone(),
        }
    }

    /// A mutex that is not locked.
    #[inline]
    #[track_caller]
    pub(crate) fn mutex() -> Self {
        Self {
            #[cfg(feature = "tracing")]
            span: resource_span!("tokio::sync::mutex", "Mutex", "Sync"),
        }
    }

    /// Whether the mutex is locked now.
    #[inline]
    pub(crate) fn locked(&self, locked: bool) {
        #[cfg(feature = "tracing")]
        state_update!(self, locked = locked);
    }

    /// A lock for `most_readers` readers.
    #[inline]
    #[track_caller]
    pub(crate) fn rwlock(most_readers: u32) -> Self {
        let this = Self {
            #[cfg(feature = "tracing")]
            span: resource_span!("tokio::sync::rwlock", "RwLock", "Sync"),
        };
        #[cfg(feature = "tracing")]
        this.span.in_scope(|| {
            tracing::trace!(target: "runtime::resource::state_update", max_readers = most_readers);
            tracing::trace!(target: "runtime::resource::state_update", write_locked = false);
            tracing::trace!(target: "runtime::resource::state_update", current_readers = 0);
        });
        this
    }

    /// Whether the lock is held for writing now.
    #[inline]
    pub(crate) fn write_locked(&self, locked: bool) {
        #[cfg(feature = "tracing")]
        state_update!(self, write_locked = locked, write_locked.op = "override");
    }

    /// A reader came.
    #[inline]
    pub(crate) fn reader_came(&self) {
        #[cfg(feature = "tracing")]
        state_update!(self, current_readers = 1, current_readers.op = "add");
    }

    /// A reader went.
    #[inline]
    pub(crate) fn reader_went(&self) {
        #[cfg(feature = "tracing")]
        state_update!(self, current_readers = 1, current_readers.op = "sub");
    }

    /// A semaphore; what its permits tell counts as its own.
    #[inline]
    #[track_caller]
    pub(crate) fn semaphore() -> Self {
        Self {
            #[cfg(feature = "tracing")]
            span: resource_span!(
                "tokio::sync::semaphore",
                "Semaphore",
                "Sync",
                inherits_child_attrs = true
            ),
        }
    }

    /// A barrier for `size` tasks.
    #[inline]
    #[track_caller]
    pub(crate) fn barrier(size: usize) -> Self {
        let this = Self {
            #[cfg(feature = "tracing")]
            span: resource_span!("tokio::sync::barrier", "Barrier", "Sync"),
        };
        #[cfg(feature = "tracing")]
        this.span.in_scope(|| {
            tracing::trace!(target: "runtime::resource::state_update", size = size);
            tracing::trace!(target: "runtime::resource::state_update", arrived = 0);
        });
        this
    }

    /// A task came to the barrier.
    #[inline]
    pub(crate) fn arrived(&self) {
        #[cfg(feature = "tracing")]
        if tracing::level_enabled!(tracing::Level::TRACE) {
            tracing::trace!(target: "runtime::resource::state_update", arrived = 1, arrived.op = "add");
            tracing::trace!(target: "runtime::resource::async_op::state_update", arrived = true);
        }
    }

    /// The last task came to the barrier.
    #[inline]
    pub(crate) fn led(&self) {
        #[cfg(feature = "tracing")]
        tracing::trace!(target: "runtime::resource::async_op::state_update", is_leader = true);
    }

    /// A channel for one value.
    #[inline]
    #[track_caller]
    #[cfg(feature = "alloc")]
    pub(crate) fn oneshot() -> Self {
        let this = Self {
            #[cfg(feature = "tracing")]
            span: resource_span!("tokio::sync::oneshot", "Sender|Receiver", "Sync"),
        };
        this.sender_gone(false);
        this.receiver_gone(false);
        this.value_sent(false);
        #[cfg(feature = "tracing")]
        state_update!(this, value_received = false, value_received.op = "override");
        this
    }

    /// Whether the sender is gone.
    #[inline]
    #[cfg(feature = "alloc")]
    pub(crate) fn sender_gone(&self, gone: bool) {
        #[cfg(feature = "tracing")]
        state_update!(self, tx_dropped = gone, tx_dropped.op = "override");
    }

    /// Whether the receiver is gone, or has closed the channel.
    #[inline]
    #[cfg(feature = "alloc")]
    pub(crate) fn receiver_gone(&self, gone: bool) {
        #[cfg(feature = "tracing")]
        state_update!(self, rx_dropped = gone, rx_dropped.op = "override");
    }

    /// Whether the value was sent.
    #[inline]
    #[cfg(feature = "alloc")]
    pub(crate) fn value_sent(&self, sent: bool) {
        #[cfg(feature = "tracing")]
        state_update!(self, value_sent = sent, value_sent.op = "override");
    }

    /// A ticking clock.
    #[inline]
    #[track_caller]
    #[cfg(feature = "alloc")]
    pub(crate) fn interval() -> Self {
        Self {
            #[cfg(feature = "tracing")]
            span: resource_span!("tokio::time::interval", "Interval", "timer"),
        }
    }

    /// A future that waits for a point in time.
    #[inline]
    #[track_caller]
    #[cfg_attr(not(feature = "alloc"), allow(dead_code))]
    pub(super) fn sleep() -> Self {
        Self {
            #[cfg(feature = "tracing")]
            span: resource_span!("tokio::time::sleep", "Sleep", "timer"),
        }
    }

    /// The permits inside of another resource.
    #[inline]
    pub(crate) fn permits(count: usize) -> Self {
        let this = Self {
            #[cfg(feature = "tracing")]
            span: tracing::trace_span!(
                target: "tokio::sync::batch_semaphore",
                parent: None,
                "runtime.resource",
                concrete_type = "Semaphore",
                kind = "Sync",
                is_internal = true,
            ),
        };
        #[cfg(feature = "tracing")]
        state_update!(this, permits = count, permits.op = "override");
        this
    }
}
