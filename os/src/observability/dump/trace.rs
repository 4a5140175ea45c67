//! Where the operations of one poll are pending.
//!
//! Idea        A traced poll is a poll like any other, but each pending operation of this crate calls [`leaf`] in its stack,
//!             from where the unit of the budget is returned. So a trace is a spurious poll: what is ready makes progress,
//!             and nothing is lost.
//! Invariants  I1 `LEAF` points to a closure on this thread's stack, or is null.
//! Rejected    Operations that return `Pending` while traced, ready or not: each of them would have to check for it on its
//!             fast path.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::ffi::c_void;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use selkie_core::raw::coop;

use super::backtrace::{Backtrace, BacktraceFrame};
use super::tree;

/// Calls of one backtrace at most; the outer ones of a deeper one are left out.
const DEEPEST: usize = 512;

/// A call: where it returns to, and where the function begins.
pub(super) type Address = (usize, usize);

/// What is known where an operation is pending.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use std::pin::pin;
/// use std::task::{Context, Waker};
/// use selkie::runtime::dump::{TraceMeta, trace_with};
/// use selkie::sync::Notify;
///
/// let notify = Notify::new();
/// let mut waiting = pin!(notify.notified());
/// let mut cx = Context::from_waker(Waker::noop());
/// let mut pending = 0;
/// // Called in the stack of each operation that is pending, for whoever unwinds it himself.
/// let poll = trace_with(|| waiting.as_mut().poll(&mut cx), |_meta: &TraceMeta| pending += 1);
/// assert!(poll.is_pending());
/// assert_eq!(pending, 1);
/// # }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct TraceMeta {
    /// The function that polls the innermost [`Root`], if there is one.
    pub root_addr: Option<*const c_void>,
    /// The function that calls the tracer: what it calls is no part of the trace.
    pub trace_leaf_addr: *const c_void,
}

type Tracer<'a> = dyn FnMut(&TraceMeta) + 'a;

thread_local! {
    /// The function that is called for each pending operation (I1).
    static LEAF: Cell<Option<*mut Tracer<'static>>> = const { Cell::new(None) };
    /// The function that polls the innermost root.
    static ROOT: Cell<*const c_void> = const { Cell::new(std::ptr::null()) };
}

