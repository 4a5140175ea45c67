//! The span of a task.
//!
//! Idea        Each task has a root span `runtime.spawn`. Its future is polled and dropped inside that span, which is closed
//!             when the memory of the task is released. The task's wakers emit events as well (see
//!             [`waker`](super::waker)). If no subscriber is interested when the task is spawned, each poll checks that
//!             the span is disabled, and does nothing else.
//! Invariants  I1 the future is dropped inside the span, whatever ends the task.
//! Rejected    A span in the task's header: memory in every task, also without the feature.

use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use selkie_core::raw::collections::LARGEST_SLOT;
use selkie_core::task::Id;
use tracing::{Span, trace_span};

use super::kind::Kind;
use super::waker::TracedWaker;

pin_project! {
    /// A task's future inside its span.
    pub(crate) struct Instrumented<F> {
        // Dropped inside the span, before the rest (I1).
        #[pin]
        future: Option<F>,
        waker: Option<TracedWaker>,
        span: Span,
    }

    impl<F> PinnedDrop for Instrumented<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let _inside = this.span.enter();
            this.future.set(None);
        }
    }
}

impl<F: Future> Future for Instrumented<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let future = this.future.as_pin_mut().expect("only the drop takes it");
        if this.span.is_disabled() {
            return future.poll(cx);
        }
        let _inside = this.span.enter();
        match this.waker {
            Some(waker) => waker.with(cx.waker(), |cx| future.poll(cx)),
            None => future.poll(cx),
        }
    }
}

/// `future` inside the span of a task.
pub(super) fn task<F: Future>(
    future: F,
    kind: Kind,
    name: Option<&str>,
    id: Id,
    location: &'static Location<'static>,
) -> Instrumented<F> {
    let (size, original_size) = sizes::<F>(kind);
    let span = trace_span!(
        target: "tokio::task",
        // A future that a thread waits for is part of what the thread does; a task is a root of its own.
        parent: if kind.is_of_caller() { tracing::Span::current().id() } else { None },
        "runtime.spawn",
        kind = %kind.name(),
        task.name = %name.unwrap_or_default(),
        task.id = id.as_u64(),
        original_size.bytes = original_size,
        size.bytes = size,
        loc.file = location.file(),
        loc.line = location.line(),
        loc.col = location.column(),
    );
    let waker = match kind {
        Kind::Task | Kind::Local => span.id().map(|span| TracedWaker::new(span.into_u64())),
        Kind::BlockOn => None,
    };
    Instrumented {
        future: Some(future),
        waker,
        span,
    }
}

/// The size of what is spawned, and of the future itself if it is boxed for its size.
fn sizes<F>(kind: Kind) -> (usize, Option<usize>) {
    let size = size_of::<F>();
    if size > LARGEST_SLOT && !matches!(kind, Kind::BlockOn) {
        (size_of::<Box<F>>(), Some(size))
    } else {
        (size, None)
    }
}

/// `closure` inside the span of a blocking task.
pub(super) fn blocking<F: FnOnce() -> R, R>(
    closure: F,
    name: Option<&str>,
    id: Id,
    location: &'static Location<'static>,
) -> impl FnOnce() -> R + use<F, R> {
    let span = trace_span!(
        target: "tokio::task::blocking",
        "runtime.spawn",
        kind = %"blocking",
        task.name = %name.unwrap_or_default(),
        task.id = id.as_u64(),
        "fn" = %std::any::type_name::<F>(),
        original_size.bytes = Option::<usize>::None,
        size.bytes = size_of::<F>(),
        loc.file = location.file(),
        loc.line = location.line(),
        loc.col = location.column(),
    );
    move || span.in_scope(closure)
}
