//! Tasks that need not be `Send`: a set that runs on the thread that polls it.
//!
//! Invariants  I1 `CURRENT` owns a count of the scheduler it points to, or is null. A plain pointer, so
//!                that a set may be dropped while the thread's other locals are.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use selkie_core::task::{Id as TaskId, JoinHandle};

use crate::context::{self, Id};
use crate::runtime::{Runtime, UnhandledPanic};
use crate::scheduler::{LocalScheduler, Spawner};

thread_local! {
    static CURRENT: Cell<*const LocalScheduler> = const { Cell::new(std::ptr::null()) };
}

/// A set of tasks that stay on the thread that made the set.
///
/// The set is a future: polled, it runs its tasks; it is ready when they have all ended. Dropping
/// it drops them.
///
/// # Examples
/// ```
/// use std::rc::Rc;
/// use selkie::task::{self, LocalSet};
///
/// # let runtime = selkie::runtime::Builder::new_current_thread().build()?;
/// let word = Rc::new("not Send");
/// let set = LocalSet::new();
/// let length = set.block_on(&runtime, async {
///     task::spawn_local(async move { word.len() }).await.unwrap()
/// });
/// assert_eq!(length, 8);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct LocalSet {
    scheduler: Arc<LocalScheduler>,
    id: Id,
    /// Neither `Send` nor `Sync`.
    _here: PhantomData<Rc<()>>,
}

/// The context of a local set on this thread; made by [`LocalSet::enter`].
pub struct LocalEnterGuard {
    /// What stood in `CURRENT`, with its count (I1).
    before: *const LocalScheduler,
    _here: PhantomData<Rc<()>>,
}

/// Runs `f`, which drives the tasks of `scheduler`, with it as the local set that runs here: they
/// cannot be handed to another thread.
fn scope<R>(scheduler: &Arc<LocalScheduler>, f: impl FnOnce() -> R) -> R {
    let _guard = enter(scheduler);
    context::without_handoff(f)
}

fn enter(scheduler: &Arc<LocalScheduler>) -> LocalEnterGuard {
    LocalEnterGuard {
        before: CURRENT.replace(Arc::into_raw(Arc::clone(scheduler))),
        _here: PhantomData,
    }
}

/// The local set that runs here.
fn current() -> Option<Arc<LocalScheduler>> {
    let current = CURRENT.get();
    if current.is_null() {
        return None;
    }
    // SAFETY: alive by the count that `CURRENT` owns (I1).
    unsafe { Arc::increment_strong_count(current) };
    // SAFETY: the count just taken.
    Some(unsafe { Arc::from_raw(current) })
}

impl Drop for LocalEnterGuard {
    fn drop(&mut self) {
        let ours = CURRENT.replace(self.before);
        if !ours.is_null() {
            // SAFETY: the count that `CURRENT` owned (I1).
            drop(unsafe { Arc::from_raw(ours) });
        }
    }
}

impl fmt::Debug for LocalEnterGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalEnterGuard").finish_non_exhaustive()
    }
}

/// Spawns `future`, which need not be `Send`, onto the local set that runs here, or else onto the
/// [`LocalRuntime`](crate::runtime::LocalRuntime) that runs here.
///
/// # Panics
/// If neither runs here, or if the local runtime belongs to another thread.
#[track_caller]
pub fn spawn_local<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    let location = Location::caller();
    if let Some(scheduler) = current() {
        return scheduler.spawn(future, location);
    }
    let runtime = context::with_current(|inner| match &inner.spawner {
        Spawner::CurrentThread(scheduler) if scheduler.is_local() => Some(Arc::clone(scheduler)),
        _ => None,
    });
    match runtime {
        Ok(Some(scheduler)) => scheduler.spawn_local(future, TaskId::next(), location),
        _ => panic!(
            "`spawn_local` called from outside of a `task::LocalSet` or `runtime::LocalRuntime`"
        ),
    }
}

impl LocalSet {
    /// A set without tasks.
    pub fn new() -> Self {
        Self {
            scheduler: LocalScheduler::new(),
            id: Id::next(),
            _here: PhantomData,
        }
    }

    /// Enters the set's context until the guard drops: `spawn_local` then finds the set. The tasks
    /// run when the set is polled.
    #[must_use]
    pub fn enter(&self) -> LocalEnterGuard {
        enter(&self.scheduler)
    }

    /// Spawns `future` onto the set; it runs when the set is polled.
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        self.scheduler.spawn(future, Location::caller())
    }

    /// Runs `future`, and the set's tasks meanwhile, on `rt` until `future` is ready.
    ///
    /// # Panics
    /// As [`Runtime::block_on`].
    #[track_caller]
    pub fn block_on<F: Future>(&self, rt: &Runtime, future: F) -> F::Output {
        rt.block_on(self.run_until(future))
    }

    /// Runs the set's tasks until `future` is ready.
    ///
    /// # Cancel safety
    /// The set's tasks stay when the future is dropped.
    pub async fn run_until<F: Future>(&self, future: F) -> F::Output {
        RunUntil { set: self, future }.await
    }

    /// What a task's panic does to the set; nothing by default.
    ///
    /// With [`ShutdownRuntime`](UnhandledPanic::ShutdownRuntime) the set drops its tasks, and whoever
    /// polls it, or is in [`run_until`](Self::run_until), panics.
    pub fn unhandled_panic(&mut self, behavior: UnhandledPanic) -> &mut Self {
        let ends = matches!(behavior, UnhandledPanic::ShutdownRuntime);
        self.scheduler.set_ends_on_panic(ends);
        self
    }

    /// The set's number.
    pub fn id(&self) -> Id {
        self.id
    }
}

impl Default for LocalSet {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for LocalSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalSet")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Future for LocalSet {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.scheduler.register(cx.waker());
        scope(&self.scheduler, || {
            if self.scheduler.tick() {
                cx.waker().wake_by_ref();
                Poll::Pending
            } else if self.scheduler.is_empty() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
    }
}

impl Drop for LocalSet {
    fn drop(&mut self) {
        scope(&self.scheduler, || self.scheduler.close());
    }
}

pin_project! {
    /// A future beside the set's tasks.
    struct RunUntil<'a, F> {
        set: &'a LocalSet,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for RunUntil<'_, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let scheduler = &this.set.scheduler;
        scheduler.register(cx.waker());
        scope(scheduler, || {
            if let Poll::Ready(output) = this.future.poll(cx) {
                return Poll::Ready(output);
            }
            if scheduler.tick() {
                cx.waker().wake_by_ref();
            }
            Poll::Pending
        })
    }
}