/// Restores the function that was called before, also on unwinding.
struct LeafGuard(Option<*mut Tracer<'static>>);

impl Drop for LeafGuard {
    fn drop(&mut self) {
        LEAF.set(self.0);
    }
}

/// Runs `f`, a poll as a rule, and calls `trace_leaf` in the stack of each operation of this crate's
/// that is polled in it. They all say that they are pending, as for [`Trace::capture`].
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use std::pin::pin;
/// use std::task::{Context, Waker};
/// use selkie::runtime::dump::trace_with;
/// use selkie::sync::Notify;
///
/// let notify = Notify::new();
/// let mut both = pin!(async { selkie::join!(notify.notified(), notify.notified()) });
/// let mut cx = Context::from_waker(Waker::noop());
/// let mut operations = 0;
/// let poll = trace_with(|| both.as_mut().poll(&mut cx), |_| operations += 1);
/// assert!(poll.is_pending());
/// assert_eq!(operations, 2);
/// # }
/// ```
pub fn trace_with<FN, FT, R>(f: FN, mut trace_leaf: FT) -> R
where
    FN: FnOnce() -> R,
    FT: FnMut(&TraceMeta),
{
    let tracer: *mut Tracer<'_> = &raw mut trace_leaf;
    // SAFETY: only the lifetime changes; the pointer is gone from `LEAF` before the closure is (I1).
    let tracer = unsafe { std::mem::transmute::<*mut Tracer<'_>, *mut Tracer<'static>>(tracer) };
    let _restore = LeafGuard(LEAF.replace(Some(tracer)));
    coop::traced(leaf, f)
}

/// An operation is pending here.
#[inline(never)]
fn leaf() {
    let Some(tracer) = LEAF.take() else { return };
    let _restore = LeafGuard(Some(tracer));
    let root = ROOT.get();
    let meta = TraceMeta {
        root_addr: (!root.is_null()).then_some(root),
        trace_leaf_addr: leaf as *const c_void,
    };
    // SAFETY: on this thread's stack (I1), and out of `LEAF`, so that nobody else calls it.
    let tracer = unsafe { &mut *tracer };
    tracer(&meta);
}

/// Where the operations of one poll are pending.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use std::pin::pin;
/// use std::task::{Context, Poll, Waker};
/// use selkie::runtime::dump::Trace;
/// use selkie::sync::Notify;
///
/// let notify = Notify::new();
/// let mut waiting = pin!(notify.notified());
/// let mut cx = Context::from_waker(Waker::noop());
/// // Where one poll is pending: a single place.
/// let (poll, trace) = Trace::capture(|| waiting.as_mut().poll(&mut cx));
/// assert!(poll.is_pending());
/// assert_eq!(trace.resolve_backtraces().len(), 1);
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Trace {
    leaves: Vec<Vec<Address>>,
}

impl Trace {
    /// Runs `f`, a poll as a rule, and notes where operations of this crate's are pending in it.
    ///
    /// Each operation of this crate's says that it is pending, whether it is ready or not, changes nothing, and has its task
    /// polled again. Futures of others go on as in any poll.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::pin::pin;
    /// use std::task::{Context, Waker};
    /// use selkie::runtime::dump::Trace;
    /// use selkie::sync::Semaphore;
    ///
    /// let semaphore = Semaphore::new(1);
    /// let mut acquire = pin!(semaphore.acquire());
    /// let mut cx = Context::from_waker(Waker::noop());
    /// // There is a permit, but this only looks.
    /// let (poll, trace) = Trace::capture(|| acquire.as_mut().poll(&mut cx));
    /// assert!(poll.is_pending());
    /// assert_eq!(trace.resolve_backtraces().len(), 1);
    /// assert!(acquire.as_mut().poll(&mut cx).is_ready());
    /// # }
    /// ```
    pub fn capture<F, R>(f: F) -> (R, Self)
    where
        F: FnOnce() -> R,
    {
        let mut leaves = Vec::new();
        let output = trace_with(f, |meta| leaves.push(frames(meta)));
        (output, Self { leaves })
    }

    /// Whether no operation was pending.
    pub(super) fn is_empty(&self) -> bool {
        self.leaves.is_empty()
    }

    /// Has traces of what polls `f` begin at `f`.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::pin::pin;
    /// use std::task::{Context, Waker};
    /// use selkie::runtime::dump::Trace;
    /// use selkie::sync::Notify;
    ///
    /// let notify = Notify::new();
    /// // Frames of what polls the future are left out of its traces.
    /// let mut waiting = pin!(Trace::root(async { notify.notified().await }));
    /// let mut cx = Context::from_waker(Waker::noop());
    /// let (_, trace) = Trace::capture(|| waiting.as_mut().poll(&mut cx));
    /// assert_eq!(trace.resolve_backtraces().len(), 1);
    /// # }
    /// ```
    pub fn root<F>(f: F) -> Root<F>
    where
        F: Future,
    {
        Root { future: f }
    }

    /// The backtraces, one for each pending operation, with names, files and lines.
    ///
    /// # Cost
    /// Milliseconds: the process's debug information is read.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use std::pin::pin;
    /// use std::task::{Context, Waker};
    /// use selkie::runtime::dump::Trace;
    /// use selkie::sync::Notify;
    ///
    /// let notify = Notify::new();
    /// let mut waiting = pin!(async { selkie::join!(notify.notified(), notify.notified()) });
    /// let mut cx = Context::from_waker(Waker::noop());
    /// let (_, trace) = Trace::capture(|| waiting.as_mut().poll(&mut cx));
    /// // One for each operation that the future waits for.
    /// let backtraces = trace.resolve_backtraces();
    /// assert_eq!(backtraces.len(), 2);
    /// assert!(backtraces[0].frames().count() > 0);
    /// # }
    /// ```
    pub fn resolve_backtraces(&self) -> Vec<Backtrace> {
        let resolve = |leaf: &Vec<Address>| {
            Backtrace::new(
                leaf.iter()
                    .map(|&(ip, symbol)| BacktraceFrame::resolve(ip, symbol)),
            )
        };
        self.leaves.iter().map(resolve).collect()
    }
}

/// The calls between the tracer and the root.
fn frames(meta: &TraceMeta) -> Vec<Address> {
    let mut frames = Vec::new();
    let mut in_trace = false;
    backtrace::trace(|frame| {
        let symbol = frame.symbol_address();
        if meta
            .root_addr
            .is_some_and(|root| root.addr() == symbol.addr())
        {
            return false;
        }
        if in_trace {
            frames.push((frame.ip().addr(), symbol.addr()));
        }
        in_trace |= symbol.addr() == meta.trace_leaf_addr.addr();
        frames.len() < DEEPEST
    });
    frames
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trace")
            .field("leaves", &self.leaves.len())
            .finish()
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        tree::write(&self.resolve_backtraces(), f)
    }
}

pin_project! {
    /// A future at which traces begin; made by [`Trace::root`].
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::runtime::dump::{Root, Trace};
    ///
    /// let rooted: Root<_> = Trace::root(async { 5 });
    /// assert_eq!(rooted.await, 5);
    /// # }
    /// ```
    #[derive(Debug, Clone)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Root<T> {
        #[pin]
        future: T,
    }
}

/// Restores the root that was innermost before, also on unwinding.
struct RootGuard(*const c_void);

impl Drop for RootGuard {
    fn drop(&mut self) {
        ROOT.set(self.0);
    }
}

/// Calls `f` as the function at which traces begin.
#[inline(never)]
pub(super) fn at_root<T, R>(value: T, f: fn(T) -> R) -> R {
    let here = at_root::<T, R> as fn(T, fn(T) -> R) -> R as *const c_void;
    let _before = RootGuard(ROOT.replace(here));
    f(value)
}

impl<T: Future> Future for Root<T> {
    type Output = T::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        at_root((self.project().future, cx), |(future, cx)| future.poll(cx))
    }
}
